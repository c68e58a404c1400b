// The picture of an upgrade for a terminal. Pure: a status, a moment and the terminal's size give the text.
import type { AppView } from '../../client/app-view.ts';
import type { AppStatus, Finding, PhaseStatus, UpgradeStatus, WorkItem } from '../../domain/status.ts';
import { lastAction } from './actions.ts';
import { columnsOf } from './fit.ts';
import { alike, holdLines } from './holds.ts';
import { lastLine } from './last-line.ts';
import { Page, type Paint, type TerminalShape } from './page.ts';
import { deadlineText, reminderText } from './timing.ts';
import { askedPercent, bakeOf, between, stepOf, weightBar } from './words.ts';

const SIGNS = { pending: '·', running: '▶', done: '✓', failed: '✗', stopped: '■' } as const;
const SIGN_PAINT = { pending: 'dim', running: 'bold', done: 'green', failed: 'red', stopped: 'dim' } as const;
type Shown = keyof typeof SIGNS;

export function renderTree(status: UpgradeStatus, now: Date, shape: TerminalShape): string {
  const page = new Page(shape);
  // Nothing runs beyond the end, however late somebody looks.
  const at = status.endedAt === undefined ? now : new Date(status.endedAt);
  const shown = (state: PhaseStatus['state']): Shown =>
    state === 'running' && status.endedAt !== undefined ? 'stopped' : state;

  page.cut(headline(status, at), 'bold');
  for (const phase of status.phases) {
    const state = shown(phase.state);
    page.cut(phaseLine(phase, { state, apps: status.apps, at }), SIGN_PAINT[state]);
    if (phase.name === 'migrate') addApps(page, status.apps, at);
    if (phase.state !== 'running' && phase.state !== 'failed') continue;
    for (const item of phase.items.filter((one) => one.state !== 'done'))
      page.cut(itemLine(item, shown(item.state), at), SIGN_PAINT[shown(item.state)]);
  }
  // Blockers are told by the hold that they cause.
  for (const finding of status.findings) if (finding.severity !== 'blocker') page.whole(findingText(finding));
  for (const hold of alike(status.holds)) for (const line of holdLines(hold, now)) page.whole(line, 'yellow');
  page.whole(lastLine(status));
  return page.text;
}

function addApps(page: Page, apps: readonly AppStatus[], at: Date): void {
  const nameWidth = Math.max(12, ...apps.map(({ app }) => columnsOf(app)));
  for (const app of apps) {
    page.cut(appLine(app, nameWidth, at), appPaint(app));
    const action = app.state === 'on-green' ? undefined : lastAction(app, at);
    if (action !== undefined) page.cut(`      ${action}`, 'dim');
    const deadline = deadlineText(app, at);
    if (deadline !== undefined) page.cut(`      ${deadline}`, 'dim');
    const reminded = app.state === 'on-green' ? undefined : app.timing?.deadline?.reminded.at(-1);
    if (reminded) page.cut(`      ${between(reminded.at, undefined, at)} ago: ${reminderText(reminded)}`, 'dim');
  }
}

/** The state comes first: whatever is cut, it is seen. */
function headline({ environment, blue, green, state, startedAt, startedBy, endedAt }: UpgradeStatus, at: Date): string {
  const time = between(startedAt, endedAt, at);
  const how = endedAt === undefined ? state : `${state} after ${time}`;
  const from = blue ? `${blue.version} ● ${blue.name}` : '●';
  const start = endedAt === undefined ? `started ${time} ago` : 'started';
  return `${environment}  ${how}   ${from}  →  ${green.version} ◆ ${green.name}   ${start} by ${startedBy}`;
}

function phaseLine(
  { name, startedAt, endedAt, items }: PhaseStatus,
  { state, apps, at }: { state: Shown; apps: readonly AppStatus[]; at: Date },
): string {
  // A phase that is tried again still has the end of the try before.
  const time = between(startedAt, state === 'running' ? undefined : endedAt, at);
  const moved = apps.filter((app) => app.state === 'on-green').length;
  const done = items.filter((item) => item.state === 'done');
  const detail =
    name === 'migrate' && apps.length > 0
      ? `${moved}/${apps.length} apps on green`
      : done.map((item) => `${item.name} ${between(item.startedAt, item.endedAt, at)}`).join(' · ');
  return `${SIGNS[state]} ${name.padEnd(13)}${time.padStart(7)}   ${state === 'done' || name === 'migrate' ? detail : ''}`;
}

const itemLine = ({ name, startedAt, endedAt, detail }: WorkItem, state: Shown, at: Date): string =>
  `    ${SIGNS[state]} ${name} · ${between(startedAt, endedAt, at)}${detail === undefined ? '' : ` · ${detail}`}`;

function appLine(status: AppStatus, nameWidth: number, at: Date): string {
  const { app, team, state, greenPercent, since } = status;
  const asked = askedPercent(status);
  const does = asked === undefined ? state : `asks for ${asked} %`;
  const step = stepOf(status);
  const time = `${between(since, undefined, at)}${bakeOf(status)}`;
  const name = `${app}${' '.repeat(nameWidth - columnsOf(app))}`;
  return `    ${name} ${weightBar(greenPercent)} ${String(greenPercent).padStart(3)} %  ${[does, ...(step === undefined ? [] : [`step ${step}`]), time].join(' · ')} · team ${team}`;
}

export function appPaint({ state }: AppView): Paint {
  if (state === 'not-begun') return 'dim';
  if (state === 'on-green') return 'green';
  return state === 'holding' || state === 'reversing' ? 'yellow' : 'blue';
}

export const findingText = ({ severity, id, subject, what, todo }: Finding): string =>
  `${severity} ${id} · ${subject}: ${what}; ${todo}`;
