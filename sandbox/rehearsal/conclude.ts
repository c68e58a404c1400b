import { writeFileSync } from 'node:fs';
import type { Expected } from './expected.ts';
import { judge } from './judge.ts';
import type { JudgedReport, RehearsalReport } from './report.ts';
import { summary } from './words.ts';

export interface Conclusion {
  readonly json: string;
  readonly lines: readonly string[];
  /** 0 exactly when the scenario ended as it should. */
  readonly code: 0 | 1;
}

/** Judges a report, writes it where it is wanted, and says what came out. */
export function conclude(
  report: RehearsalReport,
  expected: Expected,
  {
    environment,
    file,
    tookSeconds,
  }: { readonly environment: string; readonly file: string | undefined; readonly tookSeconds: number },
): Conclusion {
  const judged: JudgedReport = { ...report, problems: judge(report, expected) };
  const json = `${JSON.stringify(judged, null, 2)}\n`;
  const problems = [...judged.problems, ...(file === undefined ? [] : write(file, json))];
  const verdict =
    problems.length === 0
      ? `✓ ${report.result} as it should, after ${tookSeconds} s`
      : `✗ the rehearsal of ${environment} did not end as it should`;
  return {
    json,
    lines: [...summary(report), ...problems.map((problem) => `✗ ${problem}`), verdict],
    code: problems.length === 0 ? 0 : 1,
  };
}

function write(file: string, json: string): string[] {
  try {
    writeFileSync(file, json);
    return [];
  } catch (error) {
    return [`the report could not be written: ${error instanceof Error ? error.message : String(error)}`];
  }
}
