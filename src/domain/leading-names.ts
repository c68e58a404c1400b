// Which names of a hosted zone lead to given load balancers: by an alias, by a CNAME, or by way of other names. Pure.
import { plainName } from './traffic.ts';

/** A record set, as far as it says where its name leads. */
export interface Pointer {
  readonly name: string;
  readonly type: string;
  readonly setIdentifier: string | null;
  /** Null: not weighted. */
  readonly weight: number | null;
  readonly alias: { readonly hostname: string } | null;
  readonly values: readonly string[];
}

export interface Leading {
  readonly name: string;
  /** `A alias`, `CNAME`, with the set identifier where there is one. */
  readonly records: readonly string[];
  /** The load balancer at the end of the way. */
  readonly to: string;
}

/** Each name once for each load balancer that it leads to. */
export function leadingNames(pointers: readonly Pointer[], loadBalancers: readonly string[]): Leading[] {
  const serving = Map.groupBy(pointers.filter(isAddress), ({ name, type }) => `${name} ${type}`);
  const answered = [...serving.values()].flatMap(withoutThoseThatNeverAnswer);
  const ways = Map.groupBy(
    answered.flatMap((record) => targetsOf(record).map((target) => ({ record, target: plainName(target) }))),
    ({ target }) => target,
  );
  return loadBalancers.flatMap((to) =>
    [...namesBefore(to, ways)].map(([name, records]) => ({ name, records: [...records], to })),
  );
}

type Ways = ReadonlyMap<string, readonly { readonly record: Pointer }[]>;

/** From the load balancer back, name by name: what leads to a name that leads there leads there too. */
function namesBefore(to: string, ways: Ways): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  let reached = [plainName(to)];
  while (reached.length > 0) {
    const next = reached.flatMap((target) => ways.get(target) ?? []).filter(({ record }) => !found.has(record.name));
    for (const { record } of next)
      found.set(record.name, (found.get(record.name) ?? new Set<string>()).add(describe(record)));
    reached = [...new Set(next.map(({ record }) => record.name))];
  }
  return found;
}

const isAddress = ({ type }: Pointer): boolean => type === 'A' || type === 'AAAA' || type === 'CNAME';

/** A record of weight 0 is answered only when all of its name are at 0. */
function withoutThoseThatNeverAnswer(group: readonly Pointer[]): readonly Pointer[] {
  const answered = group.filter(({ weight }) => weight !== 0);
  return answered.length > 0 ? answered : group;
}

/** A load balancer without a name is known by its addresses. */
const targetsOf = ({ alias, values }: Pointer): readonly string[] => (alias ? [alias.hostname] : values);

const describe = ({ type, alias, setIdentifier, weight }: Pointer): string =>
  [type, alias ? 'alias' : '', setIdentifier ?? '', weight === null ? '' : `weight ${weight}`]
    .filter(Boolean)
    .join(' ');
