// One step of one app: ask for the weights, wait until every resolver knows, and bake, with the gate watched from the write on.
import { ApplicationFailure, CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import type { Actor } from '../activities/ports.ts';
import type { App, AppHost, Environment, TrafficStep } from '../src/domain/environment.ts';
import type { TrafficStepStatus } from '../src/domain/status.ts';
import { weightsOf, type AliasTarget } from '../src/domain/traffic.ts';
import type { AppBoard } from './app-board.ts';
import type { AskZone } from './ask-zone.ts';
import { greenLoadBalancer, longestTtlSeconds, lookAtHost, recordsAt, type HostView } from './colours.ts';
import { Ready, type Unready } from './ready.ts';
import { adviceOf, failureTypeOf, reasonOf, type Advice } from './reason.ts';
import { writeStep, type HostStep } from './step-writes.ts';
import { watchStep, whyNot, type StepVerdict, type Watching } from './watch-step.ts';
import { findMovers, type Movers } from './hosts.ts';
import { zoneOf } from './look-up.ts';

export interface Moving {
  readonly environment: Environment;
  readonly app: App;
  readonly actor: Actor;
  readonly blue: string;
  readonly green: string;
}

export type StepEnd =
  | { readonly kind: 'passed' }
  /** Green does not do: give the traffic back first, ask afterwards. */
  | { readonly kind: 'failed'; readonly because: string }
  /** The gate could not tell: the weights stay, and a person decides. */
  | { readonly kind: 'inconclusive'; readonly because: string }
  | Unready
  /** While it was got ready something came that lets no step begin. */
  | { readonly kind: 'stopped' }
  /** It was not taken, or somebody else changed the records: stay as it is and ask. */
  | {
      readonly kind: 'unclear';
      readonly hold: 'gate' | 'drift' | 'failure';
      readonly because: string;
      readonly advice?: Advice;
    };

export interface Steered {
  /** A person said that the bake may end, as long as nothing failed. */
  readonly isEnough: () => boolean;
  /** Asked once all is ready, which takes minutes: no pause, stop or end of the window has come meanwhile. */
  readonly stillMay: () => Promise<boolean>;
}

export class Mover {
  readonly #input: Moving;
  readonly #ask: AskZone;
  readonly #board: AppBoard;
  readonly #ready: Ready;
  #green: AliasTarget | undefined;
  /** What we last knew of each host in each of its zones; anything else that is found there is drift. */
  #known = new Map<AppHost, HostView>();
  /** By whom each host is moved, as it was when they were last looked at. */
  movers: Movers | undefined;

  constructor(input: Moving, ask: AskZone, board: AppBoard) {
    this.#input = input;
    this.#ask = ask;
    this.#board = board;
    this.#ready = new Ready(input, board);
  }

  /** A person says that the next step may be taken, whatever is known of the side that gets more. */
  vouchFor(): void {
    this.#ready.vouchFor();
  }

  /** After a person decided to go on from what is there, it is looked at anew. */
  forget(): void {
    this.#known.clear();
    this.#ready.forget();
  }

  async step({ greenPercent, bakeSeconds }: TrafficStep, index: number, steered: Steered): Promise<StepEnd> {
    const board = this.#board;
    try {
      const unready = await this.#ready.whyNot(greenPercent);
      if (unready) return unready;
      if (!(await steered.stillMay())) return { kind: 'stopped' };
      this.#green ??= await greenLoadBalancer(this.#input);
      if (this.#known.size === 0) await this.#look();
      const askedAt = new Date().toISOString();
      await board.beginStep(index, { greenPercent, bakeSeconds, askedAt });
      const until = await this.#settle(this.#green, { greenPercent, bakeSeconds, askedAt });
      const gate =
        until.gate ?? (await this.#bake({ greenPercent, since: askedAt, until: until.bakeEnds }, steered.isEnough));
      const endedAt = new Date().toISOString();
      if (gate === 'promoted') {
        await board.endStep({ endedAt, verdict: 'promoted' });
        return { kind: 'passed' };
      }
      await board.endStep({ endedAt, ...gate });
      return gate.verdict === 'passed' ? { kind: 'passed' } : { kind: gate.verdict, because: whyNot(gate) };
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { kind: 'unclear', hold: holdOf(error), because: reasonOf(error), advice: adviceOf(error) };
    }
  }

  async #look(): Promise<void> {
    const { app, environment } = this.#input;
    this.movers = await findMovers(this.#input);
    for (const host of app.hosts) {
      this.#known.set(host, await lookAtHost(zoneOf(environment, host), host.name, this.#input));
    }
  }

  /** Writes, then waits for INSYNC, TTL and drain; a gate that fails meanwhile ends the wait. */
  async #settle(
    green: AliasTarget,
    { greenPercent, bakeSeconds, askedAt }: Pick<TrafficStepStatus, 'greenPercent' | 'bakeSeconds' | 'askedAt'>,
  ): Promise<{ gate: StepVerdict } | { gate?: never; bakeEnds: string }> {
    const watching = new CancellationScope();
    // Far beyond any settling: the watch ends by failing, or by the scope below.
    const until = new Date(Date.now() + SETTLE_AT_MOST_MS).toISOString();
    const gate = watching.run(() => this.#watch({ greenPercent, since: askedAt, until }));
    // A gate that fails ends this too: nothing may be written after the app was taken back.
    const writing = new CancellationScope();
    const settled = writing.run(() => this.#write(green, greenPercent));
    try {
      // Only a failure ends the settling early: nothing has passed that was not written.
      const failing = gate.then<{ gate: StepVerdict } | { settledAt: string }>((result) =>
        result.verdict === 'failed' ? { gate: result } : settled,
      );
      const first = await Promise.race([settled, failing]);
      if ('gate' in first) return first;
      const bakeEnds = new Date(Date.parse(first.settledAt) + bakeSeconds * 1000).toISOString();
      await this.#board.show({ state: 'baking' });
      return { bakeEnds };
    } finally {
      watching.cancel();
      writing.cancel();
      gate.catch(() => undefined);
      settled.catch(() => undefined);
    }
  }

  async #write(greenTarget: AliasTarget, greenPercent: number): Promise<{ settledAt: string }> {
    const { app, environment } = this.#input;
    const stepOf = (host: AppHost): HostStep => this.#stepOf(host, greenTarget, greenPercent);
    const { inSyncAt } = await writeStep({ ...this.#input, ask: this.#ask, movers: this.movers ?? new Map() }, stepOf);
    for (const host of app.hosts)
      this.#known.set(host, { ...this.#viewOf(host), weights: weightsOf(stepOf(host).want) });
    // By our own clock: that of the worker which saw INSYNC may be behind.
    const inSyncMs = Date.now();
    const ttlSeconds = await longestTtlSeconds(this.#input);
    await this.#board.updateStep({ inSyncAt, ttlSeconds }, greenPercent);
    const settledMs = inSyncMs + (ttlSeconds + environment.drainSeconds) * 1000;
    if (settledMs > Date.now()) await sleep(settledMs - Date.now());
    const settledAt = new Date().toISOString();
    await this.#board.updateStep({ settledAt }, greenPercent);
    return { settledAt };
  }

  #viewOf(host: AppHost): HostView {
    const known = this.#known.get(host);
    if (!known) throw ApplicationFailure.nonRetryable(`${host.name} was not looked at`, 'input.invalid');
    return known;
  }

  #stepOf(host: AppHost, greenTarget: AliasTarget, greenPercent: number): HostStep {
    const { blue, green } = this.#input;
    const { blueTarget, weights } = this.#viewOf(host);
    const before = Object.entries(weights).map(([setIdentifier, weight]) => ({
      setIdentifier,
      weight,
      target: setIdentifier === blue ? blueTarget : greenTarget,
    }));
    const colours = {
      blue: { cluster: blue, target: blueTarget },
      green: { cluster: green, target: greenTarget },
    };
    return { host, before, want: recordsAt(colours, greenPercent) };
  }

  async #bake(watched: Watched, isEnough: () => boolean): Promise<StepVerdict | 'promoted'> {
    const scope = new CancellationScope();
    const watch = scope.run(() => this.#watch(watched));
    try {
      return await Promise.race([watch, scope.run(() => condition(isEnough)).then(() => 'promoted' as const)]);
    } finally {
      scope.cancel();
      watch.catch(() => undefined);
    }
  }

  async #watch(watched: Watched): Promise<StepVerdict> {
    const target = this.#green;
    if (!target)
      throw ApplicationFailure.nonRetryable(`app ${this.#input.app.name} has no load balancer`, 'input.invalid');
    return watchStep({ ...this.#input, target, ...watched });
  }
}

type Watched = Pick<Watching, 'greenPercent' | 'since' | 'until'>;

const SETTLE_AT_MOST_MS = 24 * 60 * 60_000;

export const holdOf = (error: unknown): 'drift' | 'failure' =>
  failureTypeOf(error) === 'drift.detected' ? 'drift' : 'failure';
