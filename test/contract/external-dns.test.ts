// A name that external-dns has, moved there and back by the product on everything that is real: two clusters with a real
// external-dns each, Argo CD that heals itself, Route 53's records and the zone's name server.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CustomObjectsApi, loadYaml, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import type { Activities } from '../../activities/ports.ts';
import { loadEnvironment } from '../../config/load.ts';
import { kubeConfigFor } from '../../sandbox/cluster/kube-client.ts';
import { Speed, type DnsRecord } from '../../sandbox/contracts.ts';
import { BLUE, GREEN, startSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import type { ApplicationState } from '../../src/adapters/argo-application.ts';
import { createDependencies, type Dependencies } from '../../src/adapters/index.ts';
import type { App, Environment, HostedZone } from '../../src/domain/environment.ts';
import { judgePreflight } from '../../src/domain/preflight.ts';
import { decideMove, recordFacts } from '../../src/domain/record-moves.ts';
import type { Finding, UpgradeStatus } from '../../src/domain/status.ts';
import * as messages from '../../workflows/messages.ts';
import { run } from '../activity/fakes.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

const HOST = 'files.example.test';
const UP_TO_MS = 240_000;
const STEPS = [
  { green: 25, bake: '1s' },
  { green: 100, bake: '1s' },
];

let dir: string;
let sandbox: Sandbox;
let temporal: TestTemporal;
let environment: Environment;
let deps: Dependencies;
let zone: HostedZone;
let app: App;
const abort = new AbortController();
const envBefore = { ...process.env };
/** Every state in which the zone has been since it was watched. */
const states: (readonly DnsRecord[])[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'eksodus-external-dns-'));
  [sandbox, temporal] = await Promise.all([
    startSandbox({
      dir,
      speed: new Speed(600),
      annotated: { apps: ['files'], selfHeals: false, ignoresWeight: false },
      amend: (plain) => ({
        ...plain,
        apps: plain.apps.filter(({ name }) => name === 'files'),
        steps: STEPS,
        // Nobody makes traffic here that could be measured.
        analyses: [],
        drain: '1s',
        soak: '1s',
      }),
      signal: abort.signal,
      announce: () => undefined,
    }),
    TestTemporal.start(),
  ]);
  Object.assign(process.env, sandbox.workerEnv);
  environment = loadEnvironment(sandbox.environmentFile);
  deps = createDependencies();
  [zone] = environment.zones as [HostedZone];
  [app] = environment.apps as [App];
  sandbox.watchZones(({ records }) => states.push(records));
}, UP_TO_MS);

afterAll(async () => {
  abort.abort();
  await (temporal as TestTemporal | undefined)?.stop();
  await (sandbox as Sandbox | undefined)?.stop();
  process.env = envBefore;
  await rm(dir, { recursive: true, force: true });
}, UP_TO_MS);

/** As Temporal runs it: what AWS throttles is asked again. */
async function activity<Name extends keyof Activities>(
  name: Name,
  input: Parameters<Activities[Name]>[0],
): Promise<Awaited<ReturnType<Activities[Name]>>> {
  for (;;) {
    try {
      return await run(deps, name, input);
    } catch (error) {
      if (!(error instanceof ApplicationFailure && error.type === 'cloud.throttled')) throw error;
      await sleep(Number(error.nextRetryDelay));
    }
  }
}

async function blockers(): Promise<Finding[]> {
  const facts = await activity('gatherPreflight', { environment, run: 'upgrade/stg/1' });
  return judgePreflight(environment, facts, 'upgrade/stg/1').filter(({ severity }) => severity === 'blocker');
}

const weightsOf = (records: readonly DnsRecord[], type: string): Record<string, number> =>
  Object.fromEntries(
    records
      .filter((record) => record.name.replace(/\.$/, '') === HOST && record.type === type)
      .map(({ setIdentifier = '', weight = -1 }) => [setIdentifier, weight]),
  );
/** Such as `100/0`: blue and green. */
const describeState = (records: readonly DnsRecord[]): string => {
  const weights = weightsOf(records, 'A');
  return `${weights[BLUE.name] ?? '-'}/${weights[GREEN.name] ?? '-'}`;
};
const changesOf = (described: readonly string[]): string[] =>
  described.filter((state, index) => state !== described[index - 1]);

