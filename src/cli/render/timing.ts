// When an app begins and by when it must have moved, in words.
import type { AppView } from '../../client/app-view.ts';
import { leftText } from '../../domain/deadline.ts';
import type { Reminded } from '../../domain/status.ts';
import { between } from './words.ts';

/** `deadline Fri 2026-12-18 18:00 Asia/Tokyo · 5 days left · policy auto`; nothing once it is on green. */
export function deadlineText({ state, timing }: AppView, at: Date): string | undefined {
  const { deadline } = timing ?? {};
  if (!deadline || state === 'on-green') return undefined;
  const { due, policy, requested } = deadline;
  const asks = requested ? [`${requested.by} asks for ${requested.due.local}: ${requested.reason}`] : [];
  return [`deadline ${due.local}`, leftText(due, at.getTime()), `policy ${policy}`, ...asks].join(' · ');
}

export const reminderText = ({ daysBefore, due, failed }: Reminded): string =>
  [
    daysBefore === 0
      ? `reminded at its deadline, ${due}`
      : `reminded ${daysBefore} ${daysBefore === 1 ? 'day' : 'days'} before ${due}`,
    ...(failed === undefined ? [] : [`could not be sent: ${failed}`]),
  ].join(' · ');

/** Everything, a line each. */
export function timingLines(app: AppView, at: Date): string[] {
  const { schedule, deadline } = app.timing ?? {};
  const shut = schedule?.opens === undefined ? '' : `, begins when the window opens: ${schedule.opens}`;
  return [
    ...(schedule ? [`scheduled for ${schedule.moment.local} by ${schedule.by}${shut}`] : []),
    deadlineText(app, at) ?? [],
    ...(deadline?.reminded ?? []).map((one) => `${between(one.at, undefined, at)} ago: ${reminderText(one)}`),
  ].flat();
}
