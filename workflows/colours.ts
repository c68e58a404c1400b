// How one app's names move between the colours: always both records, A and AAAA, in one batch of the zone's one writer.
import { ApplicationFailure } from '@temporalio/workflow';
import type { Actor } from '../activities/ports.ts';
import { nameIn, type App, type AppHost, type Environment, type HostedZone } from '../src/domain/environment.ts';
import type { KnownMover } from '../src/domain/record-moves.ts';
import { describeRecords, stepWeights, type AliasTarget, type WeightedRecord } from '../src/domain/traffic.ts';
import type { AskZone } from './ask-zone.ts';
import {
  askWriter,
  findMovers,
  findMoversBack,
  isAnnotated,
  isBlocked,
  moveAnnotated,
  type HostChange,
  type Movers,
} from './hosts.ts';
import { calls, waits } from './proxies.ts';
import { ingressOf, zoneOf } from './look-up.ts';

export { ingressOf, zoneOf } from './look-up.ts';

export interface Colours {
  readonly blue: { readonly cluster: string; readonly target: AliasTarget };
  readonly green: { readonly cluster: string; readonly target: AliasTarget };
}

export interface Move {
  readonly ask: AskZone;
  readonly actor: Actor;
  readonly environment: Environment;
  readonly app: App;
  readonly blue: string;
  readonly green: string;
  readonly known?: readonly KnownMover[];
}

export function recordsAt({ blue, green }: Colours, greenPercent: number): WeightedRecord[] {
  const weights = stepWeights(greenPercent);
  return [
    { setIdentifier: blue.cluster, weight: weights.blue, target: blue.target },
    { setIdentifier: green.cluster, weight: weights.green, target: green.target },
  ];
}

/** One of the app's names as it is in the zone now: weights by set identifier, and where blue's record leads. */
export interface HostView {
  readonly weights: Readonly<Record<string, number>>;
  readonly blueTarget: AliasTarget;
}

/**
 * Blue's record is kept as it is, wherever it leads: it carries the live traffic, and only its weight is ours to change.
 * Throws `drift.detected` when it is not there, or when records are there that are neither blue's nor green's.
 */
export async function lookAtHost(
  zone: HostedZone,
  host: string,
  { blue, green }: Pick<Move, 'blue' | 'green'>,
): Promise<HostView> {
  const records = await calls.readRecords({ zone, host });
  const mine = records.find(({ setIdentifier }) => setIdentifier === blue);
  if (!mine) throw blueIsMissing(nameIn(zone, host), blue);
  const strangers = records.filter(({ setIdentifier }) => setIdentifier !== blue && setIdentifier !== green);
  if (strangers.length > 0)
    throw ApplicationFailure.nonRetryable(
      `${nameIn(zone, host)} has ${describeRecords(records.filter(({ type }) => type === mine.type))}, expected records of ${blue} and ${green} only`,
      'drift.detected',
    );
  const weights = Object.fromEntries(records.map(({ setIdentifier, weight }) => [setIdentifier, weight]));
  return { weights, blueTarget: mine.target };
}

const blueIsMissing = (host: string, blue: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    `${host} has no weighted record ${blue}: somebody removed or changed it`,
    'drift.detected',
  );

export function greenLoadBalancer({ actor, app, green }: Pick<Move, 'actor' | 'app' | 'green'>): Promise<AliasTarget> {
  return waits.findLoadBalancer({ actor, cluster: green, ingress: ingressOf(app) });
}

/**
 * Adds green to every name of the app with weight 0, so that the first step only changes weights. External-dns adds it by
 * itself, and is seen to.
 */
export async function publishAtZero(move: Move): Promise<void> {
  const { environment, app, blue, green } = move;
  const movers = await findMovers(move);
  const greenTarget = await greenLoadBalancer(move);
  const annotated: HostChange[] = [];
  for (const host of app.hosts) {
    const { weights, blueTarget } = await lookAtHost(zoneOf(environment, host), host.name, move);
    if ((weights[green] ?? 0) > 0) continue;
    const colours: Colours = {
      blue: { cluster: blue, target: blueTarget },
      green: { cluster: green, target: greenTarget },
    };
    const change = { host, want: recordsAt(colours, 0), expected: weights, urgent: false };
    if (isAnnotated(movers, host)) annotated.push(change);
    else await askWriter(move, change);
  }
  await moveAnnotated({ ...move, movers }, annotated);
}

/**
 * Gives all of the app's traffic to blue, whatever the weights are now. Does nothing where green never had a record.
 * All hosts at once, and one that is refused, or that nobody may move, keeps none of the others: the failure comes after
 * all have been tried.
 */
export async function takeBack(back: Back): Promise<boolean> {
  if (back.app.hosts.length === 0) return false;
  const { movers, blocked } = back.movers ? { movers: back.movers, blocked: null } : await findMoversBack(back);
  const free = back.app.hosts.filter((host) => !isBlocked(blocked, host));
  const [annotated = [], ours = []] = [true, false].map((wanted) =>
    free.filter((host) => isAnnotated(movers, host) === wanted),
  );
  const ends = await Promise.allSettled([
    takeAnnotatedBack({ ...back, movers }, annotated),
    ...ours.map((host) => takeHostBack(back, host)),
  ]);
  if (blocked) throw blocked.failure;
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  return ends.some((end) => end.status === 'fulfilled' && end.value);
}

/** `movers`: as they are known already; who owns the names is asked otherwise. */
export type Back = Omit<Move, 'actor'> & { readonly movers?: Movers | undefined };

async function takeAnnotatedBack(
  back: Back & { readonly movers: Movers },
  hosts: readonly AppHost[],
): Promise<boolean> {
  const changes = await Promise.all(hosts.map((host) => changeBack(back, host)));
  return (
    await moveAnnotated(
      back,
      changes.filter((change) => change !== undefined),
    )
  ).changed;
}

async function takeHostBack(back: Back, host: AppHost): Promise<boolean> {
  const change = await changeBack(back, host);
  return change !== undefined && (await askWriter(back, change)).changed;
}

/** Undefined: green never had a record. */
async function changeBack({ environment, blue, green }: Back, host: AppHost): Promise<HostChange | undefined> {
  const zone = zoneOf(environment, host);
  const records = (await calls.readRecords({ zone, host: host.name })).filter(({ type }) => type === 'A');
  const find = (setIdentifier: string): WeightedRecord | undefined =>
    records.find((record) => record.setIdentifier === setIdentifier);
  const [blueRecord, greenRecord] = [find(blue), find(green)];
  if (!greenRecord) return undefined;
  if (!blueRecord) throw blueIsMissing(nameIn(zone, host.name), blue);
  const colours: Colours = {
    blue: { cluster: blue, target: blueRecord.target },
    green: { cluster: green, target: greenRecord.target },
  };
  return { host, want: recordsAt(colours, 0), expected: null, urgent: true };
}

/** The longest time that a resolver may keep an answer of any of the app's names, in seconds. */
export async function longestTtlSeconds({ environment, app }: Pick<Move, 'environment' | 'app'>): Promise<number> {
  const ttls = await Promise.all(
    app.hosts.map((host) => calls.readTtl({ zone: zoneOf(environment, host), host: host.name })),
  );
  return Math.max(0, ...ttls.map(({ ttlSeconds }) => ttlSeconds));
}
