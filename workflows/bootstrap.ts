// Brings the platform and the developers' apps onto green through Argo CD, and publishes green at weight 0.
import { ApplicationFailure } from '@temporalio/workflow';
import type { Actor, ClusterFacts } from '../activities/ports.ts';
import { applicationName, type Environment } from '../src/domain/environment.ts';
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

  await everyOne(
    apps.map((app) =>
      work(`${app.name} at weight 0`, () => publishAtZero({ ask, actor, environment, app, blue, green: green.name })),
    ),
  );

  function sync(application: string): Promise<unknown> {
    return work(
      `app ${application}`,
      () => waits.syncApplication({ actor, argocd, application, requestId: requestId(application) }),
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
