// Lines for a terminal: what anybody must be able to read whole is wrapped, the rest is cut to the width.
import { cut, oneLine, wrap } from './fit.ts';

export interface TerminalShape {
  /** Columns; no line of a picture is wider. Infinity where nobody counts them. */
  readonly width: number;
  readonly colour: boolean;
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 } as const;
export type Paint = keyof typeof CODES;

/** Colour is only ever added: who does not see it reads the same text. */
export class Page {
  readonly #shape: TerminalShape;
  readonly #lines: string[] = [];

  constructor(shape: TerminalShape) {
    this.#shape = shape;
  }

  cut(text: string, how?: Paint): void {
    this.#add([cut(oneLine(text), this.#shape.width)], how);
  }

  whole(text: string, how?: Paint): void {
    this.#add(wrap(oneLine(text), this.#shape.width, '    '), how);
  }

  get text(): string {
    return this.#lines.join('\n');
  }

  #add(texts: readonly string[], how: Paint | undefined): void {
    for (const text of texts)
      this.#lines.push(this.#shape.colour && how !== undefined ? `\u001B[${CODES[how]}m${text}\u001B[0m` : text);
  }
}
