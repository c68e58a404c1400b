// The calls about record set protections, as they are on the wire.
import { AwsError, errorAnswer } from '../errors.ts';
import type { Answer, Call } from '../http.ts';
import { child, childText, escapeXml } from '../xml.ts';
import type { XmlElement } from '../xml.ts';
import { invalid, parse } from './batch.ts';
import type { Protection, ProtectionsRefused } from './protections.ts';
import { fullName, listedName } from './records.ts';

const MOST_ENTRIES = 100;
const LARGEST_PAGE = 300;
const TOKEN_PREFIX = 'from:';

/** @throws AwsError InvalidInput when these are not 1 to 100 entries with name and type */
export function readProtections(body: Buffer): readonly Protection[] {
  const entries = child(parse(body), 'Protections')?.children ?? [];
  if (entries.length < 1 || entries.length > MOST_ENTRIES) {
    throw invalid(`Invalid XML ; found ${entries.length} Protections, expected 1 to ${MOST_ENTRIES}`);
  }
  return entries.map(readProtection);
}

function readProtection(given: XmlElement): Protection {
  const name = childText(given, 'RecordName');
  const type = childText(given, 'RecordType');
  const comment = childText(given, 'Comment');
  if (!name || !type) throw invalid('Invalid XML ; a protection needs RecordName and RecordType');
  return { name: fullName(name), type, ...(comment === undefined ? {} : { comment }) };
}

/**
 * A page of the list, which is in the order of record sets.
 * @throws AwsError InvalidInput, InvalidPaginationToken
 */
export function listAnswer(protections: readonly Protection[], query: URLSearchParams): Answer {
  const size = Number(query.get('maxresults') ?? LARGEST_PAGE);
  if (!Number.isInteger(size) || size < 1) throw invalid(`maxresults is ${size}, expected a whole number from 1`);
  const start = startOf(query);
  const rest = protections
    .map((protection) => ({ key: sortKey(protection), protection }))
    .filter(({ key }) => key >= start)
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const page = rest.slice(0, Math.min(size, LARGEST_PAGE));
  const next = rest[page.length];
  const list = page.map(({ protection }) => element('ResourceRecordSetProtection', membersOf(protection)));
  const token = next && Buffer.from(TOKEN_PREFIX + next.key).toString('base64url');
  return doneAnswer(
    'ListResourceRecordSetProtections',
    element('ResourceRecordSetProtections', list.join('')) + (token === undefined ? '' : element('NextToken', token)),
  );
}

export function doneAnswer(operation: string, members = ''): Answer {
  const namespace = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';
  const body = `<?xml version="1.0"?>\n<${operation}Response ${namespace}>${members}</${operation}Response>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body: Buffer.from(body) };
}

/** An error that has the failing entries with it. */
export function refusalAnswer(call: Call, refused: ProtectionsRefused): Answer {
  const errors = refused.failures.map(({ entry: { name, type }, code, message }) => {
    const why = element('Code', code) + element('Message', escapeXml(message));
    return element('ProtectionError', membersOf({ name, type }) + why);
  });
  const answer = errorAnswer('route53', call, refused);
  const body = answer.body.toString('utf8').replace('</Error>', () => `${element('Errors', errors.join(''))}</Error>`);
  return { ...answer, body: Buffer.from(body) };
}

function startOf(query: URLSearchParams): string {
  const token = query.get('nexttoken');
  const name = query.get('name');
  const type = query.get('type');
  if (token === null) {
    if (name === null && type !== null) throw invalid('a type to start with needs a name to start with');
    return name === null ? '' : sortKey({ name: fullName(name), type: type ?? '' });
  }
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith(TOKEN_PREFIX)) throw new AwsError(400, 'InvalidPaginationToken', 'The token is not valid.');
  return text.slice(TOKEN_PREFIX.length);
}

/** By the labels from the last to the first; a space comes before whatever a name may have in it. */
const sortKey = ({ name, type }: Protection): string => `${name.split('.').toReversed().join(' ')}  ${type}`;

const membersOf = ({ name, type, comment }: Protection): string =>
  element('RecordName', escapeXml(listedName(name))) +
  element('RecordType', escapeXml(type)) +
  (comment === undefined ? '' : element('Comment', escapeXml(comment)));

export const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;
