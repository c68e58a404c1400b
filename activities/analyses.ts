// Watches the analyses of an app: measures again and again, and remembers what came of it through crashes of the worker.
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { Dependencies } from '../src/adapters/index.ts';
import { isForEachHost, type Analysis } from '../src/domain/analysis.ts';
import { windowSecondsOf } from '../src/domain/measuring.ts';
import {
  counted,
  expectedOf,
  hasFailed,
  isTally,
  NOTHING_YET,
  observedOf,
  verdictOf,
  type Tally,
} from '../src/domain/tally.ts';
import { fail } from './failures.ts';
import { beat } from './heartbeat.ts';
import { measure } from './measure.ts';
import type { GateActivities, GateResult } from './ports.ts';

/** One analysis; of one host, if it is for each host. */
interface Watch {
  readonly key: string;
  readonly analysis: Analysis;
  /** Empty: for all hosts at once. */
  readonly host: string;
}

export function createAnalysisWork(deps: Dependencies): Pick<GateActivities, 'watchAnalyses' | 'readMetrics'> {
  const { clock, metrics } = deps;
  return {
    readMetrics: ({ questions }) => {
      const toMs = clock.now();
      const signal = cancellationSignal();
      return Promise.all(
        questions.map(({ source, query, windowSeconds }) =>
          metrics.read({ source, query, fromMs: toMs - windowSeconds * 1000, toMs, signal }),
        ),
      );
    },

    async watchAnalyses(input) {
      const sinceMs = momentOf(input.since);
      const untilMs = momentOf(input.until);
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, cancellationSignal()]);
      const tallies = remembered();
      const tallyOf = (key: string): Tally => tallies.get(key) ?? NOTHING_YET;
      const windowOf = (analysis: Analysis): number => windowSecondsOf(analysis, (clock.now() - sinceMs) / 1000);

      const watches = watchesOf(input);
      await Promise.all(
        watches.map(async (watch) => {
          // One failure is enough: nobody waits for the others.
          if ((await watchOne(watch)) === 'failed') stop.abort();
        }),
      );
      cancellationSignal().throwIfAborted();
      const results = watches.map(resultOf);
      const failed = results.filter(({ verdict }) => verdict === 'failed');
      return failed.length > 0 ? failed : results;

      /** Stopped: another one has failed, or nobody wants to know any more. */
      async function watchOne({ key, analysis, host }: Watch): Promise<'failed' | 'ended' | 'stopped'> {
        try {
          for (;;) {
            const leftMs = untilMs - clock.now();
            if (leftMs > 0) await clock.sleep(Math.min(analysis.everySeconds * 1000, leftMs), signal);
            // The end of the time is measured too, however late it is.
            const isLast = clock.now() >= untilMs;
            const asked = { ...input, host, windowSeconds: windowOf(analysis) };
            const measurement = await measure(deps, { analysis, asked, before: tallyOf(key), signal });
            tallies.set(key, counted(tallyOf(key), measurement));
            beat({ tallies: Object.fromEntries(tallies) });
            if (hasFailed(analysis, tallyOf(key))) return 'failed';
            if (isLast) return 'ended';
          }
        } catch (error) {
          if (signal.aborted) return 'stopped';
          throw error;
        }
      }

      function resultOf({ key, analysis, host }: Watch): GateResult {
        const verdict = verdictOf(analysis, tallyOf(key));
        return {
          verdict,
          evidence: {
            check: `analysis ${analysis.name}`,
            subject: `${input.app}${host === '' ? '' : ` at ${host}`} on ${input.green}`,
            passed: verdict === 'passed',
            observed: observedOf(analysis, tallyOf(key), windowOf(analysis)),
            expected: expectedOf(analysis),
            at: new Date(clock.now()).toISOString(),
          },
        };
      }
    },
  };
}

function momentOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw fail('input.invalid', `"${text}" is no point in time`);
  return ms;
}

const watchesOf = ({ analyses, hosts }: Parameters<GateActivities['watchAnalyses']>[0]): Watch[] =>
  analyses.flatMap((analysis) =>
    (isForEachHost(analysis) ? hosts : ['']).map((host) => ({ key: `${analysis.name} ${host}`, analysis, host })),
  );

/** What an attempt before this one had counted. */
function remembered(): Map<string, Tally> {
  const details: unknown = activityInfo().heartbeatDetails;
  const known = typeof details === 'object' && details !== null && 'tallies' in details ? details.tallies : {};
  const tallies = typeof known === 'object' && known !== null ? Object.entries(known) : [];
  return new Map(tallies.filter((entry): entry is [string, Tally] => isTally(entry[1])));
}
