/**
 * What the parts of a node may ask of each other: a narrow port for each, named after what is behind it. A part names
 * those that it needs as its own `Ports` and knows neither the node nor who stands behind a port; `ip-node.ts` alone
 * knows how they are put together.
 *
 * ```
 *   frames ─► input ─► routes ─► egress ─► neighbours ─► link
 *               │                  ▲
 *               ▼                  │
 *        udp, tcp, icmp ───────► output          errors: whoever cannot go on with a packet
 * ```
 * The ports that are classes of their own, without any need of others, are imported where they stand: `NodeCore` (name,
 * clock, decisions, how a packet ends), `AddressBook`, `PathMtu`, `DscpPolicy`.
 * @module
 */
import type { Cause } from '../base/brand.js';
import type { Packet } from '../fabric/packet.js';
import type { Hook } from './hook.js';
import type { Unreachable } from './icmp/kinds.js';
import type { Interface } from './interface.js';
import type { Neighbour } from './neighbour/neighbour.js';
import type { Destination } from './routing/destination.js';
import type { Addr, IpOutput } from './transport.js';

/** Where a hook is put into the way of packets. */
export interface HookPoints {
  /** Returns the undoing, which works once. */
  install(hook: Hook): () => void;
}

/** Which addresses are the node's own. */
export interface LocalAddresses {
  isLocal(addr: Addr): boolean;
  /** hot. @param key of an IPv4 address */
  isLocal4(key: number): boolean;
  /** Addresses for people, in the order of the interfaces. */
  texts(): string[];
}

/** Where packets go. Arguments are address keys; a mark, a source and an interface are read by rules alone. */
export interface Routing {
  /** hot. With the next hop of a multipath route chosen by the packet's flow. */
  route4(p: Packet, to: number, from: number): Destination;
  route6(p: Packet, to: number, from: number): Destination;
  /** hot. Of several next hops the first. */
  lookup4(key: number, mark: number, from: number, iif?: number): Destination;
  lookup6(key: number, mark: number, from: number, iif?: number): Destination;
  /** As a packet of the node's own that has no source yet. */
  lookup(to: Addr): Destination;
  /** The neighbour of a link-local address on a given interface. */
  scoped(key: number, iface: Interface): Destination;
}

/** Who is at the other end of a link. */
export interface NeighbourTable {
  /** The neighbour of that address; made when it is new, which asks nobody yet. */
  of(iface: Interface, addr: Addr): Neighbour;
  /** Everybody on a link. */
  broadcast(iface: Interface, addr: Addr): Neighbour;
  /** hot. True: send. False: the packet has been taken, it waits or has been dropped. */
  ready(n: Neighbour, p: Packet): boolean;
  /** What an ARP or NDP message says. */
  learn(iface: Interface, addr: Addr, mac: Uint8Array, solicited: boolean, create: boolean, override: boolean): void;
  list(): Neighbour[];
}

/** The way out of packets whose IP header is final. All take ownership. */
export interface PacketEgress {
  /** Where the packet that is at the postrouting hooks goes from here; null when to the node itself. */
  readonly leaving: Destination | null;
  /** hot. Postrouting hooks, fragments, the neighbour's link. @param mtu where that is less than the interface's */
  send(p: Packet, dest: Destination, mtu?: number): void;
  /** hot. Puts the frame on the neighbour's link. */
  transmit(p: Packet, neighbour: Neighbour): void;
  /** To the node itself. */
  loop(p: Packet): void;
}

/** Datagrams of the node's own: {@link IpOutput} with the whole header in the caller's hand. */
export interface DatagramOutput extends IpOutput {
  /** As `send`, with the whole traffic class octet and the hop limit. @param about the packet that it reports an error of */
  datagram(
    protocol: number,
    from: Addr,
    to: Addr,
    buf: Uint8Array,
    off: number,
    len: number,
    tos: number,
    ttl: number,
    dontFragment: boolean,
    cause: Cause,
    about?: Packet | null,
  ): void;
  /** hot. A packet with its IP header written, to be filled and given to `dispatch`; null when it cannot be one datagram. */
  open(family: 4 | 6, protocol: number, from: Addr, to: Addr, len: number, tos: number, ttl: number, dontFragment: boolean, cause: Cause): Packet | null;
  /** hot. Takes ownership. */
  dispatch(p: Packet, family: 4 | 6, to: number, from: number, dontFragment: boolean): void;
}

/** ICMP errors to the senders of packets that cannot go on. The caller keeps the packet. */
export interface ErrorReports {
  unreachable(p: Packet, why: Unreachable): void;
  /** Destination unreachable, with whatever code a firewall was told. */
  refused(p: Packet, code: number, routed: boolean): void;
  /** @param code 0 = TTL or hop limit, 1 = reassembly */
  timeExceeded(p: Packet, code: 0 | 1): void;
  /** @param mtu of the next hop */
  tooBig(p: Packet, mtu: number): void;
  /** ICMPv6 only. @param code 0 erroneous field, 1 unrecognized next header @param at offset of the fault in `p.buf` */
  parameterProblem(p: Packet, code: 0 | 1 | 2 | 3, at: number): void;
}

/** Fragments of one datagram become one packet. */
export interface FragmentQueue {
  /** Takes ownership; the whole datagram when it was the last one that was missing. */
  accept4(p: Packet): Packet | null;
  /** As `accept4`; for connection tracking also the fragment itself, where nothing can begin with it. @param at offset of the fragment header in the packet's bytes */
  accept6(p: Packet, at: number, tracking: boolean): Packet | null;
}
