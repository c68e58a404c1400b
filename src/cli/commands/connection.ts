import { connect, type Eksodus } from '../../client/index.ts';
import { InputError, type CommonOptions } from '../run.ts';

const HOST_AND_PORT = /^(?:[\w.-]+|\[[\da-f:.]+\]):(?<port>\d+)$/i;
const HIGHEST_PORT = 65_535;

/** @throws InputError when the address cannot be one */
export function temporalSettings(): { address: string; namespace: string } {
  const { TEMPORAL_ADDRESS: address = '127.0.0.1:7233', TEMPORAL_NAMESPACE: namespace = 'default' } = process.env;
  const port = Number(HOST_AND_PORT.exec(address)?.groups?.['port']);
  if (!(port >= 1 && port <= HIGHEST_PORT))
    throw new InputError(`TEMPORAL_ADDRESS is "${address}"; expected host:port, such as 127.0.0.1:7233.`);
  return { address, namespace };
}

/** Connects, lets `use` ask, and closes whatever happens. */
export async function connected<T>({ output }: CommonOptions, use: (eksodus: Eksodus) => Promise<T>): Promise<T> {
  const settings = temporalSettings();
  const connecting = connect(settings);
  const eksodus = await (output === 'json' ? connecting : saidWhenSlow(`Temporal at ${settings.address}`, connecting));
  try {
    return await use(eksodus);
  } finally {
    await eksodus.close();
  }
}

/** People are patient for so long without a word. */
const PATIENCE_MS = 1_000;

async function saidWhenSlow<T>(what: string, waited: Promise<T>): Promise<T> {
  const saying = setTimeout(() => process.stderr.write(`waiting for ${what} …\n`), PATIENCE_MS);
  try {
    return await waited;
  } finally {
    clearTimeout(saying);
  }
}
