// What people did with an app, in words.
import type { AppView } from '../../client/app-view.ts';
import type { AppAction } from '../../domain/status.ts';
import { between } from './words.ts';

const DONE: Readonly<Record<string, string>> = {
  start: 'started',
  pause: 'paused',
  resume: 'resumed',
  retry: 'tried again',
  promote: 'promoted',
  abort: 'taken back',
  pin: 'pinned',
  steps: 'given other steps',
};

/** `promoted by ana: the errors are the load test's` */
export const actionText = ({ verb, by, reason }: AppAction, detail = ''): string =>
  `${DONE[verb] ?? verb}${detail} by ${by}${reason === undefined ? '' : `: ${reason}`}`;

/** `3m00s ago: pinned at 25 % by ana: load test`; undefined when nobody has done anything. */
export function lastAction({ actions, history }: AppView, now: Date): string | undefined {
  const action = actions.at(-1);
  if (!action) return undefined;
  const step = history.at(-1);
  // What a pin asks for is the first step after it.
  const isPinned = action.verb === 'pin' && step !== undefined && step.askedAt >= action.at;
  return `${between(action.at, undefined, now)} ago: ${actionText(action, isPinned ? ` at ${step.greenPercent} %` : '')}`;
}
