import { get as httpGet } from 'node:http';
import { get as httpsGet } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;
const ANSWER_WITHIN_MS = 2_000;

export interface WaitOptions {
  /** What is waited for, for the error: "the API server's /readyz". */
  readonly what: string;
  readonly withinMs: number;
  /** Ends the wait early; its reason becomes the error. */
  readonly signal?: AbortSignal;
}

/**
 * Asks again and again until the answer is yes. A condition that throws counts as not yet.
 * @throws Error that names what was waited for, and what the condition last threw; or the signal's reason
 */
export async function waitUntil(condition: () => Promise<boolean>, options: WaitOptions): Promise<void> {
  const { what, withinMs, signal } = options;
  const deadline = AbortSignal.timeout(withinMs);
  const ended = signal ? AbortSignal.any([signal, deadline]) : deadline;
  let problem: unknown;
  while (!ended.aborted) {
    const answer = await askOnce(condition, ended);
    if (answer === true) return;
    if (answer !== 'aborted') problem = answer === false ? undefined : answer.problem;
    await pause(ended);
  }
  signal?.throwIfAborted();
  const cause = problem === undefined ? {} : { cause: problem };
  throw new Error(`${what}: not there within ${withinMs / 1000} s`, cause);
}

/** A condition that hangs must not outlast the wait. */
async function askOnce(
  condition: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean | 'aborted' | { problem: unknown }> {
  const { promise: aborted, resolve } = Promise.withResolvers<'aborted'>();
  const onAbort = (): void => resolve('aborted');
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([condition(), aborted]);
  } catch (problem) {
    return { problem };
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await delay(POLL_MS, undefined, { signal });
  } catch {
    // Aborted: whoever paused looks at the signal next.
  }
}

/** Whether a GET is answered with a 2xx status. No answer is a no; it never rejects. `ca`: PEM to verify the server with. */
export function httpOk(url: string, options: { readonly ca?: string } = {}): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const get = url.startsWith('https:') ? httpsGet : httpGet;
  const request = get(url, { ...options, agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
    response.resume();
    resolve(response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 300);
  });
  request.on('timeout', () => request.destroy());
  request.on('error', () => resolve(false));
  request.on('close', () => resolve(false));
  return promise;
}
