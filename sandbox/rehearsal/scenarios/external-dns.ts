import { migrationId } from '../../../src/domain/ids.ts';
import type { UpgradeStatus } from '../../../src/domain/status.ts';
import type { DnsRecord } from '../../contracts.ts';
import { BLUE, ENVIRONMENT, GREEN, ZONE } from '../../sandbox.ts';
import type { Actor, Noted, Scenario, Stage } from '../scenario.ts';
import { unless } from '../unless.ts';

/** The app whose public name each cluster's external-dns has a record of. */
const APP = 'files';
/** Blue's weight and green's, from the first to the last: the side that gains always first. */
const WEIGHTS = [
  '100/-',
  '100/0',
  '100/5',
  '95/5',
  '95/25',
  '75/25',
  '75/50',
  '50/50',
  '50/100',
  '0/100',
  '-/100',
] as const;

/** One app's name is external-dns's: it moves by annotations, and eksodus never writes its records. */
export const externalDns: Scenario = {
  ends: 'succeeded',
  sandbox: { annotated: { apps: [APP], selfHeals: false, ignoresWeight: true } },
  actor: (stage) => new Watcher(stage),
  judge: ({ noted: { weights = [], uneven = [], annotated = [], wished = [] } }) => [
    ...unless(
      weights.join(' ') === WEIGHTS.join(' '),
      `weights of ${APP} went ${weights.join(' ')}, expected ${WEIGHTS.join(' ')}`,
    ),
    ...unless(uneven.length === 0, `A and AAAA of ${APP} were not alike: ${uneven.join('; ')}`),
    ...unless(annotated.length > 0, `no annotation of ${APP} was set, expected two for each step`),
    ...unless(wished.length === 0, `the zone's writer was asked for ${APP} ${wished.length} times, expected never`),
  ],
};

class Watcher implements Actor {
  readonly #client: Stage['client'];
  readonly #weights: string[] = [];
  readonly #uneven: string[] = [];
  #annotated: readonly string[] = [];
  #wished: readonly string[] = [];
  #isRead = false;

  constructor({ sandbox, client }: Pick<Stage, 'sandbox' | 'client'>) {
    this.#client = client;
    sandbox.watchZones(({ records }) => {
      const [a = '', aaaa = ''] = ['A', 'AAAA'].map((type) => weightsOf(records, type));
      if (a !== this.#weights.at(-1)) this.#weights.push(a);
      if (a !== aaaa) this.#uneven.push(`A ${a}, AAAA ${aaaa}`);
    });
  }

  /** Its history is complete once it is on green, but for being let go. */
  async look({ apps }: UpgradeStatus): Promise<void> {
    if (this.#isRead || !apps.some(({ app, state }) => app === APP && state === 'on-green')) return;
    this.#isRead = true;
    const { events } = await this.#client.workflow.getHandle(migrationId(ENVIRONMENT, APP)).fetchHistory();
    const seen = events ?? [];
    this.#annotated = seen
      .map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? '')
      .filter((name) => name === 'annotateWeight');
    this.#wished = seen
      .map((event) => event.signalExternalWorkflowExecutionInitiatedEventAttributes?.signalName ?? '')
      .filter((name) => name === 'wish');
  }

  noted(): Noted {
    return {
      weights: this.#weights,
      uneven: this.#uneven,
      annotated: this.#annotated,
      wished: this.#wished,
    };
  }
}

function weightsOf(records: readonly DnsRecord[], type: string): string {
  const its = records.filter((record) => record.type === type && record.name.replace(/\.$/, '') === `${APP}.${ZONE}`);
  return [BLUE, GREEN]
    .map(({ name }) => its.find(({ setIdentifier }) => setIdentifier === name)?.weight ?? '-')
    .join('/');
}
