import type { UpgradeStatus } from '../../../src/domain/status.ts';
import { migrationId } from '../../../src/domain/ids.ts';
import { ENVIRONMENT } from '../../sandbox.ts';
import { BY, type Actor, type Noted, type Scenario, type Stage } from '../scenario.ts';
import { unless } from '../unless.ts';

/** Nobody starts it: it begins at its deadline. */
const LATE = 'search';
/** Its owner says when. */
const PLANNED = 'files';
/** In most rehearsals it waits that long less what comes before it; where the machine is slow, it begins at once. */
const DEADLINE_AFTER_MS = 75_000;
const SCHEDULED_AFTER_MS = 30_000;

const MINUTE_MS = 60_000;

/** An app begins by its deadline's policy, and another one at the time that its owner set. */
export const deadline: Scenario = {
  ends: 'succeeded',
  sandbox: {
    amend: (environment) => ({
      ...environment,
      apps: environment.apps.map((app) =>
        app.name === LATE
          ? { ...app, start: 'owner', deadline: deadlineAfter(Date.now() + DEADLINE_AFTER_MS) }
          : app.name === PLANNED
            ? { ...app, start: 'owner' }
            : app,
      ),
    }),
  },
  actor: (stage) => new Owner(stage),
  judge: ({ noted }) => [
    ...judgeApp(LATE, noted, { commands: [], because: 'its deadline has come' }),
    ...judgeApp(PLANNED, noted, { commands: ['schedule'], because: `${BY} scheduled it for` }),
    ...unless(
      noted['reminded']?.at(-1) === '0' && new Set(noted['reminded']).size === noted['reminded'].length,
      `the owner of ${LATE} was reminded ${noted['reminded']?.join(', ')} days before its deadline, expected each once and at last at it`,
    ),
  ],
};

/** At the first full minute: the file knows no seconds. */
function deadlineAfter(instant: number): object {
  const at = new Date(Math.ceil(instant / MINUTE_MS) * MINUTE_MS).toISOString();
  return { at: at.slice(0, 16).replace('T', ' '), timeZone: 'UTC', policy: 'auto', remindDays: [1] };
}

/** What the app's history and its records say: it was begun by eksodus, for that reason, and not before its time. */
function judgeApp(
  app: string,
  noted: Noted,
  { commands, because }: { readonly commands: readonly string[]; readonly because: string },
): string[] {
  const [given, begun = '', asked = '', due = ''] = ['commands', 'begun', 'asked', 'due'].map((what) =>
    noted[`${app} ${what}`]?.join(', '),
  );
  return [
    ...unless(given === commands.join(', '), `commands to ${app} were "${given}", expected "${commands.join(', ')}"`),
    ...unless(
      begun.startsWith(`start by eksodus: ${because}`),
      `${app} began by "${begun}", expected start by eksodus: ${because}`,
    ),
    ...unless(Date.parse(asked) >= Date.parse(due), `${app} asked for traffic at ${asked}, expected not before ${due}`),
  ];
}

/** Schedules one app, once, and leaves the other one alone. */
class Owner implements Actor {
  readonly #stage: Pick<Stage, 'cli' | 'client' | 'say'>;
  #scheduled: string | undefined;
  /** By app, as its history has them. */
  readonly #commands = new Map<string, readonly string[]>();

  constructor(stage: Pick<Stage, 'cli' | 'client' | 'say'>) {
    this.#stage = stage;
  }

  async look({ apps }: UpgradeStatus): Promise<void> {
    for (const { app, state, hold } of apps) {
      if (app === PLANNED && hold?.kind === 'owner' && this.#scheduled === undefined) await this.#schedule();
      if (state === 'on-green' && !this.#commands.has(app)) this.#commands.set(app, await this.#commandsTo(app));
    }
  }

  releases({ kind, app }: Parameters<NonNullable<Actor['releases']>>[0]): boolean {
    return (kind === 'owner' || kind === 'schedule') && (app === LATE || app === PLANNED);
  }

  noted(status: UpgradeStatus | undefined): Noted {
    const late = status?.apps.find(({ app }) => app === LATE);
    const { due, reminded = [] } = late?.timing?.deadline ?? {};
    return {
      ...this.#notedOf(LATE, status, due?.at),
      ...this.#notedOf(PLANNED, status, this.#scheduled),
      reminded: reminded.map(({ daysBefore }) => String(daysBefore)),
    };
  }

  #notedOf(name: string, status: UpgradeStatus | undefined, due: string | undefined): Noted {
    const app = status?.apps.find((one) => one.app === name);
    const begun = app?.actions.filter(({ verb }) => verb === 'start') ?? [];
    return {
      [`${name} commands`]: this.#commands.get(name) ?? ['its history was not seen'],
      [`${name} begun`]: begun.map(({ verb, by, reason = '' }) => `${verb} by ${by}: ${reason}`),
      [`${name} asked`]: app?.history.slice(0, 1).map(({ askedAt }) => askedAt) ?? [],
      [`${name} due`]: due === undefined ? [] : [due],
    };
  }

  async #schedule(): Promise<void> {
    const { cli, say } = this.#stage;
    this.#scheduled = new Date(Date.now() + SCHEDULED_AFTER_MS).toISOString();
    await cli.run('apps', 'schedule', ENVIRONMENT, PLANNED, this.#scheduled, '--by', BY);
    say(`scheduled by ${BY}: ${PLANNED} at ${this.#scheduled}`);
  }

  async #commandsTo(app: string): Promise<string[]> {
    const { events } = await this.#stage.client.workflow.getHandle(migrationId(ENVIRONMENT, app)).fetchHistory();
    return (events ?? []).flatMap(
      ({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) => accepted?.acceptedRequest?.input?.name ?? [],
    );
  }
}
