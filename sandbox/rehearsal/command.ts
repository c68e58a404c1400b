// `eksodus rehearse`: sandbox up, one whole upgrade, report, sandbox down. Whatever happens, nothing stays.
import { readFileSync } from 'node:fs';
import { Speed } from '../contracts.ts';
import { ENVIRONMENT } from '../sandbox.ts';
import { withSandbox } from '../with-sandbox.ts';
import { conclude } from './conclude.ts';
import { expectedOf } from './expected.ts';
import { rehearse } from './rehearse.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.ts';
import { introduction, whereToLook } from './words.ts';

export interface RehearsalOptions {
  readonly speed: number;
  readonly scenario: ScenarioName;
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
    { ...SCENARIOS[scenario].sandbox, speed: new Speed(speed), announce: say },
    async (sandbox, signal) => {
      const expected = expectedOf(readFileSync(sandbox.environmentFile, 'utf8'));
      for (const line of whereToLook(ENVIRONMENT, sandbox.temporal)) say(line);
      const report = await rehearse(sandbox, scenario, { signal, stream });
      const { json, lines, code } = conclude(report, expected, {
        environment: ENVIRONMENT,
        file,
        tookSeconds: Math.round((Date.now() - began) / 1000),
      });
      if (output === 'json') process.stdout.write(json);
      for (const line of ['', ...lines]) say(line);
      if (keep) await untilInterrupted(sandbox.temporal.pageUrl, sandbox.settings.dir, signal, say);
      return code;
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
