// A terminal in memory: what a person sees after all that was written to it.

// A command with its number, a mode that is switched, or one character.
// oxlint-disable-next-line no-control-regex
const PART = /\u001B\[(?<count>\d*)(?<command>[A-Za-z])|\u001B\[\?[\d;]*[a-z]|[^\u001B]/gu;

export class Screen {
  readonly columns: number;
  readonly rows: number;
  readonly isTTY = true;
  #lines: string[][] = [[]];
  /** Lines above the screen: no cursor gets there any more. */
  #above = 0;
  #x = 0;
  #y = 0;

  constructor({ columns = 80, rows = 24 }: { columns?: number; rows?: number } = {}) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): boolean {
    for (const part of text.matchAll(PART)) {
      const { count = '', command } = part.groups ?? {};
      if (command !== undefined) this.#control(command, count);
      else if (!part[0].startsWith('\u001B')) this.#put(part[0]);
    }
    return true;
  }

  /** Everything since the beginning, also what has scrolled away. */
  get text(): string {
    return this.#lines
      .map((line) => line.join('').trimEnd())
      .join('\n')
      .trimEnd();
  }

  #control(command: string, count: string): void {
    if (command === 'A') this.#y = Math.max(this.#above, this.#y - Number(count || 1));
    else if (command === 'G') this.#x = Number(count || 1) - 1;
    else if (command === 'J') {
      this.#lines.length = this.#y + 1;
      this.#line().length = Math.min(this.#line().length, this.#x);
    } else if (command !== 'm') throw new Error(`a command this terminal does not know: ${count}${command}`);
  }

  #put(character: string): void {
    if (character === '\r') this.#x = 0;
    else if (character === '\n') this.#nextLine();
    else {
      if (this.#x === this.columns) this.#nextLine();
      const line = this.#line();
      while (line.length < this.#x) line.push(' ');
      line[this.#x] = character;
      this.#x += 1;
    }
  }

  #nextLine(): void {
    this.#x = 0;
    this.#y += 1;
    this.#line();
    this.#above = Math.max(this.#above, this.#y - this.rows + 1);
  }

  #line(): string[] {
    return (this.#lines[this.#y] ??= []);
  }
}
