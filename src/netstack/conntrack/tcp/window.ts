/**
 * Is a segment in the window? Van Rooij's rules ("Real Stateful TCP Packet Filtering in IP Filter", 2001) as Linux
 * applies them between the ends:
 *
 *   I    sequence <= sender.maxEnd                        not beyond what the receiver allows
 *   II   end >= sender.end - receiver.maxWindow           not older than a window
 *   III  acknowledgement <= receiver.end                  nothing that was not sent
 *   IV   acknowledgement >= receiver.end - MAXACKWINDOW   not older than a window
 *
 * with the highest right edge of the SACK blocks in place of the acknowledgement where there are any.
 * @module
 */
import * as tcp from '../../../wire/tcp.js';
import * as options from '../../../wire/tcp-options.js';
import { CT_WHY } from '../why.js';
import { SEGMENT, TCP } from './states.js';
import { SIDE, type TcpSide, type TcpTrack } from './track.js';

/** Largest window without scaling, and some. */
const MAX_ACK_WINDOW = 66000;

/** What {@link TcpWindow.judge} says beside a reason of {@link CT_WHY} (positive): in the window, or let through unseen. */
export const IN_WINDOW = 0;
export const IGNORED = -1;

/** hot. `a` before `b` on the circle of sequence numbers. */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

function later(a: number, b: number): boolean {
  return ((b - a) | 0) < 0;
}

/** hot. Sequence number after a segment of `n` octets, header included. */
export function segmentEnd(b: Uint8Array, at: number, n: number): number {
  const flags = tcp.flags(b, at);
  return (sequenceOf(b, at + 4) + n - tcp.headerLength(b, at) + ((flags & tcp.SYN) !== 0 ? 1 : 0) + ((flags & tcp.FIN) !== 0 ? 1 : 0)) | 0;
}

/** hot. A sequence number as a signed integer, which V8 keeps unboxed. */
export function sequenceOf(b: Uint8Array, o: number): number {
  return ((b[o] as number) << 24) | ((b[o + 1] as number) << 16) | ((b[o + 2] as number) << 8) | (b[o + 3] as number);
}

/** The largest window of a side that has offered this one: 0 would be a side that was not seen. */
export function atLeastOne(window: number): number {
  return window === 0 ? 1 : window;
}

/** The options of a SYN: whether the side scales its window and takes SACK. */
export function readSynOptions(b: Uint8Array, at: number, side: TcpSide): void {
  const n = tcp.headerLength(b, at) - tcp.HEADER;
  if (n === 0) return;
  side.scale = 0;
  side.flags &= SIDE.LIBERAL;
  if (options.find(b, at + tcp.HEADER, n, options.KIND.SACK_PERMITTED) >= 0) side.flags |= SIDE.SACK;
  const scale = options.find(b, at + tcp.HEADER, n, options.KIND.WINDOW_SCALE);
  if (scale < 0) return;
  side.flags |= SIDE.WINDOW_SCALE;
  // RFC 7323 2.3: above 14 means 14.
  side.scale = Math.min(b[scale + 2] as number, 14);
}

/** hot. The highest right edge of the SACK blocks, where it lies after `ack`. */
function highestSack(b: Uint8Array, at: number, ack: number): number {
  const n = tcp.headerLength(b, at) - tcp.HEADER;
  if (n < 10) return ack;
  const found = options.find(b, at + tcp.HEADER, n, options.KIND.SACK);
  if (found < 0) return ack;
  let highest = ack;
  const end = found + (b[found + 1] as number);
  for (let edge = found + 6; edge < end; edge += 8) {
    const right = sequenceOf(b, edge);
    if (later(right, highest)) highest = right;
  }
  return highest;
}

/** A side shows itself by its SYN. */
function begin(sender: TcpSide, receiver: TcpSide, b: Uint8Array, at: number, end: number, window: number, direction: number): void {
  sender.end = end;
  sender.maxEnd = end;
  sender.maxWindow = atLeastOne(window);
  readSynOptions(b, at, sender);
  // RFC 7323 2.2: scaling is on when both have offered it.
  if (direction === 1 && (sender.flags & receiver.flags & SIDE.WINDOW_SCALE) === 0) {
    sender.scale = 0;
    receiver.scale = 0;
  }
}

/** The answering side shows itself in the middle of a connection, unscaled: its numbers are taken as they are. */
function pickUp(sender: TcpSide, receiver: TcpSide, end: number, window: number, sack: number): void {
  sender.end = end;
  sender.maxWindow = atLeastOne(window);
  sender.maxEnd = (end + sender.maxWindow) | 0;
  // The answer to a keep-alive.
  if (sack === ((receiver.end + 1) | 0)) receiver.end = sack;
}

export class TcpWindow {
  readonly #liberal: boolean;

  constructor(liberal: boolean) {
    this.#liberal = liberal;
  }

