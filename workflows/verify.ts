// Asks green itself whether it can carry the apps, before any of them gets traffic there.
import { ApplicationFailure } from '@temporalio/workflow';
import type { Actor } from '../activities/ports.ts';
import { applicationName, hostNames, type App, type Environment, type HttpCheck } from '../src/domain/environment.ts';
import type { Evidence } from '../src/domain/status.ts';
import { ingressOf } from './look-up.ts';
import { calls, waits } from './proxies.ts';
import { tell, workReporter } from './report-work.ts';

export interface VerifyInput {
  readonly environment: Environment;
  readonly actor: Actor;
  readonly green: string;
}

const passed = (evidence: Evidence): string =>
  evidence.passed ? evidence.observed : `${evidence.observed}, expected ${evidence.expected}`;

export async function verify({ environment, actor, green }: VerifyInput): Promise<readonly Evidence[]> {
  const work = workReporter('verify');
  const startedAt = new Date().toISOString();
  const { argocd, nodeGroups, apps } = environment;
  const maySuspend = apps.filter(({ handover }) => handover).map((app) => applicationName(app, green));

  const evidence = await Promise.all([
    work('nodes Ready', () => waits.checkNodes({ actor, cluster: green, nodeGroups }), passed),
    work('workloads available', () => waits.checkWorkloads({ actor, cluster: green }), passed),
    work(
      'Argo CD Synced and Healthy',
      () => waits.checkApplications({ actor, argocd, cluster: green, ...(maySuspend.length > 0 && { maySuspend }) }),
      passed,
    ),
    ...apps.flatMap((app) =>
      hostNames(app).flatMap((host) =>
        app.checks.map((check) => work(`${host} answers ${check.path}`, () => probe(app, host, check), passed)),
      ),
    ),
  ]);
  const failed = evidence.filter((one) => !one.passed);
  const state = failed.length === 0 ? 'done' : 'failed';
  await tell(
    'verify',
    {
      name: 'checks',
      state,
      startedAt,
      endedAt: new Date().toISOString(),
      detail: `${evidence.length - failed.length} of ${evidence.length} passed`,
    },
    evidence,
  );
  if (failed.length > 0) {
    throw ApplicationFailure.nonRetryable(
      failed.map((one) => `${one.check} of ${one.subject}: ${one.observed}, expected ${one.expected}`).join('; '),
      'checks.failed',
      { evidence: failed },
    );
  }
  return evidence;

  async function probe(app: App, host: string, check: HttpCheck): Promise<Evidence> {
    const target = await waits.findLoadBalancer({ actor, cluster: green, ingress: ingressOf(app) });
    return calls.checkHttp({ host, target, check, resolvers: environment.resolvers ?? null });
  }
}
