import { loadEnvironment } from '../../../config/load.ts';
import { greenName } from '../../domain/environment.ts';
import type { Role } from '../../domain/permissions.ts';
import { ClientError } from '../../client/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { waitsForPerson } from '../render/holds.ts';
import { renderTree } from '../render/tree.ts';
import { terminal } from '../render/terminal.ts';
import { InputError, run, type CommonOptions } from '../run.ts';
import { connected } from './connection.ts';
import { confirm, steer, type Confirmed, type Steer } from './steer.ts';
import { watch } from './watch.ts';

export interface Starts extends CommonOptions {
  readonly file: string;
  readonly by: string;
  readonly role: Role;
  readonly watch?: boolean;
}

export async function start(options: Starts): Promise<void> {
  let started: string | undefined;
  await run(options, async () => {
    const environment = loadEnvironment(options.file);
    if (options.by.trim() === '') throw new InputError('--by is empty: a command needs the name of who gives it.');
    const { run: id } = await connected(options, ({ upgrades }) => upgrades.start(environment, options));
    started = environment.name;
    return {
      text: `${environment.name} moves to ${greenName(environment)}. Watch it: eksodus upgrade watch ${environment.name}`,
      json: { environment: environment.name, green: greenName(environment), run: id },
    };
  });
  if (started !== undefined && options.watch) await watch(started, options);
}

export function status(environment: string, options: CommonOptions): Promise<void> {
  return run(options, async () => {
    const seen = await connected(options, ({ upgrades }) => upgrades.status(environment));
    const code =
      seen.state === 'ended-from-outside' ? EXIT.failed.code : waitsForPerson(seen) ? EXIT.held.code : EXIT.done.code;
    return { text: renderTree(seen, new Date(), terminal(process.stdout)), json: seen, code };
  });
}

export const pause = (environment: string, options: Steer): Promise<void> =>
  steer(options, ({ upgrades }, asker) => upgrades.pause(environment, asker));

export const resume = (environment: string, options: Steer): Promise<void> =>
  steer(options, ({ upgrades }, asker) => upgrades.resume(environment, asker));

export function approve(environment: string, options: Steer & { point?: 'migrate' | 'decommission' }): Promise<void> {
  return steer(options, async ({ upgrades }, asker) => {
    const waiting =
      options.point ??
      (await upgrades.status(environment)).holds.find(({ approval }) => approval !== undefined)?.approval;
    if (waiting === undefined)
      throw new ClientError(
        'refused',
        `${environment} waits for no approval now. See what it does: eksodus upgrade status ${environment}`,
      );
    return upgrades.approve(environment, { ...asker, point: waiting });
  });
}

export function rollback(environment: string, options: Steer & Confirmed & { removeGreen?: boolean }): Promise<void> {
  const removeGreen = options.removeGreen ?? false;
  return steer(options, async ({ upgrades }, asker) => {
    await confirm(
      environment,
      options,
      `All traffic of ${environment} goes back to the old cluster${removeGreen ? ', and the new one is deleted' : ''}.`,
    );
    return upgrades.rollback(environment, { ...asker, removeGreen });
  });
}

export function abort(environment: string, options: Steer & Confirmed): Promise<void> {
  return steer(options, async ({ upgrades }, asker) => {
    await confirm(
      environment,
      options,
      `The upgrade of ${environment} ends where it stands; weights and clusters stay as they are.`,
    );
    return upgrades.abort(environment, asker);
  });
}
