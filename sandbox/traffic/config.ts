import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const Port = z.int().min(1).max(65_535);

const Schema = z.strictObject({
  /** `address:port` of the name server that every client asks. */
  nameServer: z.string().regex(/^\d+\.\d+\.\d+\.\d+:\d+$/, 'expected address:port'),
  apps: z.array(z.strictObject({ app: z.string().min(1), host: z.string().min(1), port: Port })).min(1),
  /** Clients that honour the TTL, and beside them those that cache for ever. */
  clients: z.int().min(1).default(250),
  cachingForEver: z.int().min(0).default(0),
  /** Time between two requests of one client to one app. */
  requestEveryMs: z.int().min(1),
  /** File that the events are appended to. */
  out: z.string().min(1),
});

export type TrafficConfig = z.infer<typeof Schema>;

/** Reads the generator's configuration. Throws an Error that names the file and every mistake in it. */
export async function readTrafficConfig(file: string): Promise<TrafficConfig> {
  const parsed = Schema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success)
    throw new Error(`${file} is no configuration of the traffic generator:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
