import type { Scenario } from '../scenario.ts';

/** One upgrade, and nothing happens to it. */
export const plain: Scenario = { ends: 'succeeded' };
