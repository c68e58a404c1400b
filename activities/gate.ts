import { cancellationSignal } from '@temporalio/activity';
import type { Dependencies } from '../src/adapters/index.ts';
import type { HttpCheck } from '../src/domain/environment.ts';
import { inZone, nextOpening, whyShut } from '../src/domain/window.ts';
import { fail } from './failures.ts';
import type { GateActivities, GateResult } from './ports.ts';
import { probe, type Probe } from './probe.ts';

/** What came of one check over the whole watch. */
interface Tally {
  readonly check: HttpCheck;
  probes: number;
  failed: number;
  failedInRow: number;
  unknownInRow: number;
  lastFailure: string;
}

type Verdict = GateResult['verdict'];

export function createGateWork(deps: Dependencies): Pick<GateActivities, 'watchGate' | 'windowState'> {
  const { clock } = deps;
  return {
    async watchGate({ app, host, target, checks, until, resolvers }) {
      const untilMs = Date.parse(until);
      if (Number.isNaN(untilMs)) throw fail('input.invalid', `"${until}" is no point in time`);
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, cancellationSignal()]);
      const tallies = checks.map((check) => newTally(check));
      const watches = tallies.map(async (tally) => {
        const verdict = await watch({ host, target, check: tally.check, resolvers }, { tally, untilMs, signal });
        // One failure is enough: nobody waits for the others.
        if (verdict === 'failed') stop.abort();
        return verdict;
      });
      const verdict = worst((await Promise.all(watches)).filter((one) => one !== undefined));
      cancellationSignal().throwIfAborted();
      return {
        verdict,
        evidence: {
          check: 'gate',
          subject: `${app}: ${host} at ${target.hostname}`,
          passed: verdict === 'passed',
          observed: tallies.map(describe).join('; ') || 'there is no check',
          expected: tallies
            .map(({ check }) => `${check.path} fewer than ${check.failures} failures in a row`)
            .join('; '),
          at: new Date(clock.now()).toISOString(),
        },
      };
    },

    async windowState({ window, at }) {
      const instant = Date.parse(at);
      if (Number.isNaN(instant)) throw fail('input.invalid', `"${at}" is no point in time`);
      const why = whyShut(window, instant);
      if (why === undefined) return { open: true };
      const next = nextOpening(window, instant);
      const opens =
        next === undefined ? null : { at: new Date(next).toISOString(), local: inZone(window.timeZone, next) };
      return { open: false, why, opens };
    },
  };

  /**
   * Probes until the time is up, but never ends in the middle of a row of failures: it goes on until it knows.
   * Undefined: it was told to stop.
   */
  async function watch(
    wanted: Probe,
    { tally, untilMs, signal }: { tally: Tally; untilMs: number; signal: AbortSignal },
  ): Promise<Verdict | undefined> {
    const { failures, everySeconds } = wanted.check;
    for (;;) {
      count(tally, await probe(deps, wanted));
      if (tally.failedInRow >= failures) return 'failed';
      if (clock.now() >= untilMs) {
        if (tally.unknownInRow >= failures) return 'inconclusive';
        if (tally.failedInRow === 0 && tally.unknownInRow === 0) return 'passed';
      }
      try {
        await clock.sleep(everySeconds * 1000, signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        throw error;
      }
    }
  }
}

const newTally = (check: HttpCheck): Tally => ({
  check,
  probes: 0,
  failed: 0,
  failedInRow: 0,
  unknownInRow: 0,
  lastFailure: '',
});

function count(tally: Tally, { outcome, observed }: Awaited<ReturnType<typeof probe>>): void {
  if (outcome === 'unknown') {
    tally.unknownInRow += 1;
    tally.lastFailure = observed;
    return;
  }
  tally.unknownInRow = 0;
  tally.probes += 1;
  if (outcome === 'good') {
    tally.failedInRow = 0;
    return;
  }
  tally.failed += 1;
  tally.failedInRow += 1;
  tally.lastFailure = observed;
}

/** No verdict at all means that nothing was probed. */
function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('failed')) return 'failed';
  return verdicts.length === 0 || verdicts.includes('inconclusive') ? 'inconclusive' : 'passed';
}

function describe({ check, probes, failed, lastFailure }: Tally): string {
  const last = lastFailure === '' ? '' : `, last failure: ${lastFailure}`;
  return `${check.path} ${probes} probes, ${failed} failed${last}`;
}
