// What people did with an app, in words.
import type { AppView } from '../../client/app-view.ts';
import type { AppAction } from '../../domain/status.ts';
import { between } from './words.ts';

/** What was done, and what comes between it and what was asked for. */
const DONE: Readonly<Record<string, readonly [done: string, detail?: string]>> = {
  start: ['started'],
  schedule: ['scheduled', 'for'],
  unschedule: ['taken off its schedule'],
  pause: ['paused'],
  resume: ['resumed'],
  retry: ['tried again'],
  promote: ['promoted'],
  abort: ['taken back'],
  pin: ['pinned', 'at'],
  steps: ['given other steps', 'of'],
  extend: ['asked to be extended', 'to'],
  'grant-extension': ['extended', 'to'],
  'refuse-extension': ['not extended', 'to'],
};

/** `promoted by ana: the errors are the load test's`. Roles are named where they are not the usual one, its owner's. */
export function actionText({ verb, by, role = 'developer', detail, reason }: AppAction): string {
  const [done, word] = DONE[verb] ?? [verb];
  const what = detail === undefined ? '' : ` ${word === undefined ? detail : `${word} ${detail}`}`;
  const who = role === 'developer' ? by : `${by} (${role})`;
  return `${done}${what} by ${who}${reason === undefined ? '' : `: ${reason}`}`;
}

/** `3m00s ago: pinned at 25 % by ana: load test`; undefined when nobody has done anything. */
export function lastAction({ actions }: AppView, now: Date): string | undefined {
  const action = actions.at(-1);
  return action && `${between(action.at, undefined, now)} ago: ${actionText(action)}`;
}
