import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, it } from 'vitest';
import { defaultUsername, iamArn, isRoot, principalOf, usernameOf } from '../../sandbox/aws/arns.ts';
import { presignedUrl } from '../../sandbox/aws/eks-token.ts';
import { replayed } from '../../sandbox/aws/eks/idempotency.ts';
import { pageOfNames } from '../../sandbox/aws/eks/paging.ts';
import { AwsError, errorAnswer, errorCodeOf } from '../../sandbox/aws/errors.ts';
import { Faults } from '../../sandbox/aws/faults.ts';
import type { Call } from '../../sandbox/aws/http.ts';
import { operationOf } from '../../sandbox/aws/operations.ts';
import { isSignedWith, signatureOf } from '../../sandbox/aws/sigv4.ts';
import { childText, find, parseXml } from '../../sandbox/aws/xml.ts';
import { eksToken, REGION } from '../support/gateway.ts';

const call = (method: string, target: string, more: Partial<Call> = {}): Call => {
  const url = new URL(target, 'http://127.0.0.1');
  return {
    method,
    target,
    path: target.split('?')[0]!,
    query: url.searchParams,
    headers: {},
    body: Buffer.alloc(0),
    ...more,
  };
};

describe('operationOf', () => {
  it.each([
    ['eks', call('GET', '/clusters/blue'), 'DescribeCluster', { name: 'blue' }],
    ['eks', call('POST', '/clusters/blue/node-groups'), 'CreateNodegroup', { clusterName: 'blue' }],
    [
      'eks',
      call('DELETE', '/clusters/blue/access-entries/arn%3Aaws%3Aiam%3A%3A1%3Auser%2Fa'),
      'DeleteAccessEntry',
      { clusterName: 'blue', principalArn: 'arn:aws:iam::1:user/a' },
    ],
    ['eks', call('GET', '/addons/supported-versions?addonName=coredns'), 'DescribeAddonVersions', {}],
    ['route53', call('POST', '/2013-04-01/hostedzone/Z1/rrset'), 'ChangeResourceRecordSets', { HostedZoneId: 'Z1' }],
    ['route53', call('POST', '/2013-04-01/hostedzone/Z1/rrset/'), 'ChangeResourceRecordSets', { HostedZoneId: 'Z1' }],
    [
      'route53',
      call('GET', '/2013-04-01/hostedzone/Z1/rrset?maxitems=1'),
      'ListResourceRecordSets',
      { HostedZoneId: 'Z1' },
    ],
    ['route53', call('GET', '/2013-04-01/change/C1'), 'GetChange', { Id: 'C1' }],
    ['ssm', call('POST', '/', { headers: { 'x-amz-target': 'AmazonSSM.GetParameter' } }), 'GetParameter', {}],
    ['ec2', call('POST', '/', { body: Buffer.from('Action=DescribeVpcs&Version=2016-11-15') }), 'DescribeVpcs', {}],
    ['sts', call('GET', '/?Action=GetCallerIdentity&Version=2011-06-15'), 'GetCallerIdentity', {}],
    ['eks', call('PATCH', '/clusters/blue'), 'Unknown', {}],
  ])('%s %#', (service, given, name, labels) => {
    expect(operationOf(service, given)).toEqual({ name, labels });
  });
});

