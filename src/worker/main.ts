import { fileURLToPath } from 'node:url';
import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
  type RuntimeOptions,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { beatingInterceptor } from '../../activities/heartbeat.ts';
import { createActivities } from '../../activities/index.ts';
import { createDependencies } from '../adapters/index.ts';
import { TASK_QUEUE } from '../domain/ids.ts';
import { toJsonLine } from './json-log.ts';
import { CannotGoOn, replayOpenRuns } from './open-runs.ts';

export interface WorkerSettings {
  /** `host:port` of Temporal's frontend. */
  readonly address: string;
  readonly namespace: string;
  /** `json`: one object a line on standard output; `text`: lines for people on standard error. */
  readonly log: 'text' | 'json';
}

/** What Temporal's own core has to say comes the same way. */
const JSON_LOG: RuntimeOptions = {
  logger: new DefaultLogger('INFO', (entry) => void process.stdout.write(toJsonLine(entry))),
  telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) } },
};

/**
 * Runs workflows and activities until SIGINT or SIGTERM; work under way then gets a moment to finish.
 * Throws `CannotGoOn` when an open run was begun by a version whose decisions this one does not take again.
 */
export async function runWorker(settings: WorkerSettings): Promise<void> {
  const { address, namespace, log } = settings;
  Runtime.install({ shutdownSignals: ['SIGINT', 'SIGTERM'], ...(log === 'json' ? JSON_LOG : {}) });
  const connection = await NativeConnection.connect({ address });
  try {
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
      logger: Runtime.instance().logger,
    });
    await seeOpenRunsReplayed(settings, workflowBundle);
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: TASK_QUEUE,
      workflowBundle,
      activities: createActivities(createDependencies()),
      interceptors: { activity: [beatingInterceptor] },
      // Cancellation reaches an activity with its heartbeat: often enough that rollback does not wait for it.
      maxHeartbeatThrottleInterval: '2s',
      defaultHeartbeatThrottleInterval: '2s',
      // After a crash, work that was promised to the dead worker is given to another one after this time.
      stickyQueueScheduleToStartTimeout: '5s',
      shutdownGraceTime: '10s',
    });
    await worker.run();
  } finally {
    await connection.close();
  }
}

async function seeOpenRunsReplayed(
  { address, namespace }: WorkerSettings,
  workflowBundle: WorkflowBundleWithSourceMap,
): Promise<void> {
  const { logger } = Runtime.instance();
  const connection = await Connection.connect({ address });
  try {
    const open = await replayOpenRuns(new Client({ connection, namespace }), workflowBundle);
    if (open.broken.length > 0) throw new CannotGoOn(open);
    logger.info('replayed the open runs', { replayed: open.replayed });
    for (const { workflowId, why } of open.stuck)
      logger.warn('an open run was stuck before this worker came', { workflowId, why });
  } catch (error) {
    // Workers must come up also while the list of runs is not to be had.
    if (!isGrpcServiceError(error)) throw error;
    logger.warn('the open runs could not be replayed: Temporal did not give them', { why: error.message });
  } finally {
    await connection.close();
  }
}
