// What would be cut with a cluster, in the words of preflight and of the hold before decommission. Pure.
import type { Uncatalogued } from './catalogue.ts';
import type { Finding } from './status.ts';

/** More than these make no message clearer; `eksodus apps discover` shows all. */
const SHOWN = 20;

/** Whatever is in no app is only a warning while nothing is deleted yet. */
export function warnOf(uncatalogued: readonly Uncatalogued[], cluster: string, seenAt: string): Finding[] {
  const finding = (subject: string, what: string): Finding => ({
    id: 'catalogue.missing',
    severity: 'warning',
    subject,
    what,
    todo: `add it to apps or to catalogue.ignore of the file, move it or remove it: ${cluster} is not deleted before`,
    seenAt,
  });
  const shown = uncatalogued
    .slice(0, SHOWN)
    .map((one) => finding(one.subject, `${ownerOf(one)}receives traffic on ${cluster} and is in no app: ${one.what}`));
  const more = uncatalogued.length - shown.length;
  return more > 0 ? [...shown, finding(`${more} more`, `receive traffic on ${cluster} and are in no app`)] : shown;
}

/** One line with what would be cut. */
export function describeUncatalogued(uncatalogued: readonly Uncatalogued[]): string {
  const shown = uncatalogued.slice(0, SHOWN).map((one) => `${one.subject} (${ownerOf(one)}${one.what})`);
  const more = uncatalogued.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join('; ');
}

const ownerOf = ({ owner }: Uncatalogued): string => (owner === null ? '' : `of ${owner}: `);
