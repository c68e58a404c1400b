import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import type { RehearsalOptions } from '../../../sandbox/rehearsal/command.ts';
import { InputError, run, type CommonOptions } from '../run.ts';

/** What can be rehearsed, each in a few words. */
export const SCENARIOS: Readonly<Record<RehearsalOptions['scenario'], string>> = {
  plain: 'one upgrade, and nothing happens to it',
  deadline: 'nobody starts one app and its deadline does; the owner of another one scheduled it',
  rollback: 'an app fails on green: everything goes back by itself',
  'worker-crash': 'the worker is killed once in each phase',
  'gate-failure':
    'an app fails a part of its requests on green: metrics see it, it goes back alone, and is tried again',
  drift: 'somebody writes other weights in the middle of a move: the app holds, and goes on when it is resumed',
  'zone-throttle': 'other tools use up the requests to Route 53 and keep the zone busy: all goes on, only later',
  'external-dns': 'an app’s name is external-dns’s: it moves by annotations in both clusters',
  'cron-handover': 'a CronJob moves, is taken back and moves again, and no run is lost or doubled',
  'blue-sick': 'a rollback is refused while the old cluster fails its checks, and done once it is mended',
};

export interface RehearseOptions extends CommonOptions {
  readonly scenario: RehearsalOptions['scenario'];
  readonly speed: string;
  readonly report?: string;
  readonly keep?: boolean;
}

const [SLOWEST, FASTEST] = [1, 600];

export function rehearse(options: RehearseOptions): Promise<void> {
  return run(options, async () => {
    const speed = Number(options.speed);
    if (!(speed >= SLOWEST && speed <= FASTEST))
      throw new InputError(
        `--speed is "${options.speed}"; expected a number from ${SLOWEST} (as slow as AWS) to ${FASTEST}.`,
      );
    const { scenario, report, keep = false, output } = options;
    if (report !== undefined) mustBeWritable(report);
    const { runRehearsal } = await import('../../../sandbox/rehearsal/command.ts');
    process.exitCode = await runRehearsal({
      speed,
      scenario,
      keep,
      output,
      ...(report === undefined ? {} : { report }),
    });
    return undefined;
  });
}

/**
 * Tried before minutes are spent on what the file is to hold; leaves nothing behind.
 * @throws InputError
 */
export function mustBeWritable(file: string, option = '--report'): void {
  const wasThere = existsSync(file);
  try {
    closeSync(openSync(file, 'a'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new InputError(
      `${option} is "${file}", which cannot be written (${code}); expected a file in a folder that is there. Nothing was started.`,
    );
  }
  if (!wasThere) rmSync(file);
}
