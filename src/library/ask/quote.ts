/**
 * Quotes lines of files that people wrote, where they can be found: by the path as it stands, else beside the files that
 * the command was given.
 * @module
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Line } from '../../analysis/why/story.js';

/** @param beside files in whose folders to look, too */
export function lineReader(beside: readonly string[]): (line: Line) => string | null {
  const read = new Map<string, readonly string[] | null>();
  return ({ file, line }) => {
    let lines = read.get(file);
    if (lines === undefined) read.set(file, (lines = linesOf([file, ...beside.map((other) => join(dirname(other), file))])));
    const text = lines?.[line - 1]?.trim();
    return text === undefined || text === '' ? null : text;
  };
}

/** A file that is gone or can't be read is not quoted: the report stands without. */
function linesOf(paths: readonly string[]): readonly string[] | null {
  for (const path of paths) {
    try {
      return readFileSync(path, 'utf8').split(/\r?\n/);
    } catch {
      continue;
    }
  }
  return null;
}
