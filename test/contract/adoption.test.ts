// Names that go from the real external-dns to us and back, in Route 53 as the gateway has it.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import { nameResolver } from '../../src/adapters/resolver.ts';
import { randomUUID } from 'node:crypto';
import type { Activities } from '../../activities/ports.ts';
import type { NameView } from '../../src/domain/dns-view.ts';
import { latch } from '../support/latch.ts';
import { adoptionId, namesId, TASK_QUEUE } from '../../src/domain/ids.ts';
import type { adoption, AdoptionInput, AdoptionResult } from '../../workflows/adoption.ts';
import type { names } from '../../workflows/names.ts';
import { answers as always, prepare } from '../activity/fakes.ts';
import { app, environment } from '../support/environment.ts';
import { ANNOTATION, BLUE, externalDnsScene, type ExternalDnsScene } from '../support/external-dns-scene.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

const INTERVAL_SECONDS = 2;
const TWO_LOOPS_MS = 2 * INTERVAL_SECONDS * 1000;
const UP_TO_MS = 120_000;

let scene: ExternalDnsScene;
let temporal: TestTemporal;
let served: Promise<void>;
const done = latch();

beforeAll(async () => {
  const started = await Promise.all([
    TestTemporal.start(),
    externalDnsScene([
      '--source=ingress',
      '--ingress-class=alb',
      '--domain-filter=example.test',
      '--provider=aws',
      '--registry=txt',
      `--txt-owner-id=${BLUE}`,
      '--policy=sync',
      `--interval=${INTERVAL_SECONDS}s`,
    ]),
  ]);
  [temporal, scene] = started;
  vi.stubEnv('AWS_ENDPOINT_URL', scene.gateway.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', scene.gateway.rootKey.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', scene.gateway.rootKey.secretAccessKey);
  served = temporal.withWorker(activities(), () => done.opened, TASK_QUEUE);
}, 180_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  done.open();
  await served;
  await scene.stop();
  await temporal.stop();
}, 60_000);

const APPS = ['weighted', 'simple'];
const world = () =>
  environment({
    region: 'eu-central-1',
    zones: [scene.zone],
    apps: APPS.map((name) => app(name, { hosts: [{ name: `${name}.example.test`, zoneId: scene.zone.id }] })),
  });

function activities(): Partial<Activities> {
  const prepared = prepare(
    {
      ssm: { readParameter: always(BLUE) },
      eks: { findCluster: async (name: string) => (name === BLUE ? { name } : null) },
    },
    systemClock,
  );
  return createActivities({ ...prepared, route53: scene.route53, kube: scene.kube, resolver: nameResolver });
}

const move = (host: string, wanted: AdoptionInput['wanted']): Promise<AdoptionResult> =>
  temporal.server.client.workflow.execute<typeof adoption>('adoption', {
    workflowId: adoptionId('stg', host),
    taskQueue: TASK_QUEUE,
    args: [{ environment: world(), host, wanted, by: 'ann', role: 'sre' }],
  });
async function show(host: string): Promise<NameView> {
  const view = await temporal.server.client.workflow.execute<typeof names>('names', {
    workflowId: namesId('stg', randomUUID()),
    taskQueue: TASK_QUEUE,
    args: [{ environment: world(), hosts: [host] }],
  });
  return view.names[0]!;
}

/** `A stg-1-33 100`, and whom the registry names. */
async function stateOf(host: string): Promise<{ records: string[]; owners: string[] }> {
  const [records, ...entries] = await Promise.all(
    [host, `cname-${host}`, `aaaa-${host}`, `a-${host}`].map((name) => scene.recordsOf(name)),
  );
  return {
    records: records!.map(({ type, setIdentifier, weight }) => `${type} ${setIdentifier} ${weight}`).toSorted(),
    owners: entries
      .flat()
      .map(
        ({ setIdentifier, weight, values }) =>
          `${setIdentifier} ${weight} ${/owner=([^,]+)/.exec(values.join(''))?.[1]}`,
      ),
  };
}

const loops = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, TWO_LOOPS_MS + 1000));

