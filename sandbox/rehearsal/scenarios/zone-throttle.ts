import { setTimeout as sleep } from 'node:timers/promises';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { UpgradeStatus } from '../../../src/domain/status.ts';
import type { SandboxEnvironment } from '../../environment-file.ts';
import { DEVELOPERS_APPS } from '../../gitops/catalog.ts';
import { ZONE } from '../../sandbox.ts';
import { lettersOfZones } from '../letters.ts';
import type { Actor, Noted, Scenario, Stage } from '../scenario.ts';
import { Stranger, weightsOf } from '../stranger.ts';
import { unless } from '../unless.ts';

/** More than the 10 a second that Route 53 takes of an account. */
const READ_EVERY_MS = 80;
/** Between two writes of somebody else, each of which keeps the zone busy for about 300 ms. */
const WRITE_EVERY_MS = 400;
const LOOK_EVERY_MS = 100;
const LEAST = { throttled: 20, busy: 3 } as const;

/** The others take their share of the machine too: time enough for the resolutions that count in each step. */
const withLongerBakes = (environment: SandboxEnvironment): object => ({
  ...environment,
  steps: environment.steps.map(({ green, bake }) => ({ green, bake: `${2 * Number.parseInt(bake, 10)}s` })),
});

/**
 * Other tools use up the account's requests and keep the zone busy while the apps move. What the worker asks of Route 53
 * is refused again and again, and every wish is fulfilled all the same, only later.
 */
export const zoneThrottle: Scenario = {
  ends: 'succeeded',
  sandbox: { amend: withLongerBakes },
  actor: (stage) => new Crowd(stage),
  judge: ({ noted: { refusals = [], wishes = [], unanswered = [], unfulfilled = [], allZero = [] } }) => {
    const count = (error: string): number => refusals.filter((one) => one.endsWith(` ${error}`)).length;
    return [
      ...unless(
        count('Throttling') >= LEAST.throttled,
        `${count('Throttling')} requests of the worker were throttled, expected at least ${LEAST.throttled}`,
      ),
      ...unless(
        count('PriorRequestNotComplete') >= LEAST.busy,
        `${count('PriorRequestNotComplete')} writes of the worker met a busy zone, expected at least ${LEAST.busy}`,
      ),
      ...unless(wishes.length > 0, 'no wish was found in the histories of zones'),
      ...unless(unanswered.length === 0, `${unanswered.length} of ${wishes.length} wishes were never answered`),
      ...unless(unfulfilled.length === 0, `wishes were refused: ${unfulfilled.join(', ')}`),
      ...unless(allZero.length === 0, `all weights were zero: ${allZero.join(', ')}`),
    ];
  },
};

class Crowd implements Actor {
  readonly #stage: Stage;
  readonly #stranger: Stranger;
  readonly #callsBefore: number;
  readonly #allZero = new Set<string>();
  #letters: Noted = {};
  #busy = false;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#stranger = new Stranger(stage.sandbox, 1);
    this.#callsBefore = stage.sandbox.gateway.calls.length;
  }

  /** While apps move, and no longer: what is told of here is their steps. */
  async look({ phases }: UpgradeStatus): Promise<void> {
    const isMoving = phases.some(({ name, state }) => name === 'migrate' && state === 'running');
    if (isMoving !== this.#busy)
      this.#stage.say(isMoving ? 'others use up what Route 53 lets the account ask' : 'the others are done');
    this.#busy = isMoving;
  }

  async beside(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#repeat(signal, READ_EVERY_MS, () => this.#read()),
      this.#repeat(signal, WRITE_EVERY_MS, () => this.#write()),
    ]);
    this.#letters = await this.#readLetters();
  }

  /** None waits for the one before: whoever uses up a limit does not wait for answers. */
  async #repeat(signal: AbortSignal, everyMs: number, ask: () => Promise<void>): Promise<void> {
    const open = new Set<Promise<void>>();
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      if (this.#busy) {
        const asked: Promise<void> = ask()
          // Refused, as it should be.
          .catch(() => undefined)
          .finally(() => open.delete(asked));
        open.add(asked);
      }
      await sleep(this.#busy ? everyMs : LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(open);
  }

  async #read(): Promise<void> {
    const records = await this.#stranger.records();
    for (const { name } of DEVELOPERS_APPS) {
      const weights = Object.values(weightsOf(records, `${name}.${ZONE}`));
      if (weights.every((weight) => weight === 0)) this.#allZero.add(name);
    }
  }

  async #write(): Promise<void> {
    const set: ResourceRecordSet = {
      Name: `other-tool.${ZONE}`,
      Type: 'TXT',
      TTL: 60,
      ResourceRecords: [{ Value: `"${Date.now()}"` }],
    };
    await this.#stranger.change([{ Action: 'UPSERT', ResourceRecordSet: set }]);
  }

  async #readLetters(): Promise<Noted> {
    const { wishes, answers } = await lettersOfZones(this.#stage.client);
    const answered = new Set(answers.map(({ wish }) => wish));
    return {
      wishes,
      unanswered: wishes.filter((id) => !answered.has(id)),
      unfulfilled: answers.flatMap((answer) => (answer.outcome === 'refused' ? answer.why : [])),
    };
  }

  noted(): Noted {
    const { gateway, workerEnv } = this.#stage.sandbox;
    const refusals = gateway.calls
      .slice(this.#callsBefore)
      .filter(({ service, principal, error }) => {
        return service === 'route53' && principal === workerEnv['AWS_ACCESS_KEY_ID'] && error !== undefined;
      })
      .map(({ operation, error = '' }) => `${operation} ${error}`);
    return { refusals, allZero: [...this.#allZero], ...this.#letters };
  }
}
