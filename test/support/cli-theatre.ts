// Real CLI processes, a real Temporal server, and on the product's own task queue a worker whose activities change worlds
// in memory: where contract tests of the command line play.
import { loadEnvironment } from '../../config/load.ts';
import type { Environment } from '../../src/domain/environment.ts';
import { TASK_QUEUE, upgradeId, zoneId } from '../../src/domain/ids.ts';
import { cliWith, environmentFile, type Cli, type Ended, type Files } from './cli.ts';
import { Worlds } from './cli-worlds.ts';
import type { FakeWorld } from './fake-world.ts';
import { latch } from './latch.ts';
import { TestTemporal } from './temporal.ts';

export interface Stage {
  readonly name: string;
  readonly file: string;
  readonly environment: Environment;
  readonly world: FakeWorld;
  readonly start: () => Promise<void>;
  /** Until a person is waited for. */
  readonly untilHold: () => Promise<void>;
  readonly status: () => Promise<any>;
}

/** What preflight does not let through: it holds at once, as long as a test needs. */
export const BLOCKED = { target: { version: '1.99' } };

/** On a busy machine Temporal may take a moment, which people are told. */
const UNHEARD = /^waiting for Temporal at \S+ …\n/;

export const json = ({ out }: Ended): any => JSON.parse(out);

export class Theatre {
  readonly temporal: TestTemporal;
  readonly cli: Cli;
  readonly #files: Files;
  readonly #worlds = new Worlds();
  readonly #done = latch();
  readonly #served: Promise<void>;

  private constructor(temporal: TestTemporal, files: Files) {
    this.temporal = temporal;
    this.#files = files;
    this.cli = this.cliIn('default');
    this.#served = temporal.withWorker(this.#worlds.activities, () => this.#done.opened, TASK_QUEUE);
  }

  static async open(files: Files, serverArguments: readonly string[] = []): Promise<Theatre> {
    return new Theatre(await TestTemporal.start({ serverArguments }), files);
  }

  async close(): Promise<void> {
    this.#done.open();
    await this.#served;
    await this.temporal.stop();
  }

  cliIn(namespace: string): Cli {
    return cliWith({ TEMPORAL_ADDRESS: this.temporal.server.address, TEMPORAL_NAMESPACE: namespace }, UNHEARD);
  }

  /** An environment of its own for each test. What is left of it is ended, so that no later worker goes on with it. */
  async stage(
    name: string,
    change: Parameters<typeof environmentFile>[1],
    body: (on: Stage) => Promise<void>,
  ): Promise<void> {
    const file = this.#files.write(`${name}.yaml`, environmentFile(name, change));
    const environment = loadEnvironment(file);
    const world = this.#worlds.add(environment);
    const expectCode = async (expected: number, ...args: string[]): Promise<void> => {
      const { code, out, err } = await this.cli.run(...args);
      if (code !== expected) throw new Error(`eksodus ${args.join(' ')} ended with ${code}:\n${out}\n${err}`);
    };
    try {
      await body({
        name,
        file,
        environment,
        world,
        start: () => expectCode(0, 'upgrade', 'start', '--file', file),
        untilHold: () => expectCode(3, 'upgrade', 'watch', name, '--until-hold'),
        status: async () => json(await this.cli.run('upgrade', 'status', name, '--output', 'json')),
      });
    } finally {
      const ids = [upgradeId(name), ...environment.zones.map(({ id }) => zoneId(id))];
      await Promise.allSettled(ids.map((id) => this.temporal.server.client.workflow.getHandle(id).terminate()));
    }
  }
}
