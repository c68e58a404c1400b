import { Resolver } from 'node:dns/promises';

export interface DnsAnswer {
  readonly address: string;
  readonly ttlSeconds: number;
}

export interface NameResolver {
  /**
   * The IPv4 addresses of a name now, by the given servers (`address` or `address:port`), or the system's when null.
   * Nothing is kept. Empty when the name has none; throws when no server could say.
   */
  resolve(name: string, servers: readonly string[] | null): Promise<readonly DnsAnswer[]>;
}

const TIMEOUT_MS = 2_000;
const TRIES = 2;
/** The server is sure: no such name, or none with an address. */
const NO_ADDRESS = new Set(['ENOTFOUND', 'ENODATA']);

export const nameResolver: NameResolver = {
  async resolve(name, servers) {
    const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    if (servers) resolver.setServers(servers);
    try {
      const answers = await resolver.resolve4(name, { ttl: true });
      return answers.map(({ address, ttl }) => ({ address, ttlSeconds: ttl }));
    } catch (error) {
      if (error instanceof Error && 'code' in error && NO_ADDRESS.has(String(error.code))) return [];
      throw error;
    }
  },
};
