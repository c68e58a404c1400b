// What workflows may ask about records that external-dns may have; a part of ports.ts.
import type { Environment, HostedZone, IngressRef } from '../src/domain/environment.ts';
import type { ColourFacts, Keeper } from '../src/domain/record-keeper.ts';
import type { RecordOwner } from '../src/domain/record-owner.ts';
import type { Shares } from '../src/domain/spread.ts';
import type { AliasTarget } from '../src/domain/traffic.ts';

/** By set identifier. */
export type Weights = Readonly<Record<string, number>>;

/** `drift`: somebody else changed the records or the annotation. */
export type FollowOutcome = { readonly outcome: 'followed' } | { readonly outcome: 'drift'; readonly why: string };

/** Whose records names are, and how external-dns is told weights. None of these changes a record. */
export interface RecordActivities {
  /** `mustAnswer`: a cluster that does not answer fails this. Else what it would say stays unknown: null. */
  findRecordOwners(input: {
    scope: Pick<Environment, 'region' | 'argocd'>;
    app: { application: string; ingress: IngressRef };
    hosts: readonly { host: string; zone: HostedZone }[];
    clusters: readonly string[];
    mustAnswer: boolean;
  }): Promise<{
    hosts: readonly { host: string; zoneId: string; isPrivate: boolean; owner: RecordOwner }[];
    colours: readonly { cluster: string; facts: ColourFacts | null }[];
  }>;
  annotateWeight(input: {
    region: string;
    keeper: Keeper;
    ingress: IngressRef;
    weight: number;
  }): Promise<{ changed: boolean }>;
  /**
   * Until Route 53 has the weights, and has had them for `steadySeconds`. `before`: what it may have until then; null: any
   * weights. Fails when external-dns does not follow.
   */
  awaitFollowed(input: {
    region: string;
    zone: HostedZone;
    host: string;
    keeper: Keeper;
    ingress: IngressRef;
    before: Weights | null;
    want: Weights;
    steadySeconds: number;
  }): Promise<FollowOutcome>;
  /** Until every name server of the zone answers by the new weights, where answers can tell. `shares`: of the answers that lead to `target`. */
  awaitAnswers(input: {
    zone: HostedZone;
    host: string;
    target: AliasTarget;
    shares: Shares;
    resolvers: readonly string[] | null;
  }): Promise<{ inSyncAt: string }>;
}
