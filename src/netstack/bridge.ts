/**
 * A MAC bridge (IEEE 802.1D without spanning tree): knows from the plan who is behind which port, or learns it, forwards,
 * floods what it does not know. A frame that leaves by one port keeps its id; flooded copies are new packets with `cause`, the last port gets
 * the original. The plan refuses loops of bridges.
 * @module
 */
import { NO_DECISION } from '../base/brand.js';
import { must } from '../base/assert.js';
import { DROP } from '../base/drop.js';
import { type Nanos, seconds } from '../base/time.js';
import type { LinkEnd } from '../fabric/link.js';
import type { Packet } from '../fabric/packet.js';
import type { PlanNode } from '../topology/plan.js';
import { formatMac, parseMac } from '../wire/address.js';
import { u16, u32 } from '../wire/bytes.js';
import * as ethernet from '../wire/ethernet.js';
import { Interface, type FrameReceiver, NO_INTERFACE } from './interface.js';
import { macBytes } from './neighbour/frames.js';
import { NodeCore, type NodeDeps } from './node-core.js';

/** Linux's `ageing_time`. */
export const AGEING = seconds(300);

interface Station {
  readonly high: number;
  readonly low: number;
  port: Interface;
  seen: Nanos;
  readonly fixed: boolean;
}

export interface BridgeStat {
  readonly node: string;
  readonly ports: readonly { readonly name: string; readonly up: boolean; readonly rx: number; readonly tx: number }[];
  readonly stations: readonly { readonly mac: string; readonly port: string; readonly fixed: boolean /** Since it was heard. */; readonly age: Nanos }[];
  readonly drops: Readonly<Record<string, number>>;
}

export class Bridge implements FrameReceiver {
  readonly core: NodeCore;
  readonly ports: readonly Interface[];
  /** By the lower 32 bits of the MAC; the few that share them are told apart by the upper 16. */
  readonly #stations = new Map<number, Station[]>();

  constructor(plan: PlanNode, ends: readonly LinkEnd[], deps: NodeDeps) {
    this.core = new NodeCore(plan.id, plan.name, deps);
    this.ports = plan.interfaces.map((planned) => {
      const end = must(
        ends.find((e) => e.link === planned.link && e.side === planned.side),
        `link end of ${plan.name}:${planned.name}`,
      );
      return new Interface(planned.index, planned.name, macBytes(must(parseMac(planned.mac), 'MAC')), planned.mtu, end, this);
    });
    if (plan.learning === true) return;
    for (const { name, stations = [] } of plan.interfaces) for (const mac of stations) this.addStatic(mac, name);
  }

