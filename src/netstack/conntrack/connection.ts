/**
 * What connection tracking knows of one connection, in the kernel's words. The seam between the tracker, the translator
 * and the rules: the tracker sets `Packet.ct` and `Packet.ctinfo`, the others read them.
 * @see include/uapi/linux/netfilter/nf_conntrack_common.h
 * @module
 */
import type { Nanos } from '../../base/time.js';
import type { Addr } from '../transport.js';

/** Bits of `ct state`, as nft has them: `Packet.ctinfo & 255` has exactly one of them once a packet was tracked. */
export const CT_STATE = { INVALID: 1, ESTABLISHED: 2, RELATED: 4, NEW: 8, UNTRACKED: 64 } as const;

/** Bit of `Packet.ctinfo`: the packet goes in the reply direction. */
export const CT_REPLY = 256;

/** Bits of `ct status` (IPS_*). */
export const CT_STATUS = {
  EXPECTED: 1,
  SEEN_REPLY: 2,
  ASSURED: 4,
  CONFIRMED: 8,
  SNAT: 16,
  DNAT: 32,
  SEQ_ADJUST: 64,
  SRC_NAT_DONE: 128,
  DST_NAT_DONE: 256,
  DYING: 512,
  FIXED_TIMEOUT: 1024,
} as const;

export const CT_ORIGINAL = 0;
export const CT_REPLIED = 1;
export type CtDirection = typeof CT_ORIGINAL | typeof CT_REPLIED;

/** Who speaks to whom, seen from one direction. */
export interface CtTuple {
  readonly family: 4 | 6;
  readonly protocol: number;
  readonly src: Addr;
  readonly dst: Addr;
  /** Ports; for ICMP queries `sport` is the identifier and `dport` type * 256 + code. */
  readonly sport: number;
  readonly dport: number;
}

/** One entry of the table. */
export interface Connection {
  readonly id: number;
  readonly original: CtTuple;
  /** What a reply looks like: where there is a translation, not the mirror of `original`. */
  readonly reply: CtTuple;
  /** Bits of {@link CT_STATUS}. */
  status: number;
  mark: number;
  /** When it is forgotten, unless a packet comes before. */
  expires: Nanos;
  /** `SYN_SENT`, `ESTABLISHED` ... of TCP in conntrack(8)'s words; null for other protocols. */
  readonly tcpState: string | null;
  /** The connection that this one is related to (an ICMP error belongs to its connection itself, so it is null there). */
  readonly master: Connection | null;
  /** What the rules keep with it: verdicts of its two directions. Opaque to the tracker. */
  verdicts: object | null;
}
