import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eksToken } from '../../src/adapters/eks-token.ts';

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret', sessionToken: 'session/token+=' };
const AT = new Date('2026-11-21T10:00:00Z');

const urlOf = (token: string): URL => new URL(Buffer.from(token.replace('k8s-aws-v1.', ''), 'base64url').toString());
const mint = (given: Partial<Parameters<typeof eksToken>[0]> = {}) =>
  eksToken({ cluster: 'green', region: 'eu-central-1', credentials: CREDENTIALS, at: AT, ...given });

/** AWS Signature Version 4 of a presigned GET without a body, from its specification. */
function signatureOf(url: URL, headers: Record<string, string>, secret: string): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted();
  const names = Object.keys(headers).toSorted();
  const canonical = [
    'GET',
    '/',
    query.join('&'),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    createHash('sha256').update('').digest('hex'),
  ].join('\n');
  const date = url.searchParams.get('X-Amz-Date')!;
  const scope = [date.slice(0, 8), 'eu-central-1', 'sts', 'aws4_request'];
  const text = ['AWS4-HMAC-SHA256', date, scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join(
    '\n',
  );
  const key = scope.reduce<Buffer | string>(
    (so, part) => createHmac('sha256', so).update(part).digest(),
    `AWS4${secret}`,
  );
  return createHmac('sha256', key).update(text).digest('hex');
}

describe('eksToken', () => {
  it('has only the query parameters that EKS takes, each once', async () => {
    const url = urlOf(await mint());
    expect([...url.searchParams.keys()].toSorted()).toEqual([
      'Action',
      'Version',
      'X-Amz-Algorithm',
      'X-Amz-Credential',
      'X-Amz-Date',
      'X-Amz-Expires',
      'X-Amz-Security-Token',
      'X-Amz-Signature',
      'X-Amz-SignedHeaders',
    ]);
    expect(url.searchParams.get('X-Amz-Expires')).toBe('60');
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('host;x-k8s-aws-id');
    expect(url.searchParams.get('X-Amz-Date')).toBe('20261121T100000Z');
  });

  it('asks the STS of its region, with nothing in the path', async () => {
    const { host, pathname, protocol } = urlOf(await mint());
    expect([protocol, host, pathname]).toEqual(['https:', 'sts.eu-central-1.amazonaws.com', '/']);
  });

  it('is signed for one cluster', async () => {
    const url = urlOf(await mint());
    const headers = { host: url.host, 'x-k8s-aws-id': 'green' };
    expect(url.searchParams.get('X-Amz-Signature')).toBe(signatureOf(url, headers, CREDENTIALS.secretAccessKey));
    const other = urlOf(await mint({ cluster: 'blue' }));
    expect(other.searchParams.get('X-Amz-Signature')).not.toBe(url.searchParams.get('X-Amz-Signature'));
  });

  it('carries no padding, which EKS refuses', async () => {
    const tokens = await Promise.all(['a', 'bb', 'ccc'].map((cluster) => mint({ cluster })));
    for (const token of tokens) expect(token).toMatch(/^k8s-aws-v1\.[\w-]+$/);
  });
});
