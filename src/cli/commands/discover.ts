import { existsSync, writeFileSync } from 'node:fs';
import { loadEnvironment } from '../../../config/load.ts';
import { ClientError } from '../../client/errors.ts';
import { catalogueOf, type Catalogue } from '../../domain/catalogue.ts';
import type { Environment } from '../../domain/environment.ts';
import { renderCatalogue } from '../render/catalogue.ts';
import { catalogueYaml } from '../render/catalogue-yaml.ts';
import { terminal } from '../render/terminal.ts';
import { InputError, run } from '../run.ts';
import { connected } from './connection.ts';
import { mustBeWritable } from './rehearse.ts';

export interface DiscoverOptions {
  readonly output: 'text' | 'json' | 'yaml';
  readonly file?: string;
  readonly write?: string;
}

/** Changes nothing in the world; Ctrl-C ends the look. */
export async function discover(name: string, { output, file, write }: DiscoverOptions): Promise<void> {
  const common = { output: output === 'json' ? 'json' : 'text' } as const;
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await run(common, async () => {
      const given = file === undefined ? undefined : loadEnvironment(file);
      if (given && given.name !== name)
        throw new InputError(`--file is "${file}", the file of ${given.name}; expected that of ${name}.`);
      if (write !== undefined) mustBeNew(write);
      const { environment, catalogue } = await look(name, given, { signal: interrupt.signal, output });
      const yaml = catalogueYaml(environment, catalogue);
      if (write !== undefined) writeFileSync(write, yaml, { flag: 'wx' });
      const written = write === undefined ? '' : `\nwritten to ${write}: what the environment file has not`;
      const table = renderCatalogue(environment, catalogue, terminal(process.stdout));
      return { text: output === 'yaml' ? yaml : `${table}${written}`, json: catalogue };
    });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

function look(
  name: string,
  given: Environment | undefined,
  { signal, output }: { readonly signal: AbortSignal; readonly output: DiscoverOptions['output'] },
): Promise<{ environment: Environment; catalogue: Catalogue }> {
  const onProgress = (doing: string): void => void (output === 'json' || process.stderr.write(`${doing} …\n`));
  const common = { output: output === 'json' ? 'json' : 'text' } as const;
  return connected(common, async ({ upgrades, discovery }) => {
    const environment = given ?? (await upgrades.environment(name).catch(withAdvice(name)));
    const facts = await discovery.discover(environment, { signal, onProgress });
    return { environment, catalogue: catalogueOf(environment, facts) };
  });
}

/** An environment that was never upgraded is known by its file alone. */
const withAdvice =
  (name: string) =>
  (error: unknown): never => {
    if (!(error instanceof ClientError) || error.kind !== 'not-found') throw error;
    throw new InputError(`no upgrade of ${name} is known. Name its file: eksodus apps discover ${name} --file FILE`);
  };

/** Whatever is there already was written by somebody, and may be an environment file. */
function mustBeNew(file: string): void {
  if (existsSync(file))
    throw new InputError(`--write is "${file}", which is there already; expected a new file. Nothing was asked.`);
  mustBeWritable(file, '--write');
}
