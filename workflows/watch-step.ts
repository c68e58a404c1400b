// Everything that watches an app at a step: its checks at each host, its analyses. One that fails is enough.
import { CancellationScope } from '@temporalio/workflow';
import type { GateResult } from '../activities/ports.ts';
import { analysesOf } from '../src/domain/analysis.ts';
import { hostNames, type App, type Environment } from '../src/domain/environment.ts';
import type { Evidence } from '../src/domain/status.ts';
import type { AliasTarget } from '../src/domain/traffic.ts';
import { watches } from './proxies.ts';

export interface Watching {
  readonly environment: Environment;
  readonly app: App;
  /** Names of the clusters. */
  readonly blue: string;
  readonly green: string;
  readonly target: AliasTarget;
  readonly greenPercent: number;
  /** When the weights were asked for, and until when it is watched. */
  readonly since: string;
  readonly until: string;
}

/** `evidence`: of a failure what failed, else what all saw. */
export interface StepVerdict {
  readonly verdict: GateResult['verdict'];
  readonly evidence: readonly Evidence[];
}

/** Ends with `until`, or with the first failure; what else is watched is then let go of. */
export async function watchStep(watching: Watching): Promise<StepVerdict> {
  const scope = new CancellationScope();
  const all = scope.run(() => {
    const watched = [...watchHosts(watching), ...watchAnalyses(watching)];
    const never = new Promise<GateResult[]>(() => undefined);
    const failed = watched.map((one) => one.then((results) => (results.some(hasFailed) ? results : never)));
    return Promise.race([...failed, Promise.all(watched).then((results) => results.flat())]);
  });
  try {
    return verdictOf(await all);
  } finally {
    scope.cancel();
  }
}

function watchHosts({ environment, app, target, until }: Watching): Promise<readonly GateResult[]>[] {
  const resolvers = environment.resolvers ?? null;
  return hostNames(app).map(async (host) => [
    await watches.watchGate({ app: app.name, host, target, checks: app.checks, until, resolvers }),
  ]);
}

function watchAnalyses(watching: Watching): Promise<readonly GateResult[]>[] {
  const { environment, app, blue, green, greenPercent, since, until } = watching;
  const analyses = analysesOf(environment, app, greenPercent);
  if (analyses.length === 0) return [];
  const asked = new Set(analyses.map(({ measure }) => (measure.kind === 'command' ? '' : measure.source)));
  const sources = environment.metrics.filter(({ name }) => asked.has(name));
  const hosts = hostNames(app);
  return [watches.watchAnalyses({ app: app.name, hosts, blue, green, greenPercent, analyses, sources, since, until })];
}

const hasFailed = ({ verdict }: GateResult): boolean => verdict === 'failed';

/** Of nothing that was watched nobody can tell. */
function verdictOf(results: readonly GateResult[]): StepVerdict {
  const failed = results.filter(hasFailed);
  if (failed.length > 0) return { verdict: 'failed', evidence: failed.map(({ evidence }) => evidence) };
  const passed = results.length > 0 && results.every(({ verdict }) => verdict === 'passed');
  return { verdict: passed ? 'passed' : 'inconclusive', evidence: results.map(({ evidence }) => evidence) };
}

/** What a person needs of it: all that has not passed. */
export const whyNot = ({ evidence }: StepVerdict): string =>
  evidence
    .filter(({ passed }) => !passed)
    .map(({ check, subject, observed, expected }) => `${check} of ${subject}: ${observed}, expected ${expected}`)
    .join('; ') || 'nothing of it was watched';
