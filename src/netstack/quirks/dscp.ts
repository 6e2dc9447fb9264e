/**
 * A box that re-marks what it forwards: DSCP by a table, all to 0 where it "strips". The packet's decision says from what
 * to what.
 * @module
 */
import type { DecisionId } from '../../base/brand.js';
import type { Packet } from '../../fabric/packet.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { u16 } from '../../wire/bytes.js';
import { ACCEPT, PRIORITY, type Verdict } from '../hook.js';
import type { NodeCore } from '../node-core.js';
import type { HookPoints } from '../ports.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly hooks: HookPoints;
}

/** For every code point what becomes of it. */
export type DscpTable = Uint8Array;

export const STRIP: DscpTable = new Uint8Array(64);

export class Remarking {
  readonly #node: Ports;
  readonly #table: DscpTable;
  /** By the decision that it is added to, and the old code point. */
  readonly #told = new Map<number, DecisionId>();

  constructor(node: Ports, table: DscpTable) {
    this.#node = node;
    this.#table = table;
    node.hooks.install({ point: 'postrouting', priority: PRIORITY.MANGLE, family: 4, run: (p) => this.#mark4(p) });
    node.hooks.install({ point: 'postrouting', priority: PRIORITY.MANGLE, family: 6, run: (p) => this.#mark6(p) });
  }

  /** hot. */
  #mark4(p: Packet): Verdict {
    const o = p.off + ethernet.HEADER;
    const from = ipv4.dscp(p.buf, o);
    const to = this.#table[from] as number;
    if (p.iif < 0 || to === from) return ACCEPT;
    const before = u16(p.buf, o);
    ipv4.setDscp(p.buf, o, to);
    checksum.adjust16(p.buf, o + ipv4.CHECKSUM, before, u16(p.buf, o));
    return this.#tell(p, from, to);
  }

  /** hot. */
  #mark6(p: Packet): Verdict {
    const o = p.off + ethernet.HEADER;
    const from = ipv6.dscp(p.buf, o);
    const to = this.#table[from] as number;
    if (p.iif < 0 || to === from) return ACCEPT;
    ipv6.setDscp(p.buf, o, to);
    return this.#tell(p, from, to);
  }

  /** hot. */
  #tell(p: Packet, from: number, to: number): Verdict {
    const key = p.decision * 64 + from;
    p.decision = this.#told.get(key) ?? this.#sum(p.decision, key, from, to);
    return ACCEPT;
  }

  #sum(base: DecisionId, key: number, from: number, to: number): DecisionId {
    const { core } = this.#node;
    const known = base === 0 ? null : core.decisions.get(base);
    const id = core.decisions.intern({ node: core.id, stage: known?.stage ?? 'postrouting', text: { ...known?.text, dscp: `${from}>${to}` }, reason: null });
    this.#told.set(key, id);
    return id;
  }
}
