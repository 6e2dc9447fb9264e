/**
 * Neighbour discovery of a node (RFC 4861 section 7.2): solicitations, advertisements, what they teach.
 * Router discovery, redirects and duplicate address detection are not done: the plan knows routers and addresses.
 * @module
 */
import { DROP } from '../../base/drop.js';
import type { Packet } from '../../fabric/packet.js';
import { isMulticast6, isUnspecified6, multicastMac6, solicitedNodeOf } from '../../wire/address.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as ndp from '../../wire/ndp.js';
import type { Interface } from '../interface.js';
import type { NeighbourTable } from '../ports.js';
import { addressTowards } from '../addresses.js';
import { type FramePorts, macBytes, macNumber, newFrame, sendFrame } from './frames.js';
import type { Neighbour } from './neighbour.js';

/** What it needs of its node. */
export interface NdpPorts extends FramePorts {
  readonly neighbours: Pick<NeighbourTable, 'learn'>;
  readonly forwards: boolean;
}

/** RFC 4861 7.1: a message that crossed a router is not heeded. */
const HOP_LIMIT = 255;

/** Takes ownership of a solicitation or advertisement, `n` octets at `at`, whose checksum has been verified. */
export function receiveNdp(node: NdpPorts, p: Packet, iface: Interface, at: number, n: number): void {
  const b = p.buf;
  const o = p.off + ethernet.HEADER;
  if (ipv6.hopLimit(b, o) !== HOP_LIMIT || ndp.check(b, at, n) !== 0 || isMulticast6(b, at + ndp.TARGET)) {
    node.core.drop(p, DROP.MALFORMED, node.core.why('malformed', 'input', 'ndp'));
    return;
  }
  if (icmpv6.type(b, at) === icmpv6.TYPES.NEIGHBOR_SOLICITATION) solicited(node, p, iface, at, n);
  else advertised(node, p, iface, at, n);
  node.core.end(p);
}

function solicited(node: NdpPorts, p: Packet, iface: Interface, at: number, n: number): void {
  const b = p.buf;
  const o = p.off + ethernet.HEADER;
  const target = node.book.read6(b, at + ndp.TARGET);
  // Linux answers for addresses of the interface that was asked, unlike with ARP.
  if (!iface.addresses.some((a) => a.addr === target)) return;
  const asker = isUnspecified6(b, o + ipv6.SRC) ? null : node.book.read6(b, o + ipv6.SRC);
  const mac = ndp.linkLayerAddress(b, at, n, ndp.OPTION.SOURCE_LINK_LAYER);
  if (asker !== null && mac >= 0) node.neighbours.learn(iface, asker, macBytes(mac), false, true, true);
  const targetBytes = b.slice(at + ndp.TARGET, at + ndp.TARGET + 16);
  const message: ndp.Ndp = {
    kind: 'neighbor-advertisement',
    target: targetBytes,
    router: node.forwards,
    solicited: asker !== null,
    override: true,
    targetMac: macNumber(iface.mac),
  };
  // RFC 4861 7.2.4: an asker without an address is answered to all nodes.
  if (asker === null) send(node, iface, message, targetBytes, ALL_NODES, multicastMac6(ALL_NODES), p.id);
  else send(node, iface, message, targetBytes, node.book.bytes(asker), mac >= 0 ? mac : ethernet.src(b, p.off), p.id);
}

function advertised(node: NdpPorts, p: Packet, iface: Interface, at: number, n: number): void {
  const b = p.buf;
  const mac = ndp.linkLayerAddress(b, at, n, ndp.OPTION.TARGET_LINK_LAYER);
  if (mac < 0) return;
  node.neighbours.learn(iface, node.book.read6(b, at + ndp.TARGET), macBytes(mac), ndp.isSolicited(b, at), false, ndp.isOverride(b, at));
}

/** @param mac whom to ask when the neighbour was known before (unicast probe), else null */
export function solicitByNdp(node: FramePorts, n: Neighbour, mac: Uint8Array | null): void {
  const { iface } = n;
  const target = node.book.bytes(n.addr);
  const source = addressTowards(iface, target);
  if (source === null) return;
  const to = mac === null ? solicitedNodeOf(target) : target;
  const message: ndp.Ndp = { kind: 'neighbor-solicitation', target, sourceMac: macNumber(iface.mac) };
  send(node, iface, message, node.book.bytes(source), to, mac === null ? multicastMac6(to) : macNumber(mac), n.queue[0]?.id ?? 0);
}

/** ff02::1 */
export const ALL_NODES = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
/** ff02::2 */
export const ALL_ROUTERS = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);

function send(node: FramePorts, iface: Interface, message: ndp.Ndp, from: Uint8Array, to: Uint8Array, mac: number, cause: number): void {
  const length = ndp.HEADER + ndp.LINK_LAYER_OPTION;
  const p = newFrame(node, iface, mac, ethernet.ETHERTYPE.IPV6, ipv6.HEADER + length, cause);
  const o = p.off + ethernet.HEADER;
  ipv6.emit({ dscp: 0, ecn: 0, flowLabel: 0, nextHeader: icmpv6.PROTOCOL, hopLimit: HOP_LIMIT, src: from, dst: to, payload: new Uint8Array(length) }, p.buf, o);
  ndp.emit(message, p.buf, o + ipv6.HEADER);
  icmpv6.fillChecksum(p.buf, o + ipv6.HEADER, length, checksum.pseudo6(p.buf, o, icmpv6.PROTOCOL, length));
  sendFrame(node, iface, p);
}
