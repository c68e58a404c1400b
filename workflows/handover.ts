// Workloads that may run in one cluster only change hands: stopped on one side, proved idle, started on the other.
// Never both; and neither only for so long as the environment file allows: then the side that ran before runs again.
import { ApplicationFailure, CancellationScope, isCancellation, log } from '@temporalio/workflow';
import type { Actor } from '../activities/ports.ts';
import type { MetricSource } from '../src/domain/analysis.ts';
import type { App, Environment, Handover } from '../src/domain/environment.ts';
import { limitsOf, neitherSince, nextHandover, whyBusy, type Next, type Sides } from '../src/domain/handover.ts';
import type { HandoverStatus } from '../src/domain/status.ts';
import { calls, hurried, waits } from './proxies.ts';
import { reasonOf } from './reason.ts';
import { everyOne } from './settle.ts';

export interface Hands {
  readonly actor: Actor;
  readonly environment: Environment;
  readonly app: App;
  readonly blue: string;
  readonly green: string;
  /** Told at every change of who runs the workloads. */
  readonly show?: (handover: HandoverStatus) => Promise<unknown>;
}

export type Colour = 'blue' | 'green';

/** `given-up`: the workloads run where they ran before. */
export type HandoverEnd =
  | { readonly kind: 'done'; readonly changed: boolean }
  | { readonly kind: 'given-up'; readonly because: string };

/**
 * Ends with the workloads running in one of the two clusters; a cancellation too first gives them back to the one that
 * ran them. Throws when that could not be brought about, or, with nothing stopped, when the other side cannot take over.
 */
export async function handOver(hands: Hands, to: Colour): Promise<HandoverEnd> {
  const { handover } = hands.app;
  if (!handover) return { kind: 'done', changed: false };
  const change = new Change(hands, handover);
  try {
    const because = await change.walk(to, limitsOf(handover.maxGapSeconds)).catch((error: unknown) => {
      if (isCancellation(error) || !change.touched) throw error;
      return reasonOf(error);
    });
    if (because === undefined) return { kind: 'done', changed: change.touched };
    await change.walkBack(to);
    return { kind: 'given-up', because: `${because}; it runs on ${other(to)} again` };
  } catch (error) {
    if (isCancellation(error) && change.touched) await CancellationScope.nonCancellable(() => change.undo(to));
    throw error;
  }
}

/** Gives all to blue. Throws when it runs on green still, because it could not be proved idle there in time. */
export async function handBack(hands: Hands): Promise<boolean> {
  const end = await handOver(hands, 'blue');
  if (end.kind === 'done') return end.changed;
  throw ApplicationFailure.nonRetryable(`${hands.app.name} did not go back to blue: ${end.because}`, 'checks.failed');
}

/** Before blue goes: throws `checks.failed` unless all runs on green, and nothing of it on blue. */
export async function proveHandedOver(of: Omit<Hands, 'app' | 'show'>): Promise<void> {
  const reasons = await everyOne(of.environment.apps.map((app) => whyNotHandedOver({ ...of, app })));
  const failed = reasons.filter((why) => why !== undefined);
  if (failed.length > 0) throw ApplicationFailure.nonRetryable(failed.join('; '), 'checks.failed');
}

async function whyNotHandedOver(hands: Hands): Promise<string | undefined> {
  const { app, blue, green } = hands;
  if (!app.handover) return undefined;
  const sides = await new Change(hands, app.handover).look('green');
  if (SETTLED.has(nextHandover(sides, SURE).kind)) return undefined;
  const busy = whyBusy(sides.from);
  return busy === undefined ? `${app.name} does not run on ${green}` : `${app.name} still runs on ${blue}: ${busy}`;
}

interface Limits {
  readonly idleSeconds: number;
  readonly runningSeconds: number;
}

/** The side that takes over runs all that it is to run. */
const SETTLED: ReadonlySet<Next['kind']> = new Set<Next['kind']>(['clear-notes', 'done']);
/** Long before, somebody has looked into what keeps a side from being idle. */
const PATIENCE_SECONDS = 24 * 3600;
/** What a workflow that was told to end may still take to leave nobody without a side that runs. */
const LAST_ACTS_SECONDS = 45;
/** Each look leads to one act, and few are needed: more means that somebody else acts against us. */
const ACTS_AT_MOST = 60;

/** For what only asks where things stand. */
const SURE = { fenced: true, drained: true } as const;
const other = (colour: Colour): Colour => (colour === 'blue' ? 'green' : 'blue');
const now = (): string => new Date().toISOString();
const after = (since: string, seconds: number): string => new Date(Date.parse(since) + seconds * 1000).toISOString();

class Change {
  /** Something was stopped or started, so it must come to an end. */
  touched = false;
  readonly #hands: Hands;
  readonly #handover: Handover;

  constructor(hands: Hands, handover: Handover) {
    this.#hands = hands;
    this.#handover = handover;
  }

