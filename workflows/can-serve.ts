// Before traffic goes to a colour, that colour is asked whether it can serve the app; green is made big enough before.
import { ApplicationFailure, sleep } from '@temporalio/workflow';
import type { Actor, GateResult } from '../activities/ports.ts';
import { applicationName, hostNames, type App, type Environment } from '../src/domain/environment.ts';
import { planPrescale, raisedObjects } from '../src/domain/prescale.ts';
import type { ReadinessFacts } from '../src/domain/readiness-facts.ts';
import type { Question } from '../src/domain/readiness-found.ts';
import { describeReasons, judgeReadiness, type Reason } from '../src/domain/readiness.ts';
import type { AliasTarget } from '../src/domain/traffic.ts';
import { greenLoadBalancer } from './colours.ts';
import { calls, waits } from './proxies.ts';
import { everyOne } from './settle.ts';

export interface Asked {
  readonly actor: Actor;
  readonly environment: Environment;
  readonly app: App;
  readonly blue: string;
  readonly green: string;
}

export type Served =
  | { readonly can: true }
  | {
      readonly can: false;
      readonly because: string;
      readonly todo: string;
      /** Nobody knows that users would suffer: a person may say that green can serve all the same. */
      readonly arguable: boolean;
    };

export interface Told {
  /** Before anything is raised: whoever goes back, or has arrived, gives it back. */
  isRaised(): Promise<void>;
  waitsFor(because: string): Promise<void>;
}

/** What may pass by itself, pods that start or a rollout that goes on, is waited for so long. */
export const PATIENCE_SECONDS = 10 * 60;
const PAUSES_SECONDS = { first: 2, longest: 15 } as const;

/**
 * Whether green can take more traffic: by its Argo CD Application, its replicas and its load balancer's targets, measured
 * by blue, and then by its answers.
 */
export async function canServe(asked: Asked, tell: Told): Promise<Served> {
  const { environment, app, actor, green: cluster } = asked;
  const { revision } = app;
  const [blue, first] = await Promise.all([lookAt(asked, asked.blue), lookAt(asked, cluster)]);
  const { prescale } = environment;
  const { raises } = planPrescale(first, blue, prescale);
  if (raises.length > 0 || hasRaised(first)) await tell.isRaised();
  if (raises.length > 0) await calls.raiseReplicas({ actor, cluster, raises });
  let green = raises.length > 0 ? await lookAt(asked, cluster) : first;
  const since = Date.now();
  for (let pauseSeconds: number = PAUSES_SECONDS.first; ; pauseSeconds *= 2) {
    const reasons = whyNot(green, { blue, revision, prescale, handsOver: handsOver(app) });
    if (reasons.length === 0) break;
    const waitedSeconds = (Date.now() - since) / 1000;
    if (waitedSeconds >= PATIENCE_SECONDS || !reasons.every(({ passes }) => passes)) return refused(reasons);
    await tell.waitsFor(describeReasons(reasons));
    await sleep(Math.min(pauseSeconds, PAUSES_SECONDS.longest) * 1000);
    green = await lookAt(asked, cluster);
  }
  return answers(asked);
}

const hasRaised = ({ workloads }: ReadinessFacts): boolean =>
  'seen' in workloads && raisedObjects(workloads.seen).size > 0;

/** Before blue goes: throws `checks.failed` unless green serves every app. */
export async function seeAllServe(asked: Omit<Asked, 'app' | 'blue'>): Promise<void> {
  const { apps } = asked.environment;
  const answered = await everyOne(apps.map(async (app) => ({ app, served: await serves({ ...asked, app }) })));
  const seen = answered.flatMap(({ app, served }) => (served.can ? [] : [`${app.name}: ${served.because}`]));
  if (seen.length === 0) return;
  throw ApplicationFailure.nonRetryable(`green does not serve: ${seen.join('; ')}`, 'checks.failed');
}

/** Whether green serves what is on it already: nothing is raised, waited for, or measured by blue. */
async function serves(asked: Omit<Asked, 'blue'>): Promise<Served> {
  const reasons = whyNotByItself(await lookAt(asked, asked.green), asked.app);
  return reasons.length > 0 ? refused(reasons) : answers(asked);
}

async function answers(asked: Pick<Asked, 'actor' | 'environment' | 'app' | 'green'>): Promise<Served> {
  if (asked.app.hosts.length === 0) return { can: true };
  const target = await greenLoadBalancer(asked);
  const failed = (await answersNow({ ...asked, target })).find(({ verdict }) => verdict !== 'passed');
  if (!failed) return { can: true };
  const { subject, observed, expected } = failed.evidence;
  const because = `${subject}: ${observed}, expected ${expected}`;
  return { can: false, because, todo: 'look at the pods, or at the check', arguable: false };
}

const lookAt = (
  { actor, environment: { argocd }, app }: Pick<Asked, 'actor' | 'environment' | 'app'>,
  cluster: string,
): Promise<ReadinessFacts> =>
  waits.lookAtReadiness({ actor, argocd, app: appIn(app, cluster), cluster, argoCd: 'anew' });

export const appIn = (app: App, cluster: string): Pick<App, 'application' | 'ingress' | 'handover'> => ({
  application: applicationName(app, cluster),
  ...(app.ingress && { ingress: app.ingress }),
  ...(app.handover && { handover: app.handover }),
});

/** Blue alone, or green as it is: measured by nothing else. */
export const whyNotByItself = (facts: ReadinessFacts, app: App): readonly Reason[] =>
  whyNot(facts, { blue: null, revision: 'any', prescale: { enabled: false }, handsOver: handsOver(app) });

const handsOver = ({ handover }: App): boolean => handover !== undefined;

function whyNot(facts: ReadinessFacts, by: Omit<Question, 'facts'>): readonly Reason[] {
  const readiness = judgeReadiness({ facts, ...by });
  return readiness.verdict === 'can' ? [] : readiness.reasons;
}

function refused(reasons: readonly Reason[]): Served {
  const todo = [...new Set(reasons.filter(({ passes }) => !passes).map((one) => one.todo))];
  const all = todo.length > 0 ? todo : [...new Set(reasons.map((one) => one.todo))];
  return {
    can: false,
    because: describeReasons(reasons),
    todo: all.join('; '),
    arguable: reasons.every(({ unserved }) => !unserved),
  };
}

/**
 * Asks a load balancer for every host of the app, once or as often as it takes to know: only checks that fail as often
 * in a row as they may give `failed`, so one lost probe wakes nobody.
 */
const answersNow = ({ app, ...at }: AskedHosts): Promise<GateResult[]> =>
  Promise.all(hostNames(app).map((host) => answerNow({ ...at, app }, host)));

type AskedHosts = Pick<Asked, 'environment' | 'app'> & { readonly target: AliasTarget };

export function answerNow({ environment, app, target }: AskedHosts, host: string): Promise<GateResult> {
  const until = new Date().toISOString();
  const resolvers = environment.resolvers ?? null;
  return waits.watchGate({ app: app.name, host, target, checks: app.checks, until, resolvers });
}
