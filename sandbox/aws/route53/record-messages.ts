// The calls about record sets, as they are on the wire.
import type { Answer } from '../http.ts';
import { escapeXml } from '../xml.ts';
import { invalid } from './batch.ts';
import { doneAnswer, element } from './protection-messages.ts';
import { fullName, listedName, listKey } from './records.ts';
import type { RecordSet } from './records.ts';

const LARGEST_PAGE = 300;

/**
 * A page of a zone's record sets, from the name, type and set identifier of the query on. They come in the order of lists.
 * @throws AwsError InvalidInput
 */
export function recordsAnswer(records: readonly RecordSet[], query: URLSearchParams): Answer {
  const size = Number(query.get('maxitems') ?? LARGEST_PAGE);
  if (!Number.isInteger(size) || size < 1) throw invalid(`maxitems is ${size}, expected a whole number from 1`);
  const start = startOf(query);
  const first = records.findIndex((set) => listKey(set) >= start);
  const rest = first === -1 ? [] : records.slice(first);
  const page = rest.slice(0, Math.min(size, LARGEST_PAGE));
  const next = rest[page.length];
  return doneAnswer(
    'ListResourceRecordSets',
    element('ResourceRecordSets', page.map(setElement).join('')) +
      element('IsTruncated', String(next !== undefined)) +
      (next ? nextElements(next) : '') +
      element('MaxItems', String(Math.min(size, LARGEST_PAGE))),
  );
}

export function changeAnswer(operation: string, change: { id: string; status: string; submittedAt: string }): Answer {
  const members = element('Id', `/change/${change.id}`) + element('Status', change.status);
  return doneAnswer(operation, element('ChangeInfo', members + element('SubmittedAt', change.submittedAt)));
}

function startOf(query: URLSearchParams): string {
  const [name, type, identifier] = [query.get('name'), query.get('type'), query.get('identifier')];
  if (name === null && type !== null) throw invalid('a type to start with needs a name to start with');
  if (type === null && identifier !== null) throw invalid('a set identifier to start with needs a type to start with');
  if (name === null) return '';
  return listKey({
    name: fullName(name),
    type: type ?? '',
    ...(identifier === null ? {} : { setIdentifier: identifier }),
  });
}

const nextElements = ({ name, type, setIdentifier }: RecordSet): string =>
  element('NextRecordName', escapeXml(listedName(name))) +
  element('NextRecordType', type) +
  (setIdentifier === undefined ? '' : element('NextRecordIdentifier', escapeXml(setIdentifier)));

function setElement({ name, type, setIdentifier, routing, ttl, values, alias, healthCheckId }: RecordSet): string {
  const members = [
    element('Name', escapeXml(listedName(name))),
    element('Type', escapeXml(type)),
    ...(setIdentifier === undefined ? [] : [element('SetIdentifier', escapeXml(setIdentifier))]),
    ...Object.entries(routing).map(([policy, value]) => element(policy, policyContent(value))),
    ...(ttl === undefined ? [] : [element('TTL', String(ttl))]),
    ...(values.length === 0 ? [] : [element('ResourceRecords', values.map(valueElement).join(''))]),
    ...(alias ? [aliasElement(alias)] : []),
    ...(healthCheckId === undefined ? [] : [element('HealthCheckId', escapeXml(healthCheckId))]),
  ];
  return element('ResourceRecordSet', members.join(''));
}

const valueElement = (value: string): string => element('ResourceRecord', element('Value', escapeXml(value)));

const aliasElement = ({ hostedZoneId, dnsName, evaluateTargetHealth }: NonNullable<RecordSet['alias']>): string =>
  element(
    'AliasTarget',
    element('HostedZoneId', escapeXml(hostedZoneId)) +
      element('DNSName', escapeXml(dnsName)) +
      element('EvaluateTargetHealth', String(evaluateTargetHealth)),
  );

/** A policy of several members is kept as JSON: `{"CountryCode":"DE"}`. */
function policyContent(value: string): string {
  if (!value.startsWith('{')) return escapeXml(value);
  const members: unknown = JSON.parse(value);
  return Object.entries(members ?? {})
    .map(([name, text]) => element(name, escapeXml(String(text))))
    .join('');
}
