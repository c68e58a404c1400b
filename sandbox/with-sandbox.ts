// A sandbox for as long as something needs it. At the end, and at Ctrl-C, SIGTERM or a failure, all of it goes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What a shell answers for a process that was interrupted. */
const INTERRUPTED = 130;

/** Resolves to what `use` gives, or to 130 when a signal ended it first. */
export async function withSandbox(
  options: Omit<SandboxOptions, 'dir' | 'signal'>,
  use: (sandbox: Sandbox, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'eksodus-'));
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(new Error('interrupted'));
  for (const name of SIGNALS) process.on(name, interrupt);
  try {
    const sandbox = await startSandbox({ ...options, dir, signal: abort.signal });
    try {
      return await use(sandbox, abort.signal);
    } finally {
      await sandbox.stop();
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    options.announce('interrupted; everything is taken down');
    return INTERRUPTED;
  } finally {
    // The folder first: an impatient second Ctrl-C must not leave it.
    rmSync(dir, { recursive: true, force: true });
    for (const name of SIGNALS) process.off(name, interrupt);
  }
}
