// The worker's log for machines: one JSON object a line.
import type { LogEntry } from '@temporalio/worker';

/** A line with its end. Errors keep their message, numbers too large for JSON become text. */
export function toJsonLine({ timestampNanos, level, message, meta }: LogEntry): string {
  const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  return `${JSON.stringify({ time, level: level.toLowerCase(), message, ...meta }, plain)}\n`;
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