describe('signatures', () => {
  const credentials = { accessKeyId: 'AKIA1', secretAccessKey: 'secret' };

  async function signed(
    more: { path?: string; query?: Record<string, string | string[]>; body?: string; signingDate?: Date } = {},
  ): Promise<Call> {
    const { path = '/clusters', query = {}, body = '', signingDate } = more;
    const request = new HttpRequest({
      method: 'POST',
      hostname: '127.0.0.1',
      path,
      query,
      body,
      headers: { host: '127.0.0.1', 'content-type': 'a  b' },
    });
    const signer = new SignatureV4({ service: 'eks', region: REGION, credentials, sha256: Sha256 });
    const { headers } = await signer.sign(request, signingDate ? { signingDate } : {});
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
    );
    return call('POST', pairs.length > 0 ? `${path}?${pairs.join('&')}` : path, { headers, body: Buffer.from(body) });
  }

  const verdict = (given: Call, secret = 'secret'): boolean => isSignedWith(given, signatureOf(given)!, secret);

  it.each([
    ['plain', {}],
    ['a path with escapes', { path: '/tags/arn%3Aaws%3Aeks%3Aeu%3A1%3Acluster%2Fblue' }],
    ['a query', { query: { b: '2', a: ['x y', "it's*", 'ä/ö'] } }],
    ['a body', { body: '{"name":"blue"}' }],
  ])('agree with the SDK: %s', async (_, more) => {
    expect(verdict(await signed(more))).toBe(true);
    expect(verdict(await signed(more), 'other')).toBe(false);
  });

  it('are for this content, and for now', async () => {
    const given = await signed({ body: 'a', query: { q: '1' } });
    expect(verdict({ ...given, body: Buffer.from('b') })).toBe(false);
    expect(verdict({ ...given, method: 'DELETE' })).toBe(false);
    expect(verdict({ ...given, path: '/other' })).toBe(false);
    expect(verdict({ ...given, query: new URLSearchParams('q=2') })).toBe(false);
    expect(verdict({ ...given, headers: { ...given.headers, host: 'elsewhere' } })).toBe(false);
    expect(verdict(await signed({ signingDate: new Date(Date.now() - 6 * 60_000) }))).toBe(false);
    expect(verdict(await signed({ signingDate: new Date(Date.now() + 6 * 60_000) }))).toBe(false);
  });

  it('say who, where and for what', async () => {
    expect(signatureOf(await signed())).toMatchObject({ accessKeyId: 'AKIA1', region: REGION, service: 'eks' });
    expect(signatureOf(call('GET', '/?X-Amz-Credential=AKIA2/20260101/eu-central-1/sts/aws4_request'))).toMatchObject({
      accessKeyId: 'AKIA2',
      service: 'sts',
    });
    expect(signatureOf(call('GET', '/'))).toBeUndefined();
    expect(signatureOf(call('GET', '/', { headers: { authorization: 'Bearer x' } }))).toBeUndefined();
  });
});

