/**
 * One direction of a leg: the paths its packets took, what was lost and where, how long they were under way.
 * @module
 */
import type { LinkId, PacketId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import type { Plan, PlanLink, PlanNode, Segment } from '../topology/plan.js';

/** The links that packets crossed, in order. */
export interface Path {
  readonly links: readonly LinkId[];
  /** Packets that took it, or a part of it before they were lost. */
  readonly packets: number;
  readonly delivered: number;
  /** One of them; one that arrived, if any did. */
  readonly example: PacketId;
}

/** Packets that did not arrive, by what became of them. */
export interface Ending {
  /** `link-loss`, `no-route` ...; `in-flight` when the run ended first. */
  readonly reason: string;
  /** Link or node where it ended. */
  readonly where: string;
  readonly packets: number;
  /** The first ones, at most ten. */
  readonly examples: readonly PacketId[];
}

export interface Spread {
  readonly min: Nanos;
  readonly mean: Nanos;
  readonly max: Nanos;
}

/** What one link did to the packets of one direction of a leg. */
export interface LinkShare {
  readonly link: LinkId;
  /** The link's end that sent. */
  readonly side: 0 | 1;
  readonly offered: number;
  readonly carried: number;
  /** Offered and not carried: dropped by the link, or still on it when the run ended. */
  readonly missing: number;
  /** Time on the link, queueing included; null when nothing was carried. */
  readonly delay: Spread | null;
  /** Mean difference of consecutive delays (RFC 3550 style, without the smoothing). */
  readonly jitter: Nanos;
}

/** `packets` is the sum of `delivered`, `lost`, `refused` and `underWay`. */
export interface Direction {
  /** Sent by the end that this direction begins at. Copies and fragments that the network made are not counted anew. */
  readonly packets: number;
  readonly delivered: number;
  /** Dropped under way. */
  readonly lost: number;
  /** Reached the other end, where no socket took it (any more). */
  readonly refused: number;
  /** Still under way when the run ended. */
  readonly underWay: number;
  /** Those that delivered most come first. A packet lost under way counts with the path that it had begun. */
  readonly paths: readonly Path[];
  /** Most packets first. */
  readonly endings: readonly Ending[];
  /** From the first link's offer to the last link's arrival; null when nothing was delivered. */
  readonly delay: Spread | null;
  /** Mean difference of consecutive one-way times, in the order of sending. */
  readonly jitter: Nanos;
  /** In the order of first crossing. */
  readonly links: readonly LinkShare[];
  /** The first ten packets. */
  readonly evidence: readonly PacketId[];
}

/** Two nodes that talk, and what each sent the other: a leg, or media by way of relays. */
export interface TwoWay {
  readonly a: PlanNode;
  readonly b: PlanNode;
  /** From a to b. */
  readonly there: Direction;
  readonly back: Direction;
  /** The article's word for the links of both. */
  readonly label: string;
}

/** Links of all paths, each once, in the order of first crossing. */
export function linksOf(direction: Direction, plan: Plan): readonly PlanLink[] {
  const seen = new Set<LinkId>();
  for (const path of direction.paths) for (const link of path.links) seen.add(link);
  return [...seen].flatMap((id) => plan.links[id] ?? []);
}

export function segmentsOf(direction: Direction, plan: Plan): ReadonlySet<Segment> {
  return new Set(linksOf(direction, plan).map((link) => link.segment));
}

export function groupsOf(direction: Direction, plan: Plan): readonly string[] {
  return [...new Set(linksOf(direction, plan).map((link) => link.group))];
}
