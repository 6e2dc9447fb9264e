/**
 * Plain tables, wrapped text and colours for a terminal.
 * @module
 */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

const wrapper =
  (code: number) =>
  (text: string): string =>
    text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`;
const plain = (text: string): string => text;

/** ECMA-48 "select graphic rendition". */
export const COLOURS: Paint = { good: wrapper(32), bad: wrapper(31), dim: wrapper(2), bold: wrapper(1) };
export const NO_COLOURS: Paint = { good: plain, bad: plain, dim: plain, bold: plain };

/** Length as shown: escape sequences take no room. */
export function width(text: string): number {
  // eslint-disable-next-line no-control-regex -- the escape character of ECMA-48 sequences
  return text.replace(/\u001b\[\d+m/g, '').length;
}

/** No column is made narrower than this. */
const NARROWEST = 8;
const GAP = 2;

/**
 * Rows as aligned columns, two spaces apart, without trailing blanks.
 * @param room columns of the terminal; cells are wrapped so that the table fits, as far as it can
 */
export function table(rows: readonly (readonly string[])[], indent = '', room = Infinity): string {
  return tableRows(rows, indent, room).flat().join('\n');
}

/** The lines of each row: more than one where a cell was wrapped. */
export function tableRows(rows: readonly (readonly string[])[], indent = '', room = Infinity): readonly (readonly string[])[] {
  const widths = fit(rows, room - indent.length);
  return rows.map((row) => lines(row, widths).map((line) => (indent + line).trimEnd()));
}

function naturalWidths(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, width(cell))));
  return widths;
}

/** Takes from the widest column until all fit; words are cut only when no column can give without. */
function fit(rows: readonly (readonly string[])[], room: number): readonly number[] {
  const widths = naturalWidths(rows);
  const words = naturalWidths(
    rows.map((row) => row.map((cell) => cell.split(' ').reduce((longest, word) => (width(word) > width(longest) ? word : longest), ''))),
  );
  const narrowest = widths.map(() => NARROWEST);
  for (const floors of [words, narrowest]) {
    while (total(widths) > room) {
      const giving = widths.filter((one, i) => one > (floors[i] ?? 0));
      if (giving.length === 0) break;
      const widest = Math.max(...giving);
      const i = widths.findIndex((one, k) => one === widest && one > (floors[k] ?? 0));
      widths[i] = widest - 1;
    }
  }
  return widths;
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one, 0) + GAP * (widths.length - 1);
}

function lines(row: readonly string[], widths: readonly number[]): readonly string[] {
  const cells = row.map((cell, i) => wrap(cell, widths[i] ?? 0));
  const height = Math.max(1, ...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, k) =>
    cells
      .map((cell, i) => {
        const text = cell[k] ?? '';
        return text + ' '.repeat(Math.max(0, (widths[i] ?? 0) - width(text)));
      })
      .join(' '.repeat(GAP)),
  );
}

/** Text as lines of at most `room` characters, broken at blanks; a longer word is cut. Keeps one colour around it all. */
export function wrap(text: string, room: number): readonly string[] {
  if (width(text) <= room) return [text];
  // eslint-disable-next-line no-control-regex -- the escape character of ECMA-48 sequences
  const painted = /^(\u001b\[\d+m)(.*)(\u001b\[0m)$/.exec(text);
  if (painted !== null) return wrap(painted[2] ?? '', room).map((line) => `${painted[1] ?? ''}${line}${painted[3] ?? ''}`);
  const found: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((one) => pieces(one, room))) {
    if (line !== '' && line.length + 1 + word.length > room) {
      found.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...found, line];
}

function pieces(word: string, room: number): readonly string[] {
  const size = Math.max(1, room);
  return Array.from({ length: Math.max(1, Math.ceil(word.length / size)) }, (_, i) => word.slice(i * size, (i + 1) * size));
}
