/**
 * The connection table: both tuples of every confirmed entry in one hash table, and the entries in the order of their
 * confirmation. Nothing here waits for a timer: an entry whose time is over is forgotten when it is met, and all such
 * are swept out when the table grows or is looked at, so that an idle node leaves no event behind.
 * @module
 */
import { CT_STATUS } from './connection.js';
import type { Entry } from './entry.js';
import type { Moment } from './moment.js';
import { isClosing } from './tcp/states.js';
import type { Tuple } from './tuple.js';

const FEWEST_BUCKETS = 64;
/** Buckets that are looked at for an entry to forget when the table is full (NF_CT_EVICTION_RANGE). */
const EVICTION_RANGE = 8;

export class ConnectionTable {
  /** Told of every entry that comes, and of every one that goes. */
  onInserted: ((entry: Entry) => void) | null = null;
  onRemoved: ((entry: Entry) => void) | null = null;
  readonly #moment: Moment;
  #buckets: (Tuple | null)[] = new Array<Tuple | null>(FEWEST_BUCKETS).fill(null);
  #mask = FEWEST_BUCKETS - 1;
  #oldest: Entry | null = null;
  #newest: Entry | null = null;
  #count = 0;
  #sweepAt = FEWEST_BUCKETS;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  /** Entries, those whose time is over included, until a sweep. */
  get count(): number {
    return this.#count;
  }

  /** hot. The tuple in the table that equals this one; its entry is alive at the moment. */
  find(tuple: Tuple): Tuple | null {
    const hash = tuple.computeHash();
    tuple.hash = hash;
    for (let t = this.#buckets[hash & this.#mask] as Tuple | null; t !== null; t = t.next) {
      if (t.hash !== hash || !t.equals(tuple)) continue;
      const entry = t.entry as Entry;
      if (entry.expires > this.#moment.time) return t;
      this.remove(entry);
      return null;
    }
    return null;
  }

  /** Both tuples must not be there yet. */
  insert(entry: Entry): void {
    if (this.#count >= this.#sweepAt) {
      this.sweep();
      this.#sweepAt = Math.max(FEWEST_BUCKETS, this.#count * 2);
    }
    this.#link(entry.original);
    this.#link(entry.reply);
    entry.older = this.#newest;
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.#count++;
    entry.status |= CT_STATUS.CONFIRMED;
    if (this.#count * 2 > this.#mask) this.#grow();
    this.onInserted?.(entry);
  }

  remove(entry: Entry): void {
    if ((entry.status & CT_STATUS.DYING) !== 0) return;
    entry.status |= CT_STATUS.DYING;
    if (!entry.confirmed) return;
    this.#unlink(entry.original);
    this.#unlink(entry.reply);
    if (entry.older === null) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    if (entry.newer === null) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    entry.older = entry.newer = null;
    this.#count--;
    this.onRemoved?.(entry);
  }

  /** Forgets what is over at the moment. */
  sweep(): void {
    const now = this.#moment.time;
    for (let entry = this.#oldest; entry !== null; ) {
      const { newer } = entry;
      if (entry.expires <= now) this.remove(entry);
      entry = newer;
    }
  }

  /** Room for one more: entries near `tuple`'s place that are not assured go (early_drop). Returns how many went. */
  evict(tuple: Tuple): number {
    const first = tuple.computeHash() & this.#mask;
    for (let i = 0; i < EVICTION_RANGE; i++) {
      let gone = 0;
      for (let t = this.#buckets[(first + i) & this.#mask] as Tuple | null; t !== null; ) {
        const { next } = t;
        const entry = t.entry as Entry;
        if ((entry.status & (CT_STATUS.ASSURED | CT_STATUS.DYING)) === 0) {
          this.remove(entry);
          gone++;
        }
        t = next;
      }
      if (gone > 0) return gone;
    }
    return 0;
  }

  /** What Linux's garbage collection does under pressure: entries that are not assured or are closing go, oldest first. */
  relieve(target: number): void {
    for (let entry = this.#oldest; entry !== null && this.#count >= target; ) {
      const { newer } = entry;
      if ((entry.status & CT_STATUS.ASSURED) === 0 || (entry.tcp !== null && isClosing(entry.tcp.state))) this.remove(entry);
      entry = newer;
    }
  }

  /** Oldest first. */
  list(): Entry[] {
    const entries: Entry[] = [];
    for (let entry = this.#oldest; entry !== null; entry = entry.newer) entries.push(entry);
    return entries;
  }

  #link(tuple: Tuple): void {
    tuple.hash = tuple.computeHash();
    const at = tuple.hash & this.#mask;
    tuple.next = this.#buckets[at] as Tuple | null;
    this.#buckets[at] = tuple;
  }

  #unlink(tuple: Tuple): void {
    const at = tuple.hash & this.#mask;
    let t = this.#buckets[at] as Tuple | null;
    if (t === tuple) this.#buckets[at] = tuple.next;
    else {
      while (t !== null && t.next !== tuple) t = t.next;
      if (t !== null) t.next = tuple.next;
    }
    tuple.next = null;
  }

  #grow(): void {
    const size = (this.#mask + 1) * 2;
    this.#mask = size - 1;
    this.#buckets = new Array<Tuple | null>(size).fill(null);
    // As they were inserted, so that the newest stands first in its bucket again.
    for (let entry = this.#oldest; entry !== null; entry = entry.newer) {
      this.#link(entry.original);
      this.#link(entry.reply);
    }
  }
}
