// Before traffic goes back, blue is asked; and what was raised on green for the move is given back after it.
import { isCancellation, log } from '@temporalio/workflow';
import { applicationName, type App } from '../src/domain/environment.ts';
import { describeReasons } from '../src/domain/readiness.ts';
import type { AliasTarget } from '../src/domain/traffic.ts';
import { answerNow, appIn, whyNotByItself } from './can-serve.ts';
import { lookAtHost, zoneOf, type Move } from './colours.ts';
import { glances, tidies } from './proxies.ts';
import { reasonOf } from './reason.ts';

type Back = Omit<Move, 'ask'>;

/**
 * Before traffic goes back to blue. Undefined: go. Only a proven no stops a reversal: where nobody can tell, the side that
 * is known to fail is left first, and questions are asked afterwards.
 */
export async function whyNotBackToBlue(back: Back): Promise<string | undefined> {
  const { environment, app, blue, green } = back;
  try {
    // By name and load balancer: a name of two zones is asked for once where both lead to the same.
    const leaving = new Map<string, { readonly host: string; readonly target: AliasTarget }>();
    for (const host of app.hosts) {
      const { weights, blueTarget } = await lookAtHost(zoneOf(environment, host), host.name, { blue, green });
      // All of it is on blue already: there is nothing to ask.
      if (Object.entries(weights).every(([cluster, weight]) => cluster === blue || weight === 0)) continue;
      leaving.set(`${host.name} ${blueTarget.hostname}`, { host: host.name, target: blueTarget });
    }
    if (leaving.size === 0) return undefined;
    const [unserved, ...results] = await Promise.all([
      whyUnserved(back),
      ...[...leaving.values()].map(({ host, target }) => answerNow({ environment, app, target }, host)),
    ]);
    const failed = results.find(({ verdict }) => verdict === 'failed');
    const said = [...(failed ? [`${failed.evidence.subject}: ${failed.evidence.observed}`] : []), ...unserved];
    return said.length > 0 ? said.join('; ') : undefined;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('blue could not be asked before going back', { app: app.name, error: reasonOf(error) });
    return undefined;
  }
}

/** What proves that users whom blue gets would not be served. What is not known in a moment, or only untidy, stops nobody. */
async function whyUnserved({ actor, environment, app, blue }: Back): Promise<string[]> {
  try {
    const { argocd } = environment;
    const asked = { actor, argocd, app: appIn(app, blue), cluster: blue };
    const facts = await glances.lookAtReadiness({ ...asked, argoCd: 'as-known' });
    const proven = whyNotByItself(facts, app).filter(({ unserved }) => unserved);
    return proven.length > 0 ? [describeReasons(proven)] : [];
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('blue could not be looked at before going back', { app: app.name, error: reasonOf(error) });
    return [];
  }
}

/** Green lets go of what it was raised to. `serves`: it keeps the app's traffic, so nothing that runs is taken away. */
export async function restoreReplicas(
  { actor, environment, app, green }: Omit<Back, 'blue'>,
  serves: boolean,
): Promise<void> {
  const application = applicationName(app, green);
  await tidies.restoreReplicas({ actor, argocd: environment.argocd, application, cluster: green, serves });
}

/** After all traffic is back. What cannot be given back holds nobody: it is told, as the end of a sentence. */
export async function restoreReplicasOf(apps: readonly App[], back: Omit<Back, 'app' | 'blue'>): Promise<string> {
  const failed = await Promise.all(
    apps.map((app) =>
      restoreReplicas({ ...back, app }, false).then(
        () => '',
        (error: unknown) => `; ${app.name} keeps the replicas that it was raised to: ${reasonOf(error)}`,
      ),
    ),
  );
  return failed.join('');
}
