/**
 * A rule while its options are read.
 * @module
 */
import type { Counters, SavedRule, Word } from './save-file.js';
import { Options } from './options.js';

/** A match in nft's words. */
export interface Piece {
  readonly is: 'protocol' | 'limit' | 'other';
  text: string;
}

/** `-m NAME`, and the options that it was given. */
export interface ModuleUse {
  readonly name: string;
  readonly at: Word;
  readonly taken: Set<string>;
  /** What `limit` matches. */
  readonly limit: { rate: string; burst: number; readonly piece: Piece } | null;
}

export class RuleInWork {
  readonly family: 'ip' | 'ip6';
  readonly options: Options;
  /** By what iptables itself looks at: it does so before any module. */
  readonly head: Piece[] = [];
  /** By modules, in their order. */
  readonly matches: Piece[] = [];
  readonly modules: ModuleUse[] = [];
  /** Options of iptables itself that were taken. */
  readonly taken = new Set<string>();
  readonly comments: string[] = [];
  /** By `-p`, without `!`; null for all. */
  protocol: string | null = null;
  target: string | null = null;
  counters: Counters | null;

  constructor(rule: SavedRule, family: 'ip' | 'ip6') {
    this.family = family;
    this.options = new Options(rule);
    this.counters = rule.counters;
  }

  /** All matches in the order in which iptables asks them. A protocol that the next field implies is left out. */
  get pieces(): readonly string[] {
    const all = [...this.head, ...this.matches];
    const at = (found: (piece: Piece) => boolean): number => (all.some(found) ? all.findIndex(found) : Infinity);
    // A limit counts what comes by it, so nothing moves to its other side. Ports of a connection imply no protocol, but need one before.
    const fixed = at(({ is, text }) => is === 'limit' || text.includes(' proto-'));
    const implying = at(({ text }) => this.protocol !== null && text.startsWith(`${this.protocol} `));
    const implied = (piece: Piece): boolean => piece.is === 'protocol' && implying < fixed;
    return all.filter((piece) => !implied(piece)).map(({ text }) => text);
  }
}
