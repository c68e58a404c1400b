// A YAML text with the places of everything in it.
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Pair,
} from 'yaml';
import { found } from './wording.ts';

export type Path = readonly (string | number)[];

export interface Mistake {
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** The reader's own words for what happens most; for the rest, what the parser says. */
const SYNTAX: Partial<Record<string, string>> = {
  DUPLICATE_KEY: 'is there already. Expected each key once.',
  TAB_AS_INDENT: 'a tab stands where the indent should be. Expected spaces.',
  MULTIPLE_DOCS: 'a second document begins here. Expected one document in the file.',
  BLOCK_AS_IMPLICIT_KEY:
    'a key stands inside this value. Expected one "key: value" a line, indented like its neighbours; a text with ": " in it needs quotes.',
  MULTILINE_IMPLICIT_KEY: 'is no key with a value. Expected "key: value", or a mapping below "key:".',
};

export class YamlSource {
  /** What the text says, as plain values. Undefined when it is broken. */
  readonly value: unknown;
  /** True when the text is no YAML: its values would only mislead. */
  readonly broken: boolean;
  readonly mistakes: readonly Mistake[];
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, logLevel: 'error' });
    const faults = [...this.#document.errors, ...this.#document.warnings];
    const repeated = faults.filter(({ code }) => code === 'DUPLICATE_KEY');
    const first = faults.find(({ code }) => code !== 'DUPLICATE_KEY');
    // Where the structure breaks, what the parser says of the rest is mostly an echo.
    const real = faults.filter(({ code }) => code === 'DUPLICATE_KEY' || code === first?.code);
    const mistakes = real.map(({ code, pos, message }) => {
      const words = SYNTAX[code] ?? `is not YAML: ${message}.`;
      const key = code === 'DUPLICATE_KEY' ? `${found(wordAt(text, pos[0]))} ` : '';
      return this.#mistake(pos[0], `${key}${words}`);
    });
    visit(this.#document, {
      Pair: (_, { key }) => {
        if (isScalar(key)) return;
        const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0;
        mistakes.push(this.#mistake(offset, 'is no name for a key. Expected a word.'));
      },
      Alias: (_, alias) => {
        if (alias.resolve(this.#document)) return;
        const message = `*${alias.source} stands for nothing. Expected &${alias.source} before it.`;
        mistakes.push(this.#mistake(alias.range?.[0] ?? 0, message));
      },
    });
    this.mistakes = mistakes;
    this.broken = mistakes.length > repeated.length;
    // The schema is not recursive, so aliases cannot make a small file grow without end.
    this.value = this.broken ? undefined : this.#document.toJS({ maxAliasCount: -1 });
  }

  /** A mistake in the value at a path; when nothing is there, in what should hold it. */
  atValue(path: Path, message: string): Mistake {
    let node: unknown = this.#document.contents;
    for (const part of path) {
      const child = this.#child(node, part);
      if (child === undefined) break;
      node = child;
    }
    return { ...this.#placeOf(node), path: this.#describe(path), message };
  }

  /** A mistake in a key itself. */
  atKey(path: Path, message: string): Mistake {
    let node: unknown = this.#document.contents;
    for (const part of path.slice(0, -1)) node = this.#child(node, part);
    const pair = this.#pair(node, path.at(-1));
    return { ...this.#placeOf(pair?.key ?? node), path: this.#describe(path), message };
  }

  /** Things in lists are called by their name, where they have one: `apps.messages.steps[2].green`. */
  #describe(path: Path): string {
    let node: unknown = this.#document.contents;
    let described = '';
    for (const part of path) {
      node = this.#child(node, part);
      const item = this.#resolve(node);
      const name = typeof part === 'number' && isMap(item) ? item.get('name') : undefined;
      if (typeof part === 'string') described += described === '' ? part : `.${part}`;
      else described += typeof name === 'string' && /^[\w-]+$/.test(name) ? `.${name}` : `[${part}]`;
    }
    return described;
  }

  #child(node: unknown, part: string | number): unknown {
    const holder = this.#resolve(node);
    return isSeq(holder) ? holder.get(part, true) : this.#pair(holder, part)?.value;
  }

  /** Of a key that stands twice the last one, whose value is the one that is read. */
  #pair(node: unknown, key: string | number | undefined): Pair | undefined {
    const map = this.#resolve(node);
    return isMap(map) ? map.items.findLast((item) => isScalar(item.key) && String(item.key.value) === key) : undefined;
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  #placeOf(node: unknown): Pick<Mistake, 'line' | 'column'> {
    return this.#place(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  }

  #mistake(offset: number, message: string): Mistake {
    return { ...this.#place(offset), path: '', message };
  }

  #place(offset: number): Pick<Mistake, 'line' | 'column'> {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

const wordAt = (text: string, offset: number): string => /^[^\s:]+/.exec(text.slice(offset))?.[0] ?? '';
