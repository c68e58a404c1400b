import { Agent } from 'node:http';
import type { TrafficEvent } from '../contracts.ts';
import type { DnsClient } from './dns-client.ts';
import { httpGet } from './http-get.ts';

export interface Site {
  readonly app: string;
  readonly host: string;
  readonly port: number;
}

export interface Surroundings {
  readonly dns: DnsClient;
  readonly record: (event: TrafficEvent) => void;
  /** Which cluster answered last at an address. */
  readonly clusterByAddress: Map<string, string>;
}

interface CachedAddress {
  readonly address: string;
  readonly ttlSeconds: number;
  readonly resolvedAt: number;
  /** On the monotonic clock. */
  readonly expiresAtMs: number;
}

/** Cluster of a resolution whose address has never answered. */
const UNKNOWN_CLUSTER = 'unknown';

/** One client's view of one app: its own resolver cache entry and its own keep-alive connection. */
export class Visitor {
  readonly #site: Site;
  readonly #surroundings: Surroundings;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #cached: CachedAddress | undefined;
  #visiting = false;

  constructor(site: Site, surroundings: Surroundings) {
    this.#site = site;
    this.#surroundings = surroundings;
  }

  /** One request; nothing while the one before is still open. Never rejects: what goes wrong is recorded. */
  async visit(): Promise<void> {
    if (this.#visiting) return;
    this.#visiting = true;
    const fresh = await this.#request();
    if (fresh) this.#recordResolution(fresh);
    this.#visiting = false;
  }

  /** Closes the connection. */
  leave(): void {
    this.#agent.destroy();
  }

  /** Gives the address when it had to be resolved for this request. */
  async #request(): Promise<CachedAddress | undefined> {
    const { app, host, port } = this.#site;
    const { record, clusterByAddress } = this.#surroundings;
    const event = { kind: 'request', app, at: Date.now() } as const;
    let startedAtMs = performance.now();
    let fresh: CachedAddress | undefined;
    try {
      const before = this.#cached;
      const cached = before && before.expiresAtMs > startedAtMs ? before : await this.#resolve(before);
      if (cached !== before) fresh = cached;
      startedAtMs = performance.now();
      const { status, cluster } = await httpGet({ address: cached.address, port, host, agent: this.#agent });
      if (cluster !== null) clusterByAddress.set(cached.address, cluster);
      record({ ...event, cluster, status, ms: since(startedAtMs) });
    } catch (error) {
      record({ ...event, cluster: null, status: 0, ms: since(startedAtMs), error: errorText(error) });
    }
    return fresh;
  }

  async #resolve(before: CachedAddress | undefined): Promise<CachedAddress> {
    const { address, ttlSeconds } = await this.#surroundings.dns.resolve(this.#site.host);
    if (before && before.address !== address) this.#agent.destroy();
    this.#cached = { address, ttlSeconds, resolvedAt: Date.now(), expiresAtMs: performance.now() + ttlSeconds * 1000 };
    return this.#cached;
  }

  /** An address alone names no cluster: that is known from the answer that was just had there, or from one before. */
  #recordResolution({ address, ttlSeconds, resolvedAt }: CachedAddress): void {
    const cluster = this.#surroundings.clusterByAddress.get(address) ?? UNKNOWN_CLUSTER;
    this.#surroundings.record({ kind: 'resolution', at: resolvedAt, app: this.#site.app, cluster, ttl: ttlSeconds });
  }
}

const since = (startedAtMs: number): number => Math.round((performance.now() - startedAtMs) * 10) / 10;

const errorText = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));