describe('a weighted name of external-dns', { timeout: UP_TO_MS }, () => {
  const host = 'weighted.example.test';
  const bothTypes = (text: string): string[] => [`A ${text}`, `AAAA ${text}`];

  it('becomes ours, and external-dns neither reverts nor deletes it', async () => {
    const address = await scene.publish('weighted', {
      [`${ANNOTATION}set-identifier`]: BLUE,
      [`${ANNOTATION}aws-weight`]: '100',
    });
    expect(await stateOf(host)).toEqual({
      records: bothTypes(`${BLUE} 100`),
      owners: [`${BLUE} 100 ${BLUE}`, `${BLUE} 100 ${BLUE}`],
    });
    expect((await show(host)).owner).toEqual({
      kind: 'external-dns',
      says: `external-dns with owner id ${BLUE}, of ${BLUE}`,
    });
    const { result, answers } = await scene.sampling(host, () => move(host, { kind: 'adopt' }));
    expect(result).toMatchObject({ outcome: 'done', evidence: [{ passed: true, subject: host }] });
    expect([...answers.keys()]).toEqual([address]);
    expect(await stateOf(host)).toEqual({
      records: bothTypes(`${BLUE} 100`),
      owners: [`${BLUE} 100 eksodus`, `${BLUE} 100 eksodus`],
    });
    // What its Ingress says counts no more.
    await scene.annotate('weighted', { [`${ANNOTATION}aws-weight`]: '7' });
    await loops();
    expect((await stateOf(host)).records).toEqual(bothTypes(`${BLUE} 100`));
    expect(await show(host)).toMatchObject({
      owner: { kind: 'ours' },
      records: [{ types: ['A', 'AAAA'], colour: 'blue', weight: 100, evaluatesHealth: true }],
      problem: null,
    });
    expect(await move(host, { kind: 'adopt' })).toEqual({ outcome: 'nothing', why: `${host} is ours already` });
  });

  it('goes back to external-dns, which then follows its Ingress again', async () => {
    const [address = ''] = await scene.resolve(host);
    const { result, answers } = await scene.sampling(host, () => move(host, { kind: 'release', ownerId: null }));
    expect(result).toMatchObject({ outcome: 'done' });
    expect([...answers.keys()]).toEqual([address]);
    expect(await stateOf(host)).toEqual({
      records: bothTypes(`${BLUE} 7`),
      owners: [`${BLUE} 7 ${BLUE}`, `${BLUE} 7 ${BLUE}`],
    });
    await scene.annotate('weighted', { [`${ANNOTATION}aws-weight`]: '9' });
    await eventually(
      () => stateOf(host),
      ({ records }) => records.join() === bothTypes(`${BLUE} 9`).join(),
    );
  });

  it('is not released to whom nobody is, or whose Ingress asks for another record', async () => {
    await move(host, { kind: 'adopt' });
    expect(await move(host, { kind: 'release', ownerId: 'nobody' })).toMatchObject({
      outcome: 'refused',
      why: expect.stringContaining('no external-dns has owner id "nobody"'),
    });
    await scene.annotate('weighted', { [`${ANNOTATION}set-identifier`]: 'other' });
    expect(await move(host, { kind: 'release', ownerId: BLUE })).toMatchObject({
      outcome: 'refused',
      why: expect.stringContaining('external-dns would delete it at once'),
    });
    expect((await stateOf(host)).owners).toContain(`${BLUE} 9 eksodus`);
  });
});

describe('a simple name of external-dns', { timeout: UP_TO_MS }, () => {
  const host = 'simple.example.test';

  it('becomes weighted and ours in one batch, and simple and external-dns’s again', async () => {
    const address = await scene.publish('simple', {});
    expect((await stateOf(host)).records).toEqual(['A null null', 'AAAA null null']);
    const adopted = await scene.sampling(host, () => move(host, { kind: 'adopt' }));
    expect(adopted.result).toMatchObject({
      outcome: 'done',
      notes: [expect.stringContaining('controller: eksodus')],
    });
    expect([...adopted.answers.keys()]).toEqual([address]);
    expect((await stateOf(host)).records).toEqual([`A ${BLUE} 100`, `AAAA ${BLUE} 100`]);

    const released = await scene.sampling(host, () => move(host, { kind: 'release', ownerId: BLUE }));
    expect(released.result).toMatchObject({ outcome: 'done' });
    expect([...released.answers.keys()]).toEqual([address]);
    expect(await stateOf(host)).toEqual({
      records: ['A null null', 'AAAA null null'],
      owners: [`null null ${BLUE}`, `null null ${BLUE}`],
    });
  });
});
