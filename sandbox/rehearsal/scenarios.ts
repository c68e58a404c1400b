// What can be rehearsed, by the name that a person gives it.
import type { Scenario } from './scenario.ts';
import { deadline } from './scenarios/deadline.ts';
import { blueSick } from './scenarios/blue-sick.ts';
import { gateFailure } from './scenarios/gate-failure.ts';
import { drift } from './scenarios/drift.ts';
import { cronHandover } from './scenarios/cron-handover.ts';
import { externalDns } from './scenarios/external-dns.ts';
import { plain } from './scenarios/plain.ts';
import { rollback } from './scenarios/rollback.ts';
import { workerCrash } from './scenarios/worker-crash.ts';
import { zoneThrottle } from './scenarios/zone-throttle.ts';

const ALL = {
  plain,
  deadline,
  rollback,
  'worker-crash': workerCrash,
  'gate-failure': gateFailure,
  drift,
  'zone-throttle': zoneThrottle,
  'cron-handover': cronHandover,
  'blue-sick': blueSick,
  'external-dns': externalDns,
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof ALL;

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = ALL;
