// `npm run bench -- zone`: the zone writer on a real Temporal, against the gateway with the limits of the real Route 53.
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { createRoute53 } from '../../src/adapters/route53.ts';
import { TASK_QUEUE } from '../../src/domain/ids.ts';
import { toRecordSet } from '../../src/domain/record-set.ts';
import { planHost } from '../../src/domain/traffic.ts';
import { toObserved } from '../../activities/zone-records.ts';
import { Speed } from '../contracts.ts';
import type { Bench } from './main.ts';
import type { Answered, look, Name, rollback, steppingApp } from './zone-askers.ts';
import { Figures, table, type Work } from './zone-figures.ts';
import { recordsAt } from './zone-names.ts';
import { startZoneParts, type ZoneParts } from './zone-parts.ts';

export const ZONE_HELP = `zone [--apps 1000] [--zones 1] [--baseline 40] [--speed 1]
  Steps all apps together and takes all of them back, through the zones' writers on a real Temporal, against Route 53
  with its real limits: 10 requests a second with a burst of 50, one change of a zone at a time, about 300 ms each.
    --apps N      so many apps with one name each: two colours, A and AAAA
    --zones N     over so many hosted zones of one account
    --baseline N  so many apps one after the other first, one change each: what it costs without a writer
    --speed N     1: INSYNC comes after 45 s as in AWS; 60: after 0.75 s. The limits are not scaled.
`;

const STEP = 10;
/** To start all askers before any of them asks; a worker that is busy starting them would not answer. */
const MS_PER_ASKER = 20;
const STARTS_AT_ONCE = 20;

export const benchZone: Bench = async ({ args, dir, signal, say }) => {
  const options = readOptions(args);
  say(`${options.apps} apps in ${options.zones} zone(s), INSYNC after ${45 / options.speed} s; load ${loads()}`);
  const parts = await startZoneParts({
    ...options,
    apps: options.apps + options.baseline,
    speed: new Speed(options.speed),
    dir,
    signal,
  });
  const figures = new Figures(parts.gateway);
  const measure = async (what: string, names: readonly Name[], work: Work): Promise<void> => {
    if (names.length === 0) return;
    say(`  ${what} …`);
    await figures.measure(what, names.length, work);
    signal.throwIfAborted();
  };
  const [names, alone] = [parts.names.slice(0, options.apps), parts.names.slice(options.apps)];
  try {
    await measure('one change per app, in a row', alone, oneByOne(alone));
    await measure('look at every name', names, lookAtAll(parts, names));
    await measure('step together', names, stepTogether(parts, names));
    await measure('reverse everything', names, reverseAll(parts, names));
    say('');
    for (const line of table(figures.rows)) say(line);
    say(`load ${loads()}`);
  } finally {
    figures.stop();
    await parts.stop();
  }
};

const loads = (): string =>
  loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');

function readOptions(args: readonly string[]): { apps: number; zones: number; baseline: number; speed: number } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      apps: { type: 'string', default: '1000' },
      zones: { type: 'string', default: '1' },
      baseline: { type: 'string', default: '40' },
      speed: { type: 'string', default: '1' },
    },
  });
  const whole = (name: keyof typeof values, from: number): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < from)
      throw new Error(`--${name} is "${values[name]}"; expected a whole number from ${from}`);
    return value;
  };
  return { apps: whole('apps', 1), zones: whole('zones', 1), baseline: whole('baseline', 0), speed: whole('speed', 1) };
}

/** As a script would: look, change, next. */
const oneByOne =
  (names: readonly Name[]): Work =>
  async (begin) => {
    const route53 = createRoute53();
    begin();
    const answered: Answered[] = [];
    for (const { zone, host } of names) {
      const observed = (await route53.recordsOf(zone, host)).flatMap((record) => toObserved(record) ?? []);
      const plan = planHost(observed, { want: recordsAt(host, STEP), expected: null });
      if (plan.kind !== 'change') throw new Error(`nothing to change at ${host}`);
      await route53.change(
        zone,
        plan.changes.map(({ action, record }) => ({ action, record: toRecordSet(host, record) })),
      );
      answered.push({ zone: zone.id, at: Date.now() });
    }
    return answered;
  };

const lookAtAll =
  ({ temporal }: ZoneParts, names: readonly Name[]): Work =>
  (begin) => {
    begin();
    return temporal.workflow.execute<typeof look>('look', {
      workflowId: 'bench/look',
      taskQueue: TASK_QUEUE,
      args: [{ names }],
    });
  };

const reverseAll =
  ({ temporal }: ZoneParts, names: readonly Name[]): Work =>
  (begin) => {
    begin();
    return temporal.workflow.execute<typeof rollback>('rollback', {
      workflowId: 'bench/rollback',
      taskQueue: TASK_QUEUE,
      args: [{ names }],
    });
  };

/** A workflow per app, as migrations are; they are started before, so that all of them ask at the same time. */
const stepTogether =
  ({ temporal }: ZoneParts, names: readonly Name[]): Work =>
  async (begin) => {
    const at = new Date(Date.now() + 5_000 + names.length * MS_PER_ASKER);
    const started: WorkflowHandle<typeof steppingApp>[] = [];
    const left = [...names];
    const startSome = async (): Promise<void> => {
      for (let name = left.pop(); name; name = left.pop())
        started.push(
          await temporal.workflow.start<typeof steppingApp>('steppingApp', {
            workflowId: `bench/${name.host}`,
            taskQueue: TASK_QUEUE,
            args: [{ ...name, at: at.toISOString(), greenPercent: STEP }],
          }),
        );
    };
    await Promise.all(Array.from({ length: STARTS_AT_ONCE }, startSome));
    await delay(Math.max(0, at.getTime() - Date.now()));
    begin();
    return Promise.all(started.map((handle) => handle.result()));
  };