  /**
   * hot. Judges the segment of `n` octets at `at` and learns from it.
   * @returns {@link IN_WINDOW}, {@link IGNORED} or the reason why it is invalid
   */
  judge(track: TcpTrack, direction: number, kind: number, b: Uint8Array, at: number, n: number): number {
    const sender = track.side(direction);
    const receiver = track.side(1 - direction);
    const flags = tcp.flags(b, at);
    const window = tcp.window(b, at);
    let sequence = sequenceOf(b, at + 4);
    let ack = sequenceOf(b, at + 8);
    let end = segmentEnd(b, at, n);
    let sack = (receiver.flags & SIDE.SACK) !== 0 ? highestSack(b, at, ack) : ack;
    const syn = (flags & tcp.SYN) !== 0;
    const acks = (flags & tcp.ACK_FLAG) !== 0;
    if (sender.maxWindow === 0) {
      if (syn) {
        begin(sender, receiver, b, at, end, window, direction);
        if (!acks) return IN_WINDOW;
      } else pickUp(sender, receiver, end, window, sack);
    } else if (syn && later(end, sender.end) && (track.state === TCP.SYN_SENT || track.state === TCP.SYN_RECV)) {
      // RFC 9293 3.4.2: a TCP that begins anew uses larger numbers than before.
      begin(sender, receiver, b, at, end, window, direction);
      if (direction === 1 && !acks) return IN_WINDOW;
    }
    const reset = (flags & tcp.RST) !== 0;
    // Without ACK there is nothing to judge; some stacks send RST with ACK and 0.
    if (!acks || (reset && ack === 0)) ack = sack = receiver.end;
    // The answer to a SYN.
    if (reset && sequence === 0 && track.state === TCP.SYN_SENT) sequence = end = sender.end;
    const verdict = this.#bounds(sender, receiver, sequence, end, sack);
    if (verdict !== IN_WINDOW) return this.#liberal || (sender.flags & SIDE.LIBERAL) !== 0 ? IN_WINDOW : verdict;
    learn(sender, receiver, syn ? window : (window << sender.scale) >>> 0, end, ack, sack, acks);
    if (kind === SEGMENT.ACK) countRepeats(track, direction, sequence, ack, end, window);
    return IN_WINDOW;
  }

  #bounds(sender: TcpSide, receiver: TcpSide, sequence: number, end: number, sack: number): number {
    const ackWindow = sender.maxWindow > MAX_ACK_WINDOW ? sender.maxWindow : MAX_ACK_WINDOW;
    const inAckWindow = later(sack, (receiver.end - ackWindow - 1) | 0);
    if (!before(sequence, (sender.maxEnd + 1) | 0)) {
      const inReceiveWindow = receiver.maxWindow !== 0 && later(end, (sender.end - receiver.maxWindow - 1) | 0);
      const overshot = (end - sender.maxEnd + 1) >>> 0;
      if (!inReceiveWindow || !inAckWindow || overshot > receiver.maxWindow || !before(sack, (receiver.end + 1) | 0)) return CT_WHY.BEYOND_WINDOW;
      // More than the receiver allowed, but by less than a window: it may take it, and then acknowledge it.
      sender.end = end;
      sender.flags |= SIDE.UNACKNOWLEDGED;
      return IGNORED;
    }
    if (!before(sack, (receiver.end + 1) | 0)) return CT_WHY.ACK_BEYOND;
    if (receiver.maxWindow !== 0 && !later(end, (sender.end - receiver.maxWindow - 1) | 0)) return IGNORED;
    return inAckWindow ? IN_WINDOW : IGNORED;
  }
}

/** hot. What a segment in the window tells of both sides. @param window scaled */
function learn(sender: TcpSide, receiver: TcpSide, window: number, end: number, ack: number, sack: number, acks: boolean): void {
  const reach = (window + (sack - ack)) >>> 0;
  if (sender.maxWindow < reach) sender.maxWindow = reach;
  if (later(end, sender.end)) {
    sender.end = end;
    sender.flags |= SIDE.UNACKNOWLEDGED;
  }
  if (acks && ((sender.flags & SIDE.MAX_ACK) === 0 || later(ack, sender.maxAck))) {
    sender.maxAck = ack;
    sender.flags |= SIDE.MAX_ACK;
  }
  if (receiver.maxWindow !== 0 && later(end, sender.maxEnd)) receiver.maxWindow = (receiver.maxWindow + end - sender.maxEnd) >>> 0;
  const allowed = (sack + window) | 0;
  if (later(allowed, (receiver.maxEnd - 1) | 0)) receiver.maxEnd = window === 0 ? (allowed + 1) | 0 : allowed;
  if (ack === receiver.end) receiver.flags &= ~SIDE.UNACKNOWLEDGED;
}

/** hot. The same acknowledgement again and again: the other side does not get through. */
function countRepeats(track: TcpTrack, direction: number, sequence: number, ack: number, end: number, window: number): void {
  if (track.lastDirection === direction && track.lastSequence === sequence && track.lastAck === ack && track.lastEnd === end && track.lastWindow === window) {
    track.retransmissions++;
    return;
  }
  track.lastDirection = direction;
  track.lastSequence = sequence;
  track.lastAck = ack;
  track.lastEnd = end;
  track.lastWindow = window;
  track.retransmissions = 0;
}
