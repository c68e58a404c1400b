// Every activity call of the product, in four kinds of work. A worker beats for each running activity (src/worker),
// so a heartbeat that stays away means a dead worker, and the work is given to another one within seconds.
import { ActivityCancellationType, proxyActivities, type ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities } from '../activities/ports.ts';

const common = {
  heartbeatTimeout: '10s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const;

/** One look or one request: quick, asked again often; what stays away for a quarter of an hour holds for a person. */
export const calls = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '1m',
  scheduleToCloseTimeout: '15m',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' },
});

/** Waits for AWS or Argo CD: each has a deadline of its own; this one is for what never answers. */
export const waits = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '60m',
  scheduleToCloseTimeout: '2h',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/** A look that nothing may wait for: what has no answer by then is not known. */
export const glances = proxyActivities<Activities>({
  ...common,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  startToCloseTimeout: '5s',
  scheduleToCloseTimeout: '5s',
  retry: { maximumAttempts: 1 },
});

/** Work that nobody's traffic depends on: what cannot be done within a minute is told instead. */
export const tidies = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '1m',
  retry: { initialInterval: '1s', backoffCoefficient: 2 },
});

/** Watches a bake of any length. It only looks, so whoever cancels it need not wait until it has noticed. */
export const watches = proxyActivities<Activities>({
  ...common,
  cancellationType: ActivityCancellationType.TRY_CANCEL,
  startToCloseTimeout: '7d',
  retry: { initialInterval: '1s', backoffCoefficient: 1 },
});

/** Writes to a hosted zone: retried until Route 53 takes or refuses them, for nobody else may write meanwhile. */
export const zoneWrites = proxyActivities<Activities>({
  ...common,
  startToCloseTimeout: '1m',
  retry: { initialInterval: '500ms', backoffCoefficient: 1.5, maximumInterval: '5s' },
});

/** For what must be over soon: tried again quickly, and given up after so long. */
export const hurried = (seconds: number): ActivityInterfaceFor<Activities> =>
  proxyActivities<Activities>({
    ...common,
    startToCloseTimeout: '15s',
    scheduleToCloseTimeout: Math.max(1, Math.ceil(seconds)) * 1000,
    retry: { initialInterval: '500ms', backoffCoefficient: 1.5, maximumInterval: '3s' },
  });
