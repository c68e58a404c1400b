import type { Hold, UpgradeStatus } from '../../domain/status.ts';
import { needsPerson } from '../../domain/hold.ts';
import { between } from './words.ts';

/** One reason to wait that several apps may have: a pause or a closed window holds them all. */
export interface SharedHold extends Hold {
  /** The apps, or the phase when the whole upgrade holds. */
  readonly whose: readonly string[];
}

/** Holds that differ only in the app and the moment become one, with the earliest moment. */
export function alike(holds: readonly Hold[]): SharedHold[] {
  const shared = Map.groupBy(holds, (hold) => {
    const { kind, phase, because, waitsFor } = hold;
    return JSON.stringify([kind, phase, because, waitsFor, releasesOfAny(hold)]);
  });
  return [...shared.values()].flatMap((group) => {
    const [first] = group.toSorted((a, b) => a.since.localeCompare(b.since));
    if (!first) return [];
    const releases = group.length === 1 ? first.releases : releasesOfAny(first);
    return [{ ...first, releases, whose: group.map(({ app, phase }) => app ?? phase) }];
  });
}

/** The commands with APP where the app's own name stands. */
const releasesOfAny = ({ app, releases }: Hold): string[] =>
  releases.map((command) =>
    app !== undefined && command.startsWith('eksodus apps ') && command.endsWith(` ${app}`)
      ? `${command.slice(0, -app.length)}APP`
      : command,
  );

export const waitsForPerson = ({ state, holds }: Pick<UpgradeStatus, 'state' | 'holds'>): boolean =>
  state === 'paused' || holds.some(needsPerson);

/** What mends the cause and where that is explained, as far as it is known. */
export const adviceText = ({ todo, runbook }: Hold): string[] => [
  ...(todo === undefined ? [] : [todo]),
  ...(runbook === undefined ? [] : [`see docs/runbooks/${runbook}.md`]),
];

export function holdLines(hold: SharedHold, now: Date): string[] {
  const { whose, because, waitsFor, releases, since } = hold;
  const advice = adviceText(hold);
  return [
    `‖ holding ${between(since, undefined, now)} · ${whose.join(', ')} · waits for: ${waitsFor}`,
    `  because: ${because}`,
    ...(advice.length === 0 ? [] : [`  to do: ${advice.join(' · ')}`]),
    `  ${releases.join(' | ')}`,
  ];
}
