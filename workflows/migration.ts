// Moves one app from blue to green, step by step, and back at once when a gate fails.
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { Actor, GateResult } from '../activities/ports.ts';
import type { App, Environment, Window } from '../src/domain/environment.ts';
import type { AppStatus } from '../src/domain/status.ts';
import type { AliasTarget } from '../src/domain/traffic.ts';
import { appBoard, type AppBoard } from './app-board.ts';
import { zoneAsker, type AskZone } from './ask-zone.ts';
import { canServe, whyNotBackToBlue } from './can-serve.ts';
import {
  greenLoadBalancer,
  longestTtlSeconds,
  lookAtHost,
  recordsAt,
  takeBack,
  zoneOf,
  type HostView,
} from './colours.ts';
import { migrationSteerSignal } from './messages.ts';
import { calls, watches } from './proxies.ts';
import { adviceOf, failureTypeOf, reasonOf, type Advice } from './reason.ts';

export interface MigrationInput {
  readonly environment: Environment;
  readonly app: App;
  readonly actor: Actor;
  readonly blue: string;
  readonly green: string;
  readonly paused: boolean;
}

type StepEnd =
  | { readonly kind: 'passed' }
  /** Green does not do: give the traffic back first, ask afterwards. */
  | { readonly kind: 'failed'; readonly because: string }
  /** Nobody knows, or somebody else changed the records: stay as it is and ask. */
  | {
      readonly kind: 'unclear';
      readonly hold: 'gate' | 'drift' | 'failure';
      readonly because: string;
      readonly advice?: Advice;
    };

export async function migration(input: MigrationInput): Promise<AppStatus> {
  const { app, environment } = input;
  const steering = { paused: input.paused, retries: 0 };
  setHandler(migrationSteerSignal, ({ paused, retry }) => {
    steering.paused = paused;
    if (retry) steering.retries += 1;
  });
  const ask = zoneAsker();
  const board = appBoard(environment.name, app);
  const mover = new Mover(input, ask, board);

  try {
    let index = 0;
    for (;;) {
      const step = app.steps[index];
      if (!step) return await board.show({ state: 'on-green' });
      await insist(mayAdvance);
      const end = await mover.step(step, index);
      switch (end.kind) {
        case 'passed':
          index += 1;
          break;
        case 'failed':
          await insist(() => reverse(end.because));
          if (environment.onGateFailure === 'rollback')
            return await board.show({ state: 'on-blue', failed: end.because });
          await hold('gate', `${end.because}; its traffic is back on blue`, 'a second try from the first step');
          index = 0;
          break;
        case 'unclear':
          await hold(end.hold, end.because, 'a decision to try this step again', end.advice);
          mover.forget();
          break;
      }
    }
  } catch (error) {
    // Rollback and abort cancel migrations; the upgrade then decides about the weights of all apps at once.
    if (isCancellation(error)) return board.status;
    throw error;
  }

  async function mayAdvance(): Promise<void> {
    // Once more when a person paused it while it waited for the window.
    do {
      if (steering.paused) {
        await board.hold('paused', 'the upgrade is paused', 'resume');
        await condition(() => !steering.paused);
      }
      if (environment.window) await opening(environment.window);
    } while (steering.paused);
    await board.release();
  }

  async function opening(window: Window): Promise<void> {
    for (;;) {
      const state = await calls.windowState({ window, at: new Date().toISOString() });
      if (state.open) return;
      const hours = `${window.days.join(' ')} ${window.from}-${window.to} ${window.timeZone}`;
      await board.hold(
        'window',
        `${environment.name} may change ${hours}`,
        state.opens ? `the window that opens ${state.opens.local}` : 'a window that opens',
      );
      await sleep(state.opens ? Math.max(1000, Date.parse(state.opens.at) - Date.now()) : '1h');
    }
  }

  async function hold(
    kind: 'gate' | 'drift' | 'failure',
    because: string,
    waitsFor: string,
    advice?: Advice,
  ): Promise<void> {
    const seen = steering.retries;
    await board.hold(kind, because, waitsFor, advice);
    await condition(() => steering.retries > seen && !steering.paused);
    await board.release();
  }

  /** A migration that ended in failure would leave its traffic to nobody, so what fails holds, and is tried again. */
  async function insist(does: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await does();
      } catch (error) {
        if (isCancellation(error)) throw error;
        await hold(holdOf(error), reasonOf(error), 'somebody to mend the cause and resume', adviceOf(error));
      }
    }
  }

  async function reverse(because: string): Promise<void> {
    await board.show({ state: 'reversing' });
    const blueFails = await whyNotBackToBlue(input);
    if (blueFails !== undefined)
      await hold(
        'gate',
        `${because}; but blue does not answer either: ${blueFails}`,
        'a decision to go back to blue all the same',
      );
    await takeBack({ ...input, ask });
    mover.forget();
    await board.show({ state: 'on-blue', greenPercent: 0 });
  }
}

/** Takes one step: asks for the weights, waits until every resolver knows, and bakes, with the gate watched from the write on. */
class Mover {
  readonly #input: MigrationInput;
  readonly #ask: AskZone;
  readonly #board: AppBoard;
  #green: AliasTarget | undefined;
  /** What we last knew of each host; anything else that is found there is drift. */
  #known = new Map<string, HostView>();

