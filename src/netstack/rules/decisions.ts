/**
 * What rules decided, as decisions of the ledger: which rule of which chain, where a person wrote it, and what connection
 * tracking thought of the packet. Text is made when a rule first decides so, never again.
 * @module
 */
import { type DecisionId, NO_DECISION } from '../../base/brand.js';
import type { DropReason } from '../../base/drop.js';
import type { SourceRef } from '../../base/error.js';
import type { Packet } from '../../fabric/packet.js';
import { CT_STATE } from '../conntrack/connection.js';
import type { HookPoint } from '../hook.js';
import type { NodeCore } from '../node-core.js';
import type { BaseChainInfo, Program } from './program.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
}

/** Rule number of a policy. */
const POLICY = 0;
/** What routing and translation have said goes on standing beside the rule. */
const KEPT = ['route', 'via', 'dev', 'metric', 'table', 'proto', 'member', 'nat', 'dscp'] as const;

const STATES = 6;

/** hot. 0 = not tracked by anybody. */
function stateIndex(ctinfo: number): number {
  switch (ctinfo & 255) {
    case CT_STATE.NEW:
      return 1;
    case CT_STATE.ESTABLISHED:
      return 2;
    case CT_STATE.RELATED:
      return 3;
    case CT_STATE.INVALID:
      return 4;
    case CT_STATE.UNTRACKED:
      return 5;
    default:
      return 0;
  }
}
const STATE_WORDS = ['', 'new', 'established', 'related', 'invalid', 'untracked'] as const;

export class RuleDecisions {
  readonly #node: Ports;
  readonly #program: Program;
  /** By base chain, rule (the policy first) and state: a rule that several base chains jump to decides in each. */
  readonly #drops: Int32Array;

  constructor(node: Ports, program: Program) {
    this.#node = node;
    this.#program = program;
    this.#drops = new Int32Array(program.baseChains.length * (program.rules.length + 1) * STATES);
  }

  /** hot. The decision to drop. @param base index of the base chain @param rule that drops; -1 = the policy */
  drop(p: Packet, base: number, rule: number): DecisionId {
    const at = (base * (this.#program.rules.length + 1) + rule + 1) * STATES + stateIndex(p.ctinfo);
    const known = this.#drops[at] as DecisionId;
    if (known !== NO_DECISION) return known;
    const decision = this.#makeDrop(p.ctinfo, base, rule);
    this.#drops[at] = decision;
    return decision;
  }

  /** A new flow is let in: the decision that its first packet carries. A rule outweighs a policy. */
  admit(p: Packet, base: number, rule: number): DecisionId {
    const { decisions } = this.#node.core;
    const before = p.decision === NO_DECISION ? {} : decisions.get(p.decision).text;
    if (rule < 0 && before['rule'] !== undefined) return p.decision;
    const kept = Object.fromEntries(KEPT.flatMap((key) => (before[key] === undefined ? [] : [[key, before[key]]])));
    const { chain, number, src, says } = this.#place(base, rule);
    const text = { chain, rule: String(number), src: `${src.file}:${src.line}`, ...says, ...this.#ct(p.ctinfo), ...kept };
    return decisions.intern({ node: this.#node.core.id, stage: this.#base(base).point, text, reason: null });
  }

  #makeDrop(ctinfo: number, base: number, rule: number): DecisionId {
    const { chain, number, src, says } = this.#place(base, rule);
    const reason: DropReason = { at: 'firewall', kind: rule < 0 ? 'policy' : 'rule', chain, rule: number, src };
    const text = { chain, rule: String(number), src: `${src.file}:${src.line}`, ...says, ...this.#ct(ctinfo) };
    return this.#node.core.decisions.intern({ node: this.#node.core.id, stage: this.#base(base).point, text, reason });
  }

  #place(base: number, rule: number): { readonly chain: string; readonly number: number; readonly src: SourceRef; readonly says: { readonly says?: string } } {
    const info = this.#program.rules[rule];
    if (info !== undefined) return { chain: info.chain, number: info.number, src: info.src, says: info.comment === null ? {} : { says: info.comment } };
    const { name, policySrc } = this.#base(base);
    return { chain: name, number: POLICY, src: policySrc, says: {} };
  }

  #ct(ctinfo: number): { readonly ct?: string } {
    const state = STATE_WORDS[stateIndex(ctinfo)] ?? '';
    return state === '' ? {} : { ct: state };
  }

  #base(base: number): BaseChainInfo & { readonly point: HookPoint } {
    return this.#program.baseChains[base] as BaseChainInfo;
  }
}
