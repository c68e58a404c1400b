/** What our few requests and answers need of XML: elements and text. Attributes are skipped, namespaces not told apart. */
export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

interface OpenElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

const TOKEN =
  /<\?[^>]*\?>|<!--[\s\S]*?-->|<(?<close>\/)?(?<name>[A-Za-z_][\w:.-]*)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(?<empty>\/)?>|(?<text>[^<]+)/y;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads a document. Document types and CDATA are refused: no AWS request has them.
 * @throws Error that says at which character it is no XML
 */
export function parseXml(source: string): XmlElement {
  const top: OpenElement = { name: '', children: [], text: '' };
  const open = [top];
  let at = 0;
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(source)?.groups;
    if (!groups && TOKEN.lastIndex === 0) throw new Error(`no XML at character ${at}: expected a tag or text`);
    const current = open.at(-1);
    if (!current) throw new Error(`no XML at character ${at}: more elements are closed than were opened`);
    const { close, name, empty, text } = groups ?? {};
    if (text !== undefined) {
      current.text += decodeEntities(text);
    } else if (name !== undefined && close === undefined) {
      const element: OpenElement = { name, children: [], text: '' };
      current.children.push(element);
      if (empty === undefined) open.push(element);
    } else if (name !== undefined) {
      if (current.name !== name)
        throw new Error(`no XML at character ${at}: found </${name}>, expected </${current.name}>`);
      open.pop();
    }
    at = TOKEN.lastIndex;
  }
  const [root, ...others] = top.children;
  if (!root || others.length > 0 || open.length > 1) throw new Error('no XML: expected one element, closed at its end');
  return root;
}

export const child = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find((candidate) => candidate.name === name);

export const childrenOf = (element: XmlElement, name: string): readonly XmlElement[] =>
  element.children.filter((candidate) => candidate.name === name);

export const childText = (element: XmlElement, name: string): string | undefined => child(element, name)?.text;

/** The first element of this name at any depth. */
export function find(element: XmlElement, name: string): XmlElement | undefined {
  if (element.name === name) return element;
  for (const candidate of element.children) {
    const found = find(candidate, name);
    if (found) return found;
  }
  return undefined;
}

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function decodeEntities(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));?/gi,
    (whole, hex: string | undefined, decimal: string | undefined, named: string | undefined) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      const character = ENTITIES[named ?? ''];
      if (character === undefined) throw new Error(`unknown XML entity ${whole}`);
      return character;
    },
  );
}
