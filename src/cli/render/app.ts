// One app, or all of an environment, for a terminal or a pipe. Pure.
import type { AppList } from '../../client/apps.ts';
import { whereIs, type AppView } from '../../client/app-view.ts';
import type { TrafficStepStatus, UpgradeStatus } from '../../domain/status.ts';
import { actionText, lastAction } from './actions.ts';
import { handoverLine } from './handover.ts';
import { alike, holdLines } from './holds.ts';
import { Page, type Paint, type TerminalShape } from './page.ts';
import { NOTHING, tableLines } from './table.ts';
import { timingLines } from './timing.ts';
import { appPaint } from './tree.ts';
import { askedPercent, bakeOf, between, duration, stepOf, weightBar } from './words.ts';

/** What is there for a while only is shown as it was at the end. */
const lookedAt = ({ endedAt }: UpgradeStatus, now: Date): Date => (endedAt === undefined ? now : new Date(endedAt));

const HEADINGS = ['APP', 'TEAM', 'STATE', 'GREEN', 'STEP', 'SINCE', 'HOLD', 'WAITS FOR'];

/** One line for each app, with nothing left out of a column. */
export function renderApps({ upgrade, apps }: AppList, now: Date, shape: TerminalShape): string {
  const page = new Page(shape);
  const [headings = '', ...lines] = tableLines(
    HEADINGS,
    apps.map((app) => cellsOf(app, upgrade, lookedAt(upgrade, now))),
  );
  page.cut(headings, 'bold');
  for (const [index, line] of lines.entries()) page.cut(line, apps[index] && appPaint(apps[index]));
  return page.text;
}

function cellsOf(app: AppView, upgrade: UpgradeStatus, at: Date): string[] {
  const { state, team, greenPercent, since, hold } = app;
  const time = state === 'not-begun' ? NOTHING : between(since, undefined, at);
  const cells = [app.app, team, state, `${greenPercent}%`, stepOf(app), time, hold?.kind, waitsFor(app, upgrade)];
  return cells.map((cell) => cell ?? NOTHING);
}

function waitsFor(app: AppView, upgrade: UpgradeStatus): string | undefined {
  const asked = askedPercent(app);
  if (app.hold) return app.hold.waitsFor;
  if (app.state === 'not-begun') return whereIs(upgrade);
  if (asked !== undefined) return `${asked}% on all name servers`;
  return app.state === 'baking' ? `the end of its bake${bakeOf(app)}` : undefined;
}

/** Everything that is known of one app: where it is, how it came there, what holds it, and who did what. */
export function renderApp(
  { upgrade, app }: { readonly upgrade: UpgradeStatus; readonly app: AppView },
  now: Date,
  shape: TerminalShape,
): string {
  const page = new Page(shape);
  const at = lookedAt(upgrade, now);
  const { state, since, history, hold, handover, failed, actions } = app;
  page.cut(headline(app, upgrade, at), 'bold');
  for (const [index, step] of history.entries()) {
    const runs = index === history.length - 1 && (state === 'moving' || state === 'baking');
    const shown = shownAs(step, runs);
    page.cut(stepLine(step, shown, at), shown.paint);
    // What did not pass is what the hold tells.
    const seen = step.verdict === 'passed' ? (step.evidence ?? []) : [];
    for (const { check, subject, observed } of seen) page.whole(`    ${check} of ${subject}: ${observed}`, 'dim');
  }
  if (handover) {
    const { text, paint } = handoverLine(handover, at);
    page.cut(text, paint);
  }
  if (state === 'not-begun') page.whole(`it waits: ${whereIs(upgrade)}`);
  if (failed !== undefined) page.whole(`given back to blue ${between(since, undefined, at)} ago: ${failed}`, 'yellow');
  for (const one of alike(hold ? [hold] : [])) for (const line of holdLines(one, at)) page.whole(line, 'yellow');
  for (const line of timingLines(app, at)) page.whole(line);
  for (const action of actions.slice(0, -1))
    page.whole(`${between(action.at, undefined, at)} ago: ${actionText(action)}`, 'dim');
  page.whole(lastAction(app, at) ?? 'nobody has steered it');
  return page.text;
}

function headline(app: AppView, { environment, blue, green }: UpgradeStatus, at: Date): string {
  const { state, team, greenPercent, since } = app;
  const step = stepOf(app);
  const time = state === 'not-begun' ? '' : ` ${between(since, undefined, at)}${bakeOf(app)}`;
  const asked = askedPercent(app);
  return [
    `${app.app}  ${state}${time}`,
    `${weightBar(greenPercent)} ${greenPercent} % green${asked === undefined ? '' : `, asks for ${asked} %`}`,
    ...(step === undefined ? [] : [`step ${step}`]),
    `team ${team}`,
    `${environment}: ${blue ? `${blue.version} ●` : '●'}  →  ${green.version} ◆`,
  ].join('   ');
}

interface Shown {
  readonly sign: string;
  readonly word: string;
  readonly paint: Paint;
}

const VERDICTS: Readonly<Record<NonNullable<TrafficStepStatus['verdict']>, Shown>> = {
  passed: { sign: '✓', word: 'passed', paint: 'green' },
  promoted: { sign: '✓', word: 'promoted', paint: 'green' },
  failed: { sign: '✗', word: 'failed', paint: 'red' },
  inconclusive: { sign: '?', word: 'could not tell', paint: 'yellow' },
};

/** A step without a verdict runs, or was ended from outside. */
function shownAs({ verdict }: TrafficStepStatus, runs: boolean): Shown {
  if (verdict !== undefined) return VERDICTS[verdict];
  return runs ? { sign: '▶', word: 'runs', paint: 'bold' } : { sign: '■', word: 'stopped', paint: 'dim' };
}

function stepLine(step: TrafficStepStatus, { sign, word }: Shown, at: Date): string {
  const { greenPercent, bakeSeconds, askedAt, settledAt, endedAt } = step;
  const words = [`${sign} ${String(greenPercent).padStart(3)} %  ${word}`];
  if (settledAt !== undefined) words.push(`everywhere after ${between(askedAt, settledAt, at)}`);
  if (settledAt !== undefined && bakeSeconds > 0 && word !== 'stopped')
    words.push(`baked ${between(settledAt, endedAt, at)} of ${duration(bakeSeconds * 1000)}`);
  return words.join(' · ');
}
