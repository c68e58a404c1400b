// The real activities of the zone's one writer over a hosted zone in memory, which has the gateway's rules and Route 53's
// habits: batches that are refused, requests that are throttled, answers that get lost. It keeps a log of what was done.
import { ApplicationFailure } from '@temporalio/activity';
import { createActivities } from '../../activities/index.ts';
import type { Activities, WishOutcome } from '../../activities/ports.ts';
import { AwsError } from '../../sandbox/aws/errors.ts';
import { fullName, type RecordSet } from '../../sandbox/aws/route53/records.ts';
import { applyBatch } from '../../sandbox/aws/route53/zone-rules.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import type { Route53, ZoneRecord } from '../../src/adapters/route53.ts';
import type { HostedZone } from '../../src/domain/environment.ts';
import { toRecordSet, type RecordSetChange } from '../../src/domain/record-set.ts';
import { RECORD_TYPES, type Wish } from '../../src/domain/traffic.ts';
import { awsError, prepare } from '../activity/fakes.ts';

type Weights = Readonly<Record<string, number>>;

/** A call of `applyWishes` that came through, and what the world was before it. */
export interface Applied {
  readonly wishes: readonly Wish[];
  readonly before: readonly Weights[];
  readonly outcomes: readonly WishOutcome[];
}

const BLUE = 'stg-1-33';
const GREEN = 'green';

export class ZoneWorld {
  readonly zone: HostedZone;
  readonly hosts: readonly string[];
  readonly applied: Applied[] = [];
  /** Every call of `applyWishes`, those that failed too. */
  readonly attempts: (readonly Wish[])[] = [];
  /** Every batch that Route 53 took: the weights of its hosts afterwards. */
  readonly writes: Readonly<Record<string, Weights>>[] = [];
  /** Called at the start of each `applyWishes`; a test throws here, or waits. */
  onApply: (wishes: readonly Wish[]) => void | Promise<void> = () => undefined;
  /** Called when a batch was taken and its answer is on its way; a test throws here when that gets lost. */
  onTaken: () => void = () => undefined;
  onAwaitInSync: (changeId: string) => void | Promise<void> = () => undefined;
  readonly #protected = new Set<string>();
  #records: readonly RecordSet[];

  constructor(zoneId: string, hostCount: number) {
    this.zone = { id: zoneId, name: 'example.test' };
    this.hosts = Array.from({ length: hostCount }, (_, index) => `h${index}.example.test`);
    this.#records = this.hosts.flatMap((host) =>
      RECORD_TYPES.map((type) =>
        toSet(
          toRecordSet(host, {
            type,
            setIdentifier: BLUE,
            weight: 100,
            target: target(BLUE, host),
            evaluateTargetHealth: false,
          }),
        ),
      ),
    );
  }

  /** All record sets, as they are now. */
  get sets(): readonly ZoneRecord[] {
    return this.#records.map(toRecord);
  }

  /** Somebody else's doing. */
  replace(sets: readonly ZoneRecord[]): void {
    this.#records = sets.map(toSet);
  }

  /** From now on Route 53 refuses every batch that changes this host. */
  protect(host: string): void {
    this.#protected.add(fullName(host));
  }

  weights(host: string): Weights {
    const ofHost = this.#records.filter(({ name, type }) => name === fullName(host) && type === 'A');
    return Object.fromEntries(
      ofHost.map(({ setIdentifier = '', routing }): [string, number] => [setIdentifier, Number(routing.Weight)]),
    );
  }

  activities(): Pick<Activities, 'applyWishes' | 'awaitInSync'> {
    const real = createActivities(prepare({ route53: this.#route53() }, systemClock));
    return {
      applyWishes: async (input) => {
        const wishes = input.wishes.flatMap((wish) => ('rewrite' in wish ? [] : [wish]));
        this.attempts.push(wishes);
        await this.onApply(wishes);
        const before = input.wishes.map(({ host }) => this.weights(host));
        const outcomes = await real.applyWishes(input);
        this.applied.push({ wishes, before, outcomes });
        return outcomes;
      },
      awaitInSync: async (input) => {
        await this.onAwaitInSync(input.changeId);
        return real.awaitInSync(input);
      },
    };
  }

  #route53(): Pick<Route53, 'recordsOfAll' | 'change' | 'isInSync'> {
    return {
      recordsOfAll: async (_zone, names) =>
        new Map(names.map((name) => [name, this.#records.filter((set) => set.name === fullName(name)).map(toRecord)])),
      change: async (_zone, changes) => {
        this.#take(changes);
        const changeId = `C${this.writes.length - 1}`;
        this.onTaken();
        return changeId;
      },
      isInSync: async () => true,
    };
  }

  #take(changes: readonly RecordSetChange[]): void {
    const protections = ['A', 'AAAA'].flatMap((type) => [...this.#protected].map((name) => ({ name, type })));
    const zone = { name: 'example.test.', records: this.#records, protections };
    const batch = changes.map(({ action, record }) => ({ action, set: toSet(record) }));
    try {
      this.#records = applyBatch(zone, batch);
    } catch (error) {
      throw error instanceof AwsError ? awsError(error.code, error.message) : error;
    }
    this.writes.push(Object.fromEntries(changes.map(({ record: { name } }) => [name, this.weights(name)])));
  }
}

const target = (cluster: string, host: string) => ({
  hostname: `${host}.${cluster}.elb.amazonaws.com`,
  hostedZoneId: 'Z14GRHDCWA56QT',
});

const toSet = ({ name, type, setIdentifier, weight, ttlSeconds, alias, values }: ZoneRecord): RecordSet => ({
  name: fullName(name),
  type,
  ...(setIdentifier === null ? {} : { setIdentifier }),
  routing: weight === null ? {} : { Weight: String(weight) },
  values,
  ...(ttlSeconds === null ? {} : { ttl: ttlSeconds }),
  ...(alias
    ? { alias: { hostedZoneId: alias.hostedZoneId, dnsName: fullName(alias.hostname), evaluateTargetHealth: false } }
    : {}),
});

const toRecord = ({ name, type, setIdentifier, routing, ttl, values, alias }: RecordSet): ZoneRecord => ({
  name: name.slice(0, -1),
  type,
  setIdentifier: setIdentifier ?? null,
  weight: routing.Weight === undefined ? null : Number(routing.Weight),
  ttlSeconds: ttl ?? null,
  alias: alias
    ? { hostname: alias.dnsName.slice(0, -1), hostedZoneId: alias.hostedZoneId, evaluateTargetHealth: false }
    : null,
  values,
  healthChecked: false,
});

/** As the real activity when Route 53 has enough for now, but the next attempt is at once. */
export const throttled = (): ApplicationFailure =>
  ApplicationFailure.create({ message: 'Rate exceeded', type: 'cloud.throttled', nextRetryDelay: '5ms' });

/** A wish for so much green on a host that is shared between `stg-1-33` and green. */
export function wishFor(
  host: string,
  green: number,
  change: Partial<Pick<Wish, 'expected' | 'urgent'>> = {},
): Omit<Wish, 'id'> {
  return {
    host,
    want: [
      { setIdentifier: BLUE, weight: 100 - green, target: target(BLUE, host) },
      { setIdentifier: GREEN, weight: green, target: target(GREEN, host) },
    ],
    expected: null,
    urgent: false,
    ...change,
  };
}
