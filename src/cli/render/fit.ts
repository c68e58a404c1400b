// Text made to fit a terminal: what people and other systems wrote may hold anything.

/** Line breaks and control characters would break a picture or a log, and could steer the terminal. */
export const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trimEnd();

/** East Asian text and emoji take two columns. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u30FF\uFF01-\uFF60]/u;
const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/u;

const widthOf = (character: string): number => (NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** How many columns of a terminal the text takes. */
export const columnsOf = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + widthOf(character), 0);

/** Cut to the width, with … where something is missing. */
export function cut(text: string, width: number): string {
  return columnsOf(text) <= width ? text : `${headOf(text, width - 1)}…`;
}

/** Broken between words, so that nothing is lost; every line but the first is indented. */
export function wrap(text: string, width: number, indent: string): string[] {
  if (columnsOf(text) <= width) return [text];
  const most = Math.max(width, indent.length + 2);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S) +/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columnsOf(longer) <= most) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = line === '' ? word : `${indent}${word}`;
    while (columnsOf(line) > most) {
      const head = headOf(line, most);
      lines.push(head);
      line = `${indent}${line.slice(head.length)}`;
    }
  }
  return [...lines, line];
}

function headOf(text: string, width: number): string {
  let [head, columns] = ['', 0];
  for (const character of text) {
    columns += widthOf(character);
    if (columns > width) break;
    head += character;
  }
  return head;
}
