// What receives traffic on a cluster, for a terminal or a pipe. Pure.
import type { Catalogue, CatalogueEntry } from '../../domain/catalogue.ts';
import { OWNER_LABEL } from '../../domain/catalogue-settings.ts';
import type { Environment } from '../../domain/environment.ts';
import { textOf } from '../../domain/receiver.ts';
import { Page, type TerminalShape } from './page.ts';
import { NOTHING, tableLines } from './table.ts';

const HEADINGS = ['APP', 'OWNER', 'IN FILE', 'BY', 'HOST', 'RECORDS', 'OWNER OF RECORDS'];

/** A line for each host of each app, then what is in no app. */
export function renderCatalogue(environment: Environment, catalogue: Catalogue, shape: TerminalShape): string {
  const { cluster, entries, uncatalogued } = catalogue;
  const page = new Page(shape);
  const [headings = '', ...rows] = tableLines(HEADINGS, entries.flatMap(rowsOf));
  page.cut(headings, 'bold');
  for (const row of rows) page.cut(row.trimEnd());
  const absent = environment.apps.filter(({ name }) => !entries.some(({ app }) => app === name));
  if (absent.length > 0)
    page.whole(`in the file, and not on ${cluster}: ${absent.map(({ name }) => name).join(', ')}`, 'yellow');
  if (entries.some(({ owner }) => owner === null)) page.whole(ownerAdvice(environment), 'dim');
  if (uncatalogued.length === 0) {
    page.whole(`✓ all that receives traffic on ${cluster} is in an app of the file`, 'green');
    return page.text;
  }
  const count = uncatalogued.length;
  page.whole(
    `${count} receive${count === 1 ? 's' : ''} traffic on ${cluster} and ${count === 1 ? 'is' : 'are'} in no app of the file: ${cluster} is not deleted before ${count === 1 ? 'it is' : 'they are'} added to apps or to catalogue.ignore, moved or removed`,
    'yellow',
  );
  for (const { subject, what, owner } of uncatalogued)
    page.whole(`✗ ${subject} · ${owner === null ? 'nobody says whose' : `of ${owner}`} · ${what}`, 'yellow');
  return page.text;
}

function rowsOf({ app, known, platform, owner, receivers, hosts, names }: CatalogueEntry): string[][] {
  const file = known ? 'yes' : platform ? 'platform' : 'no';
  const by = receivers.map(textOf).join(', ');
  const all = [...new Set([...hosts, ...names.map(({ name }) => name)])];
  const rows = all.map((host) => {
    const ways = names.filter(({ name }) => name === host);
    const records = [...new Set(ways.flatMap((way) => way.records))].join(', ');
    const whose = [...new Set(ways.map((way) => way.owner))].join(', ');
    return [app, owner ?? NOTHING, file, by, host, records || NOTHING, whose || NOTHING];
  });
  return rows.length > 0 ? rows : [[app, owner ?? NOTHING, file, by, NOTHING, NOTHING, NOTHING]];
}

const ownerAdvice = ({ catalogue }: Environment): string =>
  `owners are read from the annotation eksodus.dev/owner, the label ${catalogue?.ownerLabel ?? OWNER_LABEL}, and the Argo CD project`;
