/**
 * The way onto the line: a queue of limited length before a line of limited rate.
 *
 * The rate counts the whole Ethernet frame as a {@link Packet} holds it: header and payload, without preamble, frame
 * check sequence and gap (20 + 4 octets that a real port also spends). That is what netem counts by default.
 * The limit counts frames that have not left yet, with the one that is being sent.
 * @module
 */
import type { Packet } from '../packet.js';

/** The frame leaves the line at `departure`. */
export const LEAVES = 0;
/** The frame is kept: the egress sends it later by its own event. */
export const KEPT = -1;
/** The queue is full: the frame stays the caller's. */
export const FULL = -2;

export interface Egress {
  /** hot. {@link LEAVES}, {@link KEPT} or {@link FULL}. */
  offer(p: Packet): number;
  /** When the frame of the last {@link LEAVES} has left the line; ns, not before now. A field: a result would be boxed. */
  departure: number;
  /** Applies to frames that begin to leave from now on. bit/s, 0 = unlimited; limit in frames. */
  configure(rate: number, limit: number): void;
  /** The link went down: the line is free and the queue empty; what was kept goes to `lose`. */
  purge(now: number, lose: (p: Packet) => void): void;
  /** When the line is free; with a fraction, so that a rate is met exactly over many frames. */
  freeAt: number;
}

/** Nanoseconds times bits per octet: divided by bit/s it gives the time of an octet on the line. */
export const OCTET_NANOS = 8e9;
