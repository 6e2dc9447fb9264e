/**
 * Values and patterns of rules as the words that the machine compares: see `sets/element-set.ts`.
 * @module
 */
import { must, unreachable } from '../../../base/assert.js';
import type { Pattern, Value } from '../../../nft/ruleset.js';
import { type AddressBook, keyOf } from '../../address-book.js';
import { NO_INTERFACE, type Interface } from '../../interface.js';
import type { KeyPart } from '../sets/element-set.js';

/** What it needs of its node. */
export interface KeyPorts {
  readonly book: AddressBook;
  readonly interfaces: readonly Interface[];
}

/** An interface that the node has not: no packet's. */
export const NO_SUCH_INTERFACE = NO_INTERFACE - 1;

export class Keys {
  readonly #node: KeyPorts;
  readonly #book: AddressBook;

  constructor(node: KeyPorts) {
    this.#node = node;
    this.#book = node.book;
  }

  /** What a pattern stands for: one part, or one for each interface that it names (none for one that the node has not). */
  parts(pattern: Pattern): KeyPart[] {
    switch (pattern.is) {
      case 'number':
      case 'address':
        return [this.#single(pattern)];
      case 'interface':
        return this.interfaces(pattern).map((index) => ({ exact: index, from: [index], to: [index] }));
      case 'range':
        return [{ exact: null, from: this.#single(pattern.from).from, to: this.#single(pattern.to).to }];
      case 'prefix':
        return [this.#prefix(pattern.address, pattern.length)];
      case 'any':
        return [];
      default:
        return unreachable(pattern);
    }
  }

  /** The one word of a value; of an interface the index, {@link NO_SUCH_INTERFACE} where there is none. */
  word(value: Value): number {
    if (value.is === 'interface') return this.interfaces(value)[0] ?? NO_SUCH_INTERFACE;
    return must(this.#single(value).exact, 'a single value');
  }

  interfaces(named: { readonly name: string; readonly wildcard: boolean }): number[] {
    return this.#node.interfaces
      .filter((iface) => (named.wildcard ? iface.name.startsWith(named.name) : iface.name === named.name))
      .map((iface) => iface.index);
  }

  #single(value: Value): KeyPart {
    switch (value.is) {
      case 'number':
        return { exact: value.number | 0, from: [value.number | 0], to: [value.number | 0] };
      case 'address': {
        const key = this.#address(value.address);
        const words = value.family === 4 ? [key] : this.#words6(key);
        return { exact: key, from: words, to: words };
      }
      case 'interface': {
        const index = this.word(value);
        return { exact: index, from: [index], to: [index] };
      }
      default:
        return unreachable(value);
    }
  }

  #prefix(address: string, length: number): KeyPart {
    const addr = must(this.#book.parse(address), `address ${address}`);
    const words = this.#book.family(addr) === 4 ? [keyOf(addr)] : this.#words6(keyOf(addr));
    const from = words.map((word, i) => word & maskOf(length - i * 32));
    const to = words.map((word, i) => word | ~maskOf(length - i * 32));
    const whole = length === words.length * 32;
    return { exact: whole ? keyOf(addr) : null, from, to };
  }

  #address(text: string): number {
    return keyOf(must(this.#book.parse(text), `address ${text}`));
  }

  #words6(key: number): number[] {
    return [0, 1, 2, 3].map((i) => this.#book.word6(key, i));
  }
}

/** The first `length` of 32 bits. */
function maskOf(length: number): number {
  if (length <= 0) return 0;
  return length >= 32 ? -1 : -1 << (32 - length);
}
