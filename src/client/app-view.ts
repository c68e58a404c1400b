// An app as its upgrade knows it, also before it begins to move. Pure.
import { untouched } from '../domain/deadline.ts';
import type { App } from '../domain/environment.ts';
import type { AppState, AppStatus, UpgradeStatus } from '../domain/status.ts';

/** `since`, of one that has not begun: when its upgrade started. */
export interface AppView extends Omit<AppStatus, 'state'> {
  readonly state: AppState | 'not-begun';
}

/** Every app of the environment. What holds one is what the upgrade says: on the way back no app holds any more. */
export function viewApps(upgrade: UpgradeStatus, apps: readonly App[]): AppView[] {
  return apps.map(({ name, team, steps, deadline }) => {
    const known = upgrade.apps.find(({ app }) => app === name);
    if (!known) {
      const nothing = { greenPercent: 0, stepIndex: 0, stepCount: steps.length, history: [], actions: [] };
      const timing = deadline ? { timing: { deadline: untouched(deadline) } } : {};
      return { app: name, team, state: 'not-begun', since: upgrade.startedAt, ...nothing, ...timing };
    }
    const { hold: _itsOwn, ...rest } = known;
    const hold = upgrade.holds.find(({ app }) => app === name);
    return hold ? { ...rest, hold } : rest;
  });
}

/** What an app waits for that has not begun. */
export function whereIs({ environment, state, endedAt, wayBack, phases, holds }: UpgradeStatus): string {
  if (endedAt !== undefined) return `the upgrade of ${environment} has ended: ${state}`;
  if (wayBack === 'taken')
    return `${environment} ${state === 'aborting' ? 'stops where it stands' : 'is on its way back'}`;
  const hold = holds.find(({ app }) => app === undefined);
  const phase = phases.find((one) => one.state !== 'done')?.name ?? 'decommission';
  return `${environment} is in phase ${phase}${hold ? ` and waits for ${hold.waitsFor}` : ''}`;
}
