// Who asks in the bench, as the product asks: migrations one name each, a rollback all names at once.
import { sleep } from '@temporalio/workflow';
import type { HostedZone } from '../../src/domain/environment.ts';
import { zoneAsker } from '../../workflows/ask-zone.ts';
import { calls } from '../../workflows/proxies.ts';
import { BLUE, GREEN, recordsAt } from './zone-names.ts';

export { zone } from '../../workflows/zone.ts';

export interface Name {
  readonly zone: HostedZone;
  readonly host: string;
}

/** When a name was answered for, in milliseconds since the epoch. */
export interface Answered {
  readonly zone: string;
  readonly at: number;
}

const answeredNow = ({ zone }: Name): Answered => ({ zone: zone.id, at: Date.now() });

/** One app: waits until all others have been started too, then asks for its step. */
export async function steppingApp(
  input: Name & { readonly at: string; readonly greenPercent: number },
): Promise<Answered> {
  const ask = zoneAsker();
  await sleep(Math.max(1, Date.parse(input.at) - Date.now()));
  await ask(input.zone, {
    host: input.host,
    want: recordsAt(input.host, input.greenPercent),
    expected: { [BLUE]: 100, [GREEN]: 0 },
    urgent: false,
  });
  return answeredNow(input);
}

/** A rollback: gives all names to blue. */
export async function rollback({ names }: { readonly names: readonly Name[] }): Promise<Answered[]> {
  const ask = zoneAsker();
  return Promise.all(
    names.map(async (name) => {
      await ask(name.zone, { host: name.host, want: recordsAt(name.host, 0), expected: null, urgent: true });
      return answeredNow(name);
    }),
  );
}

/** What the product does before either: it looks at each name. */
export async function look({ names }: { readonly names: readonly Name[] }): Promise<Answered[]> {
  return Promise.all(
    names.map(async (name) => {
      await calls.readRecords(name);
      return answeredNow(name);
    }),
  );
}
