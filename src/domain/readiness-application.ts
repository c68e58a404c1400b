// What Argo CD must say of an app: Synced and Healthy, at blue's revision, and seen since it was asked.
import { raisedObjects } from './prescale.ts';
import { textOf, type ApplicationFacts, type ReadinessFacts } from './readiness-facts.ts';
import { about, some, type Bare, type Found, type Question } from './readiness-found.ts';

export function judgeApplication(
  application: ApplicationFacts | null,
  { facts, blue, revision, handsOver }: Question,
): Found[] {
  if (!application)
    return [
      {
        subject: facts.cluster,
        observed: 'no such application',
        expected: 'Synced Healthy',
        wrong: 'no',
        todo: 'find out why its ApplicationSet does not make it for this cluster',
      },
    ];
  const { name: subject } = application;
  const found: Bare[] = [judgeState(application, { facts, handsOver }), judgeFreshness(application)].flatMap(
    (one) => one ?? [],
  );
  if (blue && revision === 'same') found.push(judgeRevision(application, blue));
  return found.map((one) => about(subject, one));
}

function judgeState(
  { sync, health, outOfSync, problems, syncing }: ApplicationFacts,
  { facts, handsOver }: Pick<Question, 'facts' | 'handsOver'>,
): Bare {
  const ours = 'seen' in facts.workloads ? raisedObjects(facts.workloads.seen) : new Set<string>();
  const others = outOfSync.map(textOf).filter((one) => !ours.has(one));
  const onlyOurs = sync === 'OutOfSync' && outOfSync.length > 0 && others.length === 0;
  const details = [...problems, ...(others.length > 0 ? [`out of sync: ${some(others)}`] : [])];
  const state = `${sync} ${health}${syncing ? ', a sync under way' : ''}`;
  const seen = {
    observed: details.length > 0 ? `${state} (${details.join('; ')})` : state,
    expected: 'Synced Healthy',
  };
  const isSynced = (sync === 'Synced' || onlyOurs) && problems.length === 0;
  const isWell = health === 'Healthy' || (handsOver && health === 'Suspended');
  if (isSynced && isWell && !syncing) return seen;
  const passes = isSynced && (health === 'Progressing' || isWell);
  return { ...seen, wrong: 'no', passes, todo: TODO[isSynced ? health : sync] ?? UNCLEAR };
}

const TODO: Readonly<Record<string, string>> = {
  OutOfSync: 'sync it, and keep Git still while the app moves',
  Progressing: 'look at the pods that do not become ready',
  Healthy: 'wait until the sync has ended',
  Degraded: 'look at what Argo CD calls Degraded',
  Suspended: 'promote or abort the rollout that is paused, or resume what is suspended',
  Missing: 'sync it: objects of it are not there',
};
const UNCLEAR = 'look at the conditions of the Application in Argo CD';

const judgeFreshness = ({ comparedAnew }: ApplicationFacts): Bare | undefined =>
  comparedAnew === false
    ? {
        observed: 'has not compared since it was asked to',
        expected: 'a comparison after the request',
        wrong: 'no',
        passes: true,
        todo: 'see whether the application-controller and the repo-server of Argo CD run',
      }
    : undefined;

function judgeRevision({ revision }: ApplicationFacts, blue: ReadinessFacts): Bare {
  const theirs = 'seen' in blue.application ? blue.application.seen : undefined;
  const unknown = 'unknown' in blue.application ? blue.application.unknown : 'it has no such application';
  const wanted = theirs?.revision ?? null;
  const seen = { observed: `revision ${revision ?? 'not known'}` };
  if (!theirs || wanted === null)
    return {
      ...seen,
      expected: `that of ${blue.cluster}, which is not known (${unknown})`,
      wrong: 'unknown',
      passes: true,
      todo: `look at the Application of ${blue.cluster}`,
    };
  const expected = `revision ${wanted}, as on ${blue.cluster}`;
  if (revision === wanted) return { ...seen, expected };
  return { ...seen, expected, wrong: 'no', todo: 'bring both Applications to one revision and sync' };
}
