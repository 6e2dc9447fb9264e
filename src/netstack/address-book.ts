/**
 * The lab's addresses as numbers: an IPv4 address is itself, an IPv6 address is 2^32 plus the index under which it was
 * first seen. One book per lab, so that a number means the same address on every node.
 *
 * The hot face works on small integers (`key`): the signed 32-bit value of an IPv4 address or the index of an IPv6
 * address; V8 keeps those unboxed, where an `Addr` past 2^31 would be a heap number per call.
 * @module
 */
import { assertInvariant } from '../base/assert.js';
import * as address from '../wire/address.js';
import type { Addr } from './transport.js';

const V6 = 4294967296;

/** Where the index of an IPv6 address is asked for and there is none yet. */
export const NO_ADDRESS6 = -1;

export class AddressBook {
  /** Four words per interned IPv6 address. */
  #words = new Int32Array(4 * 64);
  /** Open addressing, index + 1; 0 = free. Length is a power of two, never more than half full. */
  #slots = new Int32Array(256);
  #count = 0;
  readonly #texts: (string | undefined)[] = [];

  /** Interned IPv6 addresses. */
  get interned(): number {
    return this.#count;
  }

  /** hot. The IPv4 address at `o`, as a signed key. */
  key4(b: Uint8Array, o: number): number {
    return ((b[o] as number) << 24) | ((b[o + 1] as number) << 16) | ((b[o + 2] as number) << 8) | (b[o + 3] as number);
  }

  /** hot. The index of the IPv6 address at `o`; interned when it is new. */
  key6(b: Uint8Array, o: number): number {
    const w0 = this.key4(b, o);
    const w1 = this.key4(b, o + 4);
    const w2 = this.key4(b, o + 8);
    const w3 = this.key4(b, o + 12);
    let h = Math.imul(w0 ^ (w1 >>> 15) ^ Math.imul(w1, 0x85ebca6b), 0x9e3779b1) ^ Math.imul(w2, 0xc2b2ae35) ^ Math.imul(w3, 0x27d4eb2f);
    h ^= h >>> 15;
    h = Math.imul(h, 0x2c1b3c6d);
    h ^= h >>> 13;
    const mask = this.#slots.length - 1;
    for (let slot = h & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) return this.#intern(slot, w0, w1, w2, w3);
      const at = (entry - 1) * 4;
      const words = this.#words;
      if (words[at] === w0 && words[at + 1] === w1 && words[at + 2] === w2 && words[at + 3] === w3) return entry - 1;
    }
  }

  /** hot. One of the four words of an interned IPv6 address, signed; 0 is the most significant. */
  word6(key: number, i: number): number {
    return this.#words[key * 4 + i] as number;
  }

  read4(b: Uint8Array, o: number): Addr {
    return (this.key4(b, o) >>> 0) as Addr;
  }

  read6(b: Uint8Array, o: number): Addr {
    return (V6 + this.key6(b, o)) as Addr;
  }

  /** Writes 4 or 16 bytes in network order. */
  write(a: Addr, b: Uint8Array, o: number): void {
    if (a < V6) {
      writeWord(a | 0, b, o);
      return;
    }
    const at = (a - V6) * 4;
    const words = this.#words;
    assertInvariant(at < this.#count * 4, 'an address of this book');
    writeWord(words[at] as number, b, o);
    writeWord(words[at + 1] as number, b, o + 4);
    writeWord(words[at + 2] as number, b, o + 8);
    writeWord(words[at + 3] as number, b, o + 12);
  }

  /** hot. Writes the 16 bytes of the IPv6 address with that key. */
  writeKey6(key: number, b: Uint8Array, o: number): void {
    const at = key * 4;
    const words = this.#words;
    writeWord(words[at] as number, b, o);
    writeWord(words[at + 1] as number, b, o + 4);
    writeWord(words[at + 2] as number, b, o + 8);
    writeWord(words[at + 3] as number, b, o + 12);
  }

  /** hot. True when the IPv6 address of that index lies in a network of `length` bits, given as four words in network order. {@link NO_ADDRESS6} lies in none. */
  holds6(index: number, network: Int32Array, length: number): boolean {
    if (index < 0) return false;
    const words = this.#words;
    let left = length;
    for (let i = 0; left > 0; i++, left -= 32) {
      const differ = (words[index * 4 + i] as number) ^ (network[i] as number);
      if ((left >= 32 ? differ : differ & (-1 << (32 - left))) !== 0) return false;
    }
    return true;
  }

  bytes(a: Addr): Uint8Array {
    const b = new Uint8Array(a < V6 ? 4 : 16);
    this.write(a, b, 0);
    return b;
  }

  family(a: Addr): 4 | 6 {
    return a < V6 ? 4 : 6;
  }

  /** `undefined` when the text is no IP address. */
  parse(text: string): Addr | undefined {
    const v4 = address.parseIpv4(text);
    if (v4 !== undefined) return v4 as Addr;
    const v6 = address.parseIpv6(text);
    return v6 === undefined ? undefined : this.read6(v6, 0);
  }

  /** Canonical text (RFC 5952 for IPv6). */
  text(a: Addr): string {
    if (a < V6) return address.formatIpv4(a);
    const index = a - V6;
    const known = this.#texts[index];
    if (known !== undefined) return known;
    const text = address.formatIpv6(this.bytes(a));
    this.#texts[index] = text;
    return text;
  }

  #intern(slot: number, w0: number, w1: number, w2: number, w3: number): number {
    const index = this.#count++;
    if (this.#words.length < this.#count * 4) {
      const words = new Int32Array(this.#words.length * 2);
      words.set(this.#words);
      this.#words = words;
    }
    this.#words[index * 4] = w0;
    this.#words[index * 4 + 1] = w1;
    this.#words[index * 4 + 2] = w2;
    this.#words[index * 4 + 3] = w3;
    this.#slots[slot] = index + 1;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return index;
  }

  #rehash(): void {
    const words = this.#words;
    const count = this.#count;
    this.#words = new Int32Array(words.length);
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.#count = 0;
    const b = new Uint8Array(16);
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < 4; k++) writeWord(words[i * 4 + k] as number, b, 4 * k);
      assertInvariant(this.key6(b, 0) === i, 'addresses keep their index when the book grows');
    }
  }
}

/** hot. Small-integer key of an address within its family. */
export function keyOf(a: Addr): number {
  return a < V6 ? a | 0 : a - V6;
}

/** The address of a key. */
export function addrOf4(key: number): Addr {
  return (key >>> 0) as Addr;
}

export function addrOf6(key: number): Addr {
  return (V6 + key) as Addr;
}

function writeWord(w: number, b: Uint8Array, o: number): void {
  b[o] = w >>> 24;
  b[o + 1] = (w >>> 16) & 0xff;
  b[o + 2] = (w >>> 8) & 0xff;
  b[o + 3] = w & 0xff;
}
