/**
 * What a rule set is compiled to: a program of fixed-width instructions for the {@link Machine}, as nf_tables compiles rules
 * to expressions. A match that fails goes on at the next rule (NFT_BREAK); every instruction says where that is.
 *
 * ```
 *   udp dport 5060 counter accept        EQ     udp.dport  5060          else next rule
 *                                        COUNTER           17
 *                                        ACCEPT                 rule 4
 * ```
 * @module
 */
import type { SourceRef } from '../../base/error.js';
import type { HookPoint } from '../hook.js';
import type { Limiter } from './limiter.js';
import type { NatAction } from './nat-action.js';
import type { ElementSet } from './sets/element-set.js';
import type { ChainType, RejectWith } from '../../nft/ruleset.js';

/** An instruction: operation, field, two operands, a third, where to go on when it fails. */
export const WIDTH = 6;
export const AT = { OP: 0, FIELD: 1, A: 2, B: 3, C: 4, FAIL: 5 } as const;

/** Field of instructions that read none: they take what the ones before have left in the words. */
export const NO_FIELD = -1;

export const OP = {
  // Matches, and what makes values ready for them.
  /** Field = A; unequal if C. */
  EQ: 0,
  /** (Field & A) = B; unequal if C. */
  MASK: 1,
  /** Field (biased) from A to B; outside if C. */
  RANGE: 2,
  /** In the set A; not if C. */
  IN: 3,
  /** IPv6 address within the bounds at A; outside if C. */
  RANGE6: 4,
  /** Field to word A. */
  LOAD: 5,
  /** (Word 0 & A) ^ B to word 0. */
  BITS: 6,
  /** A to word 0. */
  CONST: 7,
  /** The element of the map A that holds the words. */
  ELEMENT: 8,
  /** Number of the element, from the table A, to word 0. */
  DATA: 9,
  // What decides where to go on. C: the rule.
  ACCEPT: 10,
  DROP: 11,
  JUMP: 12,
  GOTO: 13,
  RETURN: 14,
  /** End of a chain. */
  END: 15,
  /** Verdict of the element, from the table A. */
  VERDICT: 16,
  /** Translation A; B: by element. */
  NAT: 17,
  REJECT: 18,
  // What is done on the way.
  COUNTER: 19,
  LIMIT: 20,
  LOG: 21,
  NOTRACK: 22,
  SET_MARK: 23,
  SET_CT_MARK: 24,
  /** Word 0 to the header field A of {@link MANGLE}. */
  SET_FIELD: 25,
} as const;
export type Op = (typeof OP)[keyof typeof OP];

/** The last operation of each group. */
export const LAST_MATCH = OP.DATA;
export const LAST_FLOW = OP.REJECT;

export const MANGLE = { DSCP4: 0, ECN4: 1, TTL: 2, DSCP6: 3, ECN6: 4, HOP_LIMIT: 5 } as const;

/** Entries of a verdict table: these, or twice the instruction to jump to, plus 1 for goto. */
export const TABLE_VERDICT = { ACCEPT: -1, DROP: -2, RETURN: -3, CONTINUE: -4 } as const;

/** A rule, for people and decisions. */
export interface RuleInfo {
  /** `inet/filter/forward`. */
  readonly chain: string;
  readonly number: number;
  readonly text: string;
  readonly comment: string | null;
  readonly src: SourceRef;
}

export interface BaseChainInfo {
  /** `inet/filter/forward`. */
  readonly name: string;
  readonly type: ChainType;
  readonly point: HookPoint;
  readonly priority: number;
  readonly family: 0 | 4 | 6;
  readonly drops: boolean;
  readonly policySrc: SourceRef;
  /** Its first instruction. */
  readonly start: number;
}

export interface CounterInfo {
  /** `inet/filter/NAME`, or null for a rule's own. */
  readonly name: string | null;
  /** The rule that it stands in; null for named ones. */
  readonly rule: number | null;
  readonly src: SourceRef;
  readonly packets: number;
  readonly bytes: number;
}

export interface LogAction {
  readonly prefix: string;
  readonly rule: number;
}

export interface RejectAction {
  readonly reject: RejectWith;
  readonly rule: number;
}

export interface Program {
  readonly code: Int32Array;
  readonly sets: readonly ElementSet[];
  /** Element for keys that no other matches, by set; -1 without one. */
  readonly catchAll: Int32Array;
  /** Numbers and verdicts that maps give, by element. */
  readonly tables: readonly Int32Array[];
  /** IPv6 intervals: eight biased words each. */
  readonly bounds: Int32Array;
  readonly counters: readonly CounterInfo[];
  readonly limits: readonly Limiter[];
  readonly logs: readonly LogAction[];
  readonly nats: readonly NatAction[];
  readonly rejects: readonly RejectAction[];
  readonly rules: readonly RuleInfo[];
  /** In the order of the file. */
  readonly baseChains: readonly BaseChainInfo[];
}
