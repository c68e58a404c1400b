// When so many apps have failed at their gates, no app begins a new step until a person says so.
import { failedApps, type FailedApp } from '../src/domain/failed-apps.ts';
import type { AppStatus, Hold } from '../src/domain/status.ts';

export class FailureStop {
  /** While it stands. */
  hold: Hold | undefined;
  readonly #limit: number;
  /** Failures that a person has seen do not count any more. */
  readonly #seen = new Set<string>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** What migrations are told of it. */
  get standing(): { readonly stopped?: string } {
    return this.hold ? { stopped: this.hold.because } : {};
  }

  isDue(apps: Iterable<AppStatus>): boolean {
    return this.hold === undefined && this.#count(apps).length >= this.#limit;
  }

  /** For people: what failed. */
  why(apps: Iterable<AppStatus>): Omit<Hold, 'releases' | 'since'> {
    const failed = this.#count(apps);
    const one =
      failed.length === 1 ? 'one app has failed at its gate' : `${failed.length} apps have failed at their gates`;
    const because = `${one}: ${failed.map(({ what }) => what).join(', ')}; no app begins a new step`;
    return {
      kind: 'gate',
      phase: 'migrate',
      because,
      waitsFor: 'somebody to look at them and resume',
      runbook: 'gate-failed',
    };
  }

  lift(apps: Iterable<AppStatus>): void {
    for (const { key } of failedApps(apps)) this.#seen.add(key);
    this.hold = undefined;
  }

  #count(apps: Iterable<AppStatus>): FailedApp[] {
    return failedApps(apps).filter(({ key }) => !this.#seen.has(key));
  }
}
