// `npm run bench -- <name>`: figures, printed and not judged. Tests judge what holds on any machine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchZone, ZONE_HELP } from './zone.ts';

export type Bench = (options: {
  readonly args: readonly string[];
  /** For everything that the bench writes; it is gone afterwards. */
  readonly dir: string;
  /** Aborted by Ctrl-C: the bench takes its parts down. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}) => Promise<void>;

const BENCHES: Readonly<Record<string, { readonly run: Bench; readonly help: string }>> = {
  zone: { run: benchZone, help: ZONE_HELP },
};

const HELP = `npm run bench -- NAME [options]

${Object.values(BENCHES)
  .map(({ help }) => help)
  .join('\n')}`;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What a shell answers for a process that was interrupted. */
const INTERRUPTED = 130;

const [name = '', ...args] = process.argv.slice(2);
const bench = BENCHES[name];
if (name === '--help' || args.includes('--help')) process.stdout.write(bench?.help ?? HELP);
else if (bench) process.exitCode = await run(bench.run);
else {
  process.stderr.write(`bench: "${name}" is not one of ${Object.keys(BENCHES).join(', ')}\n\n${HELP}`);
  process.exitCode = 2;
}

async function run(measure: Bench): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'eksodus-bench-'));
  const abort = new AbortController();
  for (const signal of SIGNALS) process.on(signal, () => abort.abort(new Error('interrupted')));
  try {
    await measure({ args, dir, signal: abort.signal, say: (line) => void process.stdout.write(`${line}\n`) });
    return 0;
  } catch (error) {
    process.stderr.write(`bench ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return abort.signal.aborted ? INTERRUPTED : 1;
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
