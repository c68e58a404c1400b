import type { Hold, UpgradeStatus } from '../../domain/status.ts';

/** One reason to wait that several apps may have: a pause or a closed window holds them all. */
export interface SharedHold extends Hold {
  /** The apps, or the phase when the whole upgrade holds. */
  readonly whose: readonly string[];
}

/** Holds that differ only in the app and the moment become one, with the earliest moment. */
export function alike(holds: readonly Hold[]): SharedHold[] {
  const shared = Map.groupBy(holds, ({ kind, phase, because, waitsFor, releases }) =>
    JSON.stringify([kind, phase, because, waitsFor, releases]),
  );
  return [...shared.values()].flatMap((group) => {
    const [first] = group.toSorted((a, b) => a.since.localeCompare(b.since));
    return first ? [{ ...first, whose: group.map(({ app, phase }) => app ?? phase) }] : [];
  });
}

/** Whether a person must do something before it goes on. A window opens by itself. */
export const waitsForPerson = ({ state, holds }: Pick<UpgradeStatus, 'state' | 'holds'>): boolean =>
  state === 'paused' || holds.some(({ kind }) => kind !== 'window');

/** What mends the cause and where that is explained, as far as it is known. */
export const adviceText = ({ todo, runbook }: Hold): string[] => [
  ...(todo === undefined ? [] : [todo]),
  ...(runbook === undefined ? [] : [`see docs/runbooks/${runbook}.md`]),
];
