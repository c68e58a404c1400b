import { randomUUID } from 'node:crypto';
import type { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../activities/ports.ts';
import type { ZoneRecord } from '../../src/adapters/route53.ts';
import { readExternalDns } from '../../src/domain/external-dns.ts';
import { adoptionId, zoneId } from '../../src/domain/ids.ts';
import type { ClusterSeen } from '../../src/domain/names-seen.ts';
import { ownerOf } from '../../src/domain/record-owner.ts';
import { lastChangesQuery } from '../../workflows/messages.ts';
import type { adoption, AdoptionInput, AdoptionResult } from '../../workflows/adoption.ts';
import { app, environment } from '../support/environment.ts';
import { TestTemporal } from '../support/temporal.ts';
import { ZoneWorld } from '../support/zone-world.ts';

const BLUE = 'stg-1-33';
const HOST = 'h0.example.test';

/** Two zones that hold the same name, if they are twins, each with its records of external-dns. */
class Twins {
  readonly worlds: readonly ZoneWorld[];
  /** Called before each look; `looks` counts from 1. */
  onLook: (looks: number) => void = () => undefined;
  #looks = 0;

  constructor(count: 1 | 2) {
    this.worlds = Array.from({ length: count }, () => new ZoneWorld(randomUUID(), 1));
    for (const world of this.worlds)
      world.replace([...world.sets.map(simple), entry(`cname-${HOST}`), entry(`aaaa-${HOST}`)]);
  }

  get environment() {
    const zones = this.worlds.map(({ zone }, index) => (index === 0 ? zone : { ...zone, private: true }));
    const hosts = zones.map(({ id }) => ({ name: HOST, zoneId: id }));
    return environment({ zones, apps: [app('web', { hosts })] });
  }

  activities(): Partial<Activities> {
    const { zones } = this.environment;
    const of = (id: string): Pick<Activities, 'applyWishes' | 'awaitInSync'> => {
      const world = this.worlds.find(({ zone }) => zone.id === id);
      if (!world) throw new Error(`no zone ${id}`);
      return world.activities();
    };
    return {
      applyWishes: (input) => of(input.zone.id).applyWishes(input),
      awaitInSync: (input) => of(input.zone.id).awaitInSync(input),
      lookAtNames: async () => {
        this.#looks += 1;
        this.onLook(this.#looks);
        const names = this.worlds.map(({ sets }, index) => ({
          app: 'web',
          host: HOST,
          zone: zones[index]!,
          records: sets,
          owner: ownerOf(sets, HOST, { formats: [], unreadable: null }),
          ttlSeconds: null,
          problem: null,
        }));
        return { at: new Date().toISOString(), blue: BLUE, green: 'stg-1-36', clusters: [CLUSTER], names };
      },
    };
  }
}

const simple = (record: ZoneRecord): ZoneRecord => Object.assign({}, record, { setIdentifier: null, weight: null });
const entry = (name: string): ZoneRecord => ({
  name,
  type: 'TXT',
  setIdentifier: null,
  weight: null,
  ttlSeconds: 300,
  alias: null,
  values: [`"heritage=external-dns,external-dns/owner=${BLUE},external-dns/resource=ingress/web/web"`],
  healthChecked: false,
});
const CLUSTER: ClusterSeen = {
  cluster: BLUE,
  externalDns: [
    readExternalDns({
      deployment: 'dns/external-dns',
      image: 'external-dns:v0.20.0',
      args: [`--txt-owner-id=${BLUE}`, '--interval=100ms'],
      env: {},
      readyReplicas: 1,
    }),
  ],
  problem: null,
};

describe.concurrent('a name that changes hands', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  async function move(
    twins: Twins,
    wanted: AdoptionInput['wanted'] = { kind: 'adopt' },
    role: AdoptionInput['role'] = 'sre',
  ): Promise<AdoptionResult> {
    const given = twins.environment;
    const { workflow } = temporal.server.client;
    return temporal.withWorker(twins.activities(), async (taskQueue) => {
      try {
        const result = await workflow.execute<typeof adoption>('adoption', {
          workflowId: `${adoptionId('stg', HOST)}/${randomUUID()}`,
          taskQueue,
          args: [{ environment: given, host: HOST, wanted, by: 'ann', role }],
        });
        const writers = result.outcome === 'done' ? given.zones.map(({ id }) => workflow.getHandle(zoneId(id))) : [];
        changes.set(twins, await Promise.all(writers.map((writer) => writer.query(lastChangesQuery))));
        return result;
      } finally {
        for (const { id } of given.zones)
          await workflow
            .getHandle(zoneId(id))
            .terminate()
            .catch(() => undefined);
      }
    });
  }
  const changes = new Map<Twins, object[]>();
  const owners = ({ worlds }: Twins): string[] =>
    worlds.flatMap(({ sets }) => sets.flatMap(({ values }) => /owner=([^,]+)/.exec(values.join(''))?.[1] ?? []));

  it('does so in both of its zones, each by its own writer, which remembers it', async () => {
    const twins = new Twins(2);
    expect(await move(twins)).toMatchObject({
      outcome: 'done',
      evidence: [{ subject: HOST }, { subject: `${HOST} (private)` }],
    });
    expect(owners(twins)).toEqual(Array(4).fill('eksodus'));
    for (const world of twins.worlds) expect(world.weights(HOST)).toEqual({ [BLUE]: 100 });
    for (const written of changes.get(twins) ?? [])
      expect(written).toEqual({ [HOST]: expect.objectContaining({ what: expect.stringContaining('owner=eksodus') }) });
  });

  it('is put back in the one zone when the other refuses', async () => {
    const twins = new Twins(2);
    const before = twins.worlds.map(({ sets }) => sets);
    twins.worlds[1]!.protect(HOST);
    expect(await move(twins)).toMatchObject({ outcome: 'restored', why: expect.stringContaining('Route 53 refused') });
    expect(twins.worlds.map(({ sets }) => sets)).toEqual(before);
    expect(twins.worlds[0]!.writes.length).toBeGreaterThan(1);
  });

  it('is put back when external-dns did not leave it alone', async () => {
    const twins = new Twins(1);
    const [world] = twins.worlds;
    const before = world!.sets;
    // It adds a record of its own beside.
    twins.onLook = (looks) => {
      const [first] = world!.sets;
      if (looks === 2) world!.replace([...world!.sets, { ...first!, setIdentifier: 'again', weight: 1 }]);
      if (looks === 3) world!.replace(before);
    };
    await expect(move(twins)).rejects.toMatchObject({
      cause: expect.objectContaining({ type: 'dns.not-restored' }) as ApplicationFailure,
    });

    const clean = new Twins(1);
    const [other] = clean.worlds;
    const ours = other!.sets;
    clean.onLook = (looks) => {
      if (looks === 2) other!.replace(ours);
    };
    expect(await move(clean)).toMatchObject({
      outcome: 'restored',
      why: expect.stringContaining('it did not stay as it was written'),
    });
    expect(other!.sets).toEqual(ours);
  });

  it('is left as it is when it may not change hands, or need not', async () => {
    const twins = new Twins(2);
    // The private one is somebody else's.
    const theirs = twins.worlds[1]!;
    theirs.replace(theirs.sets.filter(({ type }) => type !== 'TXT'));
    const before = twins.worlds.map(({ sets }) => sets);
    expect(await move(twins)).toMatchObject({ outcome: 'refused', why: expect.stringContaining(`${HOST} (private)`) });
    expect(twins.worlds.map(({ sets }) => sets)).toEqual(before);

    const adopted = new Twins(1);
    await move(adopted);
    expect(await move(adopted)).toEqual({ outcome: 'nothing', why: `${HOST} is ours already` });
    expect(await move(adopted, { kind: 'release', ownerId: 'nobody' })).toMatchObject({ outcome: 'refused' });
  });
});
