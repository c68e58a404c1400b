import type { Client, WorkflowHandle } from '@temporalio/client';
import { upgradeId } from '../../../src/domain/ids.ts';
import type { PhaseName, UpgradeStatus } from '../../../src/domain/status.ts';
import { ENVIRONMENT } from '../../sandbox.ts';
import { unless } from '../unless.ts';
import type { Actor, Noted, Scenario, Stage } from '../scenario.ts';

/** The worker is killed once in each phase, at the moment in which the upgrade's history shows that the phase has begun. */
export const workerCrash: Scenario = {
  ends: 'succeeded',
  actor: (stage) => new Killer(stage),
  judge: ({ noted }, { phases }) => {
    const missed = phases.filter((phase) => !noted['workerKilledIn']?.includes(phase));
    return unless(missed.length === 0, `the worker was not killed in ${missed.join(', ')}`);
  },
};

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

const CHILD_OF_PHASE: Readonly<Record<string, PhaseName>> = {
  provision: 'provision',
  bootstrap: 'bootstrap',
  verify: 'verify',
  migration: 'migrate',
  decommission: 'decommission',
};

/** The phase that an event of the upgrade's history begins. */
function phaseBegunBy(event: HistoryEvent): PhaseName | undefined {
  const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
  if (activity === 'gatherPreflight') return 'preflight';
  const child = event.startChildWorkflowExecutionInitiatedEventAttributes?.workflowType?.name;
  if (child) return CHILD_OF_PHASE[child];
  // The only timer of an upgrade that goes forward is its soak.
  return event.timerStartedEventAttributes ? 'soak' : undefined;
}

class Killer implements Actor {
  readonly #stage: Pick<Stage, 'client' | 'worker'>;
  /** Milliseconds since the epoch. */
  readonly #killedAt = new Map<PhaseName, number>();

  constructor(stage: Pick<Stage, 'client' | 'worker'>) {
    this.#stage = stage;
  }

  async beside(signal: AbortSignal): Promise<void> {
    const { client, worker } = this.#stage;
    for await (const event of follow(client, signal)) {
      const phase = phaseBegunBy(event);
      if (phase === undefined || this.#killedAt.has(phase)) continue;
      this.#killedAt.set(phase, Date.now());
      await worker.crash();
    }
  }

  noted(status: UpgradeStatus | undefined): Noted {
    return { workerKilledIn: status ? hitPhases(this.#killedAt, status) : [] };
  }
}

/** The phases that were under way when the worker was killed for them. */
function hitPhases(killedAt: ReadonlyMap<PhaseName, number>, { phases }: UpgradeStatus): PhaseName[] {
  return phases.flatMap(({ name, startedAt, endedAt }) => {
    const at = killedAt.get(name);
    const hit =
      at !== undefined &&
      startedAt !== undefined &&
      endedAt !== undefined &&
      Date.parse(startedAt) <= at &&
      at <= Date.parse(endedAt);
    return hit ? [name] : [];
  });
}

/** The upgrade's events as they are written: the server itself tells, so it works while no worker is alive. */
async function* follow(client: Client, signal: AbortSignal): AsyncGenerator<HistoryEvent> {
  let nextPageToken = new Uint8Array();
  while (!signal.aborted) {
    const execution = { workflowId: upgradeId(ENVIRONMENT) };
    const request = { namespace: 'default', execution, waitNewEvent: true, nextPageToken };
    const page = await client
      .withAbortSignal(signal, () => client.workflowService.getWorkflowExecutionHistory(request))
      .catch(() => undefined);
    if (!page) continue;
    yield* page.history?.events ?? [];
    nextPageToken = new Uint8Array(page.nextPageToken);
    if (nextPageToken.length === 0 && (page.history?.events?.length ?? 0) > 0) return;
  }
}
