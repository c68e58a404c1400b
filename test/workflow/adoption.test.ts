import { randomUUID } from 'node:crypto';
import type { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adoptionId, zoneId } from '../../src/domain/ids.ts';
import { lastChangesQuery } from '../../workflows/messages.ts';
import type { adoption, AdoptionInput, AdoptionResult } from '../../workflows/adoption.ts';
import { BLUE, HOST, Twins } from '../support/adoption-world.ts';
import { TestTemporal } from '../support/temporal.ts';

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
    const twins = new Twins(randomUUID(), randomUUID());
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
    const twins = new Twins(randomUUID(), randomUUID());
    const before = twins.worlds.map(({ sets }) => sets);
    twins.worlds[1]!.protect(HOST);
    expect(await move(twins)).toMatchObject({ outcome: 'restored', why: expect.stringContaining('Route 53 refused') });
    expect(twins.worlds.map(({ sets }) => sets)).toEqual(before);
    expect(twins.worlds[0]!.writes.length).toBeGreaterThan(1);
  });

  it('is put back when external-dns did not leave it alone', async () => {
    const twins = new Twins(randomUUID());
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

    const clean = new Twins(randomUUID());
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
    const twins = new Twins(randomUUID(), randomUUID());
    // The private one is somebody else's.
    const theirs = twins.worlds[1]!;
    theirs.replace(theirs.sets.filter(({ type }) => type !== 'TXT'));
    const before = twins.worlds.map(({ sets }) => sets);
    expect(await move(twins)).toMatchObject({ outcome: 'refused', why: expect.stringContaining(`${HOST} (private)`) });
    expect(twins.worlds.map(({ sets }) => sets)).toEqual(before);

    const adopted = new Twins(randomUUID());
    await move(adopted);
    expect(await move(adopted)).toEqual({ outcome: 'nothing', why: `${HOST} is ours already` });
    expect(await move(adopted, { kind: 'release', ownerId: 'nobody' })).toMatchObject({ outcome: 'refused' });
  });
});
