// One upgrade from start to end, steered through the product's own command line as a person would steer it.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { upgradeId } from '../../src/domain/ids.ts';
import type { Hold, PhaseName, UpgradeStatus } from '../../src/domain/status.ts';
import { statusQuery } from '../../workflows/messages.ts';
import { drawsPicture } from '../../src/cli/render/terminal.ts';
import { ENVIRONMENT, GREEN, type Sandbox } from '../sandbox.ts';
import { cliWith, type Cli } from './cli.ts';
import { hitPhases, killInEachPhase } from './crash.ts';
import type { Scenario } from './report.ts';
import { RehearsalWorker } from './worker.ts';

const LOOK_EVERY_MS = 100;
const ANSWER_WITHIN_MS = 3_000;
const BY = 'rehearsal';
/** The app that fails on green in the rollback scenario, and what it then answers. */
const FAILING = { app: 'messages', status: 503, atLeastPercent: 25 } as const;

export interface Walked {
  readonly status: UpgradeStatus;
  readonly workerKilledIn: readonly PhaseName[];
}

export async function walk(
  sandbox: Sandbox,
  scenario: Scenario,
  options: { readonly signal: AbortSignal; readonly stream: NodeJS.WriteStream; readonly withinMs: number },
): Promise<Walked> {
  const cli = cliWith({ TEMPORAL_ADDRESS: sandbox.temporal.address });
  const worker = new RehearsalWorker(sandbox.processes, sandbox.workerEnv);
  await worker.start();
  const connection = await Connection.connect({ address: sandbox.temporal.address });
  const client = new Client({ connection });
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.withinMs), over.signal]);
  const { stream } = options;
  // Nobody may write into a picture: what is said while one is drawn comes below it.
  const later: string[] = [];
  const say = (line: string): void => void (drawsPicture(stream) ? later.push(line) : stream.write(`${line}\n`));
  let watching: ChildProcess | undefined;
  try {
    await cli.run('upgrade', 'start', '--file', sandbox.environmentFile, '--by', BY);
    const kills = scenario === 'worker-crash' ? killInEachPhase(client, worker, signal) : undefined;
    watching = cli.show(stream, 'upgrade', 'watch', ENVIRONMENT);
    const status = await steer(client, new Steering({ sandbox, scenario, cli, say }), signal);
    if (status.endedAt !== undefined && watching.exitCode === null) await once(watching, 'close');
    over.abort();
    return { status, workerKilledIn: kills ? hitPhases(await kills, status) : [] };
  } finally {
    over.abort();
    watching?.kill();
    for (const line of later) stream.write(`${line}\n`);
    await connection.close();
    await worker.stop();
  }
}

/** Looks and steers until the upgrade has ended, or waits for a person whom no scenario plays. */
async function steer(client: Client, steering: Steering, signal: AbortSignal): Promise<UpgradeStatus> {
  const handle = client.workflow.getHandle(upgradeId(ENVIRONMENT));
  for (;;) {
    signal.throwIfAborted();
    // While the worker is down nobody answers; the next look will tell.
    const status = await client
      .withDeadline(Date.now() + ANSWER_WITHIN_MS, () => handle.query(statusQuery))
      .catch(() => undefined);
    if (status && (status.endedAt !== undefined || (await steering.look(status)) === 'stuck')) return status;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

interface Play {
  readonly sandbox: Sandbox;
  readonly scenario: Scenario;
  readonly cli: Cli;
  readonly say: (line: string) => void;
}

/** Does at each look what the scenario wants, and says so: approves, or makes green fail. */
class Steering {
  readonly #play: Play;
  #failing = false;

  constructor(play: Play) {
    this.#play = play;
  }

  async look(status: UpgradeStatus): Promise<'goes-on' | 'stuck'> {
    const { sandbox, scenario, cli, say } = this.#play;
    if (scenario === 'rollback' && !this.#failing && isServing(status)) {
      this.#failing = true;
      sandbox.loadBalancers.failApp(GREEN.name, FAILING.app, FAILING.status);
      say(`broken by ${BY}: ${FAILING.app} on ${GREEN.name} answers ${FAILING.status}`);
    }
    const approval = status.holds.find((hold) => hold.approval !== undefined)?.approval;
    if (approval !== undefined) {
      await cli.run('upgrade', 'approve', ENVIRONMENT, '--point', approval, '--by', BY);
      say(`approved by ${BY}: ${approval}`);
    }
    return status.holds.some(needsAPerson) ? 'stuck' : 'goes-on';
  }
}

const needsAPerson = ({ kind }: Hold): boolean => kind !== 'approval' && kind !== 'window' && kind !== 'paused';

/** Whether the app that is to fail has real traffic on green, in the middle of a step. */
function isServing(status: UpgradeStatus): boolean {
  return status.apps.some(
    ({ app, state, greenPercent }) =>
      app === FAILING.app && state === 'baking' && greenPercent >= FAILING.atLeastPercent,
  );
}
