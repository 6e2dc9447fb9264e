/**
 * Random numbers by name. Who draws is decided by the stream's name at build time (`link:er-1:ab:loss`,
 * `node:alice:ice`), so adding a node, a link or an impairment moves nobody else's numbers.
 * @module
 */
export interface Rng {
  /** Uniform in [0, 2^32). */
  u32(): number;
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform integer in [0, n), n from 1 to 2^32, without modulo bias. */
  below(n: number): number;
  fill(bytes: Uint8Array, offset: number, length: number): void;
}

export interface RandomRoot {
  /** The stream of that name; the same name gives the same numbers, whenever it is asked for. */
  stream(name: string): Rng;
}

/** xmur3-style string hash, four seeds from one text. */
function seedsOf(text: string): [number, number, number, number] {
  let h = 1779033703 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 3432918353);
    h = (h << 13) | (h >>> 19);
  }
  const next = (): number => {
    h = Math.imul(h ^ (h >>> 16), 2246822507);
    h = Math.imul(h ^ (h >>> 13), 3266489909);
    return (h ^= h >>> 16) | 0;
  };
  return [next(), next(), next(), next()];
}

/** sfc32 (Chris Doty-Humphrey's small fast chaotic generator), 128 bits of state. */
class Sfc32 implements Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(a: number, b: number, c: number, d: number) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d | 1;
    for (let i = 0; i < 12; i++) this.u32();
  }

  u32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return t >>> 0;
  }

  float(): number {
    return this.u32() / 4294967296;
  }

  below(n: number): number {
    const limit = 4294967296 - (4294967296 % n);
    for (;;) {
      const v = this.u32();
      if (v < limit) return v % n;
    }
  }

  fill(bytes: Uint8Array, offset: number, length: number): void {
    let word = 0;
    for (let i = 0; i < length; i++) {
      if ((i & 3) === 0) word = this.u32();
      bytes[offset + i] = word & 0xff;
      word >>>= 8;
    }
  }
}

export function randomRoot(seed: number): RandomRoot {
  return { stream: (name) => new Sfc32(...seedsOf(`${seed}/${name}`)) };
}
