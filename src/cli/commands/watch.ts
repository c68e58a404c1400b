import type { UpgradeStatus } from '../../domain/status.ts';
import { EXIT } from '../exit-codes.ts';
import { waitsForPerson } from '../render/holds.ts';
import { jsonLines, picture, textLines, type Show } from '../render/show.ts';
import { drawsPicture } from '../render/terminal.ts';
import { run, type CommonOptions } from '../run.ts';
import { connected } from './connection.ts';

const INTERRUPTED = 130;

/** Ctrl-C ends the watching only; the upgrade goes on. */
export async function watch(environment: string, options: CommonOptions & { untilHold?: boolean }): Promise<void> {
  const interrupt = new AbortController();
  const { signal } = interrupt;
  const onSignal = (): void => interrupt.abort();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.stdout.on('error', onSignal);
  try {
    await run(options, () =>
      connected(options, async ({ upgrades }) => {
        const show = showFor(options);
        let last: UpgradeStatus | undefined;
        try {
          const onLook = (problem?: Error): void => show.looked(problem?.message);
          for await (const status of upgrades.watch(environment, { signal, onLook })) {
            show.change(status);
            last = status;
            if (options.untilHold && waitsForPerson(status)) break;
          }
        } finally {
          show.end();
        }
        process.exitCode = exitCode(last, signal.aborted);
        if (signal.aborted) process.stderr.write(`\nThe upgrade of ${environment} goes on; only the watching ended.\n`);
        return undefined;
      }),
    );
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    process.stdout.off('error', onSignal);
  }
}

function exitCode(last: UpgradeStatus | undefined, interrupted: boolean): number {
  if (last?.endedAt !== undefined) return last.state === 'succeeded' ? EXIT.done.code : EXIT.failed.code;
  return interrupted ? INTERRUPTED : EXIT.held.code;
}

/** A picture on a terminal; elsewhere a line per change, or with JSON the whole status per change. */
function showFor({ output }: CommonOptions): Show {
  if (output === 'json') return jsonLines(process.stdout);
  return drawsPicture(process.stdout) ? picture(process.stdout) : textLines(process.stdout);
}
