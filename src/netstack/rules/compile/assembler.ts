/**
 * The program while it is written: instructions of the rule in hand, tables that they refer to, and jumps whose chains are
 * placed later.
 * @module
 */
import { assertInvariant, must } from '../../../base/assert.js';
import type { Verdict } from '../../../nft/ruleset.js';
import type { Limiter } from '../limiter.js';
import type { NatAction } from '../nat-action.js';
import {
  AT,
  type BaseChainInfo,
  type CounterInfo,
  type LogAction,
  NO_FIELD,
  type Op,
  OP,
  type Program,
  type RejectAction,
  type RuleInfo,
  TABLE_VERDICT,
  WIDTH,
} from '../program.js';
import type { ElementSet } from '../sets/element-set.js';

export class Assembler {
  readonly counters: CounterInfo[] = [];
  readonly limits: Limiter[] = [];
  readonly logs: LogAction[] = [];
  readonly nats: NatAction[] = [];
  readonly rejects: RejectAction[] = [];
  readonly rules: RuleInfo[] = [];
  readonly baseChains: BaseChainInfo[] = [];
  readonly #code: number[] = [];
  readonly #sets: ElementSet[] = [];
  readonly #catchAll: number[] = [];
  readonly #tables: Int32Array[] = [];
  readonly #bounds: number[] = [];
  readonly #chains = new Map<string, number>();
  readonly #jumps: { readonly patch: (start: number) => void; readonly chain: string }[] = [];
  #ruleStart = 0;

  /** Where the next instruction goes. */
  get here(): number {
    return this.#code.length;
  }

  emit(op: Op, field: number = NO_FIELD, a = 0, b = 0, c = 0): void {
    this.#code.push(op, field, a, b, c, -1);
  }

  /** @param chain `family/table/name` */
  beginChain(chain: string): void {
    this.#chains.set(chain, this.here);
    this.#ruleStart = this.here;
  }

  /** What the rule's matches fail to is the next rule, which begins here. */
  endRule(): void {
    for (let at = this.#ruleStart; at < this.here; at += WIDTH) this.#code[at + AT.FAIL] = this.here;
    this.#ruleStart = this.here;
  }

  endChain(): void {
    this.emit(OP.END);
    this.endRule();
  }

  /** A verdict as an instruction. @param prefix of chain names: `family/table/` @param rule that gives it */
  verdict(verdict: Verdict, prefix: string, rule: number): void {
    switch (verdict.verdict) {
      case 'accept':
        this.emit(OP.ACCEPT, NO_FIELD, 0, 0, rule);
        return;
      case 'drop':
        this.emit(OP.DROP, NO_FIELD, 0, 0, rule);
        return;
      case 'return':
        this.emit(OP.RETURN);
        return;
      case 'continue':
        return;
      default: {
        const at = this.here + AT.A;
        this.#jumps.push({ chain: `${prefix}${verdict.chain}`, patch: (start) => (this.#code[at] = start) });
        this.emit(verdict.verdict === 'jump' ? OP.JUMP : OP.GOTO);
      }
    }
  }

  /** A table of verdicts by element. */
  verdicts(verdicts: readonly Verdict[], prefix: string): number {
    const table = new Int32Array(verdicts.length);
    verdicts.forEach((verdict, i) => {
      if (verdict.verdict === 'jump' || verdict.verdict === 'goto') {
        const goes = verdict.verdict === 'goto' ? 1 : 0;
        this.#jumps.push({ chain: `${prefix}${verdict.chain}`, patch: (start) => (table[i] = start * 2 + goes) });
      } else table[i] = TABLE_VERDICT[verdict.verdict.toUpperCase() as 'ACCEPT' | 'DROP' | 'RETURN' | 'CONTINUE'];
    });
    return this.table(table);
  }

  table(table: Int32Array): number {
    return this.#tables.push(table) - 1;
  }

  set(set: ElementSet, catchAll: number): number {
    this.#catchAll.push(catchAll);
    return this.#sets.push(set) - 1;
  }

  /** @param words eight, biased */
  bounds(words: readonly number[]): number {
    assertInvariant(words.length === 8, 'two IPv6 addresses');
    return this.#bounds.push(...words) - 8;
  }

  finish(): Program {
    for (const { chain, patch } of this.#jumps) patch(must(this.#chains.get(chain), `chain ${chain}`));
    return {
      code: Int32Array.from(this.#code),
      sets: this.#sets,
      catchAll: Int32Array.from(this.#catchAll),
      tables: this.#tables,
      bounds: Int32Array.from(this.#bounds),
      counters: this.counters,
      limits: this.limits,
      logs: this.logs,
      nats: this.nats,
      rejects: this.rejects,
      rules: this.rules,
      baseChains: this.baseChains,
    };
  }
}
