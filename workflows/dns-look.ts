// What is true of an environment's names now: the worker has the rights to look, and whoever asks has not.
import type { Environment } from '../src/domain/environment.ts';
import type { NamesView } from '../src/domain/dns-view.ts';
import { calls } from './proxies.ts';

export interface DnsLookInput {
  readonly environment: Environment;
  /** Null: all names of the environment. */
  readonly hosts: readonly string[] | null;
}

export const dnsLook = ({ environment, hosts }: DnsLookInput): Promise<NamesView> =>
  calls.showNames({ environment, hosts });
