import type { RehearsalOptions } from '../../../sandbox/rehearsal/command.ts';
import { InputError, run, type CommonOptions } from '../run.ts';

interface Options extends CommonOptions {
  readonly scenario: RehearsalOptions['scenario'];
  readonly speed: string;
  readonly report?: string;
  readonly keep?: boolean;
}

const [SLOWEST, FASTEST] = [1, 600];

export function rehearse(options: Options): Promise<void> {
  return run(options, async () => {
    const speed = Number(options.speed);
    if (!(speed >= SLOWEST && speed <= FASTEST))
      throw new InputError(
        `--speed is "${options.speed}"; expected a number from ${SLOWEST} (as slow as AWS) to ${FASTEST}.`,
      );
    const { runRehearsal } = await import('../../../sandbox/rehearsal/command.ts');
    const { scenario, report, keep = false, output } = options;
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
