// When the gates of several apps fail, it is likely to be what they share. Pure.
import type { AppStatus, TrafficStepStatus } from './status.ts';

/** An app whose latest step failed at its gate, and that has begun no other since. */
export interface FailedApp {
  /** Which failure it is: another one of the same app has another. */
  readonly key: string;
  /** For people, such as `files at 25 % (analysis errors)`. */
  readonly what: string;
}

/** By name, whoever was heard of first. */
export function failedApps(apps: Iterable<AppStatus>): FailedApp[] {
  const failed = [...apps].flatMap(({ app, history }) => {
    const step = history.at(-1);
    if (step?.verdict !== 'failed') return [];
    return [{ key: `${app} ${step.endedAt ?? step.askedAt}`, what: `${app} at ${step.greenPercent} %${whatOf(step)}` }];
  });
  return failed.toSorted((one, other) => (one.what < other.what ? -1 : 1));
}

function whatOf({ evidence = [] }: TrafficStepStatus): string {
  const checks = new Set(evidence.filter(({ passed }) => !passed).map(({ check }) => check));
  return checks.size === 0 ? '' : ` (${[...checks].join(', ')})`;
}
