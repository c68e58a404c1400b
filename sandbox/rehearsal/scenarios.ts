// What can be rehearsed, by the name that a person gives it.
import type { Scenario } from './scenario.ts';
import { gateFailure } from './scenarios/gate-failure.ts';
import { plain } from './scenarios/plain.ts';
import { rollback } from './scenarios/rollback.ts';
import { workerCrash } from './scenarios/worker-crash.ts';

const ALL = {
  plain,
  rollback,
  'worker-crash': workerCrash,
  'gate-failure': gateFailure,
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof ALL;

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = ALL;
