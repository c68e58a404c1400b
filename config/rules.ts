// Rules over more than one field. Each runs when the fields it reads are sound, so that one mistake hides no other.
import type { z } from 'zod';
import { greenName, type HandoverWorkload, type HostedZone } from '../src/domain/environment.ts';
import { isSame, nameOf } from '../src/domain/handover.ts';
import { planWaves, WaveError } from '../src/domain/waves.ts';
import { found, foundInstead } from './wording.ts';

type Context = z.core.$RefinementCtx;

/** `reads` names fields by their place in the file without indexes, such as `apps.hosts`. */
export const sound = (...reads: string[]): z.core.$ZodSuperRefineParams => ({
  when: ({ issues }) =>
    !issues.some(({ code, path = [] }) => {
      if (code === 'unrecognized_keys') return false;
      const at = path.filter((part) => typeof part === 'string').join('.');
      return reads.some((field) => `${field}.`.startsWith(at && `${at}.`) || `${at}.`.startsWith(`${field}.`));
    }),
});

const fail = (context: Context, path: (string | number)[], message: string): void =>
  context.addIssue({ code: 'custom', path, message });

export const uniqueNames = (items: readonly { readonly name: string }[], context: Context): void =>
  unique(
    items.map(({ name }) => name),
    'name',
    context,
  );

export const uniqueIds = (items: readonly { readonly id: string }[], context: Context): void =>
  unique(
    items.map(({ id }) => id),
    'id',
    context,
  );

function unique(values: readonly string[], field: string, context: Context): void {
  for (const [index, value] of values.entries()) {
    if (values.indexOf(value) === index) continue;
    fail(
      context,
      [index, field],
      `${found(value)} is there already. Expected ${field === 'id' ? 'an' : 'a'} ${field} of its own.`,
    );
  }
}

export function sizesInOrder(
  { minSize, desiredSize, maxSize }: { minSize: number; desiredSize: number; maxSize: number },
  context: Context,
): void {
  if (minSize > maxSize) {
    fail(
      context,
      ['minSize'],
      `${minSize} is more than maxSize, ${maxSize}. Expected minSize ≤ desiredSize ≤ maxSize.`,
    );
  } else if (desiredSize < minSize || desiredSize > maxSize) {
    fail(context, ['desiredSize'], `found ${desiredSize}. Expected minSize to maxSize: ${minSize} to ${maxSize}.`);
  }
}

export function stepsGoUpTo100(steps: readonly { readonly green: number }[], context: Context): void {
  let before = 0;
  for (const [index, { green }] of steps.entries()) {
    if (index > 0 && green <= before) {
      const message = `${green} is not more than the step before, ${before}. Each step gives green more than the one before.`;
      fail(context, [index, 'green'], message);
    }
    before = green;
  }
  if (before !== 100) {
    const index = steps.length - 1;
    fail(context, [index, 'green'], `the last step is ${before}. Steps go up to 100, and the last one is 100.`);
  }
}

/** When a freeze begins and ends, as an Environment says it: a date alone is all of that day. */
export const freezeBegins = (from: string): string => (from.includes(':') ? from : `${from} 00:00`);
export const freezeEnds = (to: string): string => (to.includes(':') ? to : `${to} 24:00`);

export function freezeEndsAfterItBegins({ from, to }: { from: string; to: string }, context: Context): void {
  if (freezeBegins(from) < freezeEnds(to)) return;
  fail(context, ['to'], `${to} is not after from, ${from}. A freeze ends after it begins.`);
}

export function greenHasAName(
  file: { name: string; naming: { green: string }; target: { version: string } },
  context: Context,
): void {
  const name = greenName(file);
  if (/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/.test(name)) return;
  const message = `gives ${found(name)}. Expected the name of an EKS cluster: 1 to 100 letters, digits, "-" and "_", beginning with a letter or digit.`;
  fail(context, ['naming', 'green'], message);
}

interface Zone extends Pick<HostedZone, 'name'> {
  readonly private?: boolean;
  readonly without?: readonly string[];
}

/** The most specific zone that holds the host, as a resolver would find it; and its twin, public or private. */
export function zonesOf<Z extends Zone>(host: string, zones: readonly Z[]): Z[] {
  const holding = zones.filter(({ name }) => host === name || host.endsWith(`.${name}`));
  const longest = Math.max(...holding.map(({ name }) => name.length));
  return holding.filter(({ name, without = [] }) => name.length === longest && !without.includes(host));
}

export function oneZoneOfAKind(zones: readonly Zone[], context: Context): void {
  const kindOf = (zone: Zone): string => `${zone.name} ${zone.private ?? false}`;
  for (const [index, zone] of zones.entries()) {
    if (zones.findIndex((one) => kindOf(one) === kindOf(zone)) === index) continue;
    const twin = 'Expected a name of its own. A public and a private zone may share one: say which is private.';
    fail(context, [index, 'name'], `${found(zone.name)} is there already. ${twin}`);
  }
}

