import { loadEnvironment } from '../../../config/load.ts';
import type { AdoptionInput } from '../../../workflows/adoption.ts';
import { ClientError } from '../../client/errors.ts';
import type { Eksodus } from '../../client/index.ts';
import type { Environment } from '../../domain/environment.ts';
import { EXIT } from '../exit-codes.ts';
import { renderMoved, renderNames } from '../render/names.ts';
import { terminal } from '../render/terminal.ts';
import { InputError, run, type CommonOptions } from '../run.ts';
import { connected } from './connection.ts';
import { askerOf, type Steer } from './steer.ts';

export interface FromFile {
  readonly file?: string;
}

export function show(name: string, host: string | undefined, options: CommonOptions & FromFile): Promise<void> {
  return run(options, async () => {
    const described = fromFile(name, options);
    const seen = await connected(options, async (eksodus) =>
      eksodus.names.show(described ?? (await latest(eksodus, name)), host?.toLowerCase()),
    );
    return { text: renderNames(seen, new Date(), terminal(process.stdout)), json: seen };
  });
}

export const adopt = (name: string, host: string, options: Steer & FromFile): Promise<void> =>
  move(name, host, options, { kind: 'adopt' });

export const release = (name: string, host: string, options: Steer & FromFile & { toOwner?: string }): Promise<void> =>
  move(name, host, options, { kind: 'release', ownerId: options.toOwner ?? null });

function move(name: string, host: string, options: Steer & FromFile, wanted: AdoptionInput['wanted']): Promise<void> {
  return run(options, async () => {
    const described = fromFile(name, options);
    const asker = askerOf(options);
    const result = await connected(options, async (eksodus) =>
      eksodus.names.move(described ?? (await latest(eksodus, name)), host.toLowerCase(), wanted, asker),
    );
    switch (result.outcome) {
      case 'refused':
        throw new ClientError('refused', `${result.why}. Nothing was changed. To do: ${result.todo}`);
      case 'restored':
        throw new Error(`${host} is as it was before: ${result.why}`);
      case 'done':
      case 'nothing':
        return { text: renderMoved(host, result, wanted), json: result, code: EXIT.done.code };
    }
  });
}

/** @throws InputError when the file is another environment's */
function fromFile(name: string, { file }: FromFile): Environment | undefined {
  if (file === undefined) return undefined;
  const environment = loadEnvironment(file);
  if (environment.name === name) return environment;
  throw new InputError(`${file} describes ${environment.name}, not ${name}.`);
}

async function latest({ upgrades }: Eksodus, name: string): Promise<Environment> {
  try {
    await upgrades.status(name);
    return await upgrades.environment(name);
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== 'not-found') throw error;
    throw new ClientError('not-found', `no upgrade of ${name} is known: describe it with --file FILE`, error);
  }
}
