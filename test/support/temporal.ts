// One real Temporal dev server per test file, and a worker on it with the activities a test gives.
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import type { Activities } from '../../activities/ports.ts';
import { partFile, partIsThere } from '../../sandbox/setup/cache.mjs';
import { WITHOUT_WAITS } from '../../sandbox/temporal.ts';
import { PARTS } from '../../sandbox/setup/parts.mjs';
import { upgradeId } from '../../src/domain/ids.ts';
import type { UpgradeInput } from '../../workflows/messages.ts';
import type { upgrade } from '../../workflows/upgrade.ts';

// Failed activities and the comings and goings of workers are what tests are about; they would drown the report.
Runtime.install({ logger: new DefaultLogger('ERROR') });

const PRODUCT = new URL('../../workflows/index.ts', import.meta.url);

export interface TestTemporalOptions {
  readonly workflows?: URL;
  /** Modules that other builds of the product might have beside its workflows. */
  readonly interceptors?: readonly string[];
  readonly serverArguments?: readonly string[];
  /** By which client and workers are known in histories: process id and host name, unless given. */
  readonly identity?: string;
}

export class TestTemporal {
  readonly server: TestWorkflowEnvironment;
  readonly #bundle: WorkflowBundleWithSourceMap;
  readonly #identity: { identity: string } | undefined;

  private constructor(server: TestWorkflowEnvironment, bundle: WorkflowBundleWithSourceMap, identity?: string) {
    this.server = server;
    this.#bundle = bundle;
    this.#identity = identity === undefined ? undefined : { identity };
  }

  /** `workflows`: the module whose exports are the workflow types, the product's own by default. */
  static async start(options: TestTemporalOptions = {}): Promise<TestTemporal> {
    const { workflows = PRODUCT, interceptors = [], serverArguments = [], identity } = options;
    const path = partFile('temporal', 'temporal');
    const [server, bundle] = await Promise.all([
      TestWorkflowEnvironment.createLocal({
        server: {
          executable: { type: 'existing-path', path },
          ip: '127.0.0.1',
          extraArgs: [...WITHOUT_WAITS, ...serverArguments],
        },
        ...(identity === undefined ? {} : { client: { identity } }),
      }),
      bundleWorkflowCode({
        workflowsPath: fileURLToPath(workflows),
        workflowInterceptorModules: [...interceptors],
      }),
    ]);
    return new TestTemporal(server, bundle, identity);
  }

  /** On a server whose clock jumps ahead whenever nothing is left to do but to wait. `executable`: `timeSkippingServer`. */
  static async startTimeSkipping(executable: string): Promise<TestTemporal> {
    const [server, bundle] = await Promise.all([
      TestWorkflowEnvironment.createTimeSkipping({
        server: { executable: { type: 'existing-path', path: executable } },
      }),
      bundleWorkflowCode({ workflowsPath: fileURLToPath(PRODUCT) }),
    ]);
    return new TestTemporal(server, bundle);
  }

  async stop(): Promise<void> {
    await this.server.teardown();
  }

  /** Runs the body while a worker with these activities serves a task queue, one of its own unless it is named. */
  async withWorker<T>(
    activities: Partial<Activities>,
    body: (taskQueue: string) => Promise<T>,
    taskQueue: string = randomUUID(),
  ): Promise<T> {
    const worker = await Worker.create({
      connection: this.server.nativeConnection,
      taskQueue,
      workflowBundle: this.#bundle,
      activities,
      maxHeartbeatThrottleInterval: '1s',
      ...this.#identity,
    });
    return worker.runUntil(body(taskQueue));
  }

  startUpgrade(input: UpgradeInput, taskQueue: string): Promise<WorkflowHandleWithFirstExecutionRunId<typeof upgrade>> {
    return this.server.client.workflow.start<typeof upgrade>('upgrade', {
      workflowId: upgradeId(input.environment.name),
      taskQueue,
      args: [input],
      workflowTaskTimeout: '10s',
    });
  }
}

/** The executable of the time-skipping server; undefined where it could not be built, for want of Java or Maven. */
export function timeSkippingServer(): string | undefined {
  const part = PARTS.find(({ name }) => name === 'temporal-time-skipping');
  return part && partIsThere(part) ? partFile(part.name, 'temporal-test-server') : undefined;
}

/** Looks until the condition holds, at most as long as the test may take. */
export async function eventually<T>(look: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
