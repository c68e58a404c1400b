// The product's activities with their real adapters, as the worker's own principal, on everything that is real:
// the way of one upgrade, each step asked twice where a retry may ask twice.
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Activities, Actor, ClusterFacts } from '../../activities/ports.ts';
import { loadEnvironment } from '../../config/load.ts';
import { Speed } from '../../sandbox/contracts.ts';
import { BLUE, GREEN, startSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { DnsClient } from '../../sandbox/traffic/dns-client.ts';
import { httpGet } from '../../sandbox/traffic/http-get.ts';
import { createDependencies, type Dependencies } from '../../src/adapters/index.ts';
import { applicationName, type App, type Environment, type HostedZone } from '../../src/domain/environment.ts';
import { judgePreflight } from '../../src/domain/preflight.ts';
import { stepWeights, type AliasTarget, type Wish } from '../../src/domain/traffic.ts';
import { planWaves } from '../../src/domain/waves.ts';
import { failureOf, run } from '../activity/fakes.ts';

const RUN = 'upgrade/stg/first';
const UP_TO_MS = 180_000;

let dir: string;
let sandbox: Sandbox;
let environment: Environment;
let actor: Actor;
let deps: Dependencies;
let zone: HostedZone;
let app: App;
let facts: ClusterFacts;
let targets: { blue: AliasTarget; green: AliasTarget };
const abort = new AbortController();
const envBefore = { ...process.env };

/** As Temporal runs it: what AWS throttles is asked again. external-dns writes to the same zone, and keeps it busy. */
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

/** The statuses that a client gets which keeps green's address, until nobody answers there. */
async function answersWhileThereAreAny(): Promise<number[]> {
  const dns = new DnsClient(sandbox.nameServer.address);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statuses: number[] = [];
  try {
    const { address } = await dns.resolve(targets.green.hostname);
    for (;;) {
      const { status } = await httpGet({ address, port: sandbox.appPort, host: hostOf(app), agent });
      statuses.push(status);
      await sleep(5);
    }
  } catch {
    return statuses;
  } finally {
    dns.close();
    agent.destroy();
  }
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'eksodus-adapters-'));
  sandbox = await startSandbox({
    dir,
    speed: new Speed(600),
    signal: abort.signal,
    announce: () => undefined,
  });
  Object.assign(process.env, sandbox.workerEnv);
  environment = loadEnvironment(sandbox.environmentFile);
  actor = { environment: environment.name, region: environment.region, run: RUN };
  deps = createDependencies();
  [zone] = environment.zones as [HostedZone];
  [app] = environment.apps as [App];
}, UP_TO_MS);

afterAll(async () => {
  abort.abort();
  // Not there when it could not be started: then it has taken itself down.
  await (sandbox as Sandbox | undefined)?.stop();
  process.env = envBefore;
  await rm(dir, { recursive: true, force: true });
}, UP_TO_MS);

