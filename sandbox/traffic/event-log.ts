import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { z } from 'zod';
import type { DnsHabit, TrafficEvent } from '../contracts.ts';

const FLUSH_EVERY_MS = 200;
const READ_BYTES = 256 * 1024;

const habit = z.enum(['honours-ttl', 'caches-for-ever'] satisfies DnsHabit[]);

const Event: z.ZodType<TrafficEvent> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('resolution'),
    at: z.number(),
    app: z.string(),
    habit,
    cluster: z.string(),
    ttl: z.number(),
  }),
  z.object({
    kind: z.literal('request'),
    at: z.number(),
    app: z.string(),
    habit,
    cluster: z.string().nullable(),
    status: z.number(),
    ms: z.number(),
    error: z.string().exactOptional(),
    triedAgainAfter: z.string().exactOptional(),
  }),
]);

/** Appends events to a file as JSON lines, several times a second. */
export class EventLog {
  readonly #stream: WriteStream;
  readonly #timer: NodeJS.Timeout;
  #lines = '';

  constructor(file: string) {
    this.#stream = createWriteStream(file, { flags: 'a' });
    this.#timer = setInterval(() => this.#flush(), FLUSH_EVERY_MS);
  }

  readonly record = (event: TrafficEvent): void => {
    this.#lines += `${JSON.stringify(event)}\n`;
  };

  /** Resolves when all that was recorded is in the file. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#flush();
    this.#stream.end();
    await once(this.#stream, 'close');
  }

  #flush(): void {
    if (this.#lines !== '') this.#stream.write(this.#lines);
    this.#lines = '';
  }
}

/**
 * The events of a file, one by one. The file may still be written to: a last line without its end is left out.
 * Throws an Error that names file and line when a line is no event.
 */
export async function* readEvents(file: string): AsyncGenerator<TrafficEvent> {
  const chunks: AsyncIterable<string> = createReadStream(file, { encoding: 'utf8', highWaterMark: READ_BYTES });
  let number = 0;
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield parseEvent(line, `${file}:${++number}`);
  }
}

function parseEvent(line: string, place: string): TrafficEvent {
  try {
    return Event.parse(JSON.parse(line));
  } catch (error) {
    throw new Error(`${place} is no event of the traffic generator: ${line}`, { cause: error });
  }
}
