/**
 * Plain tables and colours for a terminal.
 * @module
 */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

const wrap = (code: number) => (text: string): string => `\u001b[${code}m${text}\u001b[0m`;
const plain = (text: string): string => text;

export const COLOURS: Paint = { good: wrap(32), bad: wrap(31), dim: wrap(2), bold: wrap(1) };
export const NO_COLOURS: Paint = { good: plain, bad: plain, dim: plain, bold: plain };

/** Length as shown: escape sequences take no room. */
function width(text: string): number {
  // eslint-disable-next-line no-control-regex -- the escape character of ECMA-48 sequences
  return text.replace(/\u001b\[\d+m/g, '').length;
}

/** Rows as aligned columns, two spaces apart, without trailing blanks. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, width(cell))));
  return rows
    .map((row) => indent + row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - width(cell))).join('  ').trimEnd())
    .join('\n');
}
