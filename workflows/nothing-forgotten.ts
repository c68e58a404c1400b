// The look before a cluster is deleted for whatever still receives traffic there and belongs to no app.
import { ApplicationFailure } from '@temporalio/workflow';
import { describeUncatalogued } from '../src/domain/catalogue-findings.ts';
import type { Environment } from '../src/domain/environment.ts';
import { waits } from './proxies.ts';

/** A failure that a person takes out of the way: nothing went wrong. */
export const BLOCKED_BY_CATALOGUE = 'catalogue.uncatalogued';

/** Throws `catalogue.uncatalogued` with everything that would be cut. */
export async function seeNothingForgotten(environment: Environment, cluster: string): Promise<void> {
  const uncatalogued = await waits.findUncatalogued({ environment, cluster });
  if (uncatalogued.length === 0) return;
  const hint = `give each to the new cluster or take it off ${cluster}, then resume`;
  throw ApplicationFailure.nonRetryable(
    `would be cut with ${cluster}, and no app has it: ${describeUncatalogued(uncatalogued)}`,
    BLOCKED_BY_CATALOGUE,
    { hint, runbook: 'uncatalogued' },
  );
}
