// A hosted zone in memory behind the activities that the zone's one writer uses, and a log of what it did there.
import { ApplicationFailure } from '@temporalio/activity';
import type { Activities, WishOutcome } from '../../activities/ports.ts';
import type { HostedZone } from '../../src/domain/environment.ts';
import type { Wish } from '../../src/domain/traffic.ts';
import { app, environment } from './environment.ts';
import { FakeWorld } from './fake-world.ts';

type Weights = Readonly<Record<string, number>>;

/** A call of `applyWishes` that came through, and what the world was before it. */
export interface Applied {
  readonly wishes: readonly Wish[];
  readonly before: readonly Weights[];
  readonly outcomes: readonly WishOutcome[];
}

export class ZoneWorld {
  readonly zone: HostedZone;
  readonly hosts: readonly string[];
  readonly applied: Applied[] = [];
  /** Every call of `applyWishes`, those that failed too. */
  readonly attempts: (readonly Wish[])[] = [];
  /** Called at the start of each `applyWishes`; a test throws here, or waits. */
  onApply: (wishes: readonly Wish[]) => void | Promise<void> = () => undefined;
  onAwaitInSync: (changeId: string) => void | Promise<void> = () => undefined;
  readonly #fake: FakeWorld;

  constructor(zoneId: string, hostCount: number) {
    this.zone = { id: zoneId, name: 'example.test' };
    const apps = Array.from({ length: hostCount }, (_, index) => app(`h${index}`));
    this.hosts = apps.map(({ name }) => `${name}.example.test`);
    this.#fake = new FakeWorld(environment({ zones: [this.zone], apps }));
  }

  weights(host: string): Weights {
    return this.#fake.weights(host);
  }

  get writes(): readonly Readonly<Record<string, Weights>>[] {
    return this.#fake.writes;
  }

  activities(): Pick<Activities, 'applyWishes' | 'awaitInSync'> {
    const fake = this.#fake.activities();
    return {
      applyWishes: async (input) => {
        this.attempts.push(input.wishes);
        await this.onApply(input.wishes);
        const before = input.wishes.map(({ host }) => this.weights(host));
        const outcomes = await fake.applyWishes(input);
        this.applied.push({ wishes: input.wishes, before, outcomes });
        return outcomes;
      },
      awaitInSync: async (input) => {
        await this.onAwaitInSync(input.changeId);
        return fake.awaitInSync(input);
      },
    };
  }
}

const target = (cluster: string, host: string) => ({
  hostname: `${host}.${cluster}.elb.amazonaws.com`,
  hostedZoneId: 'Z14GRHDCWA56QT',
});

/** A wish for so much green on a host that is shared between `stg-1-33` and green. */
export function wishFor(
  host: string,
  green: number,
  change: Partial<Pick<Wish, 'expected' | 'urgent'>> = {},
): Omit<Wish, 'id'> {
  return {
    host,
    want: [
      { setIdentifier: 'stg-1-33', weight: 100 - green, target: target('stg-1-33', host) },
      { setIdentifier: 'green', weight: green, target: target('green', host) },
    ],
    expected: null,
    urgent: false,
    ...change,
  };
}

/** As the real activity when Route 53 refuses a batch of several wishes. */
export const batchRefused = (): ApplicationFailure =>
  ApplicationFailure.nonRetryable('Route 53 refused the batch', 'dns.batch-refused');

/** As the real activity when Route 53 has enough for now, but the next attempt is at once. */
export const throttled = (): ApplicationFailure =>
  ApplicationFailure.create({ message: 'Rate exceeded', type: 'cloud.throttled', nextRetryDelay: '5ms' });
