// What each piece of work cost: calls as the gateway counted them, and times from the command on.
import type { AwsCall, AwsGateway } from '../contracts.ts';
import type { Answered } from './zone-askers.ts';

/** Calls `begin` when the command is given, and resolves when all are answered. */
export type Work = (begin: () => void) => Promise<readonly Answered[]>;

export interface Row {
  readonly what: string;
  readonly apps: number;
  readonly changes: number;
  readonly lists: number;
  readonly polls: number;
  /** Requests that Route 53 refused: too many, or one after another too soon. */
  readonly refused: number;
  /** Until the last change was accepted, in seconds. */
  readonly written: number;
  readonly answered: number;
  /** When the first and the last zone had all of its answers. */
  readonly firstZone: number;
}

const LOOK_EVERY_MS = 10;

export class Figures {
  readonly rows: Row[] = [];
  readonly #gateway: AwsGateway;
  readonly #timer: NodeJS.Timeout;
  #seen = 0;
  #lastWrite = 0;

  constructor(gateway: AwsGateway) {
    this.#gateway = gateway;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async measure(what: string, apps: number, work: Work): Promise<void> {
    const from = this.#gateway.calls.length;
    let began = 0;
    const answers = await work(() => (began = Date.now()));
    this.#look();
    const calls = this.#gateway.calls.slice(from).filter(({ service }) => service === 'route53');
    const count = (operation: string): number =>
      calls.filter((call) => call.operation === operation && call.status === 200).length;
    const seconds = (at: number): number => (at - began) / 1000;
    const zones = [...Map.groupBy(answers, ({ zone }) => zone).values()].map(lastOf);
    this.rows.push({
      what,
      apps,
      changes: count('ChangeResourceRecordSets'),
      lists: count('ListResourceRecordSets'),
      polls: count('GetChange'),
      refused: calls.filter(({ error }) => error !== undefined).length,
      written: seconds(this.#lastWrite),
      answered: seconds(Math.max(...zones)),
      firstZone: seconds(Math.min(...zones)),
    });
  }

  /** The gateway notes a call when it has answered it, but not when that was. */
  #look(): void {
    const fresh: readonly AwsCall[] = this.#gateway.calls.slice(this.#seen);
    this.#seen += fresh.length;
    if (fresh.some(({ operation, status }) => operation === 'ChangeResourceRecordSets' && status === 200))
      this.#lastWrite = Date.now();
  }
}

const lastOf = (answers: readonly Answered[]): number => Math.max(...answers.map(({ at }) => at));

const COLUMNS: readonly (readonly [string, (row: Row) => string])[] = [
  ['', ({ what }) => what],
  ['apps', ({ apps }) => String(apps)],
  ['changes', ({ changes }) => String(changes)],
  ['lists', ({ lists }) => String(lists)],
  ['polls', ({ polls }) => String(polls)],
  ['refused', ({ refused }) => String(refused)],
  ['written', ({ changes, written }) => (changes === 0 ? '-' : `${written.toFixed(1)} s`)],
  ['per app', ({ apps, changes, written }) => (changes === 0 ? '-' : `${((written * 1000) / apps).toFixed(0)} ms`)],
  ['first zone', ({ firstZone }) => `${firstZone.toFixed(1)} s`],
  ['all answered', ({ answered }) => `${answered.toFixed(1)} s`],
];

export function table(rows: readonly Row[]): string[] {
  const lines = [COLUMNS.map(([title]) => title), ...rows.map((row) => COLUMNS.map(([, show]) => show(row)))];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((text, column) => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join('  '),
  );
}
