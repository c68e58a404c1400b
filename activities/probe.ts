import type { Dependencies } from '../src/adapters/index.ts';
import type { HttpCheck } from '../src/domain/environment.ts';
import type { AliasTarget } from '../src/domain/traffic.ts';

export interface Probe {
  readonly host: string;
  readonly target: AliasTarget;
  readonly check: HttpCheck;
  readonly resolvers: readonly string[] | null;
}

/** `unknown`: no request was made, because no name server could say where to. */
export interface ProbeResult {
  readonly outcome: 'good' | 'bad' | 'unknown';
  readonly observed: string;
}

/** One request straight at a load balancer. Never rejects: what goes wrong is what was observed. */
export async function probe({ resolver, http }: Dependencies, wanted: Probe): Promise<ProbeResult> {
  const { host, target, check, resolvers } = wanted;
  const { scheme, port, path, expectStatus, timeoutSeconds } = check;
  let addresses: readonly { readonly address: string }[];
  try {
    addresses = await resolver.resolve(target.hostname, resolvers);
  } catch (error) {
    return { outcome: 'unknown', observed: `${target.hostname} could not be resolved: ${textOf(error)}` };
  }
  // Any of them may be asked by a client, so over time each is.
  const chosen = addresses[Math.floor(Math.random() * addresses.length)];
  if (!chosen) return { outcome: 'bad', observed: `${target.hostname} has no address` };
  try {
    const request = { address: chosen.address, port, scheme, path, host, timeoutSeconds };
    const { status, ms } = await http.request(request);
    return { outcome: status === expectStatus ? 'good' : 'bad', observed: `status ${status} in ${Math.round(ms)} ms` };
  } catch (error) {
    return { outcome: 'bad', observed: `${chosen.address}:${port}: ${textOf(error)}` };
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
