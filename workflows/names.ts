// What is true of an environment's names now: the worker has the rights to look, and whoever asks has not.
import type { Environment } from '../src/domain/environment.ts';
import type { NamesView } from '../src/domain/dns-view.ts';
import { calls } from './proxies.ts';

export interface NamesInput {
  readonly environment: Environment;
  /** Null: all names of the environment. */
  readonly hosts: readonly string[] | null;
}

export function names({ environment, hosts }: NamesInput): Promise<NamesView> {
  return calls.showNames({ environment, hosts });
}
