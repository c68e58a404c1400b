// Apps that are not on green: whose they are, what keeps them, and how much time is left. Pure.
import { leftText } from './deadline.ts';
import type { DeadlinePolicy, Moment } from './environment.ts';
import { needsPerson, PAUSED_BY_OWNER } from './hold.ts';
import type { AppState, AppStatus, Hold } from './status.ts';

export interface Straggler {
  readonly app: string;
  readonly team: string;
  readonly state: AppState | 'not-begun';
  readonly greenPercent: number;
  readonly due?: Moment;
  readonly policy?: DeadlinePolicy;
  /** `5 days left`, `overdue by 2 hours`; absent without a deadline. */
  readonly left?: string;
  readonly overdue: boolean;
  /** The later deadline that its owner asks for. */
  readonly asksFor?: Moment;
  /** What keeps it, in words. */
  readonly reason: string;
  /** Since when it is in its state: ISO 8601. */
  readonly since: string;
  readonly needsPerson: boolean;
}

type Seen = Omit<AppStatus, 'state'> & { readonly state: AppState | 'not-begun' };

/** The most urgent first: by deadline, then those that a person must move. `notBegun`: why such an app has not. */
export function stragglers(
  apps: readonly Seen[],
  { now, notBegun }: { readonly now: Date; readonly notBegun: string },
): Straggler[] {
  return apps
    .filter(({ state }) => state !== 'on-green')
    .map((app) => stragglerOf(app, now.getTime(), notBegun))
    .toSorted(
      (a, b) => dueMs(a) - dueMs(b) || Number(b.needsPerson) - Number(a.needsPerson) || (a.app < b.app ? -1 : 1),
    );
}

/** Without a deadline it is never due. Finite, so that two of them can be compared. */
const dueMs = ({ due }: Straggler): number => (due ? Date.parse(due.at) : Number.MAX_SAFE_INTEGER);

function stragglerOf(seen: Seen, now: number, notBegun: string): Straggler {
  const { app, team, state, greenPercent, since, timing, hold } = seen;
  const { deadline } = timing ?? {};
  return {
    app,
    team,
    state,
    greenPercent,
    ...(deadline ? { due: deadline.due, policy: deadline.policy, left: leftText(deadline.due, now) } : {}),
    overdue: deadline !== undefined && Date.parse(deadline.due.at) <= now,
    ...(deadline?.requested ? { asksFor: deadline.requested.due } : {}),
    reason: state === 'not-begun' ? notBegun : reasonOf(seen),
    since,
    needsPerson: hold !== undefined && needsPerson(hold),
  };
}

function reasonOf(seen: Seen): string {
  const { state, hold, failed, stepIndex, stepCount } = seen;
  if (hold) return heldBecause(hold, seen);
  if (state === 'moving' || state === 'baking')
    return `under way: step ${Math.min(stepIndex + 1, stepCount)} of ${stepCount}`;
  if (state === 'reversing') return 'gives its traffic back to blue';
  if (state === 'on-blue') return failed === undefined ? 'back on blue' : `back on blue: ${failed}`;
  return 'about to go on';
}

function heldBecause({ kind, because, waitsFor }: Hold, { timing, actions }: Seen): string {
  if (kind === 'owner') return 'not started';
  if (kind === 'schedule') return `scheduled for ${timing?.schedule?.moment.local ?? waitsFor}`;
  if (kind === 'turn') return `waits for its turn: ${because}`;
  if (kind === 'window') return `waits for its window: ${because}`;
  if (kind !== 'paused') return `held: ${because}`;
  const pause = actions.findLast(({ verb }) => verb === 'pause');
  if (because !== PAUSED_BY_OWNER || !pause) return `paused: ${because}`;
  return `paused by ${pause.by}${pause.reason === undefined ? '' : `: ${pause.reason}`}`;
}
