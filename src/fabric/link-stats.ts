/**
 * Counters of links, per direction, in one typed array: what a link really did, beside what it was asked to do.
 *
 * For every direction: `offered + duplicated = carried + lost + down + queueOverflow + tooLong + frames in flight`.
 * @module
 */
import { DROP, type DropCode } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import type { Packet } from './packet.js';

export interface LinkStats {
  /** Frames that the node at the sending end offered. */
  readonly offered: number;
  /** Bytes of these, with Ethernet headers. */
  readonly offeredBytes: number;
  /** Frames that arrived, copies too. */
  readonly carried: number;
  readonly carriedBytes: number;
  readonly lost: number;
  readonly down: number;
  readonly queueOverflow: number;
  /** Longer than the link's MTU. */
  readonly tooLong: number;
  /** Copies that the link made. */
  readonly duplicated: number;
  readonly corrupted: number;
  /** Frames that arrived after one that was sent later (RFC 4737 section 3, by time of sending). */
  readonly reordered: number;
  /** Sum over carried frames of arrival - sending. */
  readonly delaySum: Nanos;
  readonly delayMax: Nanos;
}

export const OFFERED = 0;
export const OFFERED_BYTES = 1;
export const CARRIED = 2;
export const CARRIED_BYTES = 3;
export const LOST = 4;
export const DOWN = 5;
export const QUEUE = 6;
export const TOO_LONG = 7;
export const DUPLICATED = 8;
export const CORRUPTED = 9;
export const REORDERED = 10;
export const DELAY_SUM = 11;
export const DELAY_MAX = 12;
const COLUMNS = 16;

export class LinkCounters {
  readonly #values: Float64Array;

  constructor(links: number) {
    this.#values = new Float64Array(links * 2 * COLUMNS);
  }

  /** First index of a direction; add a column to it. */
  row(link: number, side: 0 | 1): number {
    return (link * 2 + side) * COLUMNS;
  }

  /** A frame of that length. */
  offered(row: number, len: number): void {
    const v = this.#values;
    v[row + OFFERED] = (v[row + OFFERED] as number) + 1;
    v[row + OFFERED_BYTES] = (v[row + OFFERED_BYTES] as number) + len;
  }

  add(index: number, n: number): void {
    this.#values[index] = (this.#values[index] as number) + n;
  }

  drop(row: number, drop: DropCode): void {
    const column = drop === DROP.LINK_LOSS ? LOST : drop === DROP.LINK_DOWN ? DOWN : drop === DROP.LINK_QUEUE ? QUEUE : TOO_LONG;
    this.add(row + column, 1);
  }

  /** At `p.time`, having been sent at `p.sentAt`. */
  arrived(row: number, p: Packet): void {
    const v = this.#values;
    const delay = p.time - p.sentAt;
    v[row + CARRIED] = (v[row + CARRIED] as number) + 1;
    v[row + CARRIED_BYTES] = (v[row + CARRIED_BYTES] as number) + p.len;
    v[row + DELAY_SUM] = (v[row + DELAY_SUM] as number) + delay;
    if (delay > (v[row + DELAY_MAX] as number)) v[row + DELAY_MAX] = delay;
  }

  snapshot(row: number): LinkStats {
    const at = (column: number): number => this.#values[row + column] as number;
    return {
      offered: at(OFFERED),
      offeredBytes: at(OFFERED_BYTES),
      carried: at(CARRIED),
      carriedBytes: at(CARRIED_BYTES),
      lost: at(LOST),
      down: at(DOWN),
      queueOverflow: at(QUEUE),
      tooLong: at(TOO_LONG),
      duplicated: at(DUPLICATED),
      corrupted: at(CORRUPTED),
      reordered: at(REORDERED),
      delaySum: at(DELAY_SUM) as Nanos,
      delayMax: at(DELAY_MAX) as Nanos,
    };
  }
}
