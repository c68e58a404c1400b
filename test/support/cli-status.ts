// Upgrades as the workflow describes them, for tests of how they are shown.
import {
  PHASES,
  type AppAction,
  type AppStatus,
  type Hold,
  type PhaseName,
  type PhaseStatus,
  type UpgradeStatus,
} from '../../src/domain/status.ts';

/** The moment at which the tests look. */
export const NOW = new Date('2026-11-21T03:12:00.000Z');

/** So many seconds before that moment. */
export const ago = (seconds: number): string => new Date(NOW.getTime() - seconds * 1000).toISOString();

export function phases(change: Partial<Record<PhaseName, Partial<PhaseStatus>>>): PhaseStatus[] {
  return PHASES.map((name) => Object.assign({ name, state: 'pending' as const, items: [] }, change[name]));
}

export const done = (from: number, to: number): Partial<PhaseStatus> => ({
  state: 'done',
  startedAt: ago(from),
  endedAt: ago(to),
});

export function app(name: string, change: Partial<AppStatus>): AppStatus {
  return {
    app: name,
    team: `team-${name}`,
    state: 'waiting',
    greenPercent: 0,
    stepIndex: 0,
    stepCount: 4,
    since: ago(60),
    history: [],
    actions: [],
    ...change,
  };
}

export const action = (change: Partial<AppAction>): AppAction => ({
  verb: 'pause',
  by: 'ana',
  at: ago(180),
  ...change,
});

export const hold = (change: Partial<Hold>): Hold => ({
  kind: 'gate',
  phase: 'migrate',
  because: 'http of messages: 31 of 200 answers failed, expected none; its traffic is back on blue',
  waitsFor: 'a second try from the first step',
  releases: ['eksodus upgrade resume stg', 'eksodus upgrade rollback stg'],
  since: ago(720),
  ...change,
});

/** In the middle of migrate. */
export function upgrade(change: Partial<UpgradeStatus> = {}): UpgradeStatus {
  return {
    environment: 'stg',
    run: 'upgrade/stg/7f3c',
    state: 'running',
    blue: { name: 'stg-1-33', version: '1.33' },
    green: { name: 'stg-1-36', version: '1.36' },
    startedAt: ago(2460),
    startedBy: 'sre@example.com',
    wayBack: 'open',
    phases: phases({
      preflight: done(2460, 2422),
      provision: {
        ...done(2422, 1640),
        items: [
          { name: 'cluster stg-1-36', state: 'done', startedAt: ago(2422), endedAt: ago(1870) },
          { name: 'node group general', state: 'done', startedAt: ago(1870), endedAt: ago(1649), detail: '3 nodes' },
        ],
      },
      bootstrap: done(1640, 1370),
      verify: done(1370, 1298),
      migrate: { state: 'running', startedAt: ago(1298) },
    }),
    apps: [],
    holds: [],
    findings: [],
    evidence: [],
    ...change,
  };
}
