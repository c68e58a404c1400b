// One upgrade from start to end, steered through the product's own command line as a person would steer it.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { drawsPicture } from '../../src/cli/render/terminal.ts';
import { upgradeId } from '../../src/domain/ids.ts';
import type { UpgradeStatus } from '../../src/domain/status.ts';
import { statusQuery } from '../../workflows/messages.ts';
import { ENVIRONMENT, type Sandbox } from '../sandbox.ts';
import { cliWith } from './cli.ts';
import { BY, type Actor, type Noted } from './scenario.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';
import { Steering, type Approval } from './steering.ts';
import { watchUntil } from './watching.ts';
import { pollersOf, RehearsalWorker } from './worker.ts';

const LOOK_EVERY_MS = 100;
const ANSWER_WITHIN_MS = 3_000;

/** Says what was seen of the upgrade, also when it was not walked to its end. */
export class Walk {
  readonly #sandbox: Sandbox;
  readonly #scenario: ScenarioName;
  readonly #stream: NodeJS.WriteStream;
  #actor: Actor = {};
  #steering: Steering | undefined;
  #status: UpgradeStatus | undefined;

  constructor(sandbox: Sandbox, scenario: ScenarioName, stream: NodeJS.WriteStream) {
    this.#sandbox = sandbox;
    this.#scenario = scenario;
    this.#stream = stream;
  }

  /** As it was last seen. */
  get status(): UpgradeStatus | undefined {
    return this.#status;
  }

  /** What was said when approvals were asked for. */
  get approvals(): readonly Approval[] {
    return this.#steering?.approvals ?? [];
  }

  /** What the scenario's actor did. */
  get noted(): Noted {
    return this.#actor.noted?.(this.#status) ?? {};
  }

  /** Until the upgrade has ended, or waits for a person whom no scenario plays, or the signal comes. */
  async run(signal: AbortSignal): Promise<void> {
    const { temporal, processes, workerEnv } = this.#sandbox;
    const connection = await Connection.connect({ address: temporal.address });
    const client = new Client({ connection });
    const worker = new RehearsalWorker({ processes, env: workerEnv, pollers: pollersOf(client) });
    try {
      await worker.start();
      await this.#walk(client, worker, signal);
    } finally {
      await worker.stop();
      await connection.close();
    }
  }

  async #walk(client: Client, worker: RehearsalWorker, interrupted: AbortSignal): Promise<void> {
    const stream = this.#stream;
    const over = new AbortController();
    const signal = AbortSignal.any([interrupted, over.signal]);
    // Nobody may write into a picture: what is said while one is drawn comes below it.
    const later: string[] = [];
    const say = (line: string): void => void (drawsPicture(stream) ? later.push(line) : stream.write(`${line}\n`));
    const cli = cliWith({ TEMPORAL_ADDRESS: this.#sandbox.temporal.address });
    this.#actor = SCENARIOS[this.#scenario].actor?.({ sandbox: this.#sandbox, client, worker, cli, say }) ?? {};
    let [acting, watching] = [Promise.resolve(), Promise.resolve()];
    try {
      await cli.run('upgrade', 'start', '--file', this.#sandbox.environmentFile, '--by', BY);
      acting = (this.#actor.beside?.(signal) ?? acting).catch((error: unknown) => over.abort(error));
      watching = watchUntil(() => cli.show(stream, signal, 'upgrade', 'watch', ENVIRONMENT), signal);
      this.#steering = new Steering(this.#actor, { cli, say });
      await this.#steer(client, this.#steering, signal);
      if (this.#status?.endedAt !== undefined) await watching;
    } catch (error) {
      // What is cut short throws whatever it was at; why it was cut short says more.
      signal.throwIfAborted();
      throw error;
    } finally {
      over.abort();
      await Promise.all([acting, watching]);
      for (const line of later) stream.write(`${line}\n`);
    }
  }

  /** Looks and steers until there is no more to do. */
  async #steer(client: Client, steering: Steering, signal: AbortSignal): Promise<void> {
    const handle = client.workflow.getHandle(upgradeId(ENVIRONMENT));
    for (;;) {
      signal.throwIfAborted();
      // While the worker is down nobody answers; the next look will tell.
      const status = await client
        .withDeadline(Date.now() + ANSWER_WITHIN_MS, () => handle.query(statusQuery))
        .catch(() => undefined);
      if (status) {
        this.#status = status;
        if (status.endedAt !== undefined || (await steering.look(status)) === 'stuck') return;
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  }
}
