import { Agent } from 'node:http';
import type { DnsHabit, TrafficEvent } from '../contracts.ts';
import type { DnsClient } from './dns-client.ts';
import { httpGet, type Response } from './http-get.ts';

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
  readonly #habit: DnsHabit;
  readonly #surroundings: Surroundings;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #cached: CachedAddress | undefined;
  #visiting = false;

  constructor(site: Site, habit: DnsHabit, surroundings: Surroundings) {
    this.#site = site;
    this.#habit = habit;
    this.#surroundings = surroundings;
  }

  /** One request; nothing while the one before is still open. Never rejects: what goes wrong is recorded. */
  async visit(): Promise<void> {
    if (this.#visiting) return;
    this.#visiting = true;
    const before = this.#cached;
    await this.#request();
    if (this.#cached && this.#cached !== before) this.#recordResolution(this.#cached);
    this.#visiting = false;
  }

  /** Closes the connection. */
  leave(): void {
    this.#agent.destroy();
  }

  async #request(): Promise<void> {
    const { record } = this.#surroundings;
    const event = { kind: 'request', app: this.#site.app, habit: this.#habit, at: Date.now() } as const;
    let startedAtMs = performance.now();
    try {
      const known = this.#known();
      const { address } = known ?? (await this.#resolve());
      startedAtMs = performance.now();
      const answer = await this.#ask(address, { mayTryAgain: known !== undefined });
      record({ ...event, ...answer, ms: since(startedAtMs) });
    } catch (error) {
      record({ ...event, cluster: null, status: 0, ms: since(startedAtMs), error: errorText(error) });
    }
  }

  /** The address that need not be asked for. */
  #known(): CachedAddress | undefined {
    const forEver = this.#habit === 'caches-for-ever';
    return forEver || (this.#cached?.expiresAtMs ?? 0) > performance.now() ? this.#cached : undefined;
  }

  /** A pool that finds its cached address dead asks for the name again, and tries the request once more. */
  async #ask(
    address: string,
    { mayTryAgain }: { readonly mayTryAgain: boolean },
  ): Promise<Response & { readonly triedAgainAfter?: string }> {
    try {
      return await this.#get(address);
    } catch (error) {
      if (this.#habit !== 'caches-for-ever' || !mayTryAgain) throw error;
      const fresh = await this.#resolve();
      return { ...(await this.#get(fresh.address)), triedAgainAfter: errorText(error) };
    }
  }

  async #get(address: string): Promise<Response> {
    const { host, port } = this.#site;
    const answer = await httpGet({ address, port, host, agent: this.#agent });
    if (answer.cluster !== null) this.#surroundings.clusterByAddress.set(address, answer.cluster);
    return answer;
  }

  async #resolve(): Promise<CachedAddress> {
    const before = this.#cached;
    const { address, ttlSeconds } = await this.#surroundings.dns.resolve(this.#site.host);
    if (before && before.address !== address) this.#agent.destroy();
    this.#cached = { address, ttlSeconds, resolvedAt: Date.now(), expiresAtMs: performance.now() + ttlSeconds * 1000 };
    return this.#cached;
  }

  /** An address alone names no cluster: that is known from the answer that was just had there, or from one before. */
  #recordResolution({ address, ttlSeconds, resolvedAt }: CachedAddress): void {
    const { clusterByAddress, record } = this.#surroundings;
    const cluster = clusterByAddress.get(address) ?? UNKNOWN_CLUSTER;
    const { app } = this.#site;
    record({ kind: 'resolution', at: resolvedAt, app, habit: this.#habit, cluster, ttl: ttlSeconds });
  }
}

const since = (startedAtMs: number): number => Math.round((performance.now() - startedAtMs) * 10) / 10;

const errorText = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));
