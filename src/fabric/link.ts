/**
 * The seam of links: what a frame goes in by, what it comes out of, and who watches.
 * @module
 */
import type { DecisionId, LinkId, NodeId } from '../base/brand.js';
import type { DropCode } from '../base/drop.js';
import type { ImpairmentSpec } from '../topology/impairment.js';
import type { Packet } from './packet.js';

export type Side = 0 | 1;

/** One end of a link. Emulated interfaces, TAP devices and tests send by it. */
export interface LinkEnd {
  readonly link: LinkId;
  readonly side: Side;
  /** Largest IP packet that the link carries, in bytes (the Ethernet header comes on top). */
  readonly mtu: number;
  readonly up: boolean;
  /** Takes ownership of the packet, whatever becomes of it. */
  send(p: Packet): void;
  attach(port: Port): void;
}

/** What sits at an end. */
export interface Port {
  /** Takes ownership. `end` is the end that the packet left the link by. */
  deliver(p: Packet, end: LinkEnd): void;
  /** The link went up or down (carrier). */
  carrier?(up: boolean, end: LinkEnd): void;
}

/** Changes at run time. What was sent before keeps its fate, but for `up: false`, which kills what is in flight. */
export interface LinkControl {
  set(link: LinkId, side: Side | 'both', change: Partial<ImpairmentSpec> & { readonly up?: boolean }): void;
}

/**
 * The only way out of the hot path: direct calls on one recorder, or {@link NULL_TAP}. Borrowed packets:
 * an implementation copies what it keeps. When it happens stands in the packet's `time`.
 */
export interface Tap {
  /** Offered to the link at its end `end`, with the link's verdict if it is known at once (0 = carried). */
  sent(p: Packet, end: LinkEnd, drop: DropCode): void;
  /** Left the link at `end`, before the node looks at it. */
  received(p: Packet, end: LinkEnd): void;
  /** A verdict that came late: the link went down in flight, or priority evicted it. `end` is where it was sent. */
  lost(p: Packet, end: LinkEnd, drop: DropCode): void;
  /** A node decided to drop it. */
  dropped(p: Packet, node: NodeId, drop: DropCode, why: DecisionId): void;
  /** The owner is done with it: delivered to a socket, or dropped before. Called once, just before its slot is released. */
  ended(p: Packet): void;
}

export const NULL_TAP: Tap = {
  sent() {},
  received() {},
  lost() {},
  dropped() {},
  ended() {},
};
