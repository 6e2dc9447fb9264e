/**
 * A sliding window of packet indices that were seen (RFC 3711 section 3.3.2). Indices of up to 53 bits.
 * @module
 */
export const SEEN = { NEW: 0, REPLAYED: 1, TOO_OLD: 2 } as const;

export class ReplayWindow {
  readonly #size: number;
  readonly #bits: Uint32Array;
  #highest = -1;

  /** @param size indices remembered below the highest, a multiple of 32; "at least 64" (RFC 3711) */
  constructor(size = 128) {
    this.#size = size;
    this.#bits = new Uint32Array(size / 32);
  }

  /** The highest index marked, -1 = none. */
  get highest(): number {
    return this.#highest;
  }

  /** What {@link mark} would find, without marking. */
  look(index: number): number {
    if (index > this.#highest) return SEEN.NEW;
    if (index <= this.#highest - this.#size) return SEEN.TOO_OLD;
    const slot = index % this.#size;
    return (((this.#bits[slot >>> 5] as number) >>> (slot & 31)) & 1) === 1 ? SEEN.REPLAYED : SEEN.NEW;
  }

  /** To be called for authentic packets only: else a forged index would move the window. */
  mark(index: number): number {
    const verdict = this.look(index);
    if (verdict !== SEEN.NEW) return verdict;
    if (index - this.#highest >= this.#size) this.#bits.fill(0);
    else for (let i = this.#highest + 1; i < index; i++) this.#clear(i % this.#size);
    const slot = index % this.#size;
    this.#bits[slot >>> 5] = (this.#bits[slot >>> 5] as number) | (1 << (slot & 31));
    if (index > this.#highest) this.#highest = index;
    return SEEN.NEW;
  }

  #clear(slot: number): void {
    this.#bits[slot >>> 5] = (this.#bits[slot >>> 5] as number) & ~(1 << (slot & 31));
  }
}
