import type { Client } from '@temporalio/client';
import { upgradeId } from '../../../src/domain/ids.ts';
import type { Hold, UpgradeStatus } from '../../../src/domain/status.ts';
import { BLUE, ENVIRONMENT, GREEN, type Sandbox } from '../../sandbox.ts';
import { BY, type Actor, type Noted, type Scenario, type Stage } from '../scenario.ts';
import { readWeights } from '../survey.ts';
import { unless } from '../unless.ts';

/**
 * The app whose health check fails on blue, and from which share of the traffic on green on. Users are served all the same:
 * a load balancer without a healthy target asks all of them.
 */
const SICK = { app: 'messages', status: 503, only: '/healthz', fromGreenPercent: 25 } as const;
const REFUSED = 'blue does not answer';

/** A rollback is refused for the one app whose blue is sick, which is held with why, until a person has mended it. */
export const blueSick: Scenario = {
  ends: 'rolled-back',
  mustWalk: ({ app, greenPercent }) => app === SICK.app && greenPercent < SICK.fromGreenPercent,
  actor: (stage) => new Doctor(stage),
  judge: ({ noted, clusters: { blue, green } }) => {
    const { refusal = [], weights = [], looks = [], retried = [] } = noted;
    const why = refusal.join('; ');
    const kept = weights.filter((line) => line.startsWith(`${SICK.app} `));
    return [
      ...unless(refusal.length === 1, `${refusal.length} refusals were seen, expected 1`),
      ...unless(
        new RegExp(`${SICK.only}.*failed.*status ${SICK.status}`).test(why),
        `the refusal tells no failed answer: ${why}`,
      ),
      ...unless(/0 healthy, .*codes: \[503\]/.test(why), `the refusal tells no target that is not healthy: ${why}`),
      ...unless(
        kept.some((line) => line.includes(`${green.name} 25`) && line.includes(`${blue.name} 75`)),
        `while it was held ${SICK.app} had ${kept.join(', ')}, expected what it had before`,
      ),
      ...unless(
        weights.length > 1 && weights.every((line) => kept.includes(line) || line.includes(`${green.name} 0`)),
        `while it was held the others had ${weights.join('; ')}, expected all on ${blue.name}`,
      ),
      ...unless(
        ['lookAtReadiness', 'watchGate'].every((activity) => looks.includes(activity)),
        `the upgrade's history shows ${looks.join(', ')}, expected a look at blue's targets and at its answers`,
      ),
      ...unless(retried.length === 1, `it was tried again ${retried.length} times, expected once`),
    ];
  },
};

/** Makes blue sick in the middle of a step, asks for the rollback, and mends blue once it was refused. */
class Doctor implements Actor {
  readonly #stage: Pick<Stage, 'sandbox' | 'cli' | 'say' | 'client'>;
  #noted: Noted = {};
  #at: 'well' | 'asked' | 'mended' = 'well';

  constructor(stage: Pick<Stage, 'sandbox' | 'cli' | 'say' | 'client'>) {
    this.#stage = stage;
  }

  async look(status: UpgradeStatus): Promise<void> {
    if (this.#at === 'well' && bakes(status)) await this.#askForRollback();
    const refused = status.holds.find(isRefusal);
    if (this.#at === 'asked' && refused) await this.#mend(refused);
  }

  releases(hold: Hold): boolean {
    return this.#at !== 'well' && isRefusal(hold);
  }

  noted(): Noted {
    return this.#noted;
  }

  async #askForRollback(): Promise<void> {
    const { sandbox, cli, say } = this.#stage;
    const { app, status, only } = SICK;
    this.#at = 'asked';
    sandbox.loadBalancers.failApp(BLUE.name, app, { status, only });
    say(`made sick by ${BY}: ${only} of ${app} on ${BLUE.name} answers ${status}`);
    await cli.run('upgrade', 'rollback', ENVIRONMENT, '--reason', 'blue is sick', '--yes', '--by', BY);
  }

  async #mend({ because }: Hold): Promise<void> {
    const { sandbox, cli, say, client } = this.#stage;
    const [weights, looks] = await Promise.all([weightsNow(sandbox), activitiesOf(client)]);
    sandbox.loadBalancers.healApp(BLUE.name, SICK.app);
    this.#at = 'mended';
    say(`refused: ${because}`);
    await cli.run('upgrade', 'resume', ENVIRONMENT, '--by', BY);
    this.#noted = { refusal: [because], weights, looks, retried: [new Date().toISOString()] };
  }
}

const isRefusal = ({ kind, because }: Hold): boolean => kind === 'failure' && because.startsWith(REFUSED);

const bakes = ({ apps }: UpgradeStatus): boolean =>
  apps.some(
    ({ app, state, greenPercent }) => app === SICK.app && state === 'baking' && greenPercent >= SICK.fromGreenPercent,
  );

/** `messages stg-1-33 75, stg-1-36 25` */
async function weightsNow(sandbox: Sandbox): Promise<string[]> {
  return Object.entries(await readWeights(sandbox)).map(
    ([app, weights]) =>
      `${app} ${[BLUE.name, GREEN.name].map((cluster) => `${cluster} ${weights[cluster] ?? 0}`).join(', ')}`,
  );
}

/** What the upgrade itself, not its migrations, has had done so far, each once. */
async function activitiesOf(client: Client): Promise<string[]> {
  const { events } = await client.workflow.getHandle(upgradeId(ENVIRONMENT)).fetchHistory();
  const names = (events ?? []).map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? '');
  return [...new Set(names.filter((name) => name !== ''))];
}
