/**
 * The seam between IP and what rides on it. Addresses are numbers of the lab's address book: below 2^32 the IPv4
 * address itself, above an interned IPv6 address; so keys are numbers for both families.
 * @module
 */
import type { Brand, Cause } from '../base/brand.js';
import type { DropCode, DropReason } from '../base/drop.js';

/** An interned IP address. */
export type Addr = Brand<number, 'Addr'>;

export const IPPROTO = { ICMP: 1, TCP: 6, UDP: 17, IPV6_ICMP: 58 } as const;

export type NetError = 'port-unreachable' | 'host-unreachable' | 'too-big' | 'ttl-exceeded';

/** What TCP and UDP send by. */
export interface IpOutput {
  /**
   * Sends `buf[off .. off + len)` as the payload of one IP datagram; copies. Fills in the transport checksum
   * (at the protocol's offset, which the caller left zero). Never throws for network conditions.
   * @param dscp 0..63, or -1 for the node's own policy by local port
   */
  send(protocol: number, from: Addr, to: Addr, buf: Uint8Array, off: number, len: number, dscp: number, dontFragment: boolean, cause: Cause): void;
  /** Source address for a destination (RFC 6724 in small), or null when there is no route. */
  sourceFor(to: Addr): Addr | null;
  /** Largest IP packet to that destination, headers included: interface MTU or what path MTU discovery found. */
  pathMtu(to: Addr): number;
  family(a: Addr): 4 | 6;
}

/** Why a transport threw something away without a word to its sender; one object for each reason. */
export interface Refusal {
  readonly code: DropCode;
  readonly reason: Extract<DropReason, { at: 'node' }>['kind'];
  /** Says it closer; may be empty. */
  readonly kind: string;
}

/** What IP hands transport datagrams to. Bytes are borrowed until return; the checksum has been verified. */
export interface TransportInput {
  /** Null: it was taken, or answered. */
  receive(from: Addr, to: Addr, buf: Uint8Array, off: number, len: number, dscp: number, cause: Cause): Refusal | null;
  /** An ICMP error about a datagram that this node sent: `buf[off..]` is the quoted transport header. False: nobody wants to know. */
  error(kind: NetError, mtu: number, from: Addr, to: Addr, buf: Uint8Array, off: number, len: number): boolean;
}
