import { isIPv4, isIPv6 } from 'node:net';
import { AwsError } from '../errors.ts';
import type { Change } from './batch.ts';
import { protectionOf } from './protections.ts';
import type { ProtectedZone, Protection } from './protections.ts';
import { isEqual, isSameSet, isWithin } from './records.ts';
import type { RecordSet } from './records.ts';

export interface Zone extends ProtectedZone {
  readonly records: readonly RecordSet[];
}

const MOST_ELEMENTS = 1_000;
const MOST_CHARACTERS = 32_000;
const MOST_WEIGHTED = 100;

/**
 * Applies a batch as Route 53 would: in order, all of it or nothing.
 * @returns the records of the zone afterwards
 * @throws AwsError InvalidChangeBatch with everything that is wrong
 */
export function applyBatch(zone: Zone, changes: readonly Change[]): readonly RecordSet[] {
  refuse(sizeProblems(changes));
  refuse([...changes.flatMap(({ set }) => setProblems(zone, set)), ...repeatProblems(changes)]);
  const problems: string[] = [];
  // Record sets concern each other only when they have the same name: a zone may have thousands.
  const byName = Map.groupBy(zone.records, ({ name }) => name);
  for (const change of changes) {
    const { name } = change.set;
    const ofName = byName.get(name) ?? [];
    const existing = ofName.find((candidate) => isSameSet(candidate, change.set));
    const problem = matchProblem(change, existing);
    if (problem !== undefined) problems.push(problem);
    const others = ofName.filter((candidate) => candidate !== existing);
    byName.set(name, change.action === 'DELETE' ? others : [...others, change.set]);
  }
  refuse(problems);
  refuse(
    changes.flatMap(({ action, set }) =>
      action === 'DELETE' ? [] : conflictProblems(zone.name, set, byName.get(set.name) ?? []),
    ),
  );
  return [...byName.values()].flat();
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new AwsError(400, 'InvalidChangeBatch', `[${[...new Set(problems)].join(', ')}]`);
}

/** An alias counts as one element; an UPSERT counts everything twice. */
function sizeProblems(changes: readonly Change[]): readonly string[] {
  let elements = 0;
  let characters = 0;
  for (const { action, set } of changes) {
    const times = action === 'UPSERT' ? 2 : 1;
    elements += times * (set.alias ? 1 : set.values.length);
    characters += times * set.values.reduce((sum, value) => sum + value.length, 0);
  }
  return [
    ...(elements > MOST_ELEMENTS ? [`Number of records limit of ${MOST_ELEMENTS} exceeded.`] : []),
    ...(characters > MOST_CHARACTERS ? [`Number of characters limit of ${MOST_CHARACTERS} exceeded.`] : []),
  ];
}

function setProblems(zone: Zone, set: RecordSet): readonly string[] {
  const { name, type, values } = set;
  const protection = protectionOf(zone, set);
  return [
    ...(protection ? [protectionProblem(protection)] : []),
    ...(isWithin(name, zone.name) ? [] : [`RRSet with DNS name ${name} is not permitted in zone ${zone.name}`]),
    ...(type === 'CNAME' && name === zone.name
      ? [`RRSet of type CNAME with DNS name ${name} is not permitted at apex in zone ${zone.name}`]
      : []),
    ...(type === 'CNAME' && values.length > 1 ? [`CNAME record ${name} must have exactly one value`] : []),
    ...values.flatMap((value) => valueProblem(type, value)),
  ];
}

const protectionProblem = ({ name, type, comment }: Protection): string =>
  `Resource record set [name='${name}', type='${type}'] is protected from changes${comment ? `: ${comment}` : ''}`;

function valueProblem(type: string, value: string): readonly string[] {
  const fatal = (code: string): string[] => [
    `Invalid Resource Record: 'FATAL problem: ${code} encountered with '${value}''`,
  ];
  if (type === 'A' && !isIPv4(value)) return fatal('ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)');
  if (type === 'AAAA' && !isIPv6(value))
    return fatal('AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)');
  if (type === 'TXT' && !/^(\s*"([^"\\]|\\.)*")+\s*$/.test(value)) {
    return fatal('InvalidCharacterString (Value should be enclosed in quotation marks)');
  }
  return [];
}

/** The same set may come twice only to be deleted and made anew: that is how its values are compared and swapped. */
function repeatProblems(changes: readonly Change[]): readonly string[] {
  const ofName = Map.groupBy(changes, ({ set }) => set.name);
  return [...ofName.values()].flatMap((same) =>
    same.flatMap(({ action, set }, i) => {
      const earlier = same.slice(0, i).filter((change) => isSameSet(change.set, set));
      const isSwap = action === 'CREATE' && earlier.length === 1 && earlier[0]?.action === 'DELETE';
      if (earlier.length === 0 || isSwap) return [];
      return [`The request contains an invalid set of changes for a resource record set '${set.type} ${set.name}'`];
    }),
  );
}

function matchProblem({ action, set }: Change, existing: RecordSet | undefined): string | undefined {
  const identifier = set.setIdentifier === undefined ? '' : `, set identifier='${set.setIdentifier}'`;
  const what = `resource record set [name='${set.name}', type='${set.type}'${identifier}]`;
  if (action === 'CREATE') return existing && `Tried to create ${what} but it already exists`;
  if (action === 'UPSERT') return undefined;
  if (!existing) return `Tried to delete ${what} but it was not found`;
  return isEqual(existing, set)
    ? undefined
    : `Tried to delete ${what} but the values provided do not match the current values`;
}

/** What may not stand beside a new set. */
function conflictProblems(zoneName: string, set: RecordSet, ofName: readonly RecordSet[]): readonly string[] {
  const { name, type } = set;
  const others = ofName.filter((candidate) => candidate !== set);
  if (type === 'CNAME' && others.some((other) => other.type !== 'CNAME')) {
    return [
      `RRSet of type CNAME with DNS name ${name} is not permitted as it conflicts with other records with the same DNS name in zone ${zoneName}`,
    ];
  }
  if (type !== 'CNAME' && others.some((other) => other.type === 'CNAME')) {
    return [
      `RRSet of type ${type} with DNS name ${name} is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone ${zoneName}`,
    ];
  }
  const why = routingConflict(
    set,
    others.filter((other) => other.type === type),
  );
  if (why === undefined) return [];
  const identifier = set.setIdentifier === undefined ? '' : `, SetIdentifier ${set.setIdentifier}`;
  return [`RRSet with DNS name ${name}, type ${type}${identifier} cannot be created as ${why}`];
}

function routingConflict(set: RecordSet, others: readonly RecordSet[]): string | undefined {
  if (others.length === 0) return undefined;
  const [policy] = Object.keys(set.routing);
  const isMixed = others.some((other) => Object.keys(other.routing)[0] !== policy);
  if (isMixed) {
    return policy === 'Weight'
      ? 'a non-weighted set exists with the same name and type.'
      : 'other RRSets exist with the same name and type.';
  }
  if (policy !== 'Weight') return undefined;
  if (others.length >= MOST_WEIGHTED)
    return `there are ${MOST_WEIGHTED} weighted sets with the same name and type already.`;
  const ttls = new Set([set, ...others].flatMap(({ ttl }) => ttl ?? []));
  return ttls.size > 1 ? 'weighted sets must contain the same TTL.' : undefined;
}
