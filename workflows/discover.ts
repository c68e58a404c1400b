// One look at what receives traffic on an environment's live cluster, for whoever asks by `eksodus apps discover`.
import type { CatalogueFacts } from '../src/domain/catalogue.ts';
import type { Environment } from '../src/domain/environment.ts';
import { waits } from './proxies.ts';

export interface DiscoverInput {
  readonly environment: Environment;
}

/** Changes nothing. It lives no longer than somebody waits: the one who starts it gives it a time limit. */
export function discover({ environment }: DiscoverInput): Promise<CatalogueFacts> {
  return waits.gatherCatalogue({ environment });
}