describe('a name that external-dns has', { timeout: UP_TO_MS }, () => {
  it('is not moved while Argo CD would put the weight back, as it then does', async () => {
    const told = await blockers();
    expect(told).toMatchObject([{ id: 'record.argocd-resets', subject: HOST }]);
    expect(told[0]?.what).toContain('at its next sync');

    await changeApplicationSet([{ path: '/spec/template/spec/syncPolicy/automated', value: { selfHeal: true } }]);
    await applicationOf(({ selfHeals }) => selfHeals);
    const [finding, ...others] = await blockers();
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ id: 'record.argocd-resets', subject: HOST });
    expect(finding?.what).toContain('heals itself');

    const keeper = {
      cluster: BLUE.name,
      deployment: 'external-dns/external-dns',
      ownerId: BLUE.name,
      annotation: 'external-dns.alpha.kubernetes.io/aws-weight',
      followsWithinSeconds: 3,
    };
    const ingress = { namespace: 'files', name: 'files' };
    const { region } = environment;
    expect(await activity('annotateWeight', { region, keeper, ingress, weight: 90 })).toEqual({ changed: true });
    const seen = await activity('awaitFollowed', {
      region,
      zone,
      host: HOST,
      keeper,
      ingress,
      before: { [BLUE.name]: 100 },
      want: { [BLUE.name]: 90 },
      steadySeconds: 60,
    });
    expect(seen).toMatchObject({ outcome: 'drift', why: expect.stringContaining('says 100, and was set to 90') });

    await changeApplicationSet(additionsOf(finding?.todo ?? ''));
    await applicationOf(({ ignoreDifferences }) => ignoreDifferences.some(({ kind }) => kind === 'Ingress'));
    expect(await blockers()).toEqual([]);
  });

  it('has its owner, and what moves it, read from the zone and the running external-dns', async () => {
    const { region, argocd } = environment;
    const ingress = { namespace: 'files', name: 'files' };
    const seen = await activity('findRecordOwners', {
      scope: { region, argocd },
      app: { application: app.application, ingress },
      hosts: [{ host: HOST, zone }],
      clusters: [BLUE.name],
      mustAnswer: true,
    });
    expect(seen.hosts[0]?.owner).toMatchObject({
      kind: 'external-dns',
      claims: [
        {
          owner: BLUE.name,
          resource: 'ingress/files/files',
          setIdentifier: BLUE.name,
          types: ['A', 'AAAA'],
          entries: [`aaaa-${HOST}`, `cname-${HOST}`],
        },
      ],
    });
    const of = { ingress, ownerPattern: environment.externalDnsOwner, blue: BLUE.name, green: GREEN.name };
    expect(recordFacts(seen, of).map(decideMove)).toMatchObject([
      { kind: 'moved', mover: { kind: 'external-dns', blue: { ownerId: BLUE.name }, green: null } },
    ]);
  });

  it('goes to green and back, one side after the other, and never has no weight', async () => {
    const until = (isSo: (status: UpgradeStatus) => boolean) =>
      eventually(async () => {
        const status = await temporal.server.client.workflow.getHandle('upgrade/stg').query(messages.statusQuery);
        const failed = [...status.holds, ...status.apps.flatMap(({ hold }) => (hold ? [hold] : []))];
        const why = failed.find(({ kind }) => kind !== 'approval');
        if (why) throw new Error(`${why.kind}: ${why.because}`);
        return status;
      }, isSo);
    await temporal.withWorker(createActivities(deps), async (taskQueue) => {
      const upgrade = await temporal.startUpgrade({ environment, startedBy: 'test' }, taskQueue);
      await until(({ holds }) => holds.some(({ kind }) => kind === 'approval'));
      await upgrade.executeUpdate(messages.rollbackUpdate, {
        args: [{ by: 'test', role: 'sre', reason: 'the way back', removeGreen: false }],
      });
      expect(await upgrade.result()).toMatchObject({ result: 'rolled-back' });
    });

    const seen = states.map(describeState);
    expect(changesOf(seen)).toEqual([
      ...changesOf(seen.filter((state) => state.endsWith('/-'))),
      '100/0',
      '100/25',
      '75/25',
      '75/100',
      '0/100',
      '100/100',
      '100/0',
    ]);
    for (const records of states) {
      expect(weightsOf(records, 'AAAA')).toEqual(weightsOf(records, 'A'));
      expect(Object.values(weightsOf(records, 'A')).some((weight) => weight > 0)).toBe(true);
    }
  });

  it('was written by external-dns alone, and nothing else was touched', () => {
    const byWorker = sandbox.gateway.calls.filter(
      ({ operation, principal }) =>
        operation === 'ChangeResourceRecordSets' && principal === sandbox.workerEnv['AWS_ACCESS_KEY_ID'],
    );
    expect(byWorker).toEqual([]);
    const foreign = (records: readonly DnsRecord[]): DnsRecord[] =>
      records.filter(({ name }) => /^(messages|search)\.example\.test\.?$/.test(name));
    expect(foreign(states[0] ?? [])).toHaveLength(4);
    for (const records of states) expect(foreign(records)).toEqual(foreign(states[0] ?? []));
  });
});

/** Resolves when Argo CD has made of its ApplicationSet what is looked for. */
const applicationOf = (isSo: (application: ApplicationState) => boolean): Promise<unknown> => {
  const { region, argocd } = environment;
  const at = { region, cluster: argocd.cluster, namespace: argocd.namespace };
  return eventually(
    () => deps.argo.findApplication(at, `files-${BLUE.name}`),
    (found) => found !== null && isSo(found),
  );
};

interface Addition {
  readonly path: string;
  readonly value: unknown;
}

/** As a person would add to the template what the finding says. */
function additionsOf(todo: string): Addition[] {
  const { spec } = loadYaml<{ spec: { ignoreDifferences: object[]; syncPolicy: { syncOptions: string[] } } }>(
    todo.slice(todo.indexOf('spec: ')),
  );
  return [
    ...spec.ignoreDifferences.map((value) => ({ path: '/spec/template/spec/ignoreDifferences/-', value })),
    ...spec.syncPolicy.syncOptions.map((value) => ({ path: '/spec/template/spec/syncPolicy/syncOptions/-', value })),
  ];
}

async function changeApplicationSet(additions: readonly Addition[]): Promise<void> {
  const api = kubeConfigFor(sandbox.manager).makeApiClient(CustomObjectsApi);
  const request = {
    group: 'argoproj.io',
    version: 'v1alpha1',
    namespace: 'argocd',
    plural: 'applicationsets',
    name: 'stg-annotated-apps',
    body: additions.map(({ path, value }) => ({ op: 'add', path, value })),
  };
  await api.patchNamespacedCustomObject(request, setHeaderOptions('Content-Type', PatchStrategy.JsonPatch));
}
