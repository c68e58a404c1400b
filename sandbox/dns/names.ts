/** A name as it is compared: lower case, without the final dot, Route 53's octal escapes (`\052` for `*`) undone. */
export function canonicalName(name: string): string {
  return unescapeOctal(name).toLowerCase().replace(/\.$/, '');
}

/** Route 53 writes every character but letters, digits, `-`, `_` and `.` as a backslash and three octal digits. */
export function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-3][0-7]{2})/g, (_escape, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** The name and all that it is below, nearest first: `a.b.c`, `b.c`, `c`. */
export function selfAndParents(name: string): string[] {
  const labels = name.split('.');
  return labels.map((_label, index) => labels.slice(index).join('.'));
}