  constructor(input: MigrationInput, ask: AskZone, board: AppBoard) {
    this.#input = input;
    this.#ask = ask;
    this.#board = board;
  }

  /** After a person decided to go on from what is there, it is looked at anew. */
  forget(): void {
    this.#known.clear();
  }

  async step({ greenPercent, bakeSeconds }: App['steps'][number], index: number): Promise<StepEnd> {
    const board = this.#board;
    try {
      const ready = await canServe({ ...this.#input, cluster: this.#input.green });
      if (!ready.passed)
        return {
          kind: 'unclear',
          hold: 'gate',
          because: `green cannot serve yet: ${ready.observed}, expected ${ready.expected}`,
        };
      this.#green ??= await greenLoadBalancer(this.#input);
      if (this.#known.size === 0) await this.#look();
      await board.beginStep(index, {
        greenPercent,
        bakeSeconds,
        askedAt: new Date().toISOString(),
      });
      const until = await this.#settle(this.#green, greenPercent, bakeSeconds);
      const gate = until.gate ?? (await this.#watch(until.bakeEnds));
      await board.endStep({ endedAt: new Date().toISOString(), verdict: gate.verdict });
      const seen = `${gate.evidence.check} of ${gate.evidence.subject}: ${gate.evidence.observed}, expected ${gate.evidence.expected}`;
      if (gate.verdict === 'passed') return { kind: 'passed' };
      return gate.verdict === 'failed'
        ? { kind: 'failed', because: seen }
        : { kind: 'unclear', hold: 'gate', because: seen };
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { kind: 'unclear', hold: holdOf(error), because: reasonOf(error), advice: adviceOf(error) };
    }
  }

  async #look(): Promise<void> {
    const { app, environment } = this.#input;
    for (const host of app.hosts) {
      this.#known.set(host.name, await lookAtHost(zoneOf(environment, host), host.name, this.#input));
    }
  }

  /** Writes, then waits for INSYNC, TTL and drain; a gate that fails meanwhile ends the wait. */
  async #settle(
    green: AliasTarget,
    greenPercent: number,
    bakeSeconds: number,
  ): Promise<{ gate: GateResult } | { gate?: never; bakeEnds: string }> {
    const watching = new CancellationScope();
    // Far beyond any settling: the watch ends by failing, or by the scope below.
    const gate = watching.run(() => this.#watch(new Date(Date.now() + SETTLE_AT_MOST_MS).toISOString()));
    // A gate that fails ends this too: nothing may be written after the app was taken back.
    const writing = new CancellationScope();
    const settled = writing.run(() => this.#write(green, greenPercent));
    try {
      // Only a failure ends the settling early: nothing has passed that was not written.
      const failing = gate.then<{ gate: GateResult } | { settledAt: string }>((result) =>
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
    let inSyncAt = new Date().toISOString();
    for (const host of app.hosts) {
      const known = this.#known.get(host.name);
      if (!known) throw ApplicationFailure.nonRetryable(`${host.name} was not looked at`, 'input.invalid');
      const { blue, green } = this.#input;
      const colours = {
        blue: { cluster: blue, target: known.blueTarget },
        green: { cluster: green, target: greenTarget },
      };
      const want = recordsAt(colours, greenPercent);
      const answer = await this.#ask(zoneOf(environment, host), {
        host: host.name,
        want,
        expected: known.weights,
        urgent: false,
      });
      const weights = Object.fromEntries(want.map(({ setIdentifier, weight }) => [setIdentifier, weight]));
      this.#known.set(host.name, { ...known, weights });
      inSyncAt = answer.inSyncAt;
    }
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

  /** All hosts at once; one that fails is enough, and the others are then no longer watched. */
  async #watch(until: string): Promise<GateResult> {
    const { app, environment } = this.#input;
    const target = this.#green;
    const resolvers = environment.resolvers ?? null;
    if (!target) throw ApplicationFailure.nonRetryable(`app ${app.name} has no load balancer`, 'input.invalid');
    const scope = new CancellationScope();
    const all = scope.run(async () => {
      const watched = app.hosts.map((host) =>
        watches.watchGate({ app: app.name, host: host.name, target, checks: app.checks, until, resolvers }),
      );
      const never = new Promise<GateResult>(() => undefined);
      const failed = watched.map((one) => one.then((result) => (result.verdict === 'failed' ? result : never)));
      return Promise.race([...failed, Promise.all(watched).then(worst)]);
    });
    try {
      return await all;
    } finally {
      scope.cancel();
    }
  }
}

/** Of the watches of all hosts, none of which failed: an unclear one before those that passed. */
function worst(results: readonly GateResult[]): GateResult {
  const result = results.find(({ verdict }) => verdict !== 'passed') ?? results[0];
  if (!result) throw ApplicationFailure.nonRetryable('the app has no host', 'input.invalid');
  return result;
}

const SETTLE_AT_MOST_MS = 24 * 60 * 60_000;

const holdOf = (error: unknown): 'drift' | 'failure' =>
  failureTypeOf(error) === 'drift.detected' ? 'drift' : 'failure';
