// Records the histories in test/replay: `node_modules/.bin/node scripts/record-histories.ts`. It needs the part
// "temporal" of set-up, takes some minutes, and replaces the whole set and its manifest.
//
// When it is right to record again: before the first release, whenever a workflow was changed on purpose. After it,
// never: what is stored stands for runs that are still open somewhere, and a change that cannot replay them has to be
// patched or versioned. Then only new cases are added to test/replay/scenarios.ts, and what was stored stays as it is.
import { homedir, hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import { SCENARIOS, type Keep } from '../test/replay/scenarios.ts';
import { toText, writeAll, type Entry } from '../test/replay/stored.ts';
import type { TestTemporal } from '../test/support/temporal.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_BYTES = 350_000;

type Recorded = Omit<Entry, 'sha256'> & { readonly text: string };

/** Nothing of the machine on which it was recorded. Stack traces name files of the clone; they are not replayed. */
function checked(name: string, text: string): string {
  const clean = text.replaceAll(ROOT, '');
  const readable = clean.replaceAll(/"([A-Za-z0-9+/=]{24,})"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString('utf8'),
  );
  const traces = [ROOT, homedir(), `@${hostname()}`].filter((trace) => readable.includes(trace));
  if (traces.length > 0) throw new Error(`${name} names ${traces.join(' and ')} of this machine`);
  if (clean.length > MAX_BYTES)
    throw new Error(`${name} has ${clean.length} bytes; at most ${MAX_BYTES} are kept: make its scenario smaller`);
  return clean;
}

const recorded: Recorded[] = [];

const keeperOf =
  ({ server }: TestTemporal): Keep =>
  async ({ type, case: name, workflowId, runId }) => {
    const handle = server.client.workflow.getHandle(workflowId, runId);
    const { status } = await handle.describe();
    const history = await handle.fetchHistory();
    recorded.push({
      type,
      case: name,
      workflowId,
      state: status.name === 'RUNNING' ? 'open' : 'closed',
      events: history.events?.length ?? 0,
      text: checked(`${type}/${name}`, toText(history)),
    });
    process.stdout.write(`  ${type}/${name}: ${history.events?.length ?? 0} events, ${status.name}\n`);
  };

for (const { name, run } of SCENARIOS) {
  process.stdout.write(`${name}\n`);
  await run(keeperOf);
}
writeAll(recorded);
process.stdout.write(`${recorded.length} histories recorded\n`);
