// What people ask of one app's migration, in the product's words.
import type { UpdateDefinition } from '@temporalio/client';
import * as messages from '../../workflows/messages.ts';
import { extended } from '../domain/deadline-days.ts';
import type { Moment, TrafficStep, Window } from '../domain/environment.ts';
import { migrationId } from '../domain/ids.ts';
import type { UpgradeStatus } from '../domain/status.ts';
import { stragglers, type Straggler } from '../domain/stragglers.ts';
import { inZone, nextOpening } from '../domain/window.ts';
import { viewApps, whereIs, type AppView } from './app-view.ts';
import { ClientError, hasEnded } from './errors.ts';
import type { Addressee, Temporal } from './temporal.ts';
import type { Upgrades } from './upgrades.ts';

export interface AppName {
  readonly environment: string;
  readonly app: string;
}

/** What the upgrade knows of its apps. */
export interface AppList {
  readonly upgrade: UpgradeStatus;
  readonly apps: readonly AppView[];
}

interface Found {
  readonly upgrade: UpgradeStatus;
  readonly app: AppView;
  readonly migration: 'none' | 'running' | 'ended';
}

export class Apps {
  readonly #temporal: Temporal;
  readonly #upgrades: Upgrades;

  constructor(temporal: Temporal, upgrades: Upgrades) {
    this.#temporal = temporal;
    this.#upgrades = upgrades;
  }

  async list(environment: string): Promise<AppList> {
    const upgrade = await this.#upgrades.status(environment);
    const { apps } = await this.#upgrades.environment(environment);
    return { upgrade, apps: viewApps(upgrade, apps) };
  }

  /** As its migration tells it while that runs; before and after, as its upgrade does. */
  async show(name: AppName): Promise<{ readonly upgrade: UpgradeStatus; readonly app: AppView }> {
    const { upgrade, app, migration } = await this.#find(name);
    if (migration !== 'running') return { upgrade, app };
    return { upgrade, app: await this.#temporal.query(migrationOf(name), messages.appStatusQuery) };
  }

  start(name: AppName, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(name, messages.startUpdate, asker);
  }

  pause(name: AppName, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(name, messages.pauseUpdate, asker);
  }

  resume(name: AppName, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(name, messages.resumeUpdate, asker);
  }

  retry(name: AppName, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(name, messages.retryUpdate, asker);
  }

  promote(name: AppName, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(name, messages.promoteUpdate, asker);
  }

  abort(name: AppName, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(name, messages.abortUpdate, asker);
  }

  pin(name: AppName, asker: messages.Asker & { readonly greenPercent: number }): Promise<messages.Accepted> {
    return this.#update(name, messages.pinUpdate, asker);
  }

  steps(name: AppName, asker: messages.Asker & { readonly steps: readonly TrafficStep[] }): Promise<messages.Accepted> {
    return this.#update(name, messages.stepsUpdate, asker);
  }

  /** The window is the environment's: when it is shut at that time, the app begins as soon as it opens. */
  async schedule(
    name: AppName,
    { moment, ...asker }: messages.Asker & { readonly moment: Moment },
  ): Promise<messages.Accepted> {
    const { window } = await this.#upgrades.environment(name.environment);
    const opens = window && opensLater(window, moment);
    return this.#update(name, messages.scheduleUpdate, {
      ...asker,
      moment,
      ...(opens === undefined ? {} : { opens }),
    });
  }

  unschedule(name: AppName, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(name, messages.unscheduleUpdate, asker);
  }

  /** Asks for a later deadline, with the policy and as many reminders as before. */
  async extend(
    name: AppName,
    { due, ...asker }: messages.Asker & { readonly due: Moment },
  ): Promise<messages.Accepted> {
    const { app } = await this.show(name);
    const deadline = app.timing?.deadline;
    if (!deadline) throw new ClientError('refused', `${app.app} has no deadline: there is nothing to extend`);
    const { remind } = extended(deadline, due);
    return this.#update(name, messages.extendUpdate, { ...asker, due, remind });
  }

  grantExtension(name: AppName, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(name, messages.grantExtensionUpdate, asker);
  }

  refuseExtension(name: AppName, asker: messages.Asker): Promise<messages.Accepted> {
    return this.#update(name, messages.refuseExtensionUpdate, asker);
  }

  /** Apps that are not on green, the most urgent first. */
  async stragglers(environment: string, now: Date): Promise<readonly Straggler[]> {
    const { upgrade, apps } = await this.list(environment);
    return stragglers(apps, { now, notBegun: whereIs(upgrade) });
  }

  async #update<A>(
    name: AppName,
    update: UpdateDefinition<messages.Accepted, [A]>,
    ask: A,
  ): Promise<messages.Accepted> {
    const { environment } = name;
    const { upgrade, app, migration } = await this.#find(name);
    if (upgrade.endedAt !== undefined) throw hasEnded(environment, upgrade.state);
    switch (migration) {
      case 'none':
        throw new ClientError(
          'refused',
          `${app.app} does not move yet: ${whereIs(upgrade)}. See it begin: eksodus upgrade watch ${environment}`,
        );
      case 'ended':
        throw new ClientError(
          'refused',
          `the move of ${app.app} has ended: ${app.state} at ${app.greenPercent} % green. Nothing was changed. See what ${environment} does: eksodus upgrade status ${environment}`,
        );
      case 'running':
        return this.#temporal.update(migrationOf(name), update, ask);
    }
  }

  async #find(name: AppName): Promise<Found> {
    const { upgrade, apps } = await this.list(name.environment);
    const app = apps.find((one) => one.app === name.app);
    if (!app) {
      const known = apps.map((one) => one.app).join(', ');
      throw new ClientError('not-found', `${name.environment} has no app ${name.app}. It has: ${known}.`);
    }
    const migration = await this.#temporal.describe(migrationOf(name));
    if (migration && migration.closeTime === undefined) return { upgrade, app, migration: 'running' };
    // One that ended before its upgrade heard of it is that of an earlier upgrade, which has the same id.
    return { upgrade, app, migration: app.state === 'not-begun' ? 'none' : 'ended' };
  }
}

/** On the clocks of whoever chose the time; undefined when the window is open then. */
function opensLater(window: Window, { at, timeZone }: Moment): string | undefined {
  const next = nextOpening(window, Date.parse(at));
  if (next === undefined) return 'never';
  return next === Date.parse(at) ? undefined : inZone(timeZone, next);
}

const migrationOf = ({ environment, app }: AppName): Addressee => ({
  workflowId: migrationId(environment, app),
  environment,
  look: `eksodus apps show ${environment} ${app}`,
  unknown: {
    kind: 'refused',
    message: `the move of ${app} has just ended. See it: eksodus apps show ${environment} ${app}`,
  },
});
