// The picture of an upgrade for a terminal. Pure: a status, a moment and the terminal's size give the text.
import type { AppStatus, Finding, PhaseStatus, UpgradeStatus, WorkItem } from '../../domain/status.ts';
import { columnsOf, cut, oneLine, wrap } from './fit.ts';
import { adviceText, alike, type SharedHold } from './holds.ts';
import { lastLine } from './last-line.ts';
import { askedPercent, between, duration, weightBar } from './words.ts';

export interface TerminalShape {
  /** Columns; no line of a picture is wider. Infinity where nobody counts them. */
  readonly width: number;
  readonly colour: boolean;
}

type Paint = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue';
const CODES: Record<Paint, number> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 };
const SIGNS = { pending: '·', running: '▶', done: '✓', failed: '✗', stopped: '■' } as const;
const SIGN_PAINT = { pending: 'dim', running: 'bold', done: 'green', failed: 'red', stopped: 'dim' } as const;
type Shown = keyof typeof SIGNS;

/** What anybody must be able to read whole is wrapped; the rest is cut to the width. */
export function renderTree(status: UpgradeStatus, now: Date, { width, colour }: TerminalShape): string {
  const lines: string[] = [];
  const add = (texts: readonly string[], how?: Paint): void => {
    for (const text of texts) lines.push(colour && how !== undefined ? `\u001B[${CODES[how]}m${text}\u001B[0m` : text);
  };
  const fit = (text: string): string[] => [cut(oneLine(text), width)];
  const whole = (text: string): string[] => wrap(oneLine(text), width, '    ');
  // Nothing runs beyond the end, however late somebody looks.
  const at = status.endedAt === undefined ? now : new Date(status.endedAt);
  const shown = (state: PhaseStatus['state']): Shown =>
    state === 'running' && status.endedAt !== undefined ? 'stopped' : state;

  add(fit(headline(status, at)), 'bold');
  const nameWidth = Math.max(12, ...status.apps.map(({ app }) => columnsOf(app)));
  for (const phase of status.phases) {
    const state = shown(phase.state);
    add(fit(phaseLine(phase, { state, apps: status.apps, at })), SIGN_PAINT[state]);
    if (phase.name === 'migrate') for (const app of status.apps) add(fit(appLine(app, nameWidth, at)), appPaint(app));
    if (phase.state !== 'running' && phase.state !== 'failed') continue;
    for (const item of phase.items.filter((one) => one.state !== 'done'))
      add(fit(itemLine(item, shown(item.state), at)), SIGN_PAINT[shown(item.state)]);
  }
  // Blockers are told by the hold that they cause.
  for (const finding of status.findings) if (finding.severity !== 'blocker') add(whole(findingText(finding)));
  for (const hold of alike(status.holds)) for (const line of holdLines(hold, now)) add(whole(line), 'yellow');
  add(whole(lastLine(status)));
  return lines.join('\n');
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
  const { app, team, state, greenPercent, stepIndex, stepCount, since, history } = status;
  const asked = askedPercent(status);
  const does = asked === undefined ? state : `asks for ${asked} %`;
  const step = state === 'on-green' || state === 'on-blue' ? '' : ` · step ${stepIndex + 1}/${stepCount}`;
  const bake = state === 'baking' ? history.at(-1)?.bakeSeconds : undefined;
  const time = `${between(since, undefined, at)}${bake === undefined ? '' : ` of ${duration(bake * 1000)}`}`;
  const name = `${app}${' '.repeat(nameWidth - columnsOf(app))}`;
  return `    ${name} ${weightBar(greenPercent)} ${String(greenPercent).padStart(3)} %  ${does}${step} · ${time} · team ${team}`;
}

const appPaint = ({ state }: AppStatus): Paint =>
  state === 'holding' || state === 'reversing' ? 'yellow' : state === 'on-green' ? 'green' : 'blue';

export const findingText = ({ severity, id, subject, what, todo }: Finding): string =>
  `${severity} ${id} · ${subject}: ${what}; ${todo}`;

function holdLines(hold: SharedHold, now: Date): string[] {
  const { whose, because, waitsFor, releases, since } = hold;
  const advice = adviceText(hold);
  return [
    `‖ holding ${between(since, undefined, now)} · ${whose.join(', ')} · waits for: ${waitsFor}`,
    `  because: ${because}`,
    ...(advice.length === 0 ? [] : [`  to do: ${advice.join(' · ')}`]),
    `  ${releases.join(' | ')}`,
  ];
}
