/**
 * A frame on its way. `fabric` knows no protocol; what the bytes mean is `wire`'s.
 * @module
 */
import type { DecisionId, PacketId, TrailId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';

/**
 * One whole Ethernet frame. Always exactly one owner: ownership moves with `send`, `deliver` and `release`;
 * taps and codecs borrow until they return. All fields are numbers, or references that are never created per hop.
 */
export interface Packet {
  /** Backing store; the frame is `buf[off .. off + len)`. `off` is a multiple of 4. */
  readonly buf: Uint8Array;
  readonly off: number;
  /** `buf` by words, for sums and headers on the hot path: the frame is at `off` of it, too. */
  readonly view: DataView;
  len: number;
  /** Bytes that may be used from `off` on. */
  readonly capacity: number;
  id: PacketId;
  /** Id of the packet that made the sender send, 0 = none, below 0 = several (`base/cause-sets.ts`). */
  cause: number;
  /** The ledger's interned journey so far. Written by the recorder only. */
  trail: TrailId;
  /** Where the recorder keeps it while it is on its way; a hint, 0 = none. Written by the recorder only. */
  slot: number;
  /** Decision of the node that is about to send. */
  decision: DecisionId;
  /**
   * Lab time of what happens to it now: set before a tap is told, and to the arrival before that is booked. A field,
   * because a number beyond 31 bits that is handed to a function or back is boxed unless the compiler inlines the call.
   */
  time: Nanos;
  /** Set by the link when it takes the packet. */
  sentAt: Nanos;
  /** When its delay began: it had left queue and line, and had nobody to wait for. Set by the link. */
  leftAt: Nanos;
  /** Where the link counts it, and what stood before it: the link's own. */
  row: number;
  line: number;
  /** Epoch of the link when it took the packet: unequal on arrival = the link went down meanwhile. */
  epoch: number;
  /** Input and output interface index, firewall mark and connection: the skb part, reset by the node that receives. */
  iif: number;
  oif: number;
  mark: number;
  /** Octets of IP of the largest fragment that it came in, 0 = it came whole: it goes on in fragments no larger. */
  fragmented: number;
  /** Conntrack entry, or null. Opaque here. */
  ct: object | null;
  /** What connection tracking says of this packet: state bit and direction (netstack/conntrack). Opaque here; 0 = not looked at. */
  ctinfo: number;
}

export interface PacketPool {
  /** A packet with room for `len` bytes, a new id, everything else reset. The bytes are dirty. */
  take(len: number): Packet;
  /** A copy with a new id and `cause = p.id` (duplicate, fragment, ICMP quote). */
  clone(p: Packet): Packet;
  /** Gives the slot back. In a checked pool: fills it with 0xa5 and throws on a double release. */
  release(p: Packet): void;
  /** Packets that are out. */
  readonly live: number;
}
