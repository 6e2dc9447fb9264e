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
      if (entry.original.protocol === tuple.protocol && entry.expires > now) yield entry;
    }
  }
}

/** Address and port, of which no two have the same: addresses of both families are numbers below 2^34. */
function keyOfSource(t: Tuple): number {
  return t.src * 65536 + t.sport;
}
