/**
 * Longest-prefix match over address bits: a binary trie, one bit per level, for 32-bit and 128-bit addresses alike.
 * Cold: results are kept in a destination cache, so depth costs nothing per packet.
 * @module
 */

class TrieNode<T> {
  zero: TrieNode<T> | null = null;
  one: TrieNode<T> | null = null;
  value: T | null = null;
}

/** Bit `i` of an address in network order, the most significant first. */
function bit(bytes: Uint8Array, i: number): number {
  return ((bytes[i >> 3] ?? 0) >> (7 - (i & 7))) & 1;
}

export class PrefixTrie<T> {
  readonly #root = new TrieNode<T>();

  get(prefix: Uint8Array, length: number): T | null {
    let node: TrieNode<T> | null = this.#root;
    for (let i = 0; i < length && node !== null; i++) node = bit(prefix, i) === 0 ? node.zero : node.one;
    return node === null ? null : node.value;
  }

  /** `null` takes the value away; empty nodes stay, since prefixes come back when links do. */
  set(prefix: Uint8Array, length: number, value: T | null): void {
    let node = this.#root;
    for (let i = 0; i < length; i++) {
      let next: TrieNode<T> | null = bit(prefix, i) === 0 ? node.zero : node.one;
      if (next === null) {
        next = new TrieNode<T>();
        if (bit(prefix, i) === 0) node.zero = next;
        else node.one = next;
      }
      node = next;
    }
    node.value = value;
  }

  /** The usable value of the longest prefix that holds the address. */
  longest<U>(address: Uint8Array, usable: (value: T) => U | null): U | null {
    let best: U | null = null;
    let node: TrieNode<T> | null = this.#root;
    const bits = address.length * 8;
    for (let i = 0; node !== null; i++) {
      if (node.value !== null) best = usable(node.value) ?? best;
      if (i === bits) break;
      node = bit(address, i) === 0 ? node.zero : node.one;
    }
    return best;
  }

  /** Every value, shorter prefixes first, then in order of bits. */
  values(): T[] {
    const found: T[] = [];
    let level: TrieNode<T>[] = [this.#root];
    while (level.length > 0) {
      const below: TrieNode<T>[] = [];
      for (const node of level) {
        if (node.value !== null) found.push(node.value);
        if (node.zero !== null) below.push(node.zero);
        if (node.one !== null) below.push(node.one);
      }
      level = below;
    }
    return found;
  }
}
