// What people are shown of one app while it moves, told to the upgrade at every change.
import { getExternalWorkflowHandle, log, setHandler, workflowInfo } from '@temporalio/workflow';
import type { App } from '../src/domain/environment.ts';
import type { AppAction, AppStatus, Hold, HoldKind, TrafficStepStatus } from '../src/domain/status.ts';
import { appProgressSignal, appStatusQuery } from './messages.ts';
import { reasonOf } from './reason.ts';

/** Why an app holds; where and since when is known, and what releases it follows from the kind. */
export type HoldReason = Omit<Hold, 'phase' | 'app' | 'releases' | 'since'>;

/** `eksodus apps …` and `eksodus upgrade …`, by their verbs. */
export type Verbs = readonly [ofApp: readonly string[], ofAll: readonly string[]];

export interface AppBoard {
  readonly status: AppStatus;
  show(change: Partial<AppStatus>): Promise<AppStatus>;
  beginStep(index: number, step: TrafficStepStatus): Promise<void>;
  updateStep(change: Partial<TrafficStepStatus>, greenPercent: number): Promise<void>;
  endStep(change: Partial<TrafficStepStatus>): Promise<void>;
  hold(why: HoldReason, verbs?: Verbs): Promise<void>;
  release(): Promise<void>;
  /** What a person did. */
  note(action: AppAction, change?: Partial<AppStatus>): Promise<void>;
}

const now = (): string => new Date().toISOString();

/** Must be called before the workflow's first await: it registers the query. */
export function appBoard(environment: string, app: App): AppBoard {
  let status: AppStatus = {
    app: app.name,
    team: app.team,
    state: 'waiting',
    greenPercent: 0,
    stepIndex: 0,
    stepCount: app.steps.length,
    since: now(),
    history: [],
    actions: [],
    ...(app.handover && { handover: { state: 'on-blue', since: now() } }),
  };
  let revision = 0;
  setHandler(appStatusQuery, () => status);

  const show = async (change: Partial<AppStatus>): Promise<AppStatus> => {
    const since = change.state !== undefined && change.state !== status.state ? now() : status.since;
    status = { ...status, ...change, since };
    revision += 1;
    await tellUpgrade(status, revision);
    return status;
  };
  const withLast = (change: Partial<TrafficStepStatus>): TrafficStepStatus[] =>
    status.history.map((step, index) => (index === status.history.length - 1 ? { ...step, ...change } : step));

  return {
    get status() {
      return status;
    },
    show,
    async beginStep(index, step) {
      const before = status.history.map(({ evidence: _seen, ...rest }) => rest);
      await show({ state: 'moving', stepIndex: index, history: [...before, step] });
    },
    async updateStep(change, greenPercent) {
      await show({ greenPercent, history: withLast(change) });
    },
    async endStep(change) {
      await show({ history: withLast(change) });
    },
    async hold(why, verbs = RELEASES[why.kind]) {
      const hold: Hold = {
        ...why,
        phase: 'migrate',
        app: app.name,
        releases: releasesOf(verbs, why, environment, app.name),
        since: now(),
      };
      await show({ state: 'holding', hold });
    },
    async note(action, change = {}) {
      await show({ ...change, actions: [...status.actions, action].slice(-ACTIONS_KEPT) });
    },
    async release() {
      if (status.hold === undefined) return;
      const { hold: _released, ...rest } = status;
      status = rest;
      await show({ state: 'waiting' });
    },
  };
}

const ACTIONS_KEPT = 20;

/** The commands that end a hold, the owner's own first. */
function releasesOf([ofApp, ofAll]: Verbs, { promotable }: Pick<Hold, 'promotable'>, environment: string, app: string) {
  return [
    ...ofApp.map((verb) => `eksodus apps ${verb} ${environment} ${app}`),
    ...(promotable ? [`eksodus apps promote ${environment} ${app}`] : []),
    ...ofAll.map((verb) => `eksodus upgrade ${verb} ${environment}`),
  ];
}

const FAILED: Verbs = [['retry'], ['resume', 'rollback']];
const RELEASES: Readonly<Record<HoldKind, Verbs>> = {
  owner: [['start'], ['rollback']],
  aborted: [['retry'], ['rollback']],
  pinned: [['resume', 'abort'], ['rollback']],
  schedule: [['start', 'unschedule'], ['rollback']],
  deadline: [['start', 'extend'], ['rollback']],
  paused: [['resume'], ['rollback']],
  window: [[], ['rollback']],
  turn: [[], ['rollback']],
  ready: [['abort'], ['rollback']],
  gate: FAILED,
  drift: FAILED,
  failure: FAILED,
  blocker: FAILED,
  approval: [[], ['approve', 'rollback']],
};
/** For an app that is paused with all others. */
export const WITH_THE_UPGRADE: Verbs = [[], ['resume', 'rollback']];

async function tellUpgrade(status: AppStatus, revision: number): Promise<void> {
  const upgrade = workflowInfo().parent?.workflowId;
  if (upgrade === undefined) return;
  try {
    await getExternalWorkflowHandle(upgrade).signal(appProgressSignal, status, revision);
  } catch (error) {
    log.warn('the upgrade of this migration is gone', { upgrade, error: reasonOf(error) });
  }
}
