// Names of an environment for a terminal or a pipe. Pure.
import type { NameReport, NamesReport } from '../../client/names.ts';
import type { TargetsView } from '../../domain/dns-targets.ts';
import type { RecordView } from '../../domain/dns-view.ts';
import { targetsText } from '../../domain/readiness-targets.ts';
import type { Evidence } from '../../domain/status.ts';
import { Page, type Paint, type TerminalShape } from './page.ts';
import { between } from './words.ts';

export function renderNames({ names, problems }: NamesReport, now: Date, shape: TerminalShape): string {
  const page = new Page(shape);
  for (const problem of problems) page.whole(`its external-dns is not known: ${problem}`, 'yellow');
  if (names.length === 0) page.whole('no names');
  for (const name of names) renderName(page, name, now);
  return page.text;
}

function renderName(page: Page, name: NameReport, now: Date): void {
  const { host, app, zone, owner, ttlSeconds, records, problem, lastChange, drift } = name;
  page.cut(`${host}${zone.private ? ' (private)' : ''}  app ${app}  zone ${zone.id}`, 'bold');
  page.whole(`  owner    ${owner.says}`, owner.kind === 'other' || owner.kind === 'cannot-know' ? 'yellow' : undefined);
  if (problem !== null) page.whole(`  problem  ${problem}`, 'red');
  for (const record of records) {
    page.whole(`  ${recordText(record)}`, record.colour ?? undefined);
    if (record.targets) page.whole(`    targets ${targetsLine(record.targets)}`, TARGETS_PAINT[record.targets.health]);
  }
  page.cut(`  TTL      ${ttlSeconds === null ? 'its name servers did not answer' : `${ttlSeconds} s`}`);
  if (lastChange)
    page.whole(
      `  changed  ${between(lastChange.at, undefined, now)} ago by ${lastChange.by}: ${lastChange.what} (${lastChange.changeId})`,
    );
  if (drift !== undefined) page.whole(`  drift    ${drift}`, 'red');
  for (const record of records) {
    const text = withoutWeight(record);
    if (text !== undefined) page.whole(`  ${text}`, 'yellow');
  }
}

/** What green gets, or may get, though nobody gave it a share. */
function withoutWeight({ colour, weight, receives }: RecordView): string | undefined {
  if (colour !== 'green' || weight !== 0) return undefined;
  if (receives?.kind === 'share') return 'green is answered though its weight is 0: no record with a weight is healthy';
  if (receives?.kind !== 'possible') return undefined;
  return `green is a possible receiver: all traffic is its when ${receives.when}`;
}

function recordText(record: RecordView): string {
  const { types, setIdentifier, colour, weight, target, evaluatesHealth, healthChecked } = record;
  const routing = weight === null ? (setIdentifier === null ? 'simple' : 'not weighted') : `weight ${weight}`;
  const health = evaluatesHealth ? ', evaluates health' : '';
  const checked = healthChecked ? ' (by a health check of its own, which nobody looked at)' : '';
  return `${types.join(' ')} ${[colour, setIdentifier].filter((one) => one !== null).join(' ')} ${routing}${answersText(record)} to ${target}${health}${checked}`.replaceAll(
    / {2,}/g,
    ' ',
  );
}

function answersText({ receives, weight }: RecordView): string {
  if (receives?.kind === 'share') return `, ${Number(receives.percent.toFixed(1))} % of answers`;
  return receives?.kind === 'possible' && weight !== 0 ? `, no answers until ${receives.when}` : '';
}

const TARGETS_PAINT: Readonly<Record<TargetsView['health'], Paint | undefined>> = {
  healthy: undefined,
  unhealthy: 'red',
  unknown: 'yellow',
};

function targetsLine(targets: TargetsView): string {
  if (targets.health === 'unknown') return `not known: ${targets.why}`;
  const groups = targets.targetGroups.map((group) => `${group.name} ${targetsText(group)}`);
  return `${targets.health}: ${groups.join('; ')}`;
}

type Moved =
  | { readonly outcome: 'done'; readonly evidence: readonly Evidence[]; readonly notes: readonly string[] }
  | { readonly outcome: 'nothing'; readonly why: string };

export function renderMoved(
  host: string,
  moved: Moved,
  wanted: { readonly kind: 'adopt' } | { readonly kind: 'release'; readonly ownerId: string | null },
): string {
  if (moved.outcome === 'nothing') return `nothing to do: ${moved.why}`;
  const whose =
    wanted.kind === 'adopt' ? 'ours' : `external-dns's${wanted.ownerId === null ? '' : ` (${wanted.ownerId})`}`;
  return [
    `${host} is ${whose}.`,
    ...moved.evidence.map(({ subject, observed }) => `${subject}: ${observed}`),
    ...moved.notes.map((note) => `note: ${note}`),
  ].join('\n');
}
