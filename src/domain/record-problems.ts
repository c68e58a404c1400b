/** Why names would be moved by nobody, as far as blue and the zones tell before green is there. Pure. */
import type { Environment } from './environment.ts';
import type { ExternalDns } from './external-dns.ts';
import type { ColourFacts, RecordProblem } from './record-keeper.ts';
import { decideMove } from './record-moves.ts';
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

export function problemsBefore(
  { apps, externalDnsOwner: ownerPattern }: Pick<Environment, 'apps' | 'externalDnsOwner'>,
  { blue, annotated }: BlueSays,
  { app, ...name }: OwnedName,
): readonly RecordProblem[] {
  const ingress = apps.find((one) => one.name === app)?.ingress;
  // Of a cluster that does not answer, that is the finding.
  if (!ingress || !blue?.reachable) return [];
  const { name: cluster, externalDns } = blue;
  const bare = { cluster, externalDns, annotations: null, application: null };
  const says = annotated.find((one) => one.app === app) ?? bare;
  const decision = decideMove({ ...name, ingress, ownerPattern, blue: says, green: null });
  return decision.kind === 'blocked' ? decision.problems : [];
}
