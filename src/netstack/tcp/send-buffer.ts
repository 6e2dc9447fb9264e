/**
 * What a socket has written and the peer has not yet acknowledged, by stream position (1 = first octet of data).
 * @module
 */
import { assertInvariant } from '../../base/assert.js';
import { ByteRing } from './byte-ring.js';

export class SendBuffer {
  readonly #ring: ByteRing;
  #start = 1;
  #end = 1;

  /** @param capacity bytes */
  constructor(capacity: number) {
    this.#ring = new ByteRing(capacity);
  }

  /** Position of the first byte held. */
  get start(): number {
    return this.#start;
  }

  /** Position after the last byte written: where FIN will stand. */
  get end(): number {
    return this.#end;
  }

  get free(): number {
    return this.#ring.limit - (this.#end - this.#start);
  }

  /** Takes what fits and returns how much that was. */
  append(bytes: Uint8Array, off: number, len: number): number {
    const taken = Math.min(len, this.free);
    if (taken <= 0) return 0;
    const held = this.#end - this.#start;
    this.#ring.reserve(held + taken, this.#start, held);
    this.#ring.put(this.#end, bytes, off, taken);
    this.#end += taken;
    return taken;
  }

  copy(position: number, len: number, out: Uint8Array, off: number): void {
    assertInvariant(position >= this.#start && position + len <= this.#end, 'send buffer asked for bytes that it does not hold');
    this.#ring.get(position, len, out, off);
  }

  /** Forgets everything before `position`. */
  release(position: number): void {
    assertInvariant(position <= this.#end, 'acknowledged more than was written');
    if (position > this.#start) this.#start = position;
  }
}
