import type { Hold, UpgradeStatus } from '../../../src/domain/status.ts';
import type { SandboxEnvironment } from '../../environment-file.ts';
import { NIGHTLY } from '../../gitops/catalog.ts';
import { BLUE, ENVIRONMENT, GREEN } from '../../sandbox.ts';
import { judgeRuns, recordRuns, turnsOf, type CronRun } from '../cron-runs.ts';
import { BY, type Actor, type Noted, type Scenario, type Stage } from '../scenario.ts';
import { unless } from '../unless.ts';

const { name: app, namespace, team } = NIGHTLY;
const CRON = { kind: 'CronJob', namespace, name: 'report' } as const;
const MAILER = { kind: 'Deployment', namespace, name: 'mailer' } as const;

const LONGER_THAN_A_MINUTE_SECONDS = 75;

/** An app without hosts moves with the others, is taken back by its owner, and moves again. */
export const cronHandover: Scenario = {
  ends: 'succeeded',
  sandbox: { alsoApps: [NIGHTLY], amend: withNightly },
  actor: (stage) => new Owner(stage),
  judge: ({ noted }) => {
    const runs = (noted['runs'] ?? []).map(toRun);
    if (runs.length === 0) return ['no run was seen'];
    const turns = turnsOf(runs);
    const wanted = [BLUE.name, GREEN.name, BLUE.name, GREEN.name];
    return [
      ...judgeRuns(runs),
      ...unless(
        turns.join() === wanted.join(),
        `the runs were on ${turns.join(', ') || 'no cluster'} in turn, expected ${wanted.join(', ')}`,
      ),
    ];
  },
};

function withNightly(environment: SandboxEnvironment): object {
  const nightly = {
    name: app,
    team,
    application: `${app}-{cluster}`,
    start: 'owner',
    handover: { maxGap: '60s', workloads: [CRON, MAILER] },
  };
  // Blue is not deleted before green has run a second time, however quick the others are.
  return { ...environment, apps: [...environment.apps, nightly], soak: `${LONGER_THAN_A_MINUTE_SECONDS}s` };
}

type Did = 'nothing' | 'moved it' | 'took it back' | 'moved it again';

/** Moves its app once it was seen to run, takes it back once it has run on green, and moves it again once it has on blue. */
class Owner implements Actor {
  readonly #stage: Pick<Stage, 'sandbox' | 'cli' | 'say'>;
  readonly #runs = new Map<string, CronRun>();
  #did: Did = 'nothing';

  constructor(stage: Pick<Stage, 'sandbox' | 'cli' | 'say'>) {
    this.#stage = stage;
  }

  beside(signal: AbortSignal): Promise<void> {
    const { sandbox } = this.#stage;
    const clusters = () =>
      [BLUE.name, GREEN.name].flatMap((name) => {
        const there = sandbox.controlPlane(name);
        return there ? [there] : [];
      });
    return recordRuns(CRON, clusters, { seen: this.#runs, signal });
  }

  async look({ apps }: UpgradeStatus): Promise<void> {
    const nightly = apps.find((one) => one.app === app);
    const lastIsOn = (cluster: string): boolean => this.#turns.at(-1) === cluster;
    if (this.#did === 'nothing' && nightly?.hold?.kind === 'owner' && lastIsOn(BLUE.name)) {
      await this.#command('moved it', 'start');
    } else if (this.#did === 'moved it' && nightly?.state === 'on-green' && lastIsOn(GREEN.name)) {
      await this.#command('took it back', 'abort', '--yes', '--reason', 'reports look odd');
    } else if (this.#did === 'took it back' && nightly?.hold?.kind === 'aborted' && lastIsOn(BLUE.name)) {
      await this.#command('moved it again', 'retry');
    }
  }

  /** Its own, once blue has run. */
  releases({ kind, app: held }: Hold): boolean {
    return (kind === 'owner' || kind === 'aborted') && held === app;
  }

  noted(): Noted {
    return { runs: [...this.#runs.values()].map(({ cluster, minute }) => `${minute} ${cluster}`) };
  }

  get #turns(): string[] {
    return turnsOf([...this.#runs.values()]);
  }

  async #command(did: Did, verb: string, ...options: string[]): Promise<void> {
    await this.#stage.cli.run('apps', verb, ENVIRONMENT, app, ...options, '--by', BY);
    this.#stage.say(`${app}: its owner ${did}`);
    this.#did = did;
  }
}

function toRun(text: string): CronRun {
  const [minute = '', cluster = ''] = text.split(' ');
  return { minute: Number(minute), cluster };
}
