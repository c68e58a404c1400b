// A sync that is certain to be ours: Argo CD's record of an earlier one looks the same but for the request's id.
import type { ApplicationState, SyncOperation } from '../src/adapters/argo-application.ts';
import type { ArgoAddress } from '../src/adapters/argo.ts';
import type { Dependencies } from '../src/adapters/index.ts';
import { argoAddress } from './argocd.ts';
import { pollUntil, type Look } from './poll.ts';
import type { ArgoActivities } from './ports.ts';
import { asFailure } from './translate.ts';

const SYNC_SECONDS = 20 * 60;
const REFRESH_PAUSE_MS = 1_000;
const UNDER_WAY = new Set(['Running', 'Terminating']);

type Synced = Look<{ revision: string }>;

interface Verdict {
  readonly look: Synced;
  /** What to ask Argo CD for before the next look. */
  readonly ask: 'nothing' | 'sync' | 'refresh';
}

export function createSyncWork({ argo, clock }: Dependencies): Pick<ArgoActivities, 'syncApplication'> {
  return {
    syncApplication: ({ actor, argocd, application, requestId, maySuspend = false }) => {
      const at = argoAddress(actor.region, argocd);
      let refreshedMs = Number.NEGATIVE_INFINITY;
      return pollUntil(clock, {
        what: `Argo CD to sync ${application}`,
        deadlineSeconds: SYNC_SECONDS,
        look: async () => {
          const seen = await argo.findApplication(at, application);
          if (!seen) return { waiting: 'Argo CD has no such application' };
          const { look, ask } = judge(seen, { requestId, maySuspend });
          if (ask === 'sync') return requestSync(at, seen, requestId);
          // By itself Argo CD may compare with what it knew before the sync, and notice only many seconds later.
          if (ask === 'refresh' && !seen.refreshing && clock.now() - refreshedMs >= REFRESH_PAUSE_MS) {
            await argo.requestRefresh(at, application);
            refreshedMs = clock.now();
          }
          return look;
        },
      });
    },
  };

  async function requestSync(at: ArgoAddress, seen: ApplicationState, requestId: string): Promise<Synced> {
    const { name, resourceVersion, syncOptions } = seen;
    try {
      await argo.requestSync(at, { application: name, resourceVersion, requestId, syncOptions });
      return { waiting: 'asked for' };
    } catch (error) {
      const failure = asFailure(error);
      // Somebody was quicker; what they did is looked at first.
      if ('type' in failure && failure.type === 'k8s.conflict') return { waiting: 'changed meanwhile' };
      throw failure;
    }
  }
}

interface Wanted {
  readonly requestId: string;
  readonly maySuspend: boolean;
}

function judge(seen: ApplicationState, { requestId, maySuspend }: Wanted): Verdict {
  const { operation, requested } = seen;
  const isOurs = operation?.requestId === requestId;
  if (requested || (operation && UNDER_WAY.has(operation.phase))) {
    const whose = isOurs || requested?.requestId === requestId ? 'our sync' : 'a sync of somebody else';
    return { look: { waiting: operation?.message ? `${whose}: ${operation.message}` : whose }, ask: 'nothing' };
  }
  if (!isOurs) return { look: { waiting: 'not asked for yet' }, ask: 'sync' };
  return operation.phase === 'Succeeded' ? judgeResult(seen, operation, maySuspend) : failedSync(seen.name, operation);
}

/** Synced and Healthy count only when Argo CD compared after our sync, and with the revision that we synced. */
function judgeResult(seen: ApplicationState, operation: SyncOperation, maySuspend: boolean): Verdict {
  const { sync, health, revision, reconciledAt } = seen;
  const comparedAfter = isNotBefore(reconciledAt, operation.finishedAt);
  const isWell = health === 'Healthy' || (maySuspend && health === 'Suspended');
  const isSameRevision = revision !== null && revision === operation.revision;
  if (comparedAfter && isSameRevision && sync === 'Synced' && isWell) {
    return { look: { done: { revision } }, ask: 'nothing' };
  }
  const look = { waiting: `${sync} and ${health} at ${revision ?? 'no revision'}` };
  // When the source moved on since, only a new sync brings the application there.
  const movedOn = comparedAfter && !isSameRevision && sync === 'OutOfSync';
  return { look, ask: movedOn ? 'sync' : 'refresh' };
}

function failedSync(application: string, { phase, message, failedResources }: SyncOperation): Verdict {
  const reasons = failedResources.length > 0 ? failedResources.join('; ') : message;
  const failed = `sync of ${application} ended in ${phase}: ${reasons}`;
  return { look: { failed, type: 'argo.sync-failed' }, ask: 'nothing' };
}

function isNotBefore(moment: string | null, reference: string | null): boolean {
  return moment !== null && reference !== null && Date.parse(moment) >= Date.parse(reference);
}
