/**
 * What impairments decide about one frame. One scratch per link direction, written anew for each frame.
 * @module
 */
import { DROP, type DropCode } from '../../base/drop.js';
import { ZERO, type Nanos } from '../../base/time.js';

export interface Fate {
  /** 0 = carried. */
  drop: DropCode;
  /** Bit to flip, counted from the first octet after the Ethernet header; -1 = none. */
  flipBit: number;
  /** Copies beside the frame itself. */
  copies: number;
}

/** When a frame that left the line arrives. One scratch per direction. */
export interface Transit {
  /** Delay and jitter; never negative. */
  extra: Nanos;
  /** Sent ahead of its turn by `reorder`. */
  ahead: boolean;
}

export const newFate = (): Fate => ({ drop: DROP.NONE, flipBit: -1, copies: 0 });
export const newTransit = (): Transit => ({ extra: ZERO, ahead: false });
