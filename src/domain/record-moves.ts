/** By whom each name of an app is moved, or why it is not. Pure: before an upgrade, and again before an app's first step. */
import { findKeeper, type ColourFacts, type Keeper, type RecordName, type RecordProblem } from './record-keeper.ts';
import type { Claim, RecordOwner } from './record-owner.ts';

export interface RecordFacts extends RecordName {
  readonly owner: RecordOwner;
  readonly blue: ColourFacts;
  /** Null: it is not built yet. */
  readonly green: ColourFacts | null;
}

/** `external-dns`: by annotations, blue's and (once it is built) green's. */
export type HostMover =
  | { readonly kind: 'zone-writer' }
  | { readonly kind: 'external-dns'; readonly blue: Keeper; readonly green: Keeper | null };

export type MoveDecision =
  | { readonly kind: 'moved'; readonly mover: HostMover }
  | { readonly kind: 'blocked'; readonly problems: readonly RecordProblem[] };

/** By whom a name was moved when all could be asked. */
export interface KnownMover {
  readonly host: string;
  readonly zoneId: string;
  readonly mover: HostMover;
}

/**
 * On the way back. A cluster that does not answer says nothing of its registry's format, so that external-dns's records look
 * like ours, or like a third party's: what was known before counts then, except against an entry that says ours.
 */
export function decideBack(facts: RecordFacts, known: readonly KnownMover[], allAnswered: boolean): MoveDecision {
  const decision = decideMove(facts);
  const before = known.find(({ host, zoneId }) => host === facts.host && zoneId === facts.zoneId)?.mover;
  if (allAnswered || before?.kind !== 'external-dns' || facts.owner.kind === 'ours') return decision;
  return decision.kind === 'moved' && decision.mover.kind === 'external-dns'
    ? decision
    : { kind: 'moved', mover: before };
}

export function decideMove(facts: RecordFacts): MoveDecision {
  const { owner, host } = facts;
  const blocked = (id: string, what: string, todo: string): MoveDecision => ({
    kind: 'blocked',
    problems: [{ id, subject: host, what, todo }],
  });
  switch (owner.kind) {
    case 'ours':
    case 'unregistered':
      return { kind: 'moved', mover: { kind: 'zone-writer' } };
    case 'other':
      return blocked(
        'record.others',
        `its records are not ours to move: ${owner.what}`,
        'have one owner for all of them',
      );
    case 'cannot-know':
      return blocked(
        'record.owner-unknown',
        `nobody can tell whose its records are: ${owner.why}`,
        'give it a TXT registry in plain text, or a --domain-filter or --zone-id-filter without this name',
      );
    case 'external-dns': {
      const claims = owner.claims.filter(({ types }) => types.length > 0);
      return decideAnnotations(facts, claims);
    }
  }
}

function decideAnnotations(facts: RecordFacts, claims: readonly Claim[]): MoveDecision {
  const { host, blue, green } = facts;
  const claimOf = ({ cluster }: ColourFacts): Claim | undefined =>
    claims.find(({ setIdentifier }) => setIdentifier === cluster);
  const ofBlue = claimOf(blue) ?? claims.find(({ owner }) => blue.externalDns.some(({ ownerId }) => ownerId === owner));
  const ofGreen = green ? claimOf(green) : undefined;
  const others = claims.filter((claim) => claim !== ofBlue && claim !== ofGreen);
  const found = {
    blue: findKeeper(facts, blue, ofBlue ?? claims[0]),
    green: green && findKeeper(facts, green, ofGreen),
  };
  const problems = [
    ...('problems' in found.blue ? found.blue.problems : []),
    ...(found.green && 'problems' in found.green ? found.green.problems : []),
    ...(ofBlue ? others : []).map(({ owner, setIdentifier }) => ({
      id: 'record.others',
      subject: host,
      what: `external-dns with owner id "${owner}" has a record ${setIdentifier ?? 'without a set identifier'}, which is neither blue’s nor green’s`,
      todo: 'have its owner remove it',
    })),
  ];
  if (problems.length > 0 || 'problems' in found.blue || (found.green && 'problems' in found.green))
    return { kind: 'blocked', problems };
  const mover = { kind: 'external-dns', blue: found.blue.keeper, green: found.green?.keeper ?? null } as const;
  if (mover.green?.ownerId !== mover.blue.ownerId) return { kind: 'moved', mover };
  const shared = {
    id: 'record.owner-id',
    subject: host,
    what: `external-dns of ${mover.blue.cluster} and that of ${mover.green.cluster} have the same owner id "${mover.blue.ownerId}": each deletes the other’s records`,
    todo: 'give each cluster’s external-dns a --txt-owner-id of its own',
  };
  return { kind: 'blocked', problems: [shared] };
}

/** What `findRecordOwners` saw, name by name. A cluster that did not answer has nothing. */
export function recordFacts(
  seen: {
    readonly hosts: readonly (Pick<RecordName, 'host' | 'zoneId' | 'isPrivate'> & { readonly owner: RecordOwner })[];
    readonly colours: readonly { readonly cluster: string; readonly facts: ColourFacts | null }[];
  },
  of: Pick<RecordName, 'ingress' | 'ownerPattern'> & { readonly blue: string; readonly green: string },
): RecordFacts[] {
  const { ingress, ownerPattern, blue, green } = of;
  const factsOf = (cluster: string): ColourFacts | null =>
    seen.colours.find((colour) => colour.cluster === cluster)?.facts ?? null;
  const none = { cluster: blue, externalDns: [], annotations: null, application: null };
  return seen.hosts.map((host) => ({
    ...host,
    ingress,
    ownerPattern,
    blue: factsOf(blue) ?? none,
    green: factsOf(green),
  }));
}
