/**
 * Quotes lines of the rules that a person named: the files of a topology, and no others. What a capture calls a file is what
 * a stranger may have written: it opens nothing.
 * @module
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Line } from '../../analysis/why/story.js';
import type { Plan } from '../../topology/plan.js';

/** @param plan whose rules may be quoted; null: none @param topology the plan's file, from whose folder files may be named too */
export function lineReader(plan: Plan | null, topology: string | undefined): (line: Line) => string | null {
  const named = new Set((plan?.nodes ?? []).flatMap(({ firewall }) => firewall?.ruleset.files ?? []).map((file) => resolve(file)));
  const read = new Map<string, readonly string[] | null>();
  return ({ file, line }) => {
    const path = [resolve(file), resolve(dirname(topology ?? '.'), file)].find((one) => named.has(one));
    if (path === undefined) return null;
    let lines = read.get(path);
    if (lines === undefined) read.set(path, (lines = linesOf(path)));
    const text = lines?.[line - 1]?.trim();
    return text === undefined || text === '' ? null : text;
  };
}

/** A file that is gone or can't be read is not quoted: the report stands without. */
function linesOf(path: string): readonly string[] | null {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/);
  } catch {
    return null;
  }
}
