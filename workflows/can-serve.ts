// Before traffic goes to a colour, that colour is asked whether it can serve the app.
import { isCancellation, log } from '@temporalio/workflow';
import type { Actor, GateResult } from '../activities/ports.ts';
import { applicationName, hostNames, type App, type Environment } from '../src/domain/environment.ts';
import type { Evidence } from '../src/domain/status.ts';
import type { AliasTarget } from '../src/domain/traffic.ts';
import { ingressOf, lookAtHost, zoneOf, type Move } from './colours.ts';
import { calls, waits } from './proxies.ts';
import { reasonOf } from './reason.ts';

export interface Asked {
  readonly actor: Actor;
  readonly environment: Environment;
  readonly app: App;
  readonly cluster: string;
}

/** Argo CD's word alone is no proof of life, so the load balancer is asked too. */
export async function canServe({ actor, environment, app, cluster }: Asked): Promise<Evidence> {
  const name = applicationName(app, cluster);
  const argoSays = (observed: string, passed: boolean): Evidence => ({
    check: 'Argo CD',
    subject: name,
    passed,
    observed,
    expected: 'Synced Healthy',
    at: new Date().toISOString(),
  });
  const applications = await calls.listApplications({
    actor,
    argocd: environment.argocd,
    cluster,
    tier: 'app',
  });
  const application = applications.find((one) => one.name === name);
  // What waits for its start in the other cluster is suspended.
  const isWell = application?.health === 'Healthy' || (app.handover && application?.health === 'Suspended');
  if (application?.sync !== 'Synced' || !isWell) {
    const observed = application ? `${application.sync} ${application.health}` : 'no such application';
    return argoSays(observed, false);
  }
  if (app.hosts.length === 0) return argoSays(`Synced ${application.health}`, true);
  const target = await waits.findLoadBalancer({ actor, cluster, ingress: ingressOf(app) });
  const answers = await answersNow({ environment, app, target });
  const failed = answers.find(({ verdict }) => verdict !== 'passed');
  return failed?.evidence ?? argoSays('Synced Healthy', true);
}

/**
 * Asks a load balancer for every host of the app, once or as often as it takes to know: only checks that fail as often
 * in a row as they may give `failed`, so one lost probe wakes nobody.
 */
export function answersNow({
  environment,
  app,
  target,
}: Pick<Asked, 'environment' | 'app'> & { target: AliasTarget }): Promise<GateResult[]> {
  const until = new Date().toISOString();
  const resolvers = environment.resolvers ?? null;
  const { checks } = app;
  return Promise.all(
    hostNames(app).map((host) => waits.watchGate({ app: app.name, host, target, checks, until, resolvers })),
  );
}

/**
 * Before traffic goes back to blue. Undefined: go. Only a proven no stops a reversal: where nobody can tell, the side that
 * is known to fail is left first, and questions are asked afterwards.
 */
export async function whyNotBackToBlue({
  environment,
  app,
  blue,
  green,
}: Pick<Move, 'environment' | 'app' | 'blue' | 'green'>): Promise<string | undefined> {
  try {
    for (const host of app.hosts) {
      const { weights, blueTarget } = await lookAtHost(zoneOf(environment, host), host.name, { blue, green });
      // All of it is on blue already: there is nothing to ask.
      if (Object.entries(weights).every(([cluster, weight]) => cluster === blue || weight === 0)) continue;
      const failed = (await answersNow({ environment, app, target: blueTarget })).find(
        ({ verdict }) => verdict === 'failed',
      );
      if (failed) return `${failed.evidence.subject}: ${failed.evidence.observed}`;
    }
    return undefined;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('blue could not be asked before going back', { app: app.name, error: reasonOf(error) });
    return undefined;
  }
}
