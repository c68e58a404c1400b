// Weight 0 is no promise: where the other records' health is evaluated, Route 53 falls back to those without weight.
import { isCancellation, log } from '@temporalio/workflow';
import { asSeen, possibleWhen } from '../src/domain/dns-answers.ts';
import { nameIn, type App, type Environment } from '../src/domain/environment.ts';
import { zoneOf } from './colours.ts';
import { calls } from './proxies.ts';
import { reasonOf } from './reason.ts';

/** For a hold over a cluster that cannot serve: when it would get traffic all the same. Empty: never, or not known. */
export async function wouldReceive(
  { environment, app }: { readonly environment: Environment; readonly app: App },
  cluster: string,
): Promise<string> {
  try {
    const seen = await Promise.all(
      app.hosts.map(async (host) => {
        const zone = zoneOf(environment, host);
        const records = await calls.readRecords({ zone, host: host.name });
        const when = possibleWhen(asSeen(records.filter(({ type }) => type === 'A')), cluster);
        return when === undefined ? [] : [{ host: nameIn(zone, host.name), when }];
      }),
    );
    const [first, ...others] = seen.flat();
    if (!first) return '';
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    return `. It is a possible receiver: its records evaluate health, so it gets the traffic of ${first.host}${more} when ${first.when}`;
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('nobody could tell whether weight 0 holds', { app: app.name, error: reasonOf(error) });
    return '';
  }
}
