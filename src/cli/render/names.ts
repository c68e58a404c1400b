// Names of an environment for a terminal or a pipe. Pure.
import type { NameReport, NamesReport } from '../../client/names.ts';
import type { RecordView } from '../../domain/dns-view.ts';
import type { Evidence } from '../../domain/status.ts';
import { Page, type TerminalShape } from './page.ts';
import { between } from './words.ts';

export function renderNames({ names, problems, green }: NamesReport, now: Date, shape: TerminalShape): string {
  const page = new Page(shape);
  for (const problem of problems) page.whole(`its external-dns is not known: ${problem}`, 'yellow');
  if (names.length === 0) page.whole('no names');
  for (const name of names) renderName(page, name, green, now);
  return page.text;
}

function renderName(page: Page, name: NameReport, green: string, now: Date): void {
  const { host, app, zone, owner, ttlSeconds, records, problem, lastChange, drift } = name;
  page.cut(`${host}${zone.private ? ' (private)' : ''}  app ${app}  zone ${zone.id}`, 'bold');
  page.whole(`  owner    ${owner.says}`, owner.kind === 'other' || owner.kind === 'cannot-know' ? 'yellow' : undefined);
  if (problem !== null) page.whole(`  problem  ${problem}`, 'red');
  for (const record of records) page.whole(`  ${recordText(record)}`, record.colour ?? undefined);
  page.cut(`  TTL      ${ttlSeconds === null ? 'its name servers did not answer' : `${ttlSeconds} s`}`);
  if (lastChange)
    page.whole(
      `  changed  ${between(lastChange.at, undefined, now)} ago by ${lastChange.by}: ${lastChange.what} (${lastChange.changeId})`,
    );
  if (drift !== undefined) page.whole(`  drift    ${drift}`, 'red');
  const possible = records.find((record) => record.setIdentifier === green && record.receives?.kind === 'possible');
  if (possible?.receives?.kind === 'possible')
    page.whole(`  green is a possible receiver: all traffic is its when ${possible.receives.when}`, 'yellow');
}

function recordText({ types, setIdentifier, colour, weight, target, evaluatesHealth, receives }: RecordView): string {
  const routing = weight === null ? (setIdentifier === null ? 'simple' : 'not weighted') : `weight ${weight}`;
  const share = receives?.kind === 'share' ? `, ${Number(receives.percent.toFixed(1))} % of answers` : '';
  const health = evaluatesHealth ? ', evaluates health (how that is, the zone does not tell)' : '';
  return `${types.join(' ')} ${[colour, setIdentifier].filter((one) => one !== null).join(' ')} ${routing}${share} to ${target}${health}`.replaceAll(
    / {2,}/g,
    ' ',
  );
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
