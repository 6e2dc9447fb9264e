/**
 * Runs a rule program over one packet, as nft_do_chain does. It leaves behind what decided and what was counted on the way,
 * so that the verdict of a flow can be kept.
 * @see net/netfilter/nf_tables_core.c
 * @hot
 * @module
 */
import { assertInvariant } from '../../base/assert.js';
import type { Packet } from '../../fabric/packet.js';
import type { AddressBook } from '../address-book.js';
import type { Tracker } from '../conntrack/tracker.js';
import { ACCEPT, type HookPoint, type Verdict } from '../hook.js';
import type { Counters } from './counters.js';
import { FIRST_UNSTEADY } from './fields.js';
import type { Limiter } from './limiter.js';
import type { LogWriter } from './log-writer.js';
import { setField } from './mangle.js';
import { type NatAction, NOT_FOR_THIS, type NatPoint } from './nat-action.js';
import { type FieldPorts, PacketFields } from './packet-fields.js';
import { AT, LAST_FLOW, LAST_MATCH, NO_FIELD, OP, type Program, TABLE_VERDICT, WIDTH } from './program.js';
import { BIAS, type ElementSet } from './sets/element-set.js';

/** How a walk ended. */
export const END = { ACCEPT: 0, DROP: 1, POLICY: 2, REJECT: 3, TRANSLATED: 4 } as const;
export type End = (typeof END)[keyof typeof END];

/** NFT_JUMP_STACK_SIZE: the kernel loads no rule set that jumps deeper. */
const DEEPEST = 16;
/** Counters that a walk may meet and still be kept. */
const MOST_HITS = 16;
/** More than a concatenation has parts. */
const WORDS = 16;

export class Machine {
  readonly fields: PacketFields;
  /** The rule that decided; -1 for a policy. */
  rule = -1;
  /** Number of the reject that decided. */
  reject = 0;
  /** What the translator said. */
  verdict: Verdict = ACCEPT;
  /** The walk would go the same way for every packet of this direction of the connection. */
  steady = true;
  /** Counters that were met, in order. */
  readonly hits = new Int32Array(MOST_HITS);
  hitCount = 0;
  readonly #program: Program;
  readonly #code: Int32Array;
  readonly #tracker: Tracker | null;
  readonly #counters: Counters;
  readonly #log: LogWriter;
  readonly #book: AddressBook;
  readonly #words = new Int32Array(WORDS);
  readonly #stack = new Int32Array(DEEPEST);
  #depth = 0;
  #element = 0;

  constructor(node: FieldPorts, program: Program, tracker: Tracker | null, counters: Counters, log: LogWriter) {
    this.#program = program;
    this.#code = program.code;
    this.#tracker = tracker;
    this.#counters = counters;
    this.#log = log;
    this.#book = node.book;
    this.fields = new PacketFields(node, tracker);
  }

  /** Walks a base chain; `fields` has been set. @param start its first instruction @param point where it is hooked in */
  run(p: Packet, start: number, point: HookPoint): End {
    const code = this.#code;
    this.steady = true;
    this.hitCount = 0;
    this.#depth = 0;
    let at = start;
    for (;;) {
      const op = code[at] as number;
      let holds: boolean;
      if (op <= LAST_MATCH) holds = this.#match(op, at);
      else if (op > LAST_FLOW) holds = this.#act(p, op, code[at + AT.A] as number, at);
      else {
        at = this.#flow(p, op, at, point);
        if (at < 0) return ~at as End;
        continue;
      }
      at = holds ? at + WIDTH : (code[at + AT.FAIL] as number);
    }
  }

  #match(op: number, at: number): boolean {
    const code = this.#code;
    const words = this.#words;
    const field = code[at + AT.FIELD] as number;
    const a = code[at + AT.A] as number;
    if (field !== NO_FIELD) {
      if (field >= FIRST_UNSTEADY) this.steady = false;
      if (!this.fields.read(field, words, op === OP.LOAD ? a : 0)) return false;
    }
    const word = words[0] as number;
    const not = code[at + AT.C] === 1;
    switch (op) {
      case OP.EQ:
        return (word === a) !== not;
      case OP.MASK:
        return ((word & a) === code[at + AT.B]) !== not;
      case OP.RANGE:
        return ((word ^ BIAS) >= a && (word ^ BIAS) <= (code[at + AT.B] as number)) !== not;
      case OP.IN:
        return this.#find(a) !== not;
      case OP.RANGE6:
        return this.#within6(a) !== not;
      case OP.BITS:
        words[0] = (word & a) ^ (code[at + AT.B] as number);
        return true;
      case OP.CONST:
        words[0] = a;
        return true;
      case OP.ELEMENT:
        return this.#find(a);
      case OP.DATA:
        words[0] = (this.#program.tables[a] as Int32Array)[this.#element] as number;
        return true;
      default:
        return true; // LOAD
    }
  }

