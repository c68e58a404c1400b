/**
 * Runs something that takes notice of its signal, and ends it at a limit.
 * @throws Error that says so at the limit; the reason of `interrupted` when that came first; what `run` throws by itself
 */
export async function within<T>(
  { limitMs, interrupted }: { readonly limitMs: number; readonly interrupted: AbortSignal },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const tooLong = new Error(`not over within ${Math.round(limitMs / 1000)} s`);
  const timer = setTimeout(() => limit.abort(tooLong), limitMs);
  const signal = AbortSignal.any([interrupted, limit.signal]);
  try {
    return await run(signal);
  } catch (error) {
    // What is ended throws whatever it was at; why it was ended says more.
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
