import { setTimeout as delay } from 'node:timers/promises';
import type { DnsHabit, TrafficEvent } from '../contracts.ts';
import type { TrafficConfig } from './config.ts';
import { DnsClient } from './dns-client.ts';
import { Visitor } from './visitor.ts';

export interface Generator {
  /** No new requests; resolves when the open ones are finished. What is open after 4 s is cut off and has failed. */
  stop(): Promise<void>;
}

const TICK_MS = 5;
/** Shorter than the 5 s after which a process that was asked to end is killed: what hangs must still be recorded. */
const GRACE_MS = 4_000;

/**
 * Starts clients that each visit every app once per period. All visits are spread evenly over the period, so the load
 * is steady; each client comes at the same moment of every period.
 */
export function startTraffic(
  config: Pick<TrafficConfig, 'nameServer' | 'apps' | 'clients' | 'cachingForEver' | 'requestEveryMs'>,
  record: (event: TrafficEvent) => void,
): Generator {
  const dns = new DnsClient(config.nameServer);
  const surroundings = { dns, record, clusterByAddress: new Map<string, string>() };
  const habits: DnsHabit[] = [
    ...Array.from({ length: config.clients }, () => 'honours-ttl' as const),
    ...Array.from({ length: config.cachingForEver }, () => 'caches-for-ever' as const),
  ];
  const visitors = habits.flatMap((habit) => config.apps.map((site) => new Visitor(site, habit, surroundings)));
  const gapMs = config.requestEveryMs / visitors.length;
  const startedAtMs = performance.now();
  const open = new Set<Promise<void>>();
  const track = async (visit: Promise<void>): Promise<void> => {
    open.add(visit);
    await visit;
    open.delete(visit);
  };
  let visits = 0;

  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - startedAtMs) / gapMs);
    // After a long standstill of the machine nobody comes twice at once.
    visits = Math.max(visits, due - visitors.length);
    for (; visits < due; visits++) {
      const visitor = visitors[visits % visitors.length];
      if (visitor) void track(visitor.visit());
    }
  }, TICK_MS);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.race([Promise.all(open), delay(GRACE_MS, undefined, { ref: false })]);
      for (const visitor of visitors) visitor.leave();
      dns.close();
      await Promise.all(open);
    },
  };
}
