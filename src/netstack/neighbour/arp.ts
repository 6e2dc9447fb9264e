/**
 * ARP of a node (RFC 826): asks, answers for its own addresses, learns from both.
 * @module
 */
import { DROP } from '../../base/drop.js';
import type { Packet } from '../../fabric/packet.js';
import { MAC_BROADCAST } from '../../wire/address.js';
import * as arp from '../../wire/arp.js';
import * as ethernet from '../../wire/ethernet.js';
import type { Interface } from '../interface.js';
import type { LocalAddresses, NeighbourTable } from '../ports.js';
import type { Addr } from '../transport.js';
import { addressTowards } from '../addresses.js';
import { type FramePorts, macBytes, macNumber, newFrame, sendFrame } from './frames.js';
import type { Neighbour } from './neighbour.js';

/** What it needs of its node. */
export interface ArpPorts extends FramePorts {
  readonly addresses: LocalAddresses;
  readonly neighbours: Pick<NeighbourTable, 'learn'>;
}

/** Takes ownership of an ARP frame. */
export function receiveArp(node: ArpPorts, p: Packet, iface: Interface): void {
  const b = p.buf;
  const o = p.off + ethernet.HEADER;
  if (arp.check(b, o, p.len - ethernet.HEADER) !== 0) {
    node.core.drop(p, DROP.MALFORMED, node.core.why('malformed', 'input', 'arp'));
    return;
  }
  const sender = arp.senderProtocol(b, o) as Addr;
  const target = arp.targetProtocol(b, o) as Addr;
  const mac = macBytes(arp.senderHardware(b, o));
  const asked = arp.operation(b, o) === arp.OPERATION.REQUEST;
  const mine = node.addresses.isLocal(target);
  // RFC 826: the sender's pair is merged first, and added only by who is the target. A probe has no sender (RFC 5227).
  if (sender !== 0) node.neighbours.learn(iface, sender, mac, !asked && mine, asked && mine, true);
  // Linux's arp_ignore 0: an address of the node is answered for on every interface.
  if (asked && mine) answer(node, iface, p, target, sender, arp.senderHardware(b, o));
  node.core.end(p);
}

function answer(node: FramePorts, iface: Interface, question: Packet, address: Addr, asker: Addr, askerMac: number): void {
  const p = newFrame(node, iface, askerMac, ethernet.ETHERTYPE.ARP, arp.HEADER, question.id);
  const own = macNumber(iface.mac);
  arp.emit(
    { operation: arp.OPERATION.REPLY, senderHardware: own, senderProtocol: address, targetHardware: askerMac, targetProtocol: asker },
    p.buf,
    p.off + ethernet.HEADER,
  );
  sendFrame(node, iface, p);
}

/** @param mac whom to ask when the neighbour was known before (unicast probe), else null */
export function solicitByArp(node: FramePorts, n: Neighbour, mac: Uint8Array | null): void {
  const { iface } = n;
  const source = addressTowards(iface, node.book.bytes(n.addr));
  const p = newFrame(node, iface, mac === null ? MAC_BROADCAST : macNumber(mac), ethernet.ETHERTYPE.ARP, arp.HEADER, n.queue[0]?.id ?? 0);
  const own = macNumber(iface.mac);
  arp.emit(
    { operation: arp.OPERATION.REQUEST, senderHardware: own, senderProtocol: source ?? 0, targetHardware: 0, targetProtocol: n.addr },
    p.buf,
    p.off + ethernet.HEADER,
  );
  sendFrame(node, iface, p);
}