describe('an upgrade, activity by activity', { timeout: UP_TO_MS }, () => {
  it('finds nothing wrong before it begins', async () => {
    const preflight = await activity('gatherPreflight', { environment, run: RUN });
    expect(judgePreflight(environment, preflight, RUN)).toEqual([]);
    expect(preflight.blue).toMatchObject({ name: BLUE.name, version: BLUE.version, reachable: true });
    expect(preflight.platformApplications.length).toBeGreaterThan(0);
    expect(preflight.hosts.map(({ records }) => records.length)).toEqual(environment.apps.map(() => 2));
  });

  it('makes one cluster, however often it is asked', async () => {
    const { cluster: settings, target } = environment;
    const request = { actor, name: GREEN.name, version: target.version, settings, token: `${RUN}/cluster` };
    expect(await activity('requestCluster', request)).toEqual({ adopted: false });
    expect(await activity('requestCluster', request)).toEqual({ adopted: true });
    const theirs = { ...request, actor: { ...actor, run: 'upgrade/stg/second' } };
    expect(await failureOf(activity('requestCluster', theirs))).toMatchObject({ type: 'eks.name-taken' });
    facts = await activity('awaitCluster', { actor, name: GREEN.name });
    expect(facts).toMatchObject({ name: GREEN.name, version: GREEN.version });
    const created = sandbox.gateway.calls.filter(
      ({ operation, principal }) =>
        operation === 'CreateCluster' && principal === sandbox.workerEnv['AWS_ACCESS_KEY_ID'],
    );
    expect(created).toHaveLength(1);
  });

  it('gives its pods an identity and its people access', async () => {
    const provider = await activity('ensureOidcProvider', { actor, issuer: facts.oidcIssuer });
    expect(await activity('ensureOidcProvider', { actor, issuer: facts.oidcIssuer })).toEqual(provider);
    for (const entry of environment.cluster.accessEntries) {
      const request = { actor, cluster: GREEN.name, entry, token: `${RUN}/access` };
      await activity('ensureAccessEntry', request);
      await activity('ensureAccessEntry', request);
    }
  });

  it('gets its add-ons and nodes', async () => {
    const { version } = environment.target;
    const named = { actor, cluster: GREEN.name };
    const install = async (order: 'before-nodes' | 'after-nodes') => {
      for (const addon of environment.addons.filter((one) => one.order === order)) {
        const request = { ...named, version, addon, token: `${RUN}/${addon.name}` };
        const made = await activity('requestAddon', request);
        expect(await activity('requestAddon', request)).toEqual(made);
        await activity('awaitAddon', { ...named, addon: addon.name });
      }
    };
    await install('before-nodes');
    for (const nodeGroup of environment.nodeGroups) {
      const { subnetIds } = environment.cluster;
      const request = { ...named, version, nodeGroup, subnetIds, token: `${RUN}/${nodeGroup.name}` };
      expect(await activity('requestNodeGroup', request)).toEqual({ adopted: false });
      expect(await activity('requestNodeGroup', request)).toEqual({ adopted: true });
    }
    await Promise.all(
      environment.nodeGroups.map(({ name }) => activity('awaitNodeGroup', { ...named, nodeGroup: name })),
    );
    await install('after-nodes');
    expect((await activity('listAddons', named)).toSorted()).toEqual(
      environment.addons.map(({ name }) => name).toSorted(),
    );
    expect((await activity('listNodeGroups', named)).toSorted()).toEqual(['general', 'spot']);
  });

  it('lets the worker in, by its own AWS identity', async () => {
    const named = { actor, cluster: GREEN.name };
    expect(await activity('awaitApi', named)).toEqual({ servedVersion: '1.36' });
    expect(await activity('awaitApi', { actor, cluster: BLUE.name })).toEqual({ servedVersion: '1.33' });
    expect(await activity('checkNodes', { ...named, nodeGroups: environment.nodeGroups })).toMatchObject({
      passed: true,
      observed: 'general 3, spot 2',
    });
  });

  it('is registered with Argo CD, which then brings the platform in order', async () => {
    const { argocd } = environment;
    const named = { actor, argocd, cluster: GREEN.name };
    await activity('registerCluster', { actor, argocd, cluster: facts });
    await activity('labelCluster', { ...named, labels: { [argocd.platformLabel]: 'enabled' } });
    // A retry that registers again takes no label away.
    await activity('registerCluster', { actor, argocd, cluster: facts });
    const onBlue = await activity('listApplications', { ...named, cluster: BLUE.name, tier: 'platform' });
    const apps = onBlue.map((one) => one.app);
    const platform = await activity('awaitApplications', { ...named, tier: 'platform', apps });
    expect(platform.map((one) => one.app).toSorted()).toEqual(apps.toSorted());
    for (const wave of planWaves(platform)) {
      const inWave = platform.filter((one) => wave.includes(one.app));
      const synced = await Promise.all(inWave.map(({ name }) => sync(name, `${RUN}/${name}`)));
      expect(synced.every(({ revision }) => /^[0-9a-f]{40}$/.test(revision))).toBe(true);
    }
  });

  it('gets the developers’ apps, and a sync that is done is not done again', async () => {
    const { argocd } = environment;
    const named = { actor, argocd, cluster: GREEN.name };
    await activity('labelCluster', { ...named, labels: { [argocd.appsLabel]: 'enabled' } });
    const apps = environment.apps.map(({ name }) => name);
    const present = await activity('awaitApplications', { ...named, tier: 'app', apps });
    await Promise.all(present.map(({ name }) => sync(name, `${RUN}/${name}`)));
    const first = await deps.argo.findApplication(manager(), applicationName(app, GREEN.name));
    await sync(applicationName(app, GREEN.name), `${RUN}/${applicationName(app, GREEN.name)}`);
    const second = await deps.argo.findApplication(manager(), applicationName(app, GREEN.name));
    expect(second?.operation).toEqual(first?.operation);
    await sync(applicationName(app, GREEN.name), `${RUN}/another`);
    const third = await deps.argo.findApplication(manager(), applicationName(app, GREEN.name));
    expect(third?.operation).toMatchObject({ requestId: `${RUN}/another`, phase: 'Succeeded' });
  });

  it('passes its checks', async () => {
    const named = { actor, cluster: GREEN.name };
    const evidence = await Promise.all([
      activity('checkWorkloads', named),
      activity('checkApplications', { ...named, argocd: environment.argocd }),
    ]);
    expect(evidence.map(({ passed, observed }) => `${passed} ${observed}`)).toEqual([
      expect.stringMatching(/^true (\d+) of \1 available$/),
      expect.stringMatching(/^true (\d+) of \1 Synced and Healthy$/),
    ]);
  });

  it('answers at its load balancer in the name of the app', async () => {
    const ingress = ingressOf(app);
    targets = {
      blue: await activity('findLoadBalancer', { actor, cluster: BLUE.name, ingress }),
      green: await activity('findLoadBalancer', { actor, cluster: GREEN.name, ingress }),
    };
    expect(targets.green).not.toEqual(targets.blue);
    const probe = { host: hostOf(app), target: targets.green, check: checkOf(app), resolvers: resolvers() };
    expect(await activity('checkHttp', probe)).toMatchObject({ passed: true });
    expect(await activity('checkHttp', { ...probe, host: 'nobody.example.test' })).toMatchObject({ passed: false });
    const until = new Date(Date.now() + 1000).toISOString();
    const gate = {
      app: app.name,
      host: hostOf(app),
      target: targets.green,
      checks: app.checks,
      until,
      resolvers: resolvers(),
    };
    expect(await activity('watchGate', gate)).toMatchObject({ verdict: 'passed' });
    const wrong = app.checks.map((check) => ({ ...check, expectStatus: 418, everySeconds: 0.01 }));
    expect(await activity('watchGate', { ...gate, checks: wrong })).toMatchObject({ verdict: 'failed' });
  });

  it('takes traffic by weights, each change as one batch that spreads', async () => {
    const inSync = async (wish: Wish): Promise<void> => {
      const [outcome] = await activity('applyWishes', { zone, wishes: [wish] });
      if (outcome?.outcome !== 'changed') throw new Error(`not changed: ${JSON.stringify(outcome)}`);
      await activity('awaitInSync', { zone, changeId: outcome.changeId });
      // As wished already: written once more as it is, so that somebody can say when it has spread.
      const [again] = await activity('applyWishes', { zone, wishes: [wish] });
      expect(again).toMatchObject({ wish: wish.id, outcome: 'changed' });
    };
    await inSync(wishOf(app, 0, { [BLUE.name]: 100 }));
    await inSync(wishOf(app, 100, { [BLUE.name]: 100, [GREEN.name]: 0 }));
    expect(await weights()).toEqual({
      [`A ${BLUE.name}`]: 0,
      [`A ${GREEN.name}`]: 100,
      [`AAAA ${BLUE.name}`]: 0,
      [`AAAA ${GREEN.name}`]: 100,
    });
    expect((await activity('readTtl', { zone, host: hostOf(app) })).ttlSeconds).toBeGreaterThanOrEqual(0);
    const idle = { zone, host: hostOf(app), resolvers: resolvers() };
    expect(await activity('proveIdle', { ...idle, setIdentifier: BLUE.name, target: targets.blue })).toMatchObject({
      passed: true,
    });
    expect(await activity('proveIdle', { ...idle, setIdentifier: GREEN.name, target: targets.green })).toMatchObject({
      passed: false,
    });
    // What the name servers say is asked for itself, not only what Route 53 has.
    expect(await activity('proveIdle', { ...idle, setIdentifier: 'nobody', target: targets.green })).toMatchObject({
      passed: false,
    });
  });

  it('is not overruled by a wish that expects other weights', async () => {
    expect(
      await activity('applyWishes', { zone, wishes: [wishOf(app, 50, { [BLUE.name]: 75, [GREEN.name]: 25 })] }),
    ).toEqual([expect.objectContaining({ outcome: 'refused', type: 'drift.detected' })]);
    expect((await weights())[`A ${GREEN.name}`]).toBe(100);
  });

  it('refuses a batch of several as a whole, and a single wish with the reason', async () => {
    const outside = { ...wishOf(app, 0, {}), id: 'outside', host: 'app.example.org' };
    const back = wishOf(app, 0, { [BLUE.name]: 0, [GREEN.name]: 100 });
    expect(await failureOf(activity('applyWishes', { zone, wishes: [outside, back] }))).toMatchObject({
      type: 'dns.batch-refused',
    });
    expect((await weights())[`A ${GREEN.name}`]).toBe(100);
    expect(await activity('applyWishes', { zone, wishes: [outside] })).toEqual([
      expect.objectContaining({
        outcome: 'refused',
        type: 'dns.refused',
        why: expect.stringContaining('app.example.org'),
      }),
    ]);
    expect(await activity('applyWishes', { zone, wishes: [back] })).toMatchObject([{ outcome: 'changed' }]);
  });

  it('is written down as the live cluster', async () => {
    const { parameter } = environment.live;
    expect(await activity('readLiveCluster', { actor, parameter })).toBe(BLUE.name);
    await activity('writeLiveCluster', { actor, parameter, cluster: GREEN.name });
    expect(await activity('readLiveCluster', { actor, parameter })).toBe(GREEN.name);
    expect(await failureOf(activity('readLiveCluster', { actor, parameter: '/nothing' }))).toMatchObject({
      type: 'input.invalid',
    });
  });
});

