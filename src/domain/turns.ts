// Which apps may begin to move: after those they depend on, and not too many at a time. Pure.
import type { App, Environment } from './environment.ts';
import type { AppStatus, HoldKind } from './status.ts';

/** The moments since which apps queue, by app, for those that were told to begin. */
export type Granted = ReadonlyMap<string, string>;

/** Apps that queue now and may begin, in the order of the environment file. */
export function mayBegin(
  { apps, maxMoving = Number.POSITIVE_INFINITY }: Pick<Environment, 'apps' | 'maxMoving'>,
  statuses: ReadonlyMap<string, AppStatus>,
  granted: Granted,
): string[] {
  const isOnGreen = (name: string): boolean => statuses.get(name)?.state === 'on-green';
  const free = maxMoving - apps.filter(({ name }) => isUnderWay(statuses.get(name), granted.get(name))).length;
  return apps
    .filter(({ name, dependsOn }) => queues(statuses.get(name), granted.get(name)) && dependsOn.every(isOnGreen))
    .slice(0, Math.max(0, free))
    .map(({ name }) => name);
}

/** Whether an app has to queue at all. */
export const hasToQueue = ({ dependsOn }: Pick<App, 'dependsOn'>, { maxMoving }: Pick<Environment, 'maxMoving'>) =>
  dependsOn.length > 0 || maxMoving !== undefined;

const queues = (status: AppStatus | undefined, since: string | undefined): boolean =>
  status?.hold?.kind === 'turn' && status.hold.since !== since;

/** From the word that it may begin until it is on green, or all of it is back on blue. */
function isUnderWay(status: AppStatus | undefined, granted: string | undefined): boolean {
  if (!status || granted === undefined) return false;
  const { state, hold, greenPercent } = status;
  if (state === 'on-green' || state === 'on-blue') return false;
  if (hold === undefined || !AT_REST.has(hold.kind)) return true;
  if (hold.kind === 'turn') return hold.since === granted;
  return greenPercent > 0;
}

/** Holds in which an app, with no traffic on green, stands in nobody's way. */
const AT_REST: ReadonlySet<HoldKind> = new Set<HoldKind>(['owner', 'aborted', 'schedule', 'deadline', 'gate', 'turn']);
