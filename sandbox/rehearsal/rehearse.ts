// A whole rehearsal on a running sandbox: traffic, the walk, and the report of what was seen.
import { PHASES } from '../../src/domain/status.ts';
import { DEVELOPERS_APPS } from '../gitops/catalog.ts';
import { given } from '../given.ts';
import { BLUE, GREEN, ZONE, type Sandbox } from '../sandbox.ts';
import { countHistories } from './histories.ts';
import type { RehearsalReport, Scenario } from './report.ts';
import { walk } from './scenario.ts';
import { askArgoCd, askCluster, findLeftovers, isReady, readZone } from './survey.ts';
import { startTraffic } from './traffic.ts';

/** What an upgrade may take beyond the waits that the sandbox's speed shortens: 10 minutes, and 4 hours of AWS. */
const WITHIN = { realMs: 10 * 60_000, awsSeconds: 4 * 3600 } as const;

export async function rehearse(
  sandbox: Sandbox,
  scenario: Scenario,
  { signal, stream }: { readonly signal: AbortSignal; readonly stream: NodeJS.WriteStream },
): Promise<RehearsalReport> {
  const startedAt = new Date().toISOString();
  const callsBefore = sandbox.gateway.calls.length;
  const blueBefore = await askCluster(BLUE.name, sandbox.controlPlane(BLUE.name));
  const issuer = given(sandbox.controlPlane(BLUE.name)?.issuer, 'issuer of the live cluster');
  const traffic = await startTraffic(sandbox);
  const { speed } = sandbox.settings;
  const { status, workerKilledIn } = await walk(sandbox, scenario, {
    signal,
    stream,
    withinMs: WITHIN.realMs + speed.ms(WITHIN.awsSeconds),
  });
  await traffic.stop();

  const calls: Record<string, number> = {};
  for (const { service, operation } of sandbox.gateway.calls.slice(callsBefore)) {
    const name = `${service}:${operation}`;
    calls[name] = (calls[name] ?? 0) + 1;
  }
  const [blue, green] = [sandbox.controlPlane(BLUE.name), sandbox.controlPlane(GREEN.name)];
  return {
    scenario,
    speed: speed.factor,
    result: status.state,
    outcome: status.outcome ?? status.holds.map(({ because }) => because).join('; '),
    from: BLUE.version,
    to: GREEN.version,
    startedAt,
    endedAt: new Date().toISOString(),
    phases: PHASES.map((name) => {
      const phase = status.phases.find((one) => one.name === name);
      return { name, startedAt: phase?.startedAt ?? null, endedAt: phase?.endedAt ?? null };
    }),
    traffic: await traffic.summary(status),
    clusters: {
      blue: { ...blueBefore, deleted: blue === undefined },
      green: { ...(await askCluster(GREEN.name, green)), ready: await isReady(green) },
    },
    argocd: await askArgoCd(sandbox.manager),
    aws: { calls, leftovers: scenario === 'rollback' ? [] : await findLeftovers(sandbox, BLUE.name, issuer) },
    temporal: await countHistories(sandbox.temporal.address),
    weights: await readWeights(sandbox),
    workerKilledIn,
  };
}

async function readWeights(sandbox: Sandbox): Promise<RehearsalReport['weights']> {
  const records = await readZone(sandbox);
  const weightsOf = (app: string): Record<string, number> =>
    Object.fromEntries(
      records
        .filter(({ Name, Type }) => Name === `${app}.${ZONE}.` && Type === 'A')
        .map(({ SetIdentifier = '', Weight = 0 }) => [SetIdentifier, Weight]),
    );
  return Object.fromEntries(DEVELOPERS_APPS.map(({ name }) => [name, weightsOf(name)]));
}
