/**
 * Counters of links, in rows of one typed array: what a direction of a link really did while it was asked to do one
 * thing. A change of what is asked begins a new row; a frame is counted in the row in which it was offered.
 *
 * For every direction: `offered + duplicated = carried + lost + down + queueOverflow + tooLong + frames in flight`.
 *
 * The rate is measured at the far end, over busy periods: times in which every frame but the first was offered while
 * the line was still busy with those before it, so that nothing but the rate says when it arrives. A period's rate is
 * the octets after its first frame by the time from the first arrival to the last. Short ones say little on a wall
 * clock, which is late by some tenths of a millisecond: only those of {@link LONG_PERIOD} and more are counted.
 * @module
 */
import { DROP, type DropCode } from '../base/drop.js';
import { type Nanos, ZERO, millis } from '../base/time.js';
import type { ImpairmentSpec } from '../topology/impairment.js';
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
  /** Frames about which the dice were thrown: `lost` of these. */
  readonly tried: number;
  /** Frames whose time on the way was measured: those carried but for what `reorder` sent ahead. */
  readonly timed: number;
  /** Sum, least and most over timed frames of arrival - beginning of the delay, which is after queue and line. */
  readonly transitSum: Nanos;
  readonly transitMin: Nanos;
  readonly transitMax: Nanos;
  /** Long busy periods, the octets after the first frame of each, and their time. */
  readonly busyPeriods: number;
  readonly busyBytes: number;
  readonly busyTime: Nanos;
}

/** A time in which a direction was asked one thing. */
export interface LinkPhase {
  readonly since: Nanos;
  readonly spec: ImpairmentSpec;
  readonly stats: LinkStats;
}

/** A busy period shorter than this is not counted. */
export const LONG_PERIOD = millis(10);

export const LOST = 0;
export const DOWN = 1;
export const QUEUE = 2;
export const TOO_LONG = 3;
export const DUPLICATED = 4;
export const CORRUPTED = 5;
export const REORDERED = 6;
/** Of {@link DOWN}: when they were offered, before any dice. */
export const OFFERED_DOWN = 7;
const OFFERED = 8;
const OFFERED_BYTES = 9;
const CARRIED = 10;
const CARRIED_BYTES = 11;
const DELAY_SUM = 12;
const DELAY_MAX = 13;
const TIMED = 14;
const TRANSIT_SUM = 15;
const TRANSIT_MIN = 16;
const TRANSIT_MAX = 17;
const BUSY_PERIODS = 18;
const BUSY_BYTES = 19;
const BUSY_TIME = 20;
/** Of the busy period that goes on: its first arrival, octets after that, time up to the last arrival. */
const PERIOD_FROM = 21;
const PERIOD_BYTES = 22;
const PERIOD_TIME = 23;
const COLUMNS = 24;

/** Bits of a packet's `line`. It was offered while the line was busy with the frame before it. */
export const FOLLOWED = 1;
/** Its way says nothing about the delay: it went ahead, or what was asked changed while it waited. */
export const UNTIMED = 2;

export class LinkCounters {
  #values: Float64Array;
  #used = 0;

  /** @param rows that are expected; more may be taken */
  constructor(rows: number) {
    this.#values = new Float64Array(Math.max(1, rows) * COLUMNS);
  }

  /** First index of a new row; add a column to it. */
  newRow(): number {
    const row = this.#used;
    this.#used += COLUMNS;
    if (this.#used > this.#values.length) {
      const old = this.#values;
      this.#values = new Float64Array(old.length * 2);
      this.#values.set(old);
    }
    this.#values[row + TRANSIT_MIN] = Infinity;
    this.#values[row + PERIOD_FROM] = Infinity;
    return row;
  }

  /** hot. A frame of that length. */
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