describe('presignedUrl', () => {
  const now = new Date();
  const credentials = { accessKeyId: 'AKIA1', secretAccessKey: 'secret' };
  const token = (url: string): string => `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;

  it('takes what an EKS client sends', async () => {
    expect(presignedUrl(await eksToken({ cluster: 'blue', credentials }), now).host).toBe(
      `sts.${REGION}.amazonaws.com`,
    );
  });

  it.each([
    ['another scheme', (url: string) => url.replace('https:', 'http:'), 'scheme'],
    ['another host', (url: string) => url.replace('.amazonaws.com', '.amazonaws.com.example'), 'hostname'],
    ['a port', (url: string) => url.replace('.amazonaws.com', '.amazonaws.com:8443'), 'hostname'],
    ['another path', (url: string) => url.replace('/?', '/x?'), 'path'],
    ['another action', (url: string) => url.replace('GetCallerIdentity', 'AssumeRole'), 'unexpected action'],
    ['a parameter more', (url: string) => `${url}&RoleArn=x`, 'non-whitelisted query parameter RoleArn'],
    ['a parameter twice', (url: string) => `${url}&action=GetCallerIdentity`, 'multiple values'],
    [
      'no cluster signed',
      (url: string) => url.replace('x-k8s-aws-id', 'x-other'),
      'did not sign the x-k8s-aws-id header',
    ],
    ['too long a life', (url: string) => url.replace('Expires=60', 'Expires=901'), 'X-Amz-Expires'],
    ['no life', (url: string) => url.replace('Expires=60', 'Expires='), 'X-Amz-Expires'],
    ['no date', (url: string) => url.replace(/Date=\d+T\d+Z/, 'Date=today'), 'X-Amz-Date'],
    ['far too long a URL', (url: string) => `${url}${'x'.repeat(4_096)}`, 'too large'],
  ])('refuses %s', async (_, change, message) => {
    const good = Buffer.from(
      (await eksToken({ cluster: 'blue', credentials })).slice('k8s-aws-v1.'.length),
      'base64url',
    ).toString();
    expect(change(good)).not.toBe(good);
    expect(() => presignedUrl(token(change(good)), now)).toThrow(message);
  });

  it('goes by the date on it', async () => {
    const given = await eksToken({ cluster: 'blue', credentials, signingDate: now });
    const at = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);
    expect(() => presignedUrl(given, at(14))).not.toThrow();
    expect(() => presignedUrl(given, at(15))).toThrow('expired');
    expect(() => presignedUrl(given, at(-6))).toThrow('future');
  });
});

describe('parseXml', () => {
  it('reads elements, text, entities, comments', () => {
    const root = parseXml('<?xml version="1.0"?>\n<a x="1"><!-- no --><b>1 &lt; 2 &#38; &#x33;</b><c/><b>two</b></a>');
    expect(root.children.map(({ name, text }) => [name, text])).toEqual([
      ['b', '1 < 2 & 3'],
      ['c', ''],
      ['b', 'two'],
    ]);
    expect(find(root, 'c')?.children).toEqual([]);
    expect(childText(root, 'none')).toBeUndefined();
  });

  it.each([
    '',
    'text',
    '<a>',
    '<a></b>',
    '<a/><b/>',
    '</a>',
    '<a>&nope;</a>',
    '<!DOCTYPE a><a/>',
    '<a><![CDATA[x]]></a>',
    '<a b=c/>',
  ])('refuses %s', (text) => {
    expect(() => parseXml(text)).toThrow('XML');
  });
});

describe('errors', () => {
  const error = new AwsError(400, 'ThrottlingException', 'slow & steady');
  const answer = (service: string, headers: Call['headers'] = {}) =>
    errorAnswer(service, call('POST', '/', { headers }), error);

  it.each([
    ['eks', {}, 'ThrottlingException'],
    ['ssm', { 'x-amz-target': 'AmazonSSM.GetParameter' }, 'ThrottlingException'],
    ['route53', {}, 'Throttling'],
    ['iam', {}, 'Throttling'],
    ['ec2', {}, 'Throttling'],
  ])('of %s are found again', (service, headers, code) => {
    expect(errorCodeOf(answer(service, headers))).toBe(code);
  });

  it('are none when it went well', () => {
    expect(errorCodeOf({ status: 200, headers: {}, body: Buffer.from('<Code>x</Code>') })).toBeUndefined();
    expect(errorCodeOf({ status: 502, headers: {}, body: Buffer.from('<html>') })).toBe('HTTP 502');
  });
});

it('pages cover every name once, whatever their size', () => {
  const names = ['b', 'a', 'd', 'c', 'e'];
  for (const size of [1, 2, 5, 100]) {
    const seen: string[] = [];
    for (let token: string | undefined = ''; token !== undefined;) {
      const query = new URLSearchParams({ maxResults: String(size), ...(token === '' ? {} : { nextToken: token }) });
      const { items, more } = pageOfNames(names, query);
      seen.push(...items);
      token = more.nextToken;
    }
    expect(seen).toEqual(names.toSorted());
  }
  expect(() => pageOfNames(names, new URLSearchParams('maxResults=101'))).toThrow('maxResults is 101');
});

it('a token stands for one request', () => {
  const made = [{ request: { token: 't', parameters: { name: 'a', tags: { x: '1' } } } }];
  expect(replayed(made, { token: 't', parameters: { tags: { x: '1' }, name: 'a' } })).toBe(made[0]);
  expect(replayed(made, { token: 'u', parameters: {} })).toBeUndefined();
  expect(replayed(made, { parameters: { name: 'a' } })).toBeUndefined();
  expect(() => replayed(made, { token: 't', parameters: { name: 'b' } })).toThrow('other parameters');
});

it('faults meet as many calls as they were told to', () => {
  const faults = new Faults();
  faults.add({ service: 'eks', operation: 'CreateCluster', times: 2, kind: '5xx' });
  faults.add({ service: 'eks', operation: 'CreateCluster', times: 1, kind: 'reset' });
  const kinds = Array.from({ length: 4 }, () => faults.take('eks', 'CreateCluster'));
  expect(kinds).toEqual(['5xx', '5xx', 'reset', undefined]);
  expect(faults.take('eks', 'DeleteCluster')).toBeUndefined();
});

it('principals are told from their ARNs', () => {
  const role = 'arn:aws:iam::111122223333:role/teams/a/reader';
  expect(iamArn('arn:aws:sts::111122223333:assumed-role/reader/ann')).toBe('arn:aws:iam::111122223333:role/reader');
  expect(iamArn(role)).toBe('arn:aws:iam::111122223333:role/reader');
  expect(principalOf(role)).toEqual({ kind: 'role', name: 'reader' });
  expect(principalOf('arn:aws:iam::111122223333:root')).toBeUndefined();
  expect(isRoot('arn:aws:iam::111122223333:root')).toBe(true);
  expect(defaultUsername('arn:aws:iam::111122223333:user/ann')).toBe('arn:aws:iam::111122223333:user/ann');
  expect(usernameOf(defaultUsername(role), 'arn:aws:sts::111122223333:assumed-role/reader/ann')).toBe(
    'arn:aws:sts::111122223333:assumed-role/reader/ann',
  );
});
