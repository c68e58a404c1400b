import { fileURLToPath } from 'node:url';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
  type RuntimeOptions,
} from '@temporalio/worker';
import { beatingInterceptor } from '../../activities/heartbeat.ts';
import { createActivities } from '../../activities/index.ts';
import { createDependencies } from '../adapters/index.ts';
import { TASK_QUEUE } from '../domain/ids.ts';
import { toJsonLine } from './json-log.ts';

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

/** Runs workflows and activities until SIGINT or SIGTERM; work under way then gets a moment to finish. */
export async function runWorker({ address, namespace, log }: WorkerSettings): Promise<void> {
  Runtime.install({ shutdownSignals: ['SIGINT', 'SIGTERM'], ...(log === 'json' ? JSON_LOG : {}) });
  const connection = await NativeConnection.connect({ address });
  try {
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: TASK_QUEUE,
      workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
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
