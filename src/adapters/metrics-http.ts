// One question over HTTP to a source of metrics.
import { noReading, type Reading } from '../domain/analysis.ts';
import { withoutSecrets } from './variables.ts';

export interface MetricRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
  readonly signal: AbortSignal;
}

export interface MetricAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined: it was no JSON. */
  readonly json: unknown;
  /** The beginning of what came, for messages. */
  readonly text: string;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 1_000_000;
const SHOWN = 300;

/** Rejects only when `signal` was aborted. A reading: there was no answer. */
export async function askMetrics(request: MetricRequest): Promise<MetricAnswer | Reading> {
  const { url, method, headers, body, signal } = request;
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const answer = await fetch(url, {
      method,
      headers,
      ...(body ? { body } : {}),
      // Headers with keys go to the address that was configured and to no other.
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    const whole = await textOf(answer);
    // Masked before it is cut: half a secret is not found any more.
    const text = withoutSecrets(whole, Object.values(headers)).slice(0, SHOWN);
    return { status: answer.status, headers: answer.headers, json: jsonOf(whole), text };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) return noReading('unavailable', `no answer within ${TIMEOUT_MS / 1000} s`);
    return noReading('unavailable', messageOf(error));
  }
}

/** What a status other than 200 says. */
export function refusal({ status, text }: Pick<MetricAnswer, 'status' | 'text'>): Reading {
  const because = `answered ${status}: ${text.trim() || 'nothing'}`;
  if (status === 429) return noReading('throttled', because);
  return noReading(status >= 500 || status === 408 ? 'unavailable' : 'refused', because);
}

/** Stops reading what is far too long to be one number. */
async function textOf(answer: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const chunks: AsyncIterable<Uint8Array> | null = answer.body;
  for await (const chunk of chunks ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A server may repeat in its complaint what it was sent. */
export function masked(reading: Reading, values: Iterable<string>): Reading {
  if (reading.kind === 'error') return { ...reading, because: withoutSecrets(reading.because, values) };
  return reading.note === undefined ? reading : { ...reading, note: withoutSecrets(reading.note, values) };
}

/** `fetch failed` says nothing: the cause does. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error.cause instanceof Error)) return error.message;
  return messageOf(error.cause) || ('code' in error.cause ? String(error.cause.code) : error.message);
}
