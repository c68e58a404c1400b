import type { DnsHabit, TrafficEvent } from '../contracts.ts';

/** The step after which an app's names lead to green only. */
export interface LastStep {
  readonly askedAt: string;
  /** From here on no cache that honours the TTL holds the answer of before. */
  readonly settledAt: string;
}

/** How the clients of one habit left blue, for one app. */
export interface Departure {
  readonly app: string;
  readonly habit: DnsHabit;
  readonly requests: number;
  /** Those that nobody answered at an address cached for ever, and that were tried again at a fresh one. */
  readonly triedAgain: number;
  /** When the last request was sent that blue answered, and that green answered; null: there was none. */
  readonly lastOnBlueAt: string | null;
  readonly lastOnGreenAt: string | null;
  /** Null: the app was not moved for good. */
  readonly lastStep: LastStep | null;
}

interface Seen {
  readonly app: string;
  readonly habit: DnsHabit;
  requests: number;
  triedAgain: number;
  onBlueMs: number;
  onGreenMs: number;
}

/** Keeps the last moments of each app and habit, in any order of events. */
export class Departures {
  readonly #colours: { readonly blue: string; readonly green: string };
  readonly #seen = new Map<string, Seen>();

  constructor(colours: { readonly blue: string; readonly green: string }) {
    this.#colours = colours;
  }

  add({ app, habit, cluster, at, triedAgainAfter }: TrafficEvent & { kind: 'request' }): void {
    const key = `${app} ${habit}`;
    const seen = this.#seen.get(key) ?? { app, habit, requests: 0, triedAgain: 0, onBlueMs: 0, onGreenMs: 0 };
    this.#seen.set(key, seen);
    seen.requests++;
    if (triedAgainAfter !== undefined) seen.triedAgain++;
    if (cluster === this.#colours.blue) seen.onBlueMs = Math.max(seen.onBlueMs, at);
    if (cluster === this.#colours.green) seen.onGreenMs = Math.max(seen.onGreenMs, at);
  }

  /** By app, then by habit. `lastSteps`: by app. */
  all(lastSteps: Readonly<Record<string, LastStep>>): Departure[] {
    return [...this.#seen]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, seen]) => departureOf(seen, lastSteps[seen.app] ?? null));
  }
}

const departureOf = ({ onBlueMs, onGreenMs, ...seen }: Seen, lastStep: LastStep | null): Departure => ({
  ...seen,
  lastOnBlueAt: time(onBlueMs),
  lastOnGreenAt: time(onGreenMs),
  lastStep,
});

const time = (ms: number): string | null => (ms === 0 ? null : new Date(ms).toISOString());

/** How long after a moment of its last step the last request on blue was sent. Null: there is no such request or moment. */
export function secondsOnBlueAfter(moment: keyof LastStep, { lastOnBlueAt, lastStep }: Departure): number | null {
  if (lastOnBlueAt === null || !lastStep) return null;
  return (Date.parse(lastOnBlueAt) - Date.parse(lastStep[moment])) / 1000;
}
