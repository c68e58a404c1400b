// Columns of text under headings, each as wide as its widest cell.
import { columnsOf } from './fit.ts';

/** What a cell shows that has nothing to show. */
export const NOTHING = '-';

/** One line for the headings and one for each row. */
export function tableLines(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(columnsOf(heading), ...rows.map((cells) => columnsOf(cells[column] ?? ''))),
  );
  return [headings, ...rows].map((cells) =>
    cells.map((cell, column) => `${cell}${' '.repeat((widths[column] ?? 0) - columnsOf(cell))}`).join('  '),
  );
}
