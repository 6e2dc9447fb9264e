/**
 * What IPv4 and IPv6 do differently on the way of a packet that has come in: the walk of `input.ts` asks it. One object
 * for each family and node; nothing here keeps a packet.
 * @hot
 * @module
 */
import type { DecisionId } from '../../base/brand.js';
import type { Packet } from '../../fabric/packet.js';
import type { HookLists } from '../hook.js';
import type { Unreachable } from '../icmp/kinds.js';
import type { Interface } from '../interface.js';
import type { Destination } from '../routing/destination.js';

/** What is wrong with a header, in words of {@link IpFamily.fault}. */
export const FAULT = { NONE: 0, MALFORMED: 1, CHECKSUM: 2, MARTIAN: 3 } as const;
export type Fault = (typeof FAULT)[keyof typeof FAULT];

export interface IpFamily {
  readonly family: 4 | 6;
  /** ICMP or ICMPv6. */
  readonly icmp: number;
  readonly hooks: HookLists;
  /** What the sender is told where a route says "unreachable". */
  readonly unreachable: Unreachable;
  /**
   * Whether what is for the node is put together before its input hooks. Linux does so with IPv4; of IPv6 a fragment is an
   * extension header like others, that is come to behind the hooks.
   */
  readonly gathersBeforeInput: boolean;

  /** The header judged; cuts off what follows the datagram in its frame (Ethernet pads to 60 octets). */
  fault(p: Packet, iface: Interface): Fault;
  isFragment(p: Packet): boolean;
  /** Whether connection tracking would put it together: of IPv6 also a fragment that is the whole (RFC 6946). */
  isPart(p: Packet): boolean;
  /** Takes ownership of a fragment; the whole datagram when it was the last one that was missing. @param tracking for connection tracking, else for the node itself */
  gather(p: Packet, tracking: boolean): Packet | null;
  /** Address keys. */
  source(p: Packet): number;
  destination(p: Packet): number;
  route(p: Packet, to: number, from: number): Destination;
  /** Why a packet with that source may not come in here, or `NO_DECISION`. @param oif index of the interface that it leaves by */
  refusal(from: number, to: number, iface: Interface, oif: number): DecisionId;
  /** True when the packet's source means nothing on another link. */
  staysOnLink(p: Packet): boolean;
  /** TTL or hop limit. */
  hopsLeft(p: Packet): number;
  spendHop(p: Packet): void;
  /** True when the packet is larger than a link of that MTU takes and must not be fragmented here. */
  exceeds(p: Packet, mtu: number): boolean;
  /** Where the transport header stands and which it is, as `walk` of wire/ipv6.ts packs it; -1 where the headers run out. */
  transport(p: Packet): number;
}
