/**
 * Which stretch of a capture file holds records of which times. It stands in for a file offset per record: finding
 * a record costs reading one stretch, and a million records cost kilobytes.
 * @module
 */
import { type Nanos, UNSET } from '../../base/time.js';

/** Length of a stretch, in bytes, before the next record starts a new one. */
const STRETCH = 1 << 16;

export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

export class FileIndex {
  #starts = new Float64Array(64);
  #earliest = new Float64Array(64);
  #latest = new Float64Array(64);
  /** Of the block that is noted next; only grows. Fields, since arguments beyond 31 bits may be boxed. */
  offset = 0;
  time = UNSET;
  #count = 0;
  #end = 0;
  /** `#end` when these two were made. */
  #sorted = -1;
  #reached = new Float64Array(0);
  #soonest = new Float64Array(0);

  /** hot. A packet's block of `length` bytes begins at `offset`, with a record of `time`. */
  note(length: number): void {
    const { offset, time } = this;
    if (this.#count === 0 || offset - (this.#starts[this.#count - 1] as number) >= STRETCH) this.#open();
    const i = this.#count - 1;
    if (time < (this.#earliest[i] as number)) this.#earliest[i] = time;
    if (time > (this.#latest[i] as number)) this.#latest[i] = time;
    this.#end = offset + length;
  }

  #open(): void {
    if (this.#count === this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#earliest = doubled(this.#earliest);
      this.#latest = doubled(this.#latest);
    }
    this.#starts[this.#count] = this.offset;
    this.#earliest[this.#count] = Infinity;
    this.#latest[this.#count] = -Infinity;
    this.#count++;
  }

  /** All stretches that may hold a record of that time, in the order of the file. Usually one. */
  at(time: Nanos): readonly Stretch[] {
    if (this.#sorted !== this.#end) this.#sort();
    const found: Stretch[] = [];
    for (let i = this.#firstThatReaches(time); i < this.#count && (this.#soonest[i] as number) <= time; i++) {
      if ((this.#earliest[i] as number) > time || (this.#latest[i] as number) < time) continue;
      const offset = this.#starts[i] as number;
      const end = i + 1 < this.#count ? (this.#starts[i + 1] as number) : this.#end;
      found.push({ offset, length: end - offset });
    }
    return found;
  }

  /** Blocks stand nearly in the order of time: latest time so far, and earliest from here on, only grow. */
  #sort(): void {
    this.#reached = new Float64Array(this.#count);
    this.#soonest = new Float64Array(this.#count);
    for (let i = 0, latest = -Infinity; i < this.#count; i++) this.#reached[i] = latest = Math.max(latest, this.#latest[i] as number);
    for (let i = this.#count - 1, earliest = Infinity; i >= 0; i--) this.#soonest[i] = earliest = Math.min(earliest, this.#earliest[i] as number);
    this.#sorted = this.#end;
  }

  #firstThatReaches(time: Nanos): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#reached[middle] as number) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function doubled(a: Float64Array): Float64Array<ArrayBuffer> {
  const b = new Float64Array(a.length * 2);
  b.set(a);
  return b;
}
