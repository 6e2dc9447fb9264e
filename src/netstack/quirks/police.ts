/**
 * A policer: forwarded packets of a code point above a rate are dropped at once, or re-marked, and never delayed, as
 * providers do with EF above the contracted rate (RFC 3246 section 2, RFC 2697 without excess burst).
 * @module
 */
import type { DecisionId } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import { type Nanos, UNSET } from '../../base/time.js';
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { ACCEPT, dropVerdict, PRIORITY, type Verdict } from '../hook.js';
import type { NodeCore } from '../node-core.js';
import type { HookPoints } from '../ports.js';
import type { Interface } from '../interface.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly hooks: HookPoints;
  readonly interfaces: readonly Interface[];
}

export interface PolicerOptions {
  /** Code point that is policed. */
  readonly dscp: number;
  /** bit/s of IP packets, headers included. */
  readonly rate: number;
  /** Octets that may come at once. */
  readonly burst: number;
  /** Only what leaves by this interface; null: all that is forwarded shares the rate. */
  readonly leaving: string | null;
  /** What becomes of the rest: null = dropped, else its code point. */
  readonly excess: number | null;
}

export class Policer {
  readonly #node: Ports;
  readonly #options: PolicerOptions;
  /** Index of {@link PolicerOptions.leaving}; -1 = any. */
  readonly #oif: number;
  readonly #octetsPerNano: number;
  #tokens: number;
  #filledAt: Nanos = UNSET;
  /** By the interface that it would have left by. */
  readonly #told = new Map<number, DecisionId>();
  conforming = 0;
  exceeding = 0;

  constructor(node: Ports, options: PolicerOptions) {
    this.#node = node;
    this.#options = options;
    this.#oif = options.leaving === null ? -1 : node.interfaces.findIndex((iface) => iface.name === options.leaving);
    this.#octetsPerNano = options.rate / 8e9;
    this.#tokens = options.burst;
    this.#filledAt = node.core.scheduler.now;
    node.hooks.install({ point: 'forward', priority: PRIORITY.MANGLE, family: 4, run: (p) => this.#judge(p, ipv4.dscp(p.buf, p.off + ethernet.HEADER)) });
    node.hooks.install({ point: 'forward', priority: PRIORITY.MANGLE, family: 6, run: (p) => this.#judge(p, ipv6.dscp(p.buf, p.off + ethernet.HEADER)) });
  }

  /** hot. */
  #judge(p: Packet, dscp: number): Verdict {
    const { burst, excess } = this.#options;
    if (dscp !== this.#options.dscp || (this.#oif >= 0 && p.oif !== this.#oif)) return ACCEPT;
    const now = this.#node.core.scheduler.now;
    const tokens = this.#tokens + (now - this.#filledAt) * this.#octetsPerNano;
    this.#tokens = tokens < burst ? tokens : burst;
    this.#filledAt = now;
    const size = p.len - ethernet.HEADER;
    if (this.#tokens >= size) {
      this.#tokens -= size;
      this.conforming++;
      return ACCEPT;
    }
    this.exceeding++;
    if (excess !== null) return this.#remark(p, excess);
    p.decision = this.#told.get(p.oif) ?? this.#tell(p.oif);
    return dropVerdict(DROP.POLICED);
  }

  #tell(oif: number): DecisionId {
    const id = this.#node.core.decide('policed', 'forward', { dscp: String(this.#options.dscp), dev: this.#node.interfaces[oif]?.name ?? '' });
    this.#told.set(oif, id);
    return id;
  }

  #remark(p: Packet, dscp: number): Verdict {
    const o = p.off + ethernet.HEADER;
    if ((p.buf[o] as number) >>> 4 === 4) {
      ipv4.setDscp(p.buf, o, dscp);
      ipv4.fillChecksum(p.buf, o);
    } else ipv6.setDscp(p.buf, o, dscp);
    return ACCEPT;
  }
}
