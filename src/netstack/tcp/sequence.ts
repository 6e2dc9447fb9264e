/**
 * Sequence numbers, RFC 9293 section 3.4: a circle of 2^32. The connection itself counts in *positions*, plain integers
 * that never wrap (0 = the SYN, 1 = the first octet of data); a number of the wire is unwrapped once, where it comes in,
 * so that windows, queues and score-boards compare with `<`.
 * @module
 */

/** The number that position `position` has on the wire, when position 0 has `initial`. Exact up to 2^53. */
export function wireSequence(initial: number, position: number): number {
  return (initial + position) >>> 0;
}

/** The position next to `near` (within 2^31) that has the wire number `sequence`. May be negative for old numbers. */
export function positionOf(initial: number, sequence: number, near: number): number {
  return near + ((sequence - wireSequence(initial, near)) | 0);
}

/** "Before" on the circle: true when `a` precedes `b` by less than 2^31. */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
