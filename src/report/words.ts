/**
 * Small words of reports.
 * @module
 */

/** `1 packet`, `2 packets`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
