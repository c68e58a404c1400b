// The bench's worker, a process of its own: the product's zone writer and activities, and who asks it.
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { beatingInterceptor } from '../../activities/heartbeat.ts';
import { createActivities } from '../../activities/index.ts';
import { createDependencies } from '../../src/adapters/index.ts';
import { TASK_QUEUE } from '../../src/domain/ids.ts';

const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
const worker = await Worker.create({
  connection,
  taskQueue: TASK_QUEUE,
  workflowsPath: fileURLToPath(new URL('zone-askers.ts', import.meta.url)),
  activities: createActivities(createDependencies()),
  interceptors: { activity: [beatingInterceptor] },
});
await worker.run();
await connection.close();
