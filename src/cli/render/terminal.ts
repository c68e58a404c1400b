import type { WriteStream } from 'node:tty';
import type { TerminalShape } from './page.ts';

const [USUAL_WIDTH, LEAST_WIDTH, USUAL_HEIGHT] = [80, 20, 24];

/** How wide, and whether in colour: only on a terminal, and never against NO_COLOR. Files and pipes get whole lines. */
export function terminal({ isTTY, columns }: Pick<WriteStream, 'isTTY' | 'columns'>): TerminalShape {
  if (!isTTY) return { width: Infinity, colour: false };
  // A terminal that does not know its size says 0.
  return { width: Math.max(LEAST_WIDTH, columns || USUAL_WIDTH), colour: !process.env['NO_COLOR'] };
}

/** Whether a command that shows what happens draws a picture there, or writes lines. */
export const drawsPicture = ({ isTTY }: Pick<WriteStream, 'isTTY'>): boolean =>
  isTTY && process.env['CI'] === undefined;

/** Draws over what it drew before; the last picture stays. */
export class LivePicture {
  readonly #stream: Pick<WriteStream, 'write' | 'rows'>;
  #height = 0;

  constructor(stream: Pick<WriteStream, 'write' | 'rows'>) {
    this.#stream = stream;
  }

  /** No line may be wider than the terminal. What is too high loses its middle: nobody can draw above the screen. */
  draw(text: string): void {
    const most = (this.#stream.rows || USUAL_HEIGHT) - 1;
    const all = text.split('\n');
    const [first = '', ...rest] = all;
    const tail = Math.max(1, most - 2);
    const lines = all.length <= most ? all : [first, `… ${rest.length - tail} more lines`, ...rest.slice(-tail)];
    this.#replace(lines);
  }

  /** The last picture, whole however high it is. */
  leave(text: string): void {
    this.#replace(text.split('\n'));
    this.#height = 0;
  }

  #replace(lines: readonly string[]): void {
    const up = this.#height === 0 ? '' : `\u001B[${this.#height}A`;
    this.#stream.write(`${up}\r\u001B[0J${lines.join('\n')}\n`);
    this.#height = lines.length;
  }
}
