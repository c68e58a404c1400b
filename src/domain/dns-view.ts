/** What people see of a name in a zone: who has it, who is answered, what changed last, and what is not as believed. Pure. */
import { whoReceives, type AnswerRecord, type Receives } from './dns-answers.ts';
import { healthOf, viewTargets, type TargetsSeen, type TargetsView } from './dns-targets.ts';
import type { NameSeen, NamesSeen } from './names-seen.ts';
import { isAddress, type RecordOwner } from './record-owner.ts';
import type { RecordSet } from './record-set.ts';

export interface RecordView {
  /** Alike in all of these. */
  readonly types: readonly string[];
  readonly setIdentifier: string | null;
  readonly colour: 'blue' | 'green' | null;
  readonly weight: number | null;
  readonly target: string;
  /** Of its targets, or by a health check of its own. */
  readonly evaluatesHealth: boolean;
  /** How that is, nobody looks at. */
  readonly healthChecked: boolean;
  /** Null: it is no alias. */
  readonly targets: TargetsView | null;
  /** Null: not weighted. */
  readonly receives: Receives | null;
}

export interface NameView {
  readonly app: string;
  readonly host: string;
  readonly zone: { readonly id: string; readonly name: string; readonly private: boolean };
  /** `ours`, `nobody`, `external-dns`, `other`, `cannot-know`. */
  readonly owner: { readonly kind: RecordOwner['kind'] | 'nobody'; readonly says: string };
  readonly ttlSeconds: number | null;
  readonly records: readonly RecordView[];
  /** Green's share of the weights in percent; null when there is none to tell. */
  readonly greenPercent: number | null;
  readonly problem: string | null;
}

export interface NamesView {
  readonly at: string;
  readonly blue: string | null;
  readonly green: string;
  /** Clusters whose external-dns could not be read, and why. */
  readonly problems: readonly string[];
  readonly names: readonly NameView[];
}

/** What the zone's writer did last for a name. */
export interface LastChange {
  readonly at: string;
  readonly changeId: string;
  /** The workflow that asked for it. */
  readonly by: string;
  readonly what: string;
}

export const viewNames = ({ at, blue, green, clusters, names }: NamesSeen, targets: TargetsSeen): NamesView => ({
  at,
  blue,
  green,
  problems: clusters.flatMap(({ cluster, problem }) => (problem === null ? [] : [`${cluster}: ${problem}`])),
  names: names
    .map((name) => viewName(name, { blue, green, clusters }, targets))
    .toSorted((a, b) => (`${a.host} ${a.zone.private}` < `${b.host} ${b.zone.private}` ? -1 : 1)),
});

type Colours = Pick<NamesSeen, 'blue' | 'green' | 'clusters'>;

function viewName(
  { app, host, zone, records, owner, ttlSeconds, problem }: NameSeen,
  colours: Colours,
  targets: TargetsSeen,
): NameView {
  const addresses = records.filter(({ name, type }) => name === host.toLowerCase() && isAddress(type));
  const views = mergeTypes(addresses.map((record) => viewRecord(record, addresses, colours, targets)));
  return {
    app,
    host,
    zone: { id: zone.id, name: zone.name, private: zone.private ?? false },
    owner: {
      kind: owner.kind === 'unregistered' && views.length === 0 ? 'nobody' : owner.kind,
      says: ownerText(owner, views, colours),
    },
    ttlSeconds,
    records: views,
    greenPercent: shareOf(addresses, colours.green),
    problem,
  };
}

function viewRecord(
  record: RecordSet,
  all: readonly RecordSet[],
  { blue, green }: Colours,
  targets: TargetsSeen,
): RecordView {
  const { type, setIdentifier, weight, alias, values, healthChecked } = record;
  const rivals = all.filter((one) => one.type === type).flatMap((one) => answerRecords(one, targets));
  const receives = setIdentifier === null ? undefined : whoReceives(rivals).get(setIdentifier);
  const colour =
    setIdentifier === null ? null : setIdentifier === blue ? 'blue' : setIdentifier === green ? 'green' : null;
  return {
    types: [type],
    setIdentifier,
    colour,
    weight,
    target: alias?.hostname ?? values.join(' '),
    evaluatesHealth: evaluatesHealth(record),
    healthChecked,
    targets: viewTargets(alias, targets) ?? null,
    receives: receives ?? null,
  };
}

/** None, where it is not weighted. */
function answerRecords(record: RecordSet, targets: TargetsSeen): AnswerRecord[] {
  const { setIdentifier, weight, alias } = record;
  if (setIdentifier === null || weight === null) return [];
  const health = healthOf(record, viewTargets(alias, targets));
  return [{ setIdentifier, weight, evaluatesHealth: evaluatesHealth(record), health }];
}

const evaluatesHealth = ({ alias, healthChecked }: RecordSet): boolean =>
  healthChecked || (alias?.evaluateTargetHealth ?? false);

function mergeTypes(views: readonly RecordView[]): RecordView[] {
  const same = ({ types: _types, ...rest }: RecordView): string => JSON.stringify(rest);
  return [...Map.groupBy(views, same).values()].flatMap(([first, ...others]) =>
    first ? [{ ...first, types: [...first.types, ...others.flatMap(({ types }) => types)] }] : [],
  );
}

function shareOf(addresses: readonly RecordSet[], cluster: string): number | null {
  const weighted = addresses.filter(({ type, weight }) => type === 'A' && weight !== null);
  const sum = weighted.reduce((total, { weight }) => total + (weight ?? 0), 0);
  const mine = weighted.find(({ setIdentifier }) => setIdentifier === cluster);
  return sum === 0 ? null : ((mine?.weight ?? 0) / sum) * 100;
}

function ownerText(owner: RecordOwner, views: readonly RecordView[], { clusters }: Colours): string {
  switch (owner.kind) {
    case 'ours':
      return 'eksodus, by its registry entry';
    case 'unregistered':
      return views.length === 0 ? 'there are no records' : 'eksodus: nobody else claims it';
    case 'external-dns':
      return [...new Set(owner.claims.map((claim) => claim.owner))]
        .map((id) => {
          const cluster = clusters.find(({ externalDns }) => externalDns.some(({ ownerId }) => ownerId === id));
          return `external-dns with owner id ${id}${cluster ? `, of ${cluster.cluster}` : ', of no cluster of this environment'}`;
        })
        .join('; ');
    case 'other':
      return `somebody else: ${owner.what}`;
    case 'cannot-know':
      return `nobody can tell: ${owner.why}`;
  }
}

/** What is not as the app's migration last had it; undefined when it is, or nobody believes anything. */
export function driftOf(
  { greenPercent, host }: NameView,
  green: string,
  believedPercent: number | undefined,
): string | undefined {
  if (believedPercent === undefined || greenPercent === believedPercent) return undefined;
  const found = greenPercent === null ? 'no weighted records' : `${Number(greenPercent.toFixed(1))} % on ${green}`;
  return `${host} has ${found}, and its migration gave it ${believedPercent} %`;
}
