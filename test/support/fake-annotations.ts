// External-dns of both clusters in a fake world: it follows annotations when it is waited for.
import { ApplicationFailure } from '@temporalio/activity';
import type { RecordActivities, Weights } from '../../activities/record-ports.ts';
import type { RecordOwner } from '../../src/domain/record-owner.ts';
import type { ObservedRecord } from '../../src/domain/traffic.ts';
import { externalDns } from './external-dns.ts';

const PREFIX = 'external-dns.alpha.kubernetes.io/';

interface Records {
  readonly records: Map<string, ObservedRecord[]>;
  keyOf(host: string, zoneId: string): string;
  weights(host: string): Record<string, number>;
}

export class FakeAnnotations {
  /** Names that are external-dns's. */
  readonly hosts = new Set<string>();
  /** Names that were, and that the registry says are ours. */
  readonly adopted = new Set<string>();
  /** Names that a third party has put its own records to. */
  readonly others = new Set<string>();
  /** Weights by cluster, as its Ingress says them. */
  readonly told = new Map<string, number>();
  /** Weights of a name after each change, in the order of the changes. */
  readonly states: Weights[] = [];
  /** Clusters whose API servers do not answer. */
  readonly down = new Set<string>();
  /** What external-dns does with what it is told; a test throws here. */
  follows: (cluster: string) => void = () => undefined;
  readonly #world: Records;

  constructor(world: Records) {
    this.#world = world;
  }

  ownerOf(host: string): RecordOwner {
    if (this.others.has(host)) return { kind: 'other', what: 'A simple' };
    if (this.hosts.has(host)) {
      // Each cluster's external-dns has a --txt-prefix of its own, and only its cluster tells which.
      const all = this.#claims(host);
      const claims = all.filter(({ owner }) => !this.down.has(owner));
      if (claims.length === 0) return { kind: 'unregistered' };
      return claims.length === all.length
        ? { kind: 'external-dns', claims }
        : { kind: 'other', what: 'several owners' };
    }
    return this.adopted.has(host) ? { kind: 'ours', claims: [] } : { kind: 'unregistered' };
  }

  activities(): RecordActivities {
    return {
      findRecordOwners: async ({ hosts, clusters, mustAnswer }) => ({
        hosts: hosts.map(({ host, zone }) => ({
          host,
          zoneId: zone.id,
          isPrivate: zone.private ?? false,
          owner: this.ownerOf(host),
        })),
        colours: clusters.map((cluster) => {
          if (!this.down.has(cluster)) return { cluster, facts: this.facts(cluster) };
          if (mustAnswer) throw unreachable(cluster);
          return { cluster, facts: null };
        }),
      }),
      annotateWeight: async ({ keeper: { cluster }, weight }) => {
        if (this.down.has(cluster)) throw unreachable(cluster);
        const changed = this.told.get(cluster) !== weight;
        this.told.set(cluster, weight);
        return { changed };
      },
      awaitFollowed: async ({ host, zone, keeper: { cluster }, before, want }) => {
        const key = this.#world.keyOf(host, zone.id);
        const found = this.#world.weights(key);
        if (before !== null && JSON.stringify(found) !== JSON.stringify(before))
          return { outcome: 'drift', why: `${host} has other weights` };
        this.follows(cluster);
        const records = this.#world.records.get(key) ?? [];
        const weight = want[cluster] ?? -1;
        this.#world.records.set(
          key,
          records.map((record) => (record.setIdentifier === cluster ? Object.assign({}, record, { weight }) : record)),
        );
        this.states.push(this.#world.weights(key));
        return { outcome: 'followed' };
      },
      awaitAnswers: async () => ({ inSyncAt: new Date().toISOString() }),
    };
  }

  #claims(host: string) {
    return Object.keys(this.#world.weights(host)).map((cluster) => ({
      owner: cluster,
      resource: null,
      setIdentifier: cluster,
      types: ['A', 'AAAA'] as const,
      entries: [],
    }));
  }

  /** What a cluster says of an app with such names. */
  facts(cluster: string) {
    const annotations = {
      [`${PREFIX}set-identifier`]: cluster,
      [`${PREFIX}aws-weight`]: String(this.told.get(cluster) ?? 0),
    };
    return { cluster, externalDns: [externalDns(cluster)], annotations, application: null };
  }
}

const unreachable = (cluster: string): ApplicationFailure =>
  ApplicationFailure.create({
    type: 'k8s.unreachable',
    message: `API server of ${cluster}: ECONNREFUSED`,
    nonRetryable: true,
  });
