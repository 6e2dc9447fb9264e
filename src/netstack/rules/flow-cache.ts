/**
 * Verdicts that are kept with a connection, so that a flow whose packets all go the same way through the rules walks them
 * once. What is kept of a walk: how it ended, by which rule, and which counters it met; those count on.
 *
 * A walk is kept only if it read nothing that differs between packets of one direction (limits, lengths, TTL, DSCP, TCP
 * flags ...) and changed nothing; and it holds only while what can change of a flow is as it was: interfaces, marks, the
 * connection's state and status, the rule set.
 * @hot
 * @module
 */
import type { Packet } from '../../fabric/packet.js';
import { type Connection, CT_REPLY, CT_STATE, CT_STATUS } from '../conntrack/connection.js';
import { IPPROTO } from '../transport.js';
import type { Counters } from './counters.js';
import { END, type End, type Machine } from './machine.js';

/** Entry of a chain and direction: outcome + 1, then what it holds for. */
const STRIDE = 7;
const OUTCOME = 0;
const IIF = 1;
const OIF = 2;
const MARK = 3;
const CT_MARK = 4;
const STATUS = 5;
const STATE = 6;

/** No verdict is at hand. */
export const UNKNOWN = -1;

/** How a walk went; the same for many flows. */
interface Outcome {
  readonly end: End;
  readonly rule: number;
  readonly hits: Int32Array;
}

/** What a connection keeps: for one rule set. */
class FlowVerdicts {
  readonly cache: FlowCache;
  readonly entries: Int32Array;

  constructor(cache: FlowCache, chains: number) {
    this.cache = cache;
    this.entries = new Int32Array(chains * 2 * STRIDE);
  }
}

export class FlowCache {
  readonly #chains: number;
  readonly #counters: Counters;
  readonly #outcomes: Outcome[] = [];
  readonly #known = new Map<string, number>();
  /** Packets whose verdict was at hand. */
  hits = 0;
  /** Of the outcome that {@link find} has found. */
  rule = -1;

  /** One for each time that rules are loaded: what was kept under other ones does not count. @param chains number of base chains */
  constructor(chains: number, counters: Counters) {
    this.#chains = chains;
    this.#counters = counters;
  }

  /** How a walk of `chain` would end, or {@link UNKNOWN}: walk it. Counts what the walk would. @param length octets */
  find(connection: Connection, p: Packet, chain: number, length: number): End | typeof UNKNOWN {
    const kept = connection.verdicts as FlowVerdicts | null;
    if (kept === null || kept.cache !== this) return UNKNOWN;
    const { entries } = kept;
    const at = (chain * 2 + ((p.ctinfo & CT_REPLY) === 0 ? 0 : 1)) * STRIDE;
    const number = (entries[at + OUTCOME] as number) - 1;
    if (number < 0 || entries[at + IIF] !== p.iif || entries[at + OIF] !== p.oif || entries[at + MARK] !== (p.mark | 0)) return UNKNOWN;
    if (entries[at + CT_MARK] !== (connection.mark | 0) || entries[at + STATUS] !== connection.status || entries[at + STATE] !== (p.ctinfo & 255))
      return UNKNOWN;
    const outcome = this.#outcomes[number] as Outcome;
    const { hits } = outcome;
    for (let i = 0; i < hits.length; i++) this.#counters.add(hits[i] as number, length);
    this.rule = outcome.rule;
    this.hits++;
    return outcome.end;
  }

  /** Keeps the walk that the machine has just made, if it may be kept. */
  keep(connection: Connection, p: Packet, chain: number, machine: Machine, end: End): void {
    const state = p.ctinfo & 255;
    if (!machine.steady || end > END.POLICY || (connection.status & CT_STATUS.CONFIRMED) === 0) return;
    if (state !== CT_STATE.ESTABLISHED && state !== CT_STATE.NEW) return;
    const { protocol } = connection.original;
    if (protocol !== IPPROTO.UDP && protocol !== IPPROTO.TCP) return;
    const { entries } = this.#verdictsOf(connection);
    const at = (chain * 2 + ((p.ctinfo & CT_REPLY) === 0 ? 0 : 1)) * STRIDE;
    entries[at + OUTCOME] = this.#number(machine, end) + 1;
    entries[at + IIF] = p.iif;
    entries[at + OIF] = p.oif;
    entries[at + MARK] = p.mark;
    entries[at + CT_MARK] = connection.mark;
    entries[at + STATUS] = connection.status;
    entries[at + STATE] = state;
  }

  #verdictsOf(connection: Connection): FlowVerdicts {
    const kept = connection.verdicts as FlowVerdicts | null;
    if (kept !== null && kept.cache === this) return kept;
    const fresh = new FlowVerdicts(this, this.#chains);
    connection.verdicts = fresh;
    return fresh;
  }

  /** Outcomes are few, however many flows there are. */
  #number(machine: Machine, end: End): number {
    const hits = machine.hits.slice(0, machine.hitCount);
    const key = `${end} ${machine.rule} ${hits.join(' ')}`;
    let number = this.#known.get(key);
    if (number === undefined) {
      number = this.#outcomes.push({ end, rule: machine.rule, hits }) - 1;
      this.#known.set(key, number);
    }
    return number;
  }
}
