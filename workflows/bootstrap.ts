// Brings the platform and the developers' apps onto green through Argo CD, and publishes green at weight 0.
import { ApplicationFailure } from '@temporalio/workflow';
import type { Actor, ClusterFacts } from '../activities/ports.ts';
import { applicationName, type App, type Environment } from '../src/domain/environment.ts';
import { nameOf } from '../src/domain/handover.ts';
import { planWaves, WaveError, type ArgoApplication } from '../src/domain/waves.ts';
import { zoneAsker } from './ask-zone.ts';
import { publishAtZero } from './colours.ts';
import { calls, waits } from './proxies.ts';
import { workReporter } from './report-work.ts';
import { everyOne } from './settle.ts';

export interface BootstrapInput {
  readonly environment: Environment;
  readonly actor: Actor;
  readonly blue: string;
  readonly green: ClusterFacts;
  /** Makes the sync requests of this attempt its own. */
  readonly attempt: number;
}

export async function bootstrap({ environment, actor, blue, green, attempt }: BootstrapInput): Promise<void> {
  const ask = zoneAsker();
  const work = workReporter('bootstrap');
  const { argocd, apps } = environment;
  const inHands = apps.filter(({ handover }) => handover);
  const requestId = (application: string): string => `${actor.run}/${application}/${attempt}`;

  await work('register with Argo CD', () => calls.registerCluster({ actor, argocd, cluster: green }));

  // Green gets what blue has: the same platform apps, in the order in which they need each other.
  const onBlue = await calls.listApplications({ actor, argocd, cluster: blue, tier: 'platform' });
  await calls.labelCluster({
    actor,
    argocd,
    cluster: green.name,
    labels: { [argocd.platformLabel]: 'enabled' },
  });
  const platform = await waits.awaitApplications({
    actor,
    argocd,
    cluster: green.name,
    tier: 'platform',
    apps: onBlue.map(({ app }) => app),
  });
  for (const wave of wavesOf(platform)) {
    await everyOne(platform.filter(({ app }) => wave.includes(app)).map(({ name }) => sync(name)));
  }

  // Before Argo CD may install them: a CronJob that came as Git has it would run in both clusters at once.
  await everyOne(inHands.map((app) => work(`${app.name} stopped`, () => prepareStopped(app))));
  await calls.labelCluster({
    actor,
    argocd,
    cluster: green.name,
    labels: { [argocd.appsLabel]: 'enabled' },
  });
  const developers = await calls.listApplications({ actor, argocd, cluster: blue, tier: 'app' });
  const present = await waits.awaitApplications({
    actor,
    argocd,
    cluster: green.name,
    tier: 'app',
    apps: developers.map(({ app }) => app),
  });
  const ours = apps.map((app) => applicationName(app, green.name));
  await everyOne([...new Set([...present.map(({ name }) => name), ...ours])].map(sync));
  await everyOne(inHands.map(seeStopped));

  const withTraffic = apps.filter(({ hosts }) => hosts.length > 0);
  await everyOne(
    withTraffic.map((app) =>
      work(`${app.name} at weight 0`, () => publishAtZero({ ask, actor, environment, app, blue, green: green.name })),
    ),
  );

  async function prepareStopped({ handover }: App): Promise<void> {
    const workloads = handover?.workloads ?? [];
    const { missing } = await calls.copyStopped({ actor, from: blue, to: green.name, workloads });
    if (missing.length > 0)
      throw ApplicationFailure.nonRetryable(`${blue} has no ${missing.map(nameOf).join(', ')}`, 'input.invalid');
  }

  /** Argo CD must have left them as it found them. */
  async function seeStopped({ name, handover }: App): Promise<void> {
    const workloads = handover?.workloads ?? [];
    const seen = await calls.lookAtWorkloads({ actor, cluster: green.name, workloads });
    const running = seen.filter(({ size }) => size > 0).map(({ workload }) => nameOf(workload));
    if (running.length === 0) return;
    await calls.stopWorkloads({ actor, cluster: green.name, workloads });
    await calls.clearHandoverNotes({ actor, cluster: green.name, workloads });
    throw ApplicationFailure.nonRetryable(
      `${running.join(', ')} of ${name} ran on ${green.name} too: Argo CD, or somebody, has started it there. It is stopped again`,
      'handover.both',
      {
        hint: 'see the runbook for the ignoreDifferences that its Application needs, then resume',
        runbook: 'handover',
      },
    );
  }

  function sync(application: string): Promise<unknown> {
    return work(
      `app ${application}`,
      () =>
        waits.syncApplication({
          actor,
          argocd,
          application,
          requestId: requestId(application),
          ...(inHands.some((app) => applicationName(app, green.name) === application) && { maySuspend: true }),
        }),
      ({ revision }) => `at ${revision.slice(0, 7)}`,
    );
  }
}

/** What Git says may have changed since preflight, so a circle or an unknown name holds for a person here too. */
function wavesOf(applications: readonly ArgoApplication[]): string[][] {
  try {
    return planWaves(applications);
  } catch (error) {
    throw error instanceof WaveError ? ApplicationFailure.nonRetryable(error.message, 'input.invalid') : error;
  }
}
