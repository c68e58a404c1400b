// What a person who reads nothing else must know: the way back, or the end.
import type { PhaseName, PhaseStatus, UpgradeStatus } from '../../domain/status.ts';

/** True in every state: it promises no way back that would be refused, and no deletion that has not begun. */
export function lastLine(status: UpgradeStatus): string {
  const { environment, state, endedAt, outcome = '', wayBack } = status;
  if (endedAt !== undefined) return `${state}: ${outcome}`;
  if (wayBack === 'open') {
    const when = begunOf(status, 'decommission')
      ? `until ${oldOf(status)} is proved to have no traffic`
      : 'at any time';
    return `go back ${when}: eksodus upgrade rollback ${environment}`;
  }
  if (wayBack === 'closed') return `${oldOf(status)} is being deleted: there is no going back`;
  return state === 'aborting'
    ? 'it stops where it stands: weights and clusters stay as they are'
    : onItsWayBack(status);
}

const oldOf = ({ blue }: UpgradeStatus): string => blue?.name ?? 'the old cluster';

/** The phase, once it has begun. */
const begunOf = ({ phases }: UpgradeStatus, wanted: PhaseName): PhaseStatus | undefined =>
  phases.find(({ name, state }) => name === wanted && state !== 'pending');

function onItsWayBack(status: UpgradeStatus): string {
  const { state, green, apps } = status;
  const old = oldOf(status);
  const isBack = begunOf(status, 'migrate')?.state === 'done' && apps.every((app) => app.state === 'on-blue');
  if (!isBack)
    return state === 'holding'
      ? `on its way back to ${old}; it goes on when the hold ends`
      : `on its way back: all traffic goes to ${old}`;
  const removal = begunOf(status, 'decommission');
  if (!removal) return `all traffic is on ${old}`;
  // Its first work is the proof that no traffic is left; until that is done nothing is touched.
  return removal.items.length === 0
    ? `all traffic is on ${old}; ${green.name} is deleted once it is proved to have none`
    : `all traffic is on ${old}; ${green.name} is being deleted`;
}
