/**
 * What is kept of a TCP connection: its state, and of each side how far it has sent and may send.
 * Sequence numbers are signed 32-bit integers, compared on the circle; windows are unsigned.
 * @module
 */
import { SEGMENT, TCP } from './states.js';

/** Bits of {@link TcpSide.flags} and {@link TcpTrack.lastFlags}. */
export const SIDE = {
  WINDOW_SCALE: 1,
  SACK: 2,
  /** It closed first. */
  CLOSE_INIT: 4,
  /** Its history is not known: nothing of it is judged. */
  LIBERAL: 8,
  UNACKNOWLEDGED: 16,
  MAX_ACK: 32,
} as const;
/** More bits of {@link TcpTrack.lastFlags}. */
export const LAST = { CHALLENGE: 64, SIMULTANEOUS: 128 } as const;

export class TcpSide {
  /** Highest sequence number after its data. */
  end = 0;
  /** Highest that the other side allows. */
  maxEnd = 0;
  /** Largest window that it has offered; 0 = nothing was seen of it. */
  maxWindow = 0;
  /** Highest acknowledgement that it has sent. */
  maxAck = 0;
  scale = 0;
  flags = 0;

  reset(): void {
    this.end = 0;
    this.maxEnd = 0;
    this.maxWindow = 0;
    this.maxAck = 0;
    this.scale = 0;
    this.flags &= SIDE.LIBERAL;
  }
}

export class TcpTrack {
  state: number = TCP.NONE;
  readonly sides: readonly [TcpSide, TcpSide] = [new TcpSide(), new TcpSide()];
  /** The segment before: kind, direction, numbers. */
  lastKind: number = SEGMENT.NONE;
  lastDirection = 0;
  lastSequence = 0;
  lastAck = 0;
  lastEnd = 0;
  lastWindow = 0;
  lastScale = 0;
  lastFlags = 0;
  retransmissions = 0;

  side(direction: number): TcpSide {
    return this.sides[direction === 0 ? 0 : 1];
  }
}
