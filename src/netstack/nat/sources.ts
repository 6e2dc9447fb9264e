/**
 * Entries by the source that they had before translation: so that what a client sends to others from the same port gets
 * the same translation where that is free (Linux's nf_nat_bysource).
 * @module
 */
import type { Entry } from '../conntrack/entry.js';
import type { Tuple } from '../conntrack/tuple.js';

export class SourceTable {
  readonly #lists = new Map<number, Entry[]>();

  add(entry: Entry): void {
    const key = keyOfSource(entry.original);
    const list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, [entry]);
    else list.unshift(entry);
  }

  remove(entry: Entry): void {
    const key = keyOfSource(entry.original);
    const list = this.#lists.get(key);
    if (list === undefined) return;
    const at = list.indexOf(entry);
    if (at >= 0) list.splice(at, 1);
    if (list.length === 0) this.#lists.delete(key);
  }

  /** Entries with the source of `tuple`, newest first, whose time is not over at `now`. */
  *of(tuple: Tuple, now: number): Iterable<Entry> {
    for (const entry of this.#lists.get(keyOfSource(tuple)) ?? []) {
      const { original } = entry;
      const same =
        original.srcKey === tuple.srcKey && original.sport === tuple.sport && original.protocol === tuple.protocol && original.family === tuple.family;
      if (same && entry.expires > now) yield entry;
    }
  }
}

function keyOfSource(t: Tuple): number {
  return Math.imul(Math.imul(t.srcKey, 0x9e3779b1) ^ t.sport, 0x85ebca6b) ^ (t.protocol << 3) ^ t.family;
}
