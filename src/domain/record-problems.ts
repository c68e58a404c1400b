/** Why names would be moved by nobody, as far as blue and the zones tell before green is there. Pure. */
import type { Environment } from './environment.ts';
import type { ExternalDns } from './external-dns.ts';
import type { ColourFacts, RecordProblem } from './record-keeper.ts';
import { decideMove, type KnownMover, type MoveDecision } from './record-moves.ts';
import type { RecordOwner } from './record-owner.ts';

interface BlueSays {
  readonly blue: {
    readonly name: string;
    readonly reachable: boolean;
    readonly externalDns: readonly ExternalDns[];
  } | null;
  readonly annotated: readonly (ColourFacts & { readonly app: string })[];
}

interface OwnedName {
  readonly app: string;
  readonly host: string;
  readonly zoneId: string;
  readonly isPrivate: boolean;
  readonly owner: RecordOwner;
}

type Rules = Pick<Environment, 'apps' | 'externalDnsOwner'>;

export function problemsBefore(rules: Rules, says: BlueSays, name: OwnedName): readonly RecordProblem[] {
  const decision = decideBefore(rules, says, name);
  return decision?.kind === 'blocked' ? decision.problems : [];
}

/** Names of external-dns by app, with what can tell it weights: for when it cannot be asked any more. */
export function annotatedBefore(
  environment: Rules & Pick<Environment, 'zones'>,
  { hosts, ...says }: BlueSays & { readonly hosts: readonly Omit<OwnedName, 'isPrivate'>[] },
): ReadonlyMap<string, readonly KnownMover[]> {
  const known = hosts.flatMap(({ app, host, zoneId, owner }) => {
    const isPrivate = environment.zones.find(({ id }) => id === zoneId)?.private ?? false;
    const decision = decideBefore(environment, says, { app, host, zoneId, owner, isPrivate });
    if (decision?.kind !== 'moved' || decision.mover.kind !== 'external-dns') return [];
    return [{ app, mover: { host, zoneId, mover: decision.mover } }];
  });
  const byApp = Map.groupBy(known, ({ app }) => app);
  return new Map([...byApp].map(([app, its]) => [app, its.map(({ mover }) => mover)]));
}

/** Undefined: blue does not answer, and that is the finding. */
function decideBefore(
  { apps, externalDnsOwner: ownerPattern }: Rules,
  { blue, annotated }: BlueSays,
  { app, ...name }: OwnedName,
): MoveDecision | undefined {
  const ingress = apps.find((one) => one.name === app)?.ingress;
  if (!ingress || !blue?.reachable) return undefined;
  const { name: cluster, externalDns } = blue;
  const bare = { cluster, externalDns, annotations: null, application: null };
  const says = annotated.find((one) => one.app === app) ?? bare;
  return decideMove({ ...name, ingress, ownerPattern, blue: says, green: null });
}