describe('the end of a cluster', { timeout: UP_TO_MS }, () => {
  const named = () => ({ actor, argocd: environment.argocd, cluster: GREEN.name });
  const search = () =>
    activity('findLeftovers', {
      ...named(),
      oidcIssuer: facts.oidcIssuer,
      zones: environment.zones,
      externalDnsOwner: GREEN.name,
    });

  it('names everything while it is there', async () => {
    const kinds = new Set((await search()).map(({ kind }) => kind));
    expect(kinds).toEqual(
      new Set([
        'EKS cluster',
        'EKS node group',
        'IAM OIDC provider',
        'load balancer',
        'target group',
        'Argo CD cluster Secret',
        'Argo CD application',
        'DNS record',
      ]),
    );
  });

  it('takes its weighted records away', async () => {
    const blueAlone: Wish = { ...wishOf(app, 0, { [BLUE.name]: 100, [GREEN.name]: 0 }), id: 'remove' };
    const want = blueAlone.want.filter(({ setIdentifier }) => setIdentifier === BLUE.name);
    expect(await activity('applyWishes', { zone, wishes: [{ ...blueAlone, want }] })).toMatchObject([
      { outcome: 'changed' },
    ]);
  });

  it('has Argo CD delete what asks for a load balancer; what the ApplicationSet makes again stays empty', async () => {
    const names = environment.apps.map((one) => applicationName(one, GREEN.name)).toSorted();
    const asking = answersWhileThereAreAny();
    const { deleted } = await activity('deleteExposedApplications', named());
    expect(deleted.toSorted()).toEqual(names);
    await activity('awaitLoadBalancersGone', named());
    // A client that keeps the address is served until its connection is closed: pods go after their load balancer.
    expect(new Set(await asking)).toEqual(new Set([200]));
    // An application that was never synced is a new one.
    const operations = () => Promise.all(names.map((name) => deps.argo.findApplication(manager(), name)));
    const areNew = async () => expect((await operations()).map((one) => one?.operation)).toEqual(names.map(() => null));
    await vi.waitFor(areNew, UP_TO_MS);
    expect(await activity('deleteExposedApplications', named())).toEqual({ deleted: [] });
    expect(await activity('deleteExposedApplications', { ...named(), cluster: 'gone' })).toEqual({ deleted: [] });
  });

  it('takes its apps and its platform away, and what external-dns made, while the controllers live', async () => {
    const { argocd } = environment;
    await activity('labelCluster', { ...named(), labels: { [argocd.appsLabel]: null } });
    await activity('awaitApplicationsGone', { ...named(), tier: 'app' });
    await activity('awaitLoadBalancersGone', named());
    await activity('awaitOwnedRecordsGone', { zone, owner: GREEN.name });
    await activity('labelCluster', { ...named(), labels: { [argocd.platformLabel]: null } });
    await activity('awaitApplicationsGone', { ...named(), tier: 'platform' });
    await expect(activity('deregisterCluster', named())).resolves.toBeUndefined();
  });

  it('deletes nodes, add-ons, cluster and identity, and nothing is left', async () => {
    for (const { name } of environment.nodeGroups) await activity('deleteNodeGroup', { ...named(), nodeGroup: name });
    for (const { name } of environment.addons) await activity('deleteAddon', { ...named(), addon: name });
    await activity('liftDeletionProtection', { ...named(), token: `${RUN}/unprotect` });
    await activity('deleteCluster', named());
    await activity('deleteOidcProvider', { actor, issuer: facts.oidcIssuer });
    expect(await activity('describeCluster', named())).toBeNull();
    expect(await search()).toEqual([]);
  });

  it('needs nothing more when it is asked for again', async () => {
    const { argocd } = environment;
    await activity('labelCluster', { ...named(), labels: { [argocd.appsLabel]: null } });
    await activity('awaitApplicationsGone', { ...named(), tier: 'app' });
    await activity('awaitLoadBalancersGone', named());
    await activity('deregisterCluster', named());
    expect(await activity('listNodeGroups', named())).toEqual([]);
    expect(await activity('listAddons', named())).toEqual([]);
    await activity('deleteNodeGroup', { ...named(), nodeGroup: 'general' });
    await activity('deleteAddon', { ...named(), addon: 'coredns' });
    await activity('liftDeletionProtection', { ...named(), token: `${RUN}/unprotect` });
    await activity('deleteCluster', named());
    await activity('deleteOidcProvider', { actor, issuer: facts.oidcIssuer });
    expect(await search()).toEqual([]);
  });

  it('leaves the other cluster whole', async () => {
    expect(await activity('checkWorkloads', { actor, cluster: BLUE.name })).toMatchObject({ passed: true });
    expect(await weights()).toEqual({ [`A ${BLUE.name}`]: 100, [`AAAA ${BLUE.name}`]: 100 });
  });
});

const manager = () => ({
  region: environment.region,
  cluster: environment.argocd.cluster,
  namespace: environment.argocd.namespace,
});
const sync = (application: string, requestId: string) =>
  activity('syncApplication', { actor, argocd: environment.argocd, application, requestId });
const resolvers = () => environment.resolvers ?? null;
const ingressOf = ({ ingress }: App) => ingress!;
const hostOf = ({ hosts: [host] }: App): string => host!.name;
const checkOf = ({ checks: [check] }: App) => check!;

function wishOf(of: App, greenPercent: number, expected: Record<string, number>): Wish {
  const { blue, green } = stepWeights(greenPercent);
  const want = [
    { setIdentifier: BLUE.name, weight: blue, target: targets.blue },
    { setIdentifier: GREEN.name, weight: green, target: targets.green },
  ];
  return { id: `at ${greenPercent}`, host: hostOf(of), want, expected, urgent: false };
}

async function weights(): Promise<Record<string, number>> {
  const records = await activity('readRecords', { zone, host: hostOf(app) });
  return Object.fromEntries(records.map(({ type, setIdentifier, weight }) => [`${type} ${setIdentifier}`, weight]));
}
