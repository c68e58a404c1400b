// An upgrade as lines for logs: one for each change, ISO time first, then words, then key=value for grep.
import {
  PHASES,
  type AppAction,
  type AppStatus,
  type Hold,
  type PhaseStatus,
  type UpgradeStatus,
  type WorkItem,
} from '../../domain/status.ts';
import { actionText } from './actions.ts';
import { oneLine } from './fit.ts';
import { adviceText } from './holds.ts';
import { reminderText } from './timing.ts';
import { findingText } from './tree.ts';
import { askedPercent, between, stepText } from './words.ts';

type Before = UpgradeStatus | undefined;
interface Change {
  readonly at: string;
  readonly text: string;
  readonly pairs: readonly string[];
}

/** What `now` shows that `before` did not, each change with its own moment where the status knows it. Pure. */
export function changedLines(before: Before, now: UpgradeStatus, seenAt: Date): string[] {
  const changes = [
    ...stateChanges(before, now, seenAt),
    ...now.phases.flatMap((phase) => {
      const was = before?.phases.find(({ name }) => name === phase.name);
      return [...itemChanges(was, phase, seenAt), ...phaseChanges(was, phase, seenAt)];
    }),
    ...findingChanges(before, now),
    ...now.apps.flatMap((app) => {
      const was = before?.apps.find((one) => one.app === app.app);
      return [...actionChanges(was, app), ...reminderChanges(was, app), ...appChanges(was, app, seenAt)];
    }),
    ...holdChanges(before, now),
    ...endChanges(before, now),
  ];
  return changes
    .toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .map(({ at, text, pairs }) => logLine(at, text, [`env=${now.environment}`, ...pairs]));
}

/** `2026-11-21T03:12:00.000Z phase 2/7 provision done after 13m02s  env=stg phase=provision state=done` */
export const logLine = (at: string, text: string, pairs: readonly string[]): string =>
  `${at} ${oneLine(text)}  ${pairs.join(' ')}`;

function stateChanges(before: Before, now: UpgradeStatus, seenAt: Date): Change[] {
  const { state, green, startedAt, startedBy, endedAt } = now;
  const start = {
    at: startedAt,
    text: `upgrade to ${green.version} on ${green.name}, started by ${startedBy}`,
    pairs: ['state=running'],
  };
  const changes = before ? [] : [start];
  // Holds and ends have lines of their own, which say more.
  if ((before?.state ?? 'running') === state || state === 'holding' || endedAt !== undefined) return changes;
  return [...changes, { at: seenAt.toISOString(), text: `upgrade ${state}`, pairs: [`state=${state}`] }];
}

function phaseChanges(was: PhaseStatus | undefined, phase: PhaseStatus, seenAt: Date): Change[] {
  const { name, state, startedAt, endedAt } = phase;
  if (state === 'pending' || was?.state === state) return [];
  const pairs = [`phase=${name}`, `state=${state}`];
  const seen = seenAt.toISOString();
  const which = `phase ${PHASES.indexOf(name) + 1}/${PHASES.length} ${name}`;
  // A phase that is tried again keeps the start of its first try.
  if (state === 'running')
    return [{ at: was?.state === 'failed' ? seen : (startedAt ?? seen), text: `${which} running`, pairs }];
  const text = `${which} ${state} after ${between(startedAt, endedAt, seenAt)}`;
  return [{ at: endedAt ?? seen, text, pairs }];
}

function itemChanges(was: PhaseStatus | undefined, { name: phase, items }: PhaseStatus, seenAt: Date): Change[] {
  const isKnown = ({ name, state, startedAt }: WorkItem): boolean =>
    was?.items.some((one) => one.name === name && one.state === state && one.startedAt === startedAt) ?? false;
  return items
    .filter((item) => !isKnown(item))
    .map(({ name, state, startedAt, endedAt, detail }) => {
      const time = state === 'running' ? '' : ` after ${between(startedAt, endedAt, seenAt)}`;
      const text = `${name} ${state}${time}${detail === undefined ? '' : `: ${detail}`}`;
      return { at: endedAt ?? startedAt, text, pairs: [`phase=${phase}`, `state=${state}`] };
    });
}

/** Blockers are told by the hold that they cause. */
const findingChanges = (before: Before, { findings }: UpgradeStatus): Change[] =>
  findings
    .filter(({ severity }) => severity !== 'blocker')
    .filter(({ id, subject }) => !before?.findings.some((one) => one.id === id && one.subject === subject))
    .map((finding) => ({
      at: finding.seenAt,
      text: findingText(finding),
      pairs: [`finding=${finding.id}`, `severity=${finding.severity}`],
    }));

function actionChanges(was: AppStatus | undefined, { app, actions }: AppStatus): Change[] {
  const isKnown = ({ verb, by, at }: AppAction): boolean =>
    was?.actions.some((one) => one.verb === verb && one.by === by && one.at === at) ?? false;
  return actions
    .filter((action) => !isKnown(action))
    .map((action) => ({
      at: action.at,
      text: `${app} ${actionText(action)}`,
      pairs: [`app=${app}`, `action=${action.verb}`],
    }));
}

function reminderChanges(was: AppStatus | undefined, { app, timing }: AppStatus): Change[] {
  const known = was?.timing?.deadline?.reminded ?? [];
  return (timing?.deadline?.reminded ?? [])
    .filter((one) => !known.some(({ at, daysBefore }) => at === one.at && daysBefore === one.daysBefore))
    .map((one) => ({
      at: one.at,
      text: `${app} ${reminderText(one)}`,
      pairs: [`app=${app}`, `reminder=${one.daysBefore}`],
    }));
}

function appChanges(was: AppStatus | undefined, now: AppStatus, seenAt: Date): Change[] {
  const { app, state, greenPercent, stepIndex, since } = now;
  const sameState = was?.state === state;
  if (sameState && was.greenPercent === greenPercent && was.stepIndex === stepIndex) return [];
  const pairs = [`app=${app}`, `green=${greenPercent}`, `step=${stepText(now)}`, `state=${state}`];
  return [{ at: sameState ? seenAt.toISOString() : since, text: `${app} ${appText(now)}`, pairs }];
}

/** A step is told by what it asks for, never by the share of the step before. */
function appText(app: AppStatus): string {
  const asked = askedPercent(app);
  if (asked !== undefined) return `asks for ${asked} % green`;
  if (app.state === 'reversing') return 'gives its traffic back to blue';
  return `${app.state === 'moving' ? '' : `${app.state} `}at ${app.greenPercent} % green`;
}

const holdChanges = (before: Before, { holds }: UpgradeStatus): Change[] =>
  holds
    .filter((hold) => !before?.holds.some((one) => isSame(one, hold)))
    .map((hold) => {
      const { kind, phase, app, because, waitsFor, releases, since } = hold;
      const words = [`holding: ${because}`, `waits for ${waitsFor}`, ...adviceText(hold), releases.join(' | ')];
      const pairs = [`hold=${kind}`, `phase=${phase}`, ...(app === undefined ? [] : [`app=${app}`])];
      return { at: since, text: words.join(' · '), pairs };
    });

const isSame = (a: Hold, b: Hold): boolean => a.kind === b.kind && a.app === b.app && a.since === b.since;

const endChanges = (before: Before, { state, outcome = '', endedAt }: UpgradeStatus): Change[] =>
  endedAt === undefined || before?.endedAt !== undefined
    ? []
    : [{ at: endedAt, text: `${state}: ${outcome}`, pairs: [`state=${state}`] }];
