// One app's migration on real Temporal, in a zone and an environment of its own.
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { Activities } from '../../activities/ports.ts';
import { greenName, type App, type Environment } from '../../src/domain/environment.ts';
import { migrationId, zoneId } from '../../src/domain/ids.ts';
import type { AppStatus } from '../../src/domain/status.ts';
import type { ObservedRecord } from '../../src/domain/traffic.ts';
import { appStatusQuery } from '../../workflows/messages.ts';
import type { migration } from '../../workflows/migration.ts';
import { app, environment } from './environment.ts';
import { FakeWorld } from './fake-world.ts';
import { eventually, type TestTemporal } from './temporal.ts';

export type Move = WorkflowHandle<typeof migration>;

export const BLUE = 'stg-1-33';
export const GREEN = 'stg-1-36';
export const onBlue = { [BLUE]: 100, [GREEN]: 0 };
const STEPS = [
  { greenPercent: 10, bakeSeconds: 0 },
  { greenPercent: 100, bakeSeconds: 0 },
];

export const renamed = (
  records: readonly ObservedRecord[],
  change: (record: ObservedRecord) => Partial<ObservedRecord>,
): ObservedRecord[] => records.map((record) => Object.assign({}, record, change(record)));

export interface Scene {
  readonly fake: FakeWorld;
  readonly move: () => Promise<Move>;
  readonly hosts: readonly string[];
}

interface SceneChange {
  readonly app?: Partial<App>;
  readonly environment?: Partial<Environment>;
  /** A private zone that holds the same names. */
  readonly hasTwin?: boolean;
  /** Real ones, instead of the fake world's. */
  readonly activities?: Partial<Activities>;
}

/** An app with green published at weight 0, and its migration on whatever server and worker there are. */
export function migrationOf(change: SceneChange) {
  const zone = { id: randomUUID(), name: 'example.test' };
  const plain = app('messages', { steps: STEPS, ...change.app });
  const zones = change.hasTwin ? [zone, { ...zone, id: `${zone.id}-private`, private: true }] : [zone];
  const hosts = plain.hosts.flatMap(({ name }) => zones.map(({ id }) => ({ name, zoneId: id })));
  const moved = { ...plain, hosts };
  const made = environment({ name: 'stg', zones, apps: [moved], ...change.environment });
  const fake = new FakeWorld(made);
  fake.labels.set(GREEN, new Set(['eksodus.dev/apps']));
  for (const [host, records] of fake.records)
    fake.records.set(host, [...records, ...renamed(records, () => ({ setIdentifier: GREEN, weight: 0 }))]);
  const workflowId = `${migrationId(made.name, moved.name)}/${zone.id}`;
  return {
    fake,
    workflowId,
    hosts: moved.hosts.map(({ name, zoneId: id }) => fake.keyOf(name, id)),
    start: ({ server }: TestTemporal, taskQueue: string): Promise<Move> =>
      server.client.workflow.start<typeof migration>('migration', {
        workflowId,
        taskQueue,
        args: [
          {
            environment: made,
            app: moved,
            actor: { environment: made.name, region: made.region, run: 'upgrade/stg/1' },
            blue: BLUE,
            green: greenName(made),
            paused: false,
          },
        ],
      }),
    end: async ({ server }: TestTemporal): Promise<void> => {
      for (const id of [workflowId, ...zones.map((one) => zoneId(one.id))])
        await server.client.workflow
          .getHandle(id)
          .terminate()
          .catch(() => undefined);
    },
  };
}

export async function migrationScene(
  temporal: TestTemporal,
  change: SceneChange,
  act: (given: Scene) => Promise<void>,
): Promise<void> {
  const { fake, hosts, start, end } = migrationOf(change);
  await temporal.withWorker({ ...fake.activities(), ...change.activities }, async (taskQueue) => {
    try {
      await act({ fake, hosts, move: () => start(temporal, taskQueue) });
    } finally {
      await end(temporal);
    }
  });
}

export const holds =
  (kind: string) =>
  ({ hold }: AppStatus): boolean =>
    hold?.kind === kind;
export const until = (move: Move, holdsFor: (status: AppStatus) => boolean): Promise<AppStatus> =>
  eventually(() => move.query(appStatusQuery), holdsFor);