  /** Undefined when it is done, else why it must go back. Without limits it waits as long as it takes. */
  async walk(to: Colour, limits?: Limits): Promise<string | undefined> {
    const { workloads } = this.#handover;
    const act = limits ? hurried(limits.runningSeconds) : calls;
    const began = now();
    let neither: string | undefined;
    let fenced = false;
    // Whoever must go back cannot wait for what a queue says: that nothing runs is enough.
    const queries = limits ? this.#queries(other(to)) : [];
    let drained = queries.length === 0;
    let left: string | undefined;
    for (let acts = 0; acts < ACTS_AT_MOST; acts += 1) {
      const sides = await this.look(to, act);
      neither = neitherSince(sides) ?? neither;
      const next = nextHandover(sides, { fenced, drained });
      const until = (limit: keyof Limits): string => after(neither ?? began, limits?.[limit] ?? PATIENCE_SECONDS);
      switch (next.kind) {
        case 'refused':
          if (this.touched) return next.because;
          throw ApplicationFailure.nonRetryable(`${to} cannot take over: ${next.because}`, 'checks.failed');
        case 'stop':
          this.touched = true;
          await this.#show({ state: 'stopping', to, since: now() });
          await act.stopWorkloads({ ...this.#at(other(to)), workloads });
          fenced = true;
          drained = queries.length === 0;
          break;
        case 'await-idle':
          if (Date.now() >= Date.parse(until('idleSeconds'))) return this.#late('idle', left ?? next.because);
          ({ reached: drained, observed: left } = await waits.awaitWorkloads({
            ...this.#at(other(to)),
            workloads,
            goal: 'idle',
            until: until('idleSeconds'),
            queries,
          }));
          break;
        case 'start':
          this.touched = true;
          await this.#show({ state: 'starting', to, since: now() });
          await act.startWorkloads({ ...this.#at(to), starts: next.starts });
          break;
        case 'await-running':
          if (Date.now() >= Date.parse(until('runningSeconds'))) return this.#late('running', next.because);
          await waits.awaitWorkloads({ ...this.#at(to), workloads, goal: 'running', until: until('runningSeconds') });
          break;
        case 'clear-notes': {
          const gapSeconds = neither === undefined ? 0 : Math.round((Date.now() - Date.parse(neither)) / 1000);
          for (const side of [to, other(to)]) await calls.clearHandoverNotes({ ...this.#at(side), workloads });
          await this.#show({ state: `on-${to}`, since: now(), gapSeconds });
          return undefined;
        }
        case 'done':
          await this.#show({ state: `on-${to}`, since: now() });
          return undefined;
      }
    }
    return `somebody else changes ${this.#hands.app.name} at the same time`;
  }

  async walkBack(to: Colour): Promise<void> {
    const because = await this.walk(other(to));
    if (because !== undefined)
      throw ApplicationFailure.nonRetryable(`neither side runs ${this.#hands.app.name}: ${because}`, 'checks.failed');
  }

  /** The workflow was told to end: it leaves one side that runs, and nobody waits long for that. */
  async undo(to: Colour): Promise<void> {
    const act = hurried(LAST_ACTS_SECONDS);
    const { workloads } = this.#handover;
    try {
      const ahead = nextHandover(await this.look(to, act), SURE).kind;
      if (SETTLED.has(ahead) || ahead === 'await-running') return;
      await act.stopWorkloads({ ...this.#at(to), workloads });
      const next = nextHandover(await this.look(other(to), act), SURE);
      if (next.kind !== 'start' && !SETTLED.has(next.kind)) throw new Error(`${to} does not stop`);
      if (next.kind === 'start') await act.startWorkloads({ ...this.#at(other(to)), starts: next.starts });
      await this.#show({ state: `on-${other(to)}`, since: now() });
    } catch (error) {
      log.error('a handover was cut short and not undone', { app: this.#hands.app.name, error: reasonOf(error) });
    }
  }

  async look(to: Colour, act: Pick<typeof calls, 'lookAtWorkloads'> = calls): Promise<Sides> {
    const { workloads } = this.#handover;
    const [from, into] = await Promise.all([
      act.lookAtWorkloads({ ...this.#at(other(to)), workloads }),
      act.lookAtWorkloads({ ...this.#at(to), workloads }),
    ]);
    return { from, to: into };
  }

  #at(colour: Colour): { readonly actor: Actor; readonly cluster: string } {
    return { actor: this.#hands.actor, cluster: this.#hands[colour] };
  }

  #queries(colour: Colour): { source: MetricSource; query: string; when: string }[] {
    const { app, environment } = this.#hands;
    return this.#handover.idle.flatMap(({ source: name, query, when }) => {
      const source = environment.metrics.find((one) => one.name === name);
      const filled = query.replaceAll('{cluster}', this.#hands[colour]).replaceAll('{app}', app.name);
      return source ? [{ source, query: filled, when }] : [];
    });
  }

  #late(what: 'idle' | 'running', seen: string): string {
    const gap = `neither side may stand still for more than ${this.#handover.maxGapSeconds} s`;
    return `not ${what} in time (${seen}), and ${gap}`;
  }

  async #show(status: HandoverStatus): Promise<void> {
    await this.#hands.show?.(status);
  }
}
