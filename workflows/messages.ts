// How people and workflows speak to a run. Updates answer at once: accepted, or refused with a reason and no trace.
import type { UpdateDefinition } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type {
  ApprovalPoint,
  Environment,
  HostedZone,
  Moment,
  Reminder,
  TrafficStep,
} from '../src/domain/environment.ts';
import type { Asking } from '../src/domain/permissions.ts';
import type { LastChange } from '../src/domain/dns-view.ts';
import type { AppStatus, Evidence, PhaseName, UpgradeStatus, WorkItem } from '../src/domain/status.ts';
import type { ZoneWish } from '../src/domain/zone-batch.ts';

export interface UpgradeInput {
  readonly environment: Environment;
  readonly startedBy: string;
}

/** How an upgrade ended. What went wrong in between was a hold, not an end. */
export interface UpgradeResult {
  readonly result: 'succeeded' | 'rolled-back' | 'aborted';
  readonly status: UpgradeStatus;
}

/** Who asks, in which role, and why. */
export type Asker = Asking;

/** What is true after an accepted command, in one sentence. */
export interface Accepted {
  readonly now: string;
}

/** Failure types that validators throw: the command is refused and the run untouched. */
export const REFUSED = 'command.refused';

export const statusQuery = defineQuery<UpgradeStatus>('status');
export const pauseUpdate = defineUpdate<Accepted, [Asker]>('pause');
/** Ends a pause; of what is not paused, lets whatever holds because of a failure try again. */
export const resumeUpdate = defineUpdate<Accepted, [Asker]>('resume');
export const approveUpdate = defineUpdate<Accepted, [Asker & { readonly point: ApprovalPoint }]>('approve');
export const rollbackUpdate = defineUpdate<Accepted, [Asker & { readonly removeGreen: boolean }]>('rollback');
/** Ends the run where it stands; nothing more is changed. */
export const abortUpdate = defineUpdate<Accepted, [Asker]>('abort');

/** A command to one app's migration, from its owner or who acts in the owner's stead. */
export const appUpdate = <Ask extends Asker>(name: string): UpdateDefinition<Accepted, [Ask]> =>
  defineUpdate<Accepted, [Ask]>(name);
export const startUpdate = appUpdate<Asker>('start');
export const retryUpdate = appUpdate<Asker>('retry');
/** Ends the bake of the step under way, or takes as passed what the gate could not tell. */
export const promoteUpdate = appUpdate<Asker>('promote');
export const pinUpdate = appUpdate<Asker & { readonly greenPercent: number }>('pin');
/** Other steps for those that have not been reached. */
export const stepsUpdate = appUpdate<Asker & { readonly steps: readonly TrafficStep[] }>('steps');
/** The time at which it begins. `opens`: when the window opens that is shut then. */
export const scheduleUpdate = appUpdate<Asker & { readonly moment: Moment; readonly opens?: string }>('schedule');
export const unscheduleUpdate = appUpdate<Asker>('unschedule');
/** A request for a later deadline, with its reminders; an SRE or approver answers it. */
export const extendUpdate = appUpdate<Asker & { readonly due: Moment; readonly remind: readonly Reminder[] }>('extend');
export const grantExtensionUpdate = appUpdate<Asker>('grant-extension');
export const refuseExtensionUpdate = appUpdate<Asker>('refuse-extension');
/** From the upgrade to a migration that queues: it may begin. */
export const turnSignal = defineSignal('turn');
/** From the upgrade: the old cluster is about to go, so an app that is on green is done. */
export const releaseSignal = defineSignal('release');

/** From a phase's own workflow to its upgrade: work that began or ended, and what was observed. */
export const workSignal = defineSignal<
  [
    {
      readonly phase: PhaseName;
      readonly item: WorkItem;
      readonly evidence?: readonly Evidence[];
    },
  ]
>('work');
/** From a migration to its upgrade, at every change, with its number: what is said at the same moment may overtake. */
export const appProgressSignal = defineSignal<[AppStatus, number]>('appProgress');
export const appStatusQuery = defineQuery<AppStatus>('appStatus');
/** From the upgrade to a migration. */
export const migrationSteerSignal = defineSignal<[Steering]>('steer');

export interface Steering {
  readonly paused: boolean;
  /** Whatever holds because of a failure tries again. */
  readonly retry: boolean;
  /** Why no new step may begin, though nothing is paused. Absent: it may. */
  readonly stopped?: string;
}

/** What the zone's writer did last for each name. */
export const lastChangesQuery = defineQuery<Readonly<Record<string, LastChange>>>('lastChanges');

/** From whoever needs records changed to the zone's one writer: what one asker wishes at one time. */
export const wishSignal = defineSignal<[WishLetter]>('wish');
/** Takes a wish back, by its id, as long as nothing was written for it: whoever asked does not wait any more. */
export const withdrawSignal = defineSignal<[string]>('withdraw');
/** The zone's one answer to each wish; those to wishes that were written together come together. */
export const wishAnswerSignal = defineSignal<[readonly WishAnswer[]]>('wishAnswer');

export interface WishLetter {
  readonly zone: HostedZone;
  readonly wishes: readonly ZoneWish[];
  readonly askerWorkflowId: string;
}

export type WishAnswer =
  | {
      readonly wish: string;
      readonly outcome: 'in-sync';
      readonly inSyncAt: string;
      readonly changed: boolean;
    }
  | {
      readonly wish: string;
      readonly outcome: 'refused';
      readonly type: string;
      readonly why: string;
    };