  /** A station that is neither learned nor aged: `bridge fdb add MAC dev PORT master static sticky`. */
  addStatic(mac: string, portName: string): void {
    const number = must(parseMac(mac), `MAC ${mac}`);
    const port = must(
      this.ports.find((p) => p.name === portName),
      `port ${portName} of ${this.core.name}`,
    );
    const bytes = macBytes(number);
    const station: Station = { high: u16(bytes, 0), low: u32(bytes, 2) | 0, port, seen: this.core.scheduler.now, fixed: true };
    const list = (this.#stations.get(station.low) ?? []).filter((s) => s.high !== station.high);
    this.#stations.set(station.low, [...list, station]);
  }

  /** hot. */
  receive(p: Packet, port: Interface): void {
    const { core } = this;
    const b = p.buf;
    const o = p.off;
    p.iif = port.index;
    p.oif = NO_INTERFACE;
    p.decision = NO_DECISION;
    port.rxPackets++;
    port.rxBytes += p.len;
    if (p.len < ethernet.HEADER) {
      core.drop(p, DROP.MALFORMED, core.why('malformed', 'bridge'));
      return;
    }
    if (!ethernet.isGroup(b, o + 6)) this.#learn(u16(b, o + 6), u32(b, o + 8) | 0, port);
    if (reserved(b, o)) {
      core.drop(p, DROP.NOT_MINE, core.why('not-mine', 'bridge', 'link-constrained'));
      return;
    }
    const station = ethernet.isGroup(b, o) ? null : this.#find(u16(b, o), u32(b, o + 2) | 0);
    if (station === null) this.#flood(p, port);
    else if (station.port === port) core.drop(p, DROP.NOT_MINE, core.why('not-mine', 'bridge', 'same-port'));
    else this.#send(p, station.port);
  }

  carrierChanged(port: Interface, up: boolean): void {
    if (up) return;
    for (const [low, list] of this.#stations) {
      const kept = list.filter((s) => s.fixed || s.port !== port);
      if (kept.length === 0) this.#stations.delete(low);
      else this.#stations.set(low, kept);
    }
  }

  netstat(): BridgeStat {
    const now = this.core.scheduler.now;
    const stations = [...this.#stations.values()].flat().filter((s) => s.fixed || now - s.seen < AGEING);
    return {
      node: this.core.name,
      ports: this.ports.map((p) => ({ name: p.name, up: p.up, rx: p.rxPackets, tx: p.txPackets })),
      stations: stations.map((s) => ({
        mac: formatMac(s.high * 0x1_0000_0000 + (s.low >>> 0)),
        port: s.port.name,
        fixed: s.fixed,
        age: (now - s.seen) as Nanos,
      })),
      drops: this.core.drops(),
    };
  }

  #learn(high: number, low: number, port: Interface): void {
    const list = this.#stations.get(low);
    if (list === undefined) {
      this.#stations.set(low, [this.#station(high, low, port)]);
      return;
    }
    for (let i = 0; i < list.length; i++) {
      const station = list[i] as Station;
      if (station.high !== high) continue;
      if (station.fixed) return;
      station.port = port;
      station.seen = this.core.scheduler.now;
      return;
    }
    list.push(this.#station(high, low, port));
  }

  #station(high: number, low: number, port: Interface): Station {
    return { high, low, port, seen: this.core.scheduler.now, fixed: false };
  }

  #find(high: number, low: number): Station | null {
    const list = this.#stations.get(low);
    if (list === undefined) return null;
    for (let i = 0; i < list.length; i++) {
      const station = list[i] as Station;
      if (station.high !== high) continue;
      return station.fixed || this.core.scheduler.now - station.seen < AGEING ? station : null;
    }
    return null;
  }

  #flood(p: Packet, from: Interface): void {
    let last: Interface | null = null;
    for (let i = 0; i < this.ports.length; i++) {
      const port = this.ports[i] as Interface;
      if (port === from || !port.up) continue;
      if (last !== null) {
        const copy = this.core.pool.clone(p);
        copy.iif = p.iif;
        this.#send(copy, last);
      }
      last = port;
    }
    if (last === null) this.core.drop(p, DROP.NOT_MINE, this.core.why('not-mine', 'bridge', 'no-port'));
    else this.#send(p, last);
  }

  #send(p: Packet, port: Interface): void {
    const { core } = this;
    if (!port.up || port.end === null) {
      port.txDropped++;
      core.drop(p, DROP.INTERFACE_DOWN, core.why('interface-down', 'bridge'));
    } else if (p.len - ethernet.HEADER > port.mtu) {
      // A bridge can neither fragment nor tell: IEEE 802.1D has no word for it, Linux drops in silence.
      port.txDropped++;
      core.drop(p, DROP.MTU_DF, core.why('mtu-df', 'bridge'));
    } else {
      p.oif = port.index;
      port.txPackets++;
      port.txBytes += p.len;
      port.end.send(p);
    }
  }
}

/** 01:80:c2:00:00:00 to 0f stay on their link (IEEE 802.1D table 7-10). */
function reserved(b: Uint8Array, o: number): boolean {
  return b[o] === 0x01 && b[o + 1] === 0x80 && u32(b, o + 2) >>> 0 >= 0xc2000000 && u32(b, o + 2) >>> 0 <= 0xc200000f;
}