/** Nobody outside its VPCs is told where a private zone's servers are. */
export function privateZonesCanBeAsked(
  zone: { private: boolean; nameServers?: readonly string[] },
  context: Context,
): void {
  if (!zone.private || zone.nameServers) return;
  const expected = 'DNS servers that answer for this private zone and that the worker reaches';
  fail(
    context,
    ['nameServers'],
    foundInstead(undefined, expected, 'A Route 53 Resolver inbound endpoint in one of its VPCs does.'),
  );
}

export function externalIdNeedsARole(zone: { roleArn?: string; externalId?: string }, context: Context): void {
  if (zone.externalId === undefined || zone.roleArn !== undefined) return;
  fail(context, ['externalId'], 'is for a role, and there is none. Expected roleArn too.');
}

interface Hosts {
  zones: Zone[];
  apps: { hosts: string[] }[];
}

export function hostsHaveAZone({ zones, apps }: Hosts, context: Context): void {
  for (const [app, { hosts }] of apps.entries()) {
    for (const [index, host] of hosts.entries()) {
      if (zonesOf(host, zones).length > 0) continue;
      const expected = `a name in one of the zones: ${[...new Set(zones.map(({ name }) => name))].join(', ')}`;
      fail(
        context,
        ['apps', app, 'hosts', index],
        foundInstead(host, expected, 'Add its zone to zones, or correct it.'),
      );
    }
  }
}

export function exceptionsAreHosts({ zones, apps }: Hosts, context: Context): void {
  const hosts = new Set(apps.flatMap((app) => app.hosts));
  for (const [zone, { without = [] }] of zones.entries()) {
    for (const [index, host] of without.entries()) {
      if (hosts.has(host)) continue;
      fail(context, ['zones', zone, 'without', index], foundInstead(host, 'a host of one of the apps'));
    }
  }
}

export function hostsMoveOnce({ apps }: Pick<Hosts, 'apps'>, context: Context): void {
  const seen = new Set<string>();
  for (const [app, { hosts }] of apps.entries()) {
    for (const [index, host] of hosts.entries()) {
      if (seen.has(host)) {
        const message = `${found(host)} is a host already. Expected each name once: it moves with one app.`;
        fail(context, ['apps', app, 'hosts', index], message);
      }
      seen.add(host);
    }
  }
}

interface Movable {
  hosts: string[];
  ingress?: object;
  checks: object[];
  steps?: object[];
  handover?: object;
}

/** Traffic moves by an Ingress and is watched by checks; without traffic there is a handover, and nothing else. */
export function appsCanMove({ apps }: { apps: Movable[] }, context: Context): void {
  for (const [index, app] of apps.entries()) {
    const problem = (field: string, message: string): void => fail(context, ['apps', index, field], message);
    if (app.hosts.length > 0) {
      if (!app.ingress)
        problem('ingress', 'is missing. Expected a mapping of namespace, name: traffic moves to its load balancer.');
      if (app.checks.length === 0)
        problem(
          'checks',
          'found an empty list. Expected a list of at least one check: it is what tells that green does not work.',
        );
    } else if (!app.handover) {
      problem(
        'hosts',
        'found no host name, and no handover. Expected a list of at least one host name, or handover for an app without.',
      );
    } else {
      for (const field of ['ingress', 'checks', 'steps'] as const)
        if (Array.isArray(app[field]) ? app[field].length > 0 : app[field])
          problem(
            field,
            'is for traffic, and the app has no hosts. Leave it out: the workloads of handover move all at once.',
          );
    }
  }
}

/** Below it the proof that nothing runs any more, and the start on the other side, would always come too late. */
const SHORTEST_GAP_SECONDS = 30;

export function gapIsLongEnough({ maxGap }: { maxGap: number }, context: Context): void {
  if (maxGap >= SHORTEST_GAP_SECONDS) return;
  const message = `${maxGap} s is too short to stop one side, to prove it idle and to start the other. Expected at least ${SHORTEST_GAP_SECONDS}s.`;
  fail(context, ['maxGap'], message);
}

export function workloadsChangeHandsOnce({ workloads }: { workloads: HandoverWorkload[] }, context: Context): void {
  for (const [index, workload] of workloads.entries()) {
    if (workloads.findIndex((one) => isSame(one, workload)) === index) continue;
    fail(context, ['workloads', index], `${nameOf(workload)} is there already. Expected each workload once.`);
  }
}

/** Apps that an app waits for are there, and no two wait for each other. */
export function appsCanWait({ apps }: { apps: { name: string; dependsOn: string[] }[] }, context: Context): void {
  const names = apps.map(({ name }) => name);
  let allThere = true;
  for (const [app, { dependsOn }] of apps.entries()) {
    for (const [index, needed] of dependsOn.entries()) {
      if (names.includes(needed)) continue;
      allThere = false;
      fail(
        context,
        ['apps', app, 'dependsOn', index],
        foundInstead(needed, `an app of this file: ${names.join(', ')}`),
      );
    }
  }
  if (!allThere) return;
  try {
    planWaves(apps.map(({ name, dependsOn }) => ({ app: name, needs: dependsOn })));
  } catch (error) {
    if (!(error instanceof WaveError)) throw error;
    const first = apps.findIndex(({ dependsOn }) => dependsOn.length > 0);
    fail(context, ['apps', first, 'dependsOn'], `${error.message}. Expected an order in which each can move.`);
  }
}
