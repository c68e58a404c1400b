// Why an app does not begin, and what it waits for. Pure.
import type { App } from '../src/domain/environment.ts';
import type { Timing } from '../src/domain/status.ts';
import type { HoldReason, Verbs } from './app-board.ts';

/** The page of docs/runbooks. */
const RUNBOOK = 'deadline';

export interface WaitsToBegin {
  readonly app: Pick<App, 'name' | 'team'>;
  readonly environment: string;
  readonly timing: Timing;
  /** Its owner took it back, and why: what it waits for is a second try. */
  readonly takenBack?: string;
}

export interface NotBegun {
  readonly why: HoldReason;
  /** The commands that let it begin, where they are others than those of the kind. */
  readonly verbs?: Verbs;
}

export function whyNotBegun({ app, environment, timing, takenBack }: WaitsToBegin): NotBegun {
  const { schedule, deadline } = timing;
  const begin = takenBack === undefined ? 'start' : 'retry';
  const not = takenBack ?? `${app.team} has not started it`;
  const isLate = deadline?.passed === true;
  const due = deadline?.due.local ?? '';

  if (isLate && deadline.policy === 'escalate') {
    const planned = schedule ? `; ${schedule.by} scheduled it for ${schedule.moment.local}` : '';
    const asked = deadline.requested ? ['grant-extension', 'refuse-extension'] : ['extend'];
    return {
      why: {
        kind: 'deadline',
        because: `${not}, and its deadline has passed: ${due}; it is ${app.team}'s app${planned}`,
        waitsFor: `an SRE: begin in the stead of ${app.team}, or a later deadline`,
        runbook: RUNBOOK,
      },
      verbs: [[begin, ...asked], ['rollback']],
    };
  }
  if (schedule) {
    const late = schedule.opens === undefined ? '' : `, when the window is shut: it opens ${schedule.opens}`;
    return {
      why: {
        kind: 'schedule',
        because: `${takenBack === undefined ? '' : `${takenBack}; `}${schedule.by} scheduled it for ${schedule.moment.local}${late}`,
        waitsFor: `its time: ${schedule.opens ?? schedule.moment.local}`,
      },
      verbs: [[begin, 'unschedule'], ['rollback']],
    };
  }
  const what = takenBack === undefined ? 'its start' : 'a second try';
  const kind = takenBack === undefined ? 'owner' : 'aborted';
  if (isLate)
    return {
      why: {
        kind,
        because: `${not}, and its deadline has passed: ${due}; ${environment} is blocked until it has moved`,
        waitsFor: `${what} by ${app.team}, which is overdue`,
        runbook: RUNBOOK,
      },
    };
  const by = deadline ? `; its deadline is ${due}` : '';
  const because = takenBack ?? `${app.team} moves it on a day of its own`;
  return { why: { kind, because: `${because}${by}`, waitsFor: what } };
}
