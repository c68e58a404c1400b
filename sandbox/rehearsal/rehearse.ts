// A whole rehearsal on a running sandbox: traffic, the walk, and the report of what was seen.
import { PHASES, type UpgradeStatus } from '../../src/domain/status.ts';
import { given } from '../given.ts';
import { BLUE, GREEN, type Sandbox } from '../sandbox.ts';
import { countHistories } from './histories.ts';
import type { RehearsalReport } from './report.ts';
import type { ScenarioName } from './scenarios.ts';
import { askArgoCd, askCluster, findLeftovers, isReady, readWeights } from './survey.ts';
import { startTraffic } from './traffic.ts';
import { Troubles } from './troubles.ts';
import { Walk } from './walk.ts';
import { within } from './within.ts';

/** What an upgrade may take beyond the waits that the sandbox's speed shortens: 10 minutes, and 4 hours of AWS. */
const WITHIN = { realMs: 10 * 60_000, awsSeconds: 4 * 3600 } as const;

/** An upgrade that fails, or takes too long, is reported as far as it was seen. Throws when a person interrupts it. */
export async function rehearse(
  sandbox: Sandbox,
  scenario: ScenarioName,
  { signal, stream }: { readonly signal: AbortSignal; readonly stream: NodeJS.WriteStream },
): Promise<RehearsalReport> {
  const startedAt = new Date().toISOString();
  const callsBefore = sandbox.gateway.calls.length;
  const blueBefore = await askCluster(BLUE.name, sandbox.controlPlane(BLUE.name));
  const issuer = given(sandbox.controlPlane(BLUE.name)?.issuer, 'issuer of the live cluster');
  const traffic = await startTraffic(sandbox);
  const { speed } = sandbox.settings;
  const troubles = new Troubles(signal);
  const walk = new Walk(sandbox, scenario, stream);
  const limitMs = WITHIN.realMs + speed.ms(WITHIN.awsSeconds);
  await troubles.spare(
    'the upgrade was not walked to its end',
    () => within({ limitMs, interrupted: signal }, (ended) => walk.run(ended)),
    undefined,
  );
  await traffic.stop();
  const endedAt = new Date().toISOString();
  const calls = countCalls(sandbox, callsBefore);

  const { status, noted, approvals } = walk;
  const [blue, green] = [sandbox.controlPlane(BLUE.name), sandbox.controlPlane(GREEN.name)];
  const look = <T>(at: string, ask: () => Promise<T>, otherwise: T): Promise<T> =>
    troubles.spare(`${at} could not be looked at`, ask, otherwise);
  const unseen = { version: null, servesRemovedApi: null };
  const ask = (one: typeof BLUE | typeof GREEN): ReturnType<typeof askCluster> =>
    look(one.name, () => askCluster(one.name, sandbox.controlPlane(one.name)), { name: one.name, ...unseen });
  return {
    scenario,
    speed: speed.factor,
    result: status?.state ?? 'not-seen',
    outcome: outcomeOf(status),
    from: BLUE.version,
    to: GREEN.version,
    startedAt,
    endedAt,
    phases: PHASES.map((name) => {
      const phase = status?.phases.find((one) => one.name === name);
      return { name, startedAt: phase?.startedAt ?? null, endedAt: phase?.endedAt ?? null };
    }),
    traffic: await traffic.summary(status?.apps ?? []),
    clusters: {
      blue: {
        ...(blue ? await ask(BLUE) : blueBefore),
        deleted: blue === undefined,
        ready: await look(`nodes of ${BLUE.name}`, () => isReady(blue), false),
      },
      green: { ...(await ask(GREEN)), ready: await look(`nodes of ${GREEN.name}`, () => isReady(green), false) },
    },
    argocd: await look('Argo CD', () => askArgoCd(sandbox.manager), []),
    aws: {
      calls,
      leftovers: blue
        ? null
        : await look(`what is left of ${BLUE.name}`, () => findLeftovers(sandbox, BLUE.name, issuer), null),
    },
    temporal: await look('Temporal', () => countHistories(sandbox.temporal.address), {
      workflows: 0,
      events: 0,
      failedWorkflowTasks: 0,
    }),
    weights: await look('the hosted zone', () => readWeights(sandbox), {}),
    noted,
    approvals,
    walked: Object.fromEntries((status?.apps ?? []).map(({ app, history }) => [app, history])),
    troubles: troubles.list,
  };
}

function outcomeOf(status: UpgradeStatus | undefined): string {
  if (!status) return 'nobody has seen it';
  return status.outcome ?? (status.holds.map(({ because }) => because).join('; ') || 'it is under way');
}

function countCalls({ gateway }: Sandbox, before: number): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const { service, operation } of gateway.calls.slice(before)) {
    const name = `${service}:${operation}`;
    calls[name] = (calls[name] ?? 0) + 1;
  }
  return calls;
}