  /** Where to go on, or the complement of the {@link End}. */
  #flow(p: Packet, op: number, at: number, point: HookPoint): number {
    const code = this.#code;
    const a = code[at + AT.A] as number;
    switch (op) {
      case OP.ACCEPT:
      case OP.DROP:
        this.rule = code[at + AT.C] as number;
        return op === OP.ACCEPT ? ~END.ACCEPT : ~END.DROP;
      case OP.JUMP:
        this.#push(code[at + AT.FAIL] as number);
        return a;
      case OP.GOTO:
        return a;
      case OP.VERDICT:
        return this.#byElement((this.#program.tables[a] as Int32Array)[this.#element] as number, at);
      case OP.NAT:
        this.steady = false;
        this.rule = code[at + AT.C] as number;
        this.verdict = (this.#program.nats[a] as NatAction).translate(p, this.fields.family, point as NatPoint, code[at + AT.B] === 1 ? this.#element : -1);
        return this.verdict === NOT_FOR_THIS ? at + WIDTH : ~END.TRANSLATED;
      case OP.REJECT:
        this.steady = false;
        this.rule = code[at + AT.C] as number;
        this.reject = a;
        return ~END.REJECT;
      default: // RETURN and END
        return this.#return();
    }
  }

  #return(): number {
    if (this.#depth > 0) return this.#stack[--this.#depth] as number;
    this.rule = -1;
    return ~END.POLICY;
  }

  #byElement(verdict: number, at: number): number {
    switch (verdict) {
      case TABLE_VERDICT.ACCEPT:
      case TABLE_VERDICT.DROP:
        this.rule = this.#code[at + AT.C] as number;
        return verdict === TABLE_VERDICT.ACCEPT ? ~END.ACCEPT : ~END.DROP;
      case TABLE_VERDICT.RETURN:
        return this.#return();
      case TABLE_VERDICT.CONTINUE:
        return at + WIDTH;
      default:
        if ((verdict & 1) === 0) this.#push(this.#code[at + AT.FAIL] as number);
        return verdict >> 1;
    }
  }

  /** False: the rule breaks. */
  #act(p: Packet, op: number, a: number, at: number): boolean {
    switch (op) {
      case OP.COUNTER:
        this.#count(a);
        return true;
      case OP.LIMIT:
        this.steady = false;
        return (this.#program.limits[a] as Limiter).passes(this.fields.length);
      case OP.LOG:
        this.steady = false;
        this.#log.write(p, a, this.#program);
        return true;
      case OP.NOTRACK:
        this.steady = false;
        this.#tracker?.notrack(p);
        return true;
      case OP.SET_MARK:
        this.steady = false;
        p.mark = (this.#words[0] as number) >>> 0;
        return true;
      case OP.SET_CT_MARK:
        this.steady = false;
        if (this.fields.connection !== null) this.fields.connection.mark = (this.#words[0] as number) >>> 0;
        return true;
      case OP.SET_FIELD:
        this.steady = false;
        return setField(p, a, this.#words[0] as number);
      default:
        assertInvariant(false, `an operation: ${op} at ${at}`);
    }
  }

  /** Leaves the element that was found. */
  #find(set: number): boolean {
    const found = (this.#program.sets[set] as ElementSet).find(this.#words);
    this.#element = found >= 0 ? found : (this.#program.catchAll[set] as number);
    return this.#element >= 0;
  }

  #within6(bounds: number): boolean {
    return this.#order6(bounds) >= 0 && this.#order6(bounds + 4) <= 0;
  }

  /** How the address in word 0 stands to a bound: below (-1), at (0), above (1). */
  #order6(bound: number): number {
    const key = this.#words[0] as number;
    for (let i = 0; i < 4; i++) {
      const x = this.#book.word6(key, i) ^ BIAS;
      const b = this.#program.bounds[bound + i] as number;
      if (x !== b) return x < b ? -1 : 1;
    }
    return 0;
  }

  #push(at: number): void {
    assertInvariant(this.#depth < DEEPEST, 'chains jump at most sixteen deep');
    this.#stack[this.#depth++] = at;
  }

  #count(counter: number): void {
    this.#counters.add(counter, this.fields.length);
    if (this.hitCount === MOST_HITS) this.steady = false;
    else this.hits[this.hitCount++] = counter;
  }
}
