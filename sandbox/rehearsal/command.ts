// `eksodus rehearse`: sandbox up, one whole upgrade, report, sandbox down. Whatever happens, nothing stays.
import { writeFileSync } from 'node:fs';
import { PHASES } from '../../src/domain/status.ts';
import { Speed } from '../contracts.ts';
import { ENVIRONMENT } from '../sandbox.ts';
import { withSandbox } from '../with-sandbox.ts';
import { rehearse } from './rehearse.ts';
import { judge, type Scenario } from './report.ts';
import { introduction, summary, whereToLook } from './words.ts';

export interface RehearsalOptions {
  readonly speed: number;
  readonly scenario: Scenario;
  /** File for the JSON report. */
  readonly report?: string;
  /** Leaves the sandbox up until Ctrl-C. */
  readonly keep: boolean;
  /** `json`: the report alone on standard output, what happens on standard error. */
  readonly output: 'text' | 'json';
}

/** Resolves to the exit code: 0 exactly when the scenario ended as it should. */
export async function runRehearsal({ speed, scenario, report: file, keep, output }: RehearsalOptions): Promise<number> {
  const stream = output === 'json' ? process.stderr : process.stdout;
  const say = (line: string): void => void stream.write(`${line}\n`);
  for (const line of introduction(scenario, speed)) say(line);
  const began = Date.now();
  return withSandbox(
    { speed: new Speed(speed), onGateFailure: scenario === 'rollback' ? 'rollback' : 'hold', announce: say },
    async (sandbox, signal) => {
      for (const line of whereToLook(ENVIRONMENT, sandbox.temporal)) say(line);
      const report = await rehearse(sandbox, scenario, { signal, stream });
      if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
      if (output === 'json') process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
      const problems = judge(report, PHASES);
      say('');
      for (const line of summary(report)) say(line);
      for (const problem of problems) say(`✗ ${problem}`);
      say(
        problems.length === 0
          ? `✓ ${report.result} as it should, after ${Math.round((Date.now() - began) / 1000)} s`
          : `✗ the rehearsal of ${ENVIRONMENT} did not end as it should`,
      );
      if (keep) await untilInterrupted(sandbox.temporal.pageUrl, sandbox.settings.dir, signal, say);
      return problems.length === 0 ? 0 : 1;
    },
  );
}

async function untilInterrupted(
  temporalPage: string,
  dir: string,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  say(`\nThe sandbox stays up. Temporal: ${temporalPage} · files and kubeconfigs: ${dir} · Ctrl-C takes it down.`);
  await new Promise<void>((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
