// What people are shown of one app while it moves, told to the upgrade at every change.
import { getExternalWorkflowHandle, log, setHandler, workflowInfo } from '@temporalio/workflow';
import type { App } from '../src/domain/environment.ts';
import type { AppStatus, Hold, HoldKind, TrafficStepStatus } from '../src/domain/status.ts';
import { appProgressSignal, appStatusQuery } from './messages.ts';
import { reasonOf, type Advice } from './reason.ts';

export interface AppBoard {
  readonly status: AppStatus;
  show(change: Partial<AppStatus>): Promise<AppStatus>;
  beginStep(index: number, step: TrafficStepStatus): Promise<void>;
  updateStep(change: Partial<TrafficStepStatus>, greenPercent: number): Promise<void>;
  endStep(change: Partial<TrafficStepStatus>): Promise<void>;
  hold(kind: HoldKind, because: string, waitsFor: string, advice?: Advice): Promise<void>;
  release(): Promise<void>;
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
  };
  setHandler(appStatusQuery, () => status);

  const show = async (change: Partial<AppStatus>): Promise<AppStatus> => {
    const since = change.state !== undefined && change.state !== status.state ? now() : status.since;
    status = { ...status, ...change, since };
    await tellUpgrade(status);
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
      await show({ state: 'moving', stepIndex: index, history: [...status.history, step] });
    },
    async updateStep(change, greenPercent) {
      await show({ greenPercent, history: withLast(change) });
    },
    async endStep(change) {
      await show({ history: withLast(change) });
    },
    async hold(kind, because, waitsFor, advice = {}) {
      const releases = [`eksodus upgrade resume ${environment}`, `eksodus upgrade rollback ${environment}`];
      const hold: Hold = {
        kind,
        phase: 'migrate',
        app: app.name,
        because,
        waitsFor,
        ...advice,
        releases: kind === 'window' ? releases.slice(1) : releases,
        since: now(),
      };
      await show({ state: 'holding', hold });
    },
    async release() {
      if (status.hold === undefined) return;
      const { hold: _released, ...rest } = status;
      status = rest;
      await show({ state: 'waiting' });
    },
  };
}

async function tellUpgrade(status: AppStatus): Promise<void> {
  const upgrade = workflowInfo().parent?.workflowId;
  if (upgrade === undefined) return;
  try {
    await getExternalWorkflowHandle(upgrade).signal(appProgressSignal, status);
  } catch (error) {
    log.warn('the upgrade of this migration is gone', { upgrade, error: reasonOf(error) });
  }
}
