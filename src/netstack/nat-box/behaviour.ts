/**
 * How a NAT behaves, in the words of RFC 4787 (UDP), RFC 5382 (TCP) and RFC 5508 (ICMP).
 * @module
 */
import type { Nanos } from '../../base/time.js';

/** RFC 4787 4.1 and 5. */
export const DEPENDENCES = ['endpoint-independent', 'address-dependent', 'address-and-port-dependent'] as const;
export type Dependence = (typeof DEPENDENCES)[number];

/** When a NAT changes a mapping that is in use, which RFC 4787 REQ-11 forbids. */
export type MappingChange =
  /** At that lab time, all that are older. */
  | { readonly kind: 'at'; readonly time: Nanos }
  /** At that age. */
  | { readonly kind: 'after'; readonly time: Nanos }
  /** After a pause as long as that in what the inside sends. */
  | { readonly kind: 'idle'; readonly time: Nanos };

export interface NatBehaviour {
  /** Interfaces to the outside; all others are inside. */
  readonly outside: readonly string[];
  /** The pool: IPv4 addresses as text, each once. */
  readonly addresses: readonly string[];
  readonly mapping: Dependence;
  readonly filtering: Dependence;
  /** RFC 4787 REQ-2: a host inside has one address outside, or one per mapping. */
  readonly pooling: 'paired' | 'arbitrary';
  /** RFC 4787 4.2.1: where the port of the host is not to be had, one is sought from a random one on. */
  readonly ports: 'preservation' | 'sequential' | 'random';
  /** Ports outside, ends included; null: those of the class (below 1024, or not) that the host's port is of (REQ-3). */
  readonly portRange: { readonly from: number; readonly to: number } | null;
  /** RFC 4787 4.2.2: odd stays odd, even even. */
  readonly parity: boolean;
  /** RFC 4787 4.2.3: an odd port gets the one after that of the even port below it. */
  readonly contiguity: boolean;
  /** RFC 4787 REQ-9: what the host inside sees as the source of a hairpinned packet; `none`: there is no hairpinning. */
  readonly hairpinning: 'external' | 'internal' | 'none';
  /** RFC 4787 REQ-6: whose packets keep a UDP mapping alive. */
  readonly refresh: 'outbound' | 'inbound' | 'both';
  readonly timeouts: {
    /** RFC 4787 REQ-5. */
    readonly udp: Nanos;
    /** RFC 5382 REQ-5. */
    readonly tcpEstablished: Nanos;
    readonly tcpTransitory: Nanos;
    /** RFC 5508 REQ-2. */
    readonly icmp: Nanos;
  };
  readonly mappingChange: MappingChange | null;
}
