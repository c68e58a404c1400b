import type { Straggler } from '../../domain/stragglers.ts';
import { Page, type Paint, type TerminalShape } from './page.ts';
import { NOTHING, tableLines } from './table.ts';
import { between } from './words.ts';

const HEADINGS = ['APP', 'TEAM', 'GREEN', 'DEADLINE', 'LEFT', 'SINCE', 'BECAUSE'];

/** A line for each app that is not on green, the most urgent first. */
export function renderStragglers(
  { environment, stragglers }: { readonly environment: string; readonly stragglers: readonly Straggler[] },
  now: Date,
  shape: TerminalShape,
): string {
  if (stragglers.length === 0) return `all apps of ${environment} are on green`;
  const page = new Page(shape);
  const [headings = '', ...lines] = tableLines(
    HEADINGS,
    stragglers.map((one) => cellsOf(one, now)),
  );
  page.cut(headings, 'bold');
  for (const [index, line] of lines.entries()) page.cut(line, stragglers[index] && paintOf(stragglers[index]));
  return page.text;
}

function cellsOf(
  { app, team, state, greenPercent, due, left, since, reason, asksFor }: Straggler,
  now: Date,
): string[] {
  const time = state === 'not-begun' ? undefined : between(since, undefined, now);
  const because = asksFor ? `${reason}; asks for ${asksFor.local}` : reason;
  return [app, team, `${greenPercent}%`, due?.local, left, time, because].map((cell) => cell ?? NOTHING);
}

const paintOf = ({ overdue, needsPerson }: Straggler): Paint => (overdue ? 'red' : needsPerson ? 'yellow' : 'blue');
