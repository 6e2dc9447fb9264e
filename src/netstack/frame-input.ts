/**
 * Frames that have left a link at this node: whose they are, and which protocol takes them.
 * @module
 */
import { NO_DECISION } from '../base/brand.js';
import { DROP } from '../base/drop.js';
import type { Packet } from '../fabric/packet.js';
import { u16 } from '../wire/bytes.js';
import * as ethernet from '../wire/ethernet.js';
import { type FrameReceiver, type Interface, NO_INTERFACE } from './interface.js';
import type { IpInput } from './ip/input.js';
import { type ArpPorts, receiveArp } from './neighbour/arp.js';
import type { Neighbours } from './neighbour/neighbours.js';
import type { RouteTables } from './route-tables.js';

interface Ports extends ArpPorts {
  readonly ipv4: IpInput;
  readonly ipv6: IpInput;
  readonly routes: Pick<RouteTables, 'changed'>;
  readonly neighbours: Pick<Neighbours, 'learn' | 'flush'>;
}

export class FrameInput implements FrameReceiver {
  readonly #node: Ports;

  constructor(node: Ports) {
    this.#node = node;
  }

  /** hot. A frame has left a link here, or was looped back. Takes ownership. */
  receive(p: Packet, iface: Interface): void {
    p.iif = iface.index;
    p.oif = NO_INTERFACE;
    if (!iface.loopback) {
      p.mark = 0;
      p.ct = null;
      p.ctinfo = 0;
    }
    p.decision = NO_DECISION;
    iface.rxPackets++;
    iface.rxBytes += p.len;
    const b = p.buf;
    const o = p.off;
    const { core } = this.#node;
    if (p.len < ethernet.HEADER) {
      iface.rxDropped++;
      core.drop(p, DROP.MALFORMED, core.why('malformed', 'prerouting', 'ethernet'));
    } else if (!iface.loopback && !iface.isMine(b, o) && !ethernet.isGroup(b, o)) {
      core.drop(p, DROP.NOT_MINE, core.why('not-mine', 'prerouting'));
    } else if (!iface.up) {
      iface.rxDropped++;
      core.drop(p, DROP.INTERFACE_DOWN, core.why('interface-down', 'prerouting'));
    } else {
      switch (u16(b, o + 12)) {
        case ethernet.ETHERTYPE.IPV4:
          this.#node.ipv4.receive(p, iface);
          return;
        case ethernet.ETHERTYPE.IPV6:
          this.#node.ipv6.receive(p, iface);
          return;
        case ethernet.ETHERTYPE.ARP:
          receiveArp(this.#node, p, iface);
          return;
        default:
          core.drop(p, DROP.NO_LISTENER, core.why('no-listener', 'prerouting', 'ethertype'));
      }
    }
  }

  carrierChanged(iface: Interface, up: boolean): void {
    this.#node.routes.changed();
    if (!up) this.#node.neighbours.flush(iface);
  }
}
