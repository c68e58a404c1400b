// A worker of a new version, and runs that were begun by the version before.
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TASK_QUEUE, upgradeId } from '../../src/domain/ids.ts';
import { replayOpenRuns } from '../../src/worker/open-runs.ts';
import { statusQuery } from '../../workflows/messages.ts';
import { cliWith, endAll, type Cli } from '../support/cli.ts';
import { environment } from '../support/environment.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

const bundled = (path: string): Promise<WorkflowBundleWithSourceMap> =>
  bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(path, import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });

describe('open runs and a worker that begins', () => {
  let temporal: TestTemporal;
  let [older, now]: WorkflowBundleWithSourceMap[] = [];
  let cli: Cli;
  beforeAll(async () => {
    [temporal, older, now] = await Promise.all([
      TestTemporal.start(),
      bundled('../support/older-workflows.ts'),
      bundled('../../workflows/index.ts'),
    ]);
    cli = cliWith({ TEMPORAL_ADDRESS: temporal.server.address });
  });
  afterAll(async () => {
    endAll();
    await temporal.stop();
  });

  /** Blocked by preflight: it holds at once, as long as a test needs. */
  const blocked = (name: string) => environment({ name, target: { version: '1.99' } });
  const begin = (name: string) =>
    temporal.startUpgrade({ environment: blocked(name), startedBy: 'sre@example.test' }, TASK_QUEUE);
  const listed = (holds: (open: number) => boolean): Promise<number> =>
    eventually(async () => (await temporal.server.client.workflow.count('ExecutionStatus = "Running"')).count, holds);
  const replay = async () => now && replayOpenRuns(temporal.server.client, now);

  it('goes on with what the version before has begun', async () => {
    const run = await begin('waits');
    await temporal.withWorker(
      new FakeWorld(blocked('waits')).activities(),
      () =>
        eventually(
          () => run.query(statusQuery),
          ({ state }) => state === 'holding',
        ),
      TASK_QUEUE,
    );
    await listed((open) => open === 1);
    expect(await replay()).toEqual({ replayed: 1, broken: [], stuck: [] });
    await run.terminate();
    await listed((open) => open === 0);
  });

  it('takes no work where it would decide otherwise, and says which run it is and what to do', async () => {
    const run = await begin('older');
    const worker = await Worker.create({
      connection: temporal.server.nativeConnection,
      taskQueue: TASK_QUEUE,
      ...(older ? { workflowBundle: older } : {}),
    });
    await worker.runUntil(
      eventually(
        () => run.fetchHistory(),
        ({ events }) => events?.some(({ timerStartedEventAttributes }) => timerStartedEventAttributes) ?? false,
      ),
    );
    await listed((open) => open === 1);
    expect(await replay()).toMatchObject({ replayed: 1, broken: [{ workflowId: upgradeId('older') }], stuck: [] });

    const refused = await cli.run('worker');
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/cannot go on with 1 of 1 open runs, so it takes no work:\n {2}upgrade\/older: /);
    expect(refused.err).toContain('Keep workers of the version before until these runs have ended');

    // A worker that came all the same has left the run stuck: the next ones say so, and serve the others.
    await run.signal('anything');
    await temporal.withWorker(
      {},
      () =>
        eventually(
          () => run.fetchHistory(),
          ({ events }) => events?.some((event) => event.workflowTaskFailedEventAttributes) ?? false,
        ),
      TASK_QUEUE,
    );
    expect(await replay()).toMatchObject({ replayed: 1, broken: [], stuck: [{ workflowId: upgradeId('older') }] });
    await run.terminate();
  });
});
