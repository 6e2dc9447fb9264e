/**
 * The way out: postrouting hooks, fragments where the link is too small, the neighbour's Ethernet header, the link.
 * @module
 */
import { DROP, type DropCode } from '../../base/drop.js';
import { must } from '../../base/assert.js';
import type { Packet } from '../../fabric/packet.js';
import type { Target } from '../../fabric/scheduler.js';
import * as ethernet from '../../wire/ethernet.js';
import { ACCEPT, STOLEN, walk, type HookTable } from '../hook.js';
import type { NodeCore } from '../node-core.js';
import type { FrameReceiver, Interface } from '../interface.js';
import type { NeighbourTable, PacketEgress } from '../ports.js';
import { type Neighbour, NUD } from '../neighbour/neighbour.js';
import type { Destination } from '../routing/destination.js';
import { fragment4, fragment6 } from './fragment.js';
import { largestOnward, sizesOf } from './reassembly.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly hooks: HookTable;
  readonly loopback: Interface;
  readonly neighbours: NeighbourTable;
  readonly frames: FrameReceiver;
}

export class Egress implements PacketEgress, Target {
  /** Where the packet that is at the postrouting hooks goes from here; null when to the node itself. */
  leaving: Destination | null = null;
  readonly #node: Ports;

  constructor(node: Ports) {
    this.#node = node;
  }

  /**
   * hot. Takes ownership of a packet whose IP header is final but for what postrouting hooks change. The caller has
   * judged DF and, for IPv6, the sender's right to fragment.
   * @param mtu largest packet, where that is less than the interface's
   */
  send(p: Packet, dest: Destination, mtu = 65535): void {
    const node = this.#node;
    if (!this.#postrouting(p, dest)) return;
    const { oif, neighbour } = dest;
    if (oif === null || neighbour === null) {
      node.core.drop(p, DROP.NO_ROUTE, node.core.why('no-route', 'postrouting'));
      return;
    }
    const limit = largestOnward(p, mtu < oif.mtu ? mtu : oif.mtu);
    if (p.len - ethernet.HEADER > limit) this.#fragments(p, limit, neighbour);
    else if (neighbour.state === NUD.PERMANENT || node.neighbours.ready(neighbour, p)) this.transmit(p, neighbour);
  }

  /** hot. Puts the frame on the neighbour's link. */
  transmit(p: Packet, neighbour: Neighbour): void {
    const { iface, headerView: header } = neighbour;
    if (!iface.up || iface.end === null) {
      iface.txDropped++;
      this.#node.core.drop(p, DROP.INTERFACE_DOWN, this.#node.core.why('interface-down', 'postrouting'));
      return;
    }
    const { view, off } = p;
    view.setInt32(off, header.getInt32(0));
    view.setInt32(off + 4, header.getInt32(4));
    view.setInt32(off + 8, header.getInt32(8));
    view.setUint16(off + 12, header.getUint16(12));
    iface.txPackets++;
    iface.txBytes += p.len;
    iface.end.send(p);
  }

  /** To the node itself: comes in by the loopback after this event, so that a sender never meets its own answer on the stack. */
  loop(p: Packet): void {
    const node = this.#node;
    if (!this.#postrouting(p, null)) return;
    node.loopback.txPackets++;
    node.loopback.txBytes += p.len;
    node.core.scheduler.at(node.core.scheduler.now, this, 0, p);
  }

  /** A packet that the node sent to itself. */
  fire(_op: number, p: Packet | null): void {
    this.#node.frames.receive(must(p, 'looped packet'), this.#node.loopback);
  }

  /** False: a hook ended or took the packet. */
  #postrouting(p: Packet, dest: Destination | null): boolean {
    const node = this.#node;
    const hooks = (p.buf[p.off + 12] === 0x08 ? node.hooks.ipv4 : node.hooks.ipv6).postrouting;
    if (hooks.length === 0) return true;
    this.leaving = dest;
    const verdict = walk(hooks, p);
    if (verdict === ACCEPT) return true;
    if (verdict !== STOLEN) node.core.drop(p, verdict as DropCode, p.decision);
    return false;
  }

  #fragments(p: Packet, mtu: number, neighbour: Neighbour): void {
    const { core, neighbours } = this.#node;
    const parts = p.buf[p.off + 12] === 0x08 ? fragment4(p, mtu, core.pool, sizesOf(p)) : fragment6(p, mtu, core.pool, core.random.u32(), sizesOf(p));
    if (parts.length === 0) {
      core.drop(p, DROP.MTU_DF, core.why('mtu-df', 'postrouting', 'headers'));
      return;
    }
    for (const part of parts) {
      part.iif = p.iif;
      part.oif = p.oif;
      part.mark = p.mark;
      part.decision = p.decision;
      if (neighbours.ready(neighbour, part)) this.transmit(part, neighbour);
    }
    core.end(p);
  }
}