  /** hot. At `p.time`, having been sent at `p.sentAt`, its delay begun at `p.leftAt`; in the packet's own row. */
  arrived(p: Packet): void {
    const v = this.#values;
    const row = p.row;
    const delay = p.time - p.sentAt;
    v[row + CARRIED] = (v[row + CARRIED] as number) + 1;
    v[row + CARRIED_BYTES] = (v[row + CARRIED_BYTES] as number) + p.len;
    v[row + DELAY_SUM] = (v[row + DELAY_SUM] as number) + delay;
    if (delay > (v[row + DELAY_MAX] as number)) v[row + DELAY_MAX] = delay;
    if ((p.line & UNTIMED) === 0) {
      const transit = p.time - p.leftAt;
      v[row + TIMED] = (v[row + TIMED] as number) + 1;
      v[row + TRANSIT_SUM] = (v[row + TRANSIT_SUM] as number) + transit;
      if (transit < (v[row + TRANSIT_MIN] as number)) v[row + TRANSIT_MIN] = transit;
      if (transit > (v[row + TRANSIT_MAX] as number)) v[row + TRANSIT_MAX] = transit;
    }
    if ((p.line & FOLLOWED) === 0 || v[row + PERIOD_FROM] === Infinity) {
      this.#endPeriod(row);
      v[row + PERIOD_FROM] = p.time;
    } else {
      v[row + PERIOD_BYTES] = (v[row + PERIOD_BYTES] as number) + p.len;
      v[row + PERIOD_TIME] = p.time - (v[row + PERIOD_FROM] as number);
    }
  }

  snapshot(row: number): LinkStats {
    const at = (column: number): number => this.#values[row + column] as number;
    const busyNow = at(PERIOD_TIME) >= LONG_PERIOD;
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
      tried: at(OFFERED) - at(OFFERED_DOWN) - at(TOO_LONG),
      timed: at(TIMED),
      transitSum: at(TRANSIT_SUM) as Nanos,
      transitMin: at(TIMED) === 0 ? ZERO : (at(TRANSIT_MIN) as Nanos),
      transitMax: at(TRANSIT_MAX) as Nanos,
      busyPeriods: at(BUSY_PERIODS) + (busyNow ? 1 : 0),
      busyBytes: at(BUSY_BYTES) + (busyNow ? at(PERIOD_BYTES) : 0),
      busyTime: (at(BUSY_TIME) + (busyNow ? at(PERIOD_TIME) : 0)) as Nanos,
    };
  }

  #endPeriod(row: number): void {
    const v = this.#values;
    const time = v[row + PERIOD_TIME] as number;
    if (time >= LONG_PERIOD) {
      v[row + BUSY_PERIODS] = (v[row + BUSY_PERIODS] as number) + 1;
      v[row + BUSY_BYTES] = (v[row + BUSY_BYTES] as number) + (v[row + PERIOD_BYTES] as number);
      v[row + BUSY_TIME] = (v[row + BUSY_TIME] as number) + time;
    }
    v[row + PERIOD_BYTES] = 0;
    v[row + PERIOD_TIME] = 0;
  }
}

/** What a direction did over several phases, one at least. */
export function totalStats(phases: readonly LinkStats[]): LinkStats {
  const sum = (of: (stats: LinkStats) => number): number => phases.reduce((total, stats) => total + of(stats), 0);
  const most = (of: (stats: LinkStats) => number): number => Math.max(...phases.map(of));
  const timed = phases.filter((stats) => stats.timed > 0);
  return {
    offered: sum((s) => s.offered),
    offeredBytes: sum((s) => s.offeredBytes),
    carried: sum((s) => s.carried),
    carriedBytes: sum((s) => s.carriedBytes),
    lost: sum((s) => s.lost),
    down: sum((s) => s.down),
    queueOverflow: sum((s) => s.queueOverflow),
    tooLong: sum((s) => s.tooLong),
    duplicated: sum((s) => s.duplicated),
    corrupted: sum((s) => s.corrupted),
    reordered: sum((s) => s.reordered),
    delaySum: sum((s) => s.delaySum) as Nanos,
    delayMax: most((s) => s.delayMax) as Nanos,
    tried: sum((s) => s.tried),
    timed: sum((s) => s.timed),
    transitSum: sum((s) => s.transitSum) as Nanos,
    transitMin: (timed.length === 0 ? 0 : Math.min(...timed.map((s) => s.transitMin))) as Nanos,
    transitMax: most((s) => s.transitMax) as Nanos,
    busyPeriods: sum((s) => s.busyPeriods),
    busyBytes: sum((s) => s.busyBytes),
    busyTime: sum((s) => s.busyTime) as Nanos,
  };
}
