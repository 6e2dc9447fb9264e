/**
 * TCP numbers of a stream whose data was made longer or shorter on its way: what one side sends is shifted on its way
 * out, what the other side acknowledges is shifted back. One correction is remembered, as in Linux (nf_conntrack_seqadj).
 * @module
 */
import { setU32, u32 } from '../../../wire/bytes.js';
import * as checksum from '../../../wire/checksum.js';
import * as tcp from '../../../wire/tcp.js';
import * as options from '../../../wire/tcp-options.js';

const later = (a: number, b: number): boolean => ((b - a) | 0) < 0;

class Shift {
  /** Number of the segment that was changed last, as its sender has it. */
  #at = 0;
  #before = 0;
  #after = 0;

  add(sequence: number, octets: number): void {
    if (octets === 0) return;
    // A segment that is sent again was counted already.
    if (this.#before !== this.#after && !later(sequence, this.#at)) return;
    this.#at = sequence;
    this.#before = this.#after;
    this.#after += octets;
  }

  get idle(): boolean {
    return this.#before === 0 && this.#after === 0;
  }

  of(sequence: number): number {
    return later(sequence, this.#at) ? this.#after : this.#before;
  }

  /** Of an acknowledgement by the other side, who counts what was changed. */
  ofAck(ack: number): number {
    return later((ack - this.#before) | 0, this.#at) ? this.#after : this.#before;
  }
}

/** Both directions of a connection: 0 from inside, 1 from outside. */
export class SequenceShifts {
  readonly #shifts: readonly [Shift, Shift] = [new Shift(), new Shift()];

  /** The payload of the segment with that number, which goes in that direction, was made so much longer. */
  changed(direction: 0 | 1, sequence: number, octets: number): void {
    this.#shifts[direction].add(sequence, octets);
  }

  /** Shifts a segment's numbers; its checksum follows. */
  apply(direction: 0 | 1, b: Uint8Array, at: number): void {
    const mine = this.#shifts[direction];
    const theirs = this.#shifts[direction === 0 ? 1 : 0];
    if (!mine.idle) shift(b, at, at + 4, mine.of(u32(b, at + 4)));
    if (theirs.idle || (tcp.flags(b, at) & tcp.ACK_FLAG) === 0) return;
    shift(b, at, at + 8, -theirs.ofAck(u32(b, at + 8)));
    const n = tcp.headerLength(b, at) - tcp.HEADER;
    const sack = options.find(b, at + tcp.HEADER, n, options.KIND.SACK);
    if (sack < 0) return;
    for (let edge = sack + 2; edge < sack + (b[sack + 1] as number); edge += 4) shift(b, at, edge, -theirs.ofAck(u32(b, edge)));
  }
}

function shift(b: Uint8Array, at: number, field: number, by: number): void {
  if (by === 0) return;
  const before = u32(b, field);
  const after = (before + by) >>> 0;
  setU32(b, field, after);
  // SACK blocks may stand at odd offsets of the segment; there the sum's octets are the other way round.
  const odd = ((field - at) & 1) === 1;
  checksum.adjust32(b, at + tcp.CHECKSUM, odd ? swapped(before) : before, odd ? swapped(after) : after);
}

/** A word's octets as they count in a sum that begins one octet off. */
function swapped(word: number): number {
  return ((word << 8) | (word >>> 24)) >>> 0;
}
