/**
 * Policy rules: which table a packet asks, in order of priority, as ip-rule(8). Linux's own three are there too: the
 * local table first (priority 0, asked by the caller), `main` at 32766; `default` is empty. Hot: a match reads numbers.
 * @module
 */
import type { AddressBook } from '../address-book.js';
import { LOOPBACK_INDEX, NO_INTERFACE } from '../interface.js';

/** Where `main` stands among the rules. */
export const MAIN_PRIORITY = 32766;

/** `ip rule`. Selectors that are left out match everything. */
export interface PolicyRule {
  readonly priority: number;
  readonly family: 4 | 6;
  readonly table: number;
  /** Firewall mark and mask; without a mask all bits count. */
  readonly mark?: number;
  readonly mask?: number;
  /** Source prefix. */
  readonly from?: string;
  /** Index of the interface by which the packet came; {@link NO_INTERFACE} = the node's own. */
  readonly iif?: number;
}

/** No interface has that index. */
const ANY_INTERFACE = -2;

export class CompiledRule<T> {
  readonly priority: number;
  readonly table: T;
  readonly #mark: number;
  readonly #mask: number;
  readonly #iif: number;
  /** Length of the source prefix, and its words in network order. */
  readonly #length: number;
  readonly #network: Int32Array;
  readonly #book: AddressBook;

  /** @param source network in network order, null = any */
  constructor(rule: Omit<PolicyRule, 'table' | 'from'>, table: T, source: { readonly network: Uint8Array; readonly length: number } | null, book: AddressBook) {
    this.priority = rule.priority;
    this.table = table;
    this.#mark = (rule.mark ?? 0) | 0;
    this.#mask = rule.mark === undefined ? 0 : (rule.mask ?? -1) | 0;
    this.#iif = rule.iif ?? ANY_INTERFACE;
    this.#length = source?.length ?? 0;
    const { buffer, byteOffset, byteLength } = source?.network ?? new Uint8Array(16);
    const view = new DataView(buffer, byteOffset, byteLength);
    this.#network = Int32Array.from({ length: byteLength / 4 }, (_, i) => view.getInt32(4 * i));
    this.#book = book;
  }

  /** hot. @param from source address key */
  fits4(mark: number, from: number, iif: number): boolean {
    if (!this.#fits(mark, iif)) return false;
    return this.#length === 0 || ((from ^ (this.#network[0] as number)) & (-1 << (32 - this.#length))) === 0;
  }

  /** hot. @param from index of the source address */
  fits6(mark: number, from: number, iif: number): boolean {
    return this.#fits(mark, iif) && (this.#length === 0 || this.#book.holds6(from, this.#network, this.#length));
  }

  #fits(mark: number, iif: number): boolean {
    if (((mark ^ this.#mark) & this.#mask) !== 0) return false;
    const wanted = this.#iif;
    return wanted === ANY_INTERFACE || wanted === (iif === LOOPBACK_INDEX ? NO_INTERFACE : iif);
  }
}
