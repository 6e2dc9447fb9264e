/**
 * A base chain as a hook of its node: walks the rules, or takes the verdict that the flow has; carries out what they decide.
 * @hot
 * @module
 */
import { DROP } from '../../base/drop.js';
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import { CT_STATE, CT_STATUS } from '../conntrack/connection.js';
import type { NatChain, Tracker } from '../conntrack/tracker.js';
import { ACCEPT, dropVerdict, type Hook, type HookPoint, type Verdict } from '../hook.js';
import type { RuleDecisions } from './decisions.js';
import { type FlowCache, UNKNOWN } from './flow-cache.js';
import { END, type End, type Machine } from './machine.js';
import type { BaseChainInfo, RejectAction } from './program.js';
import type { Rejecter } from './rejecter.js';

/** What the base chains of a rule set share. */
export interface ChainWorks {
  readonly machine: Machine;
  readonly tracker: Tracker | null;
  /** Null: every packet walks. */
  readonly cache: FlowCache | null;
  readonly decisions: RuleDecisions;
  readonly rejecter: Rejecter;
  readonly rejects: readonly RejectAction[];
}

const BY_RULE = dropVerdict(DROP.FIREWALL_RULE);
const BY_POLICY = dropVerdict(DROP.FIREWALL_POLICY);

export class BaseChainHook implements Hook, NatChain {
  readonly point: Exclude<HookPoint, 'forward'>;
  readonly priority: number;
  readonly family: 0 | 4 | 6;
  readonly #index: number;
  readonly #start: number;
  readonly #drops: boolean;
  /** The rule that lets a flow in is told: where packets are filtered, and their way is known. */
  readonly #admits: boolean;
  readonly #works: ChainWorks;

  constructor(info: BaseChainInfo, index: number, works: ChainWorks) {
    // A nat chain at forward does not exist; a filter chain there is no NatChain.
    this.point = info.point as Exclude<HookPoint, 'forward'>;
    this.priority = info.priority;
    this.family = info.family;
    this.#index = index;
    this.#start = info.start;
    this.#drops = info.drops;
    this.#admits = info.type !== 'nat' && (info.point === 'input' || info.point === 'forward' || info.point === 'output');
    this.#works = works;
  }

  run(p: Packet): Verdict {
    const { machine, cache, tracker } = this.#works;
    const connection = cache === null || tracker === null ? null : tracker.of(p);
    if (connection !== null && cache !== null) {
      const end = cache.find(connection, p, this.#index, p.len - ethernet.HEADER);
      if (end !== UNKNOWN) return this.#conclude(p, end, cache.rule);
    }
    machine.fields.set(p);
    const end = machine.run(p, this.#start, this.point);
    if (connection !== null && cache !== null) cache.keep(connection, p, this.#index, machine, end);
    return this.#conclude(p, end, machine.rule);
  }

  #conclude(p: Packet, end: End, rule: number): Verdict {
    switch (end) {
      case END.DROP:
        p.decision = this.#works.decisions.drop(p, this.#index, rule);
        return BY_RULE;
      case END.POLICY:
        if (!this.#drops) break;
        p.decision = this.#works.decisions.drop(p, this.#index, -1);
        return BY_POLICY;
      case END.REJECT:
        p.decision = this.#works.decisions.drop(p, this.#index, rule);
        this.#works.rejecter.answer(p, (this.#works.rejects[this.#works.machine.reject] as RejectAction).reject, this.point);
        return BY_RULE;
      case END.TRANSLATED:
        return this.#works.machine.verdict;
      default:
        break;
    }
    if (this.#admits && (p.ctinfo & 255) === CT_STATE.NEW) this.#admit(p, rule);
    return ACCEPT;
  }

  /** Of the packet that opens a connection; those that follow before an answer are let in by the same. */
  #admit(p: Packet, rule: number): void {
    const { tracker, decisions } = this.#works;
    const connection = tracker?.of(p) ?? null;
    if (connection === null || (connection.status & CT_STATUS.CONFIRMED) !== 0) return;
    p.decision = decisions.admit(p, this.#index, rule);
  }
}
