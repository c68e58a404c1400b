import type { AppName } from '../../client/apps.ts';
import { parseMoment } from '../moment.ts';
import { renderStragglers } from '../render/stragglers.ts';
import { EXIT } from '../exit-codes.ts';
import { renderApp, renderApps } from '../render/app.ts';
import { needsPerson } from '../../domain/hold.ts';
import { terminal } from '../render/terminal.ts';
import { run, type CommonOptions } from '../run.ts';
import { connected } from './connection.ts';
import { confirm, give, steer, type Confirmed, type Steer } from './steer.ts';

export function list(environment: string, options: CommonOptions): Promise<void> {
  return run(options, async () => {
    const seen = await connected(options, ({ apps }) => apps.list(environment));
    const { upgrade, apps } = seen;
    const json = { environment, state: upgrade.state, apps };
    return { text: renderApps(seen, new Date(), terminal(process.stdout)), json };
  });
}

export function show(name: AppName, options: CommonOptions): Promise<void> {
  return run(options, async () => {
    const seen = await connected(options, ({ apps }) => apps.show(name));
    const { hold } = seen.app;
    const code = hold && needsPerson(hold) ? EXIT.held.code : EXIT.done.code;
    return { text: renderApp(seen, new Date(), terminal(process.stdout)), json: seen.app, code };
  });
}

/** A command that says all by its name. */
export const tell = (
  verb: 'start' | 'pause' | 'resume' | 'retry' | 'promote' | 'unschedule' | 'grantExtension' | 'refuseExtension',
  name: AppName,
  options: Steer,
): Promise<void> => steer(options, ({ apps }, asker) => apps[verb](name, asker));

export const abort = (name: AppName, options: Steer & Confirmed): Promise<void> =>
  steer(options, async ({ apps }, asker) => {
    const { environment, app } = name;
    await confirm(app, options, `All traffic of ${app} in ${environment} goes back to the old cluster.`);
    return apps.abort(name, asker);
  });

export const pin = (name: AppName, percent: string, options: Steer): Promise<void> =>
  run(options, async () => {
    const { parsePercent } = await import('../steps.ts');
    const greenPercent = parsePercent(percent);
    return give(options, ({ apps }, asker) => apps.pin(name, { ...asker, greenPercent }));
  });

export const steps = (name: AppName, texts: readonly string[], options: Steer): Promise<void> =>
  run(options, async () => {
    const { parseSteps } = await import('../steps.ts');
    const wanted = parseSteps(texts);
    return give(options, ({ apps }, asker) => apps.steps(name, { ...asker, steps: wanted }));
  });

export const schedule = (name: AppName, text: string, options: Steer): Promise<void> =>
  run(options, async () => {
    const moment = parseMoment(text);
    return give(options, ({ apps }, asker) => apps.schedule(name, { ...asker, moment }));
  });

export const extend = (name: AppName, text: string, options: Steer): Promise<void> =>
  run(options, async () => {
    const due = parseMoment(text);
    return give(options, ({ apps }, asker) => apps.extend(name, { ...asker, due }));
  });

export function stragglers(environment: string, options: CommonOptions): Promise<void> {
  return run(options, async () => {
    const now = new Date();
    const found = await connected(options, ({ apps }) => apps.stragglers(environment, now));
    const json = { environment, stragglers: found };
    return { text: renderStragglers(json, now, terminal(process.stdout)), json };
  });
}
