import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppStatus } from '../../src/domain/status.ts';
import { DEVELOPERS_APPS } from '../gitops/catalog.ts';
import { BLUE, GREEN, ZONE, type Sandbox } from '../sandbox.ts';
import type { LastStep } from '../traffic/departures.ts';
import { readEvents } from '../traffic/event-log.ts';
import { summarise, type StepSpan, type TrafficSummary } from '../traffic/summary.ts';

const GENERATOR = fileURLToPath(new URL('../traffic/main.ts', import.meta.url));
const CLIENTS = 250;
/** Beside them, as some are everywhere. */
const CACHING_FOR_EVER = 25;
/** Just above the TTL of a load balancer's name, so that each visit resolves afresh, at every speed. */
const REQUEST_EVERY_AWS_SECONDS = 63;
/** A TTL is a second at least. */
const REQUEST_EVERY_AT_LEAST_MS = 1_050;

export interface Traffic {
  /** Ends the generator; open requests finish first. */
  stop(): Promise<void>;
  /** With the shares in the steps that the apps' histories tell of. */
  summary(moved: readonly AppStatus[]): Promise<TrafficSummary>;
}

/** A steady load on every app, from clients that find it by DNS. */
export async function startTraffic(sandbox: Sandbox): Promise<Traffic> {
  const out = join(sandbox.settings.dir, 'traffic.jsonl');
  const config = join(sandbox.settings.dir, 'traffic.json');
  const apps = DEVELOPERS_APPS.map(({ name }) => ({ app: name, host: `${name}.${ZONE}`, port: sandbox.appPort }));
  writeFileSync(out, '');
  writeFileSync(
    config,
    JSON.stringify({
      nameServer: sandbox.nameServer.address,
      apps,
      clients: CLIENTS,
      cachingForEver: CACHING_FOR_EVER,
      requestEveryMs: requestEveryMs(sandbox),
      out,
    }),
  );
  const running = await sandbox.processes.start({
    name: 'traffic',
    command: process.execPath,
    args: [GENERATOR, '--config', config],
  });
  return {
    stop: () => running.stop(),
    summary: (moved) =>
      summarise(readEvents(out), {
        steps: settledSpans(moved),
        lastSteps: lastSteps(moved),
        blue: BLUE.name,
        green: GREEN.name,
      }),
  };
}

const requestEveryMs = ({ settings }: Sandbox): number =>
  Math.round(Math.max(REQUEST_EVERY_AT_LEAST_MS, settings.speed.ms(REQUEST_EVERY_AWS_SECONDS)));

/** The times in which a step's weights stood still and every older answer had outlived its TTL. */
function settledSpans(apps: readonly AppStatus[]): StepSpan[] {
  return apps.flatMap(({ app, history }) =>
    history.flatMap(({ greenPercent, settledAt, endedAt, verdict }) =>
      settledAt !== undefined && endedAt !== undefined && verdict === 'passed'
        ? [{ app, greenPercent, fromMs: Date.parse(settledAt), toMs: Date.parse(endedAt) }]
        : [],
    ),
  );
}

/** The step of each app after which it was on green for good. */
function lastSteps(apps: readonly AppStatus[]): Record<string, LastStep> {
  return Object.fromEntries(
    apps.flatMap(({ app, history }) => {
      const { greenPercent, askedAt, settledAt, verdict } = history.at(-1) ?? {};
      const isForGood = greenPercent === 100 && verdict === 'passed';
      return isForGood && askedAt !== undefined && settledAt !== undefined ? [[app, { askedAt, settledAt }]] : [];
    }),
  );
}
