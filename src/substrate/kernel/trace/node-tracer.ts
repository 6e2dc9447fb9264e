/**
 * Makes decisions of the ledger out of what the kernel tells of packets on their way through a node's rules: which rule
 * or policy dropped a packet, with file and line; which one let the first packet of a connection in.
 * @module
 */
import type { DecisionId, PacketId } from '../../../base/brand.js';
import { DROP, type DropReason } from '../../../base/drop.js';
import type { SourceRef } from '../../../base/error.js';
import { type Nanos, millis } from '../../../base/time.js';
import type { Pairs } from '../../../capture/comment.js';
import type { Decisions } from '../../../capture/decisions.js';
import { ADMITTED_EVENT } from '../../../capture/admitted.js';
import type { Chain, Ruleset } from '../../../nft/ruleset.js';
import type { PlanNode } from '../../../topology/plan.js';
import type { TracedPacket, TraceLine } from './trace-line.js';
import { parseTraceLine } from './trace-line.js';
import { isTraceChain, type RuleNumbers, TRACED_STATES, type TracedState } from './trace-table.js';

/** Who knows the packets that are in the node. */
export interface TracedPackets {
  /** The packet that came in with these headers and was not asked for yet; null when it is not known (any more). */
  find(packet: TracedPacket): PacketId | null;
  /** It was dropped in there. */
  dropped(id: PacketId, drop: typeof DROP.FIREWALL_RULE | typeof DROP.FIREWALL_POLICY, why: DecisionId): void;
}

export interface NodeTracerOptions {
  readonly node: PlanNode;
  readonly ruleset: Ruleset;
  readonly numbers: RuleNumbers;
  /** Families in which the lab's own rules ask for states (see `traceRules`). */
  readonly tracked: ReadonlySet<4 | 6>;
  readonly packets: TracedPackets;
  readonly decisions: Decisions;
  /** Tells the ledger of something at the node. */
  readonly tell: (name: string, fields: Pairs) => void;
  readonly now: () => Nanos;
}

interface Trace {
  readonly packet: PacketId;
  readonly family: 4 | 6;
  readonly at: Nanos;
  state: TracedState | null;
  /** Base chain that it is in. */
  base: string;
  /** What let it pass where packets are filtered: the last rule, else the last policy. */
  admitted: Place | null;
}

interface Place {
  readonly stage: string;
  readonly chain: string;
  /** 0 = the policy. */
  readonly rule: number;
  readonly src: SourceRef;
  readonly says: string | null;
}

/** A kernel is through with a packet in microseconds; its lines may be some time on their way to us. */
const LINGER = millis(200);

export class NodeTracer {
  readonly #o: NodeTracerOptions;
  readonly #chains: ReadonlyMap<string, Chain>;
  readonly #traces = new Map<string, Trace>();

  constructor(options: NodeTracerOptions) {
    this.#o = options;
    this.#chains = new Map(
      options.ruleset.tables.flatMap((table) => table.chains.map((chain) => [`${table.family}/${table.name}/${chain.name}`, chain] as const)),
    );
  }

  feed(text: string): void {
    const line = parseTraceLine(text);
    if (line === null) return;
    if (isTraceChain(line.chain)) this.#begin(line);
    else this.#follow(line);
    for (const [id, trace] of this.#traces) {
      if (trace.at + LINGER >= this.#o.now()) break;
      this.#settle(id, trace);
    }
  }

  /** No line is to come any more. */
  close(): void {
    for (const [id, trace] of this.#traces) this.#settle(id, trace);
  }

  #begin(line: TraceLine): void {
    if (line.kind === 'packet') {
      const packet = this.#o.packets.find(line.packet);
      if (packet !== null) this.#traces.set(line.id, { packet, family: line.packet.family, at: this.#o.now(), state: null, base: '', admitted: null });
      return;
    }
    const trace = this.#traces.get(line.id);
    const number = line.kind === 'rule' ? this.#o.numbers.get(line.chain)?.get(line.handle) : undefined;
    if (trace !== undefined && number !== undefined && this.#o.tracked.has(trace.family)) trace.state = TRACED_STATES[number - 1] ?? null;
  }

  #follow(line: TraceLine): void {
    const trace = this.#traces.get(line.id);
    if (trace === undefined) return;
    if (line.kind === 'packet') {
      trace.base = line.chain;
      return;
    }
    const place = this.#placeOf(trace, line);
    if (place === null) return;
    if (line.verdict === 'drop') {
      const { packets, decisions, node } = this.#o;
      const reason: DropReason = { at: 'firewall', kind: place.rule === 0 ? 'policy' : 'rule', chain: place.chain, rule: place.rule, src: place.src };
      const why = decisions.intern({ node: node.id, stage: place.stage, text: this.#text(trace, place), reason });
      packets.dropped(trace.packet, place.rule === 0 ? DROP.FIREWALL_POLICY : DROP.FIREWALL_RULE, why);
      this.#traces.delete(line.id);
    } else if (line.verdict === 'accept' && isFilter(place.stage) && (place.rule > 0 || (trace.admitted?.rule ?? 0) === 0)) {
      trace.admitted = place;
    }
  }

  #settle(id: string, trace: Trace): void {
    this.#traces.delete(id);
    if (trace.state !== 'new' || trace.admitted === null) return;
    const { stage } = trace.admitted;
    this.#o.tell(ADMITTED_EVENT, { packet: String(trace.packet), stage, ...this.#text(trace, trace.admitted) });
  }

  #text({ state }: Trace, { chain, rule, src, says }: Place): Pairs {
    return { chain, rule: String(rule), src: `${src.file}:${src.line}`, ...(says !== null && { says }), ...(state !== null && { ct: state }) };
  }

  /** Null for a chain that is not of the node's rule file, and for translations. */
  #placeOf(trace: Trace, line: Exclude<TraceLine, { kind: 'packet' }>): Place | null {
    const chain = this.#chains.get(line.chain);
    const base = this.#chains.get(trace.base)?.base ?? chain?.base ?? null;
    if (chain === undefined || base === null || (base.type === 'nat' && line.verdict === 'accept')) return null;
    if (line.kind === 'policy') return { stage: base.hook, chain: line.chain, rule: 0, src: base.policySrc, says: null };
    const number = this.#o.numbers.get(line.chain)?.get(line.handle);
    const rule = number === undefined ? undefined : chain.rules[number - 1];
    return rule === undefined ? null : { stage: base.hook, chain: line.chain, rule: rule.number, src: rule.src, says: rule.comment };
  }
}

function isFilter(hook: string): boolean {
  return hook === 'forward' || hook === 'input' || hook === 'output';
}
