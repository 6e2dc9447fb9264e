import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.js';
import { DROP } from '../base/drop.js';
import { millis } from '../base/time.js';
import { CORRUPTED, FOLLOWED, LONG_PERIOD, LinkCounters, type LinkStats, OFFERED_DOWN, UNTIMED, totalStats } from './link-stats.js';
import type { Packet } from './packet.js';
import { createPool } from './pool.js';

interface Arrival {
  readonly sent?: number;
  readonly left?: number;
  readonly at: number;
  readonly len?: number;
  readonly line?: number;
}

const pool = createPool();

/** Times in milliseconds. */
function arrival({ sent = 0, left = sent, at, len = 100, line = 0 }: Arrival, row = 0): Packet {
  return Object.assign(pool.take(len), { sentAt: millis(sent), leftAt: millis(left), time: millis(at), line, row });
}

function counted(...arrivals: readonly Arrival[]): LinkStats {
  const counters = new LinkCounters(1);
  const row = counters.newRow();
  for (const one of arrivals) counters.arrived(arrival(one, row));
  return counters.snapshot(row);
}

const NOTHING = counted();

describe('counters of a direction', () => {
  it('are all zero to begin with', () => {
    expect(Object.values(NOTHING).filter((value) => value !== 0)).toEqual([]);
  });

  it('count what was offered and what became of it; the dice see what is up and fits', () => {
    const counters = new LinkCounters(1);
    const row = counters.newRow();
    for (const len of [100, 200, 300, 400, 500, 600]) counters.offered(row, len);
    for (const drop of [DROP.LINK_LOSS, DROP.LINK_DOWN, DROP.LINK_DOWN, DROP.LINK_QUEUE, DROP.MTU_DF]) counters.drop(row, drop);
    counters.add(row + OFFERED_DOWN, 1);
    counters.add(row + CORRUPTED, 3);
    expect(counters.snapshot(row)).toEqual({
      ...NOTHING,
      offered: 6,
      offeredBytes: 2100,
      lost: 1,
      down: 2,
      queueOverflow: 1,
      tooLong: 1,
      corrupted: 3,
      tried: 4,
    });
  });

  it('keep rows apart, however many there are', () => {
    const counters = new LinkCounters(0);
    const rows = Array.from({ length: 9 }, () => counters.newRow());
    rows.forEach((row, i) => {
      for (let k = 0; k <= i; k++) counters.offered(row, 1000);
      counters.arrived(arrival({ at: i + 1 }, row));
    });
    expect(rows.map((row) => counters.snapshot(row)).map(({ offered, offeredBytes, transitMin }) => [offered, offeredBytes, transitMin])).toEqual(
      rows.map((_, i) => [i + 1, (i + 1) * 1000, millis(i + 1)]),
    );
  });

  it('sum delays from sending, and times on the way from when queue and line were left', () => {
    const stats = counted({ sent: 0, left: 3, at: 8, len: 60 }, { sent: 1, left: 1, at: 3, len: 70 }, { sent: 2, left: 4, at: 8, len: 80 });
    expect(stats).toMatchObject({ carried: 3, carriedBytes: 210, delaySum: millis(16), delayMax: millis(8) });
    expect(stats).toMatchObject({ timed: 3, transitSum: millis(11), transitMin: millis(2), transitMax: millis(5) });
  });

  it('time nothing of frames that say nothing about the delay', () => {
    const stats = counted({ at: 9, line: UNTIMED }, { at: 4 }, { at: 1, line: UNTIMED | FOLLOWED });
    expect(stats).toMatchObject({ carried: 3, timed: 1, transitSum: millis(4), transitMin: millis(4), transitMax: millis(4), delayMax: millis(9) });
    expect(counted({ at: 9, line: UNTIMED })).toMatchObject({ timed: 0, transitMin: 0, transitMax: 0 });
  });
});

describe('busy periods', () => {
  /** Frames a millisecond apart, each behind the one before. */
  const period = (from: number, count: number): Arrival[] => Array.from({ length: count }, (_, i) => ({ at: from + i, line: i === 0 ? 0 : FOLLOWED }));
  const busy = (...arrivals: readonly Arrival[]): readonly number[] => {
    const { busyPeriods, busyBytes, busyTime } = counted(...arrivals);
    return [busyPeriods, busyBytes, busyTime / 1e6];
  };

  it('have the octets and the time behind their first frame, while they go on and when they are over', () => {
    expect(LONG_PERIOD).toBe(millis(10));
    expect(busy(...period(5, 21))).toEqual([1, 2000, 20]);
    expect(busy(...period(5, 21), { at: 100 })).toEqual([1, 2000, 20]);
    expect(busy(...period(5, 21), ...period(100, 16), { at: 200 })).toEqual([2, 3500, 35]);
  });

  it('count from 10 ms on', () => {
    expect(busy(...period(0, 11))).toEqual([1, 1000, 10]);
    expect(busy(...period(0, 10))).toEqual([0, 0, 0]);
    expect(busy(...period(0, 11), { at: 100 })).toEqual([1, 1000, 10]);
    expect(busy(...period(0, 10), { at: 100 })).toEqual([0, 0, 0]);
    // What was too short is forgotten.
    expect(busy(...period(0, 10), ...period(100, 11), { at: 200 })).toEqual([1, 1000, 10]);
  });

  it('begin with the first frame of a row, even if it came behind another', () => {
    expect(busy(...Array.from({ length: 12 }, (_, i) => ({ at: 50 + i, line: FOLLOWED })))).toEqual([1, 1100, 11]);
  });
});

describe('several phases together', () => {
  it('add up, but for least and most', () => {
    const keys = Object.keys(NOTHING) as (keyof LinkStats)[];
    const stats = (factor: number): LinkStats => Object.fromEntries(keys.map((key, i) => [key, (i + 1) * factor])) as unknown as LinkStats;
    const [one, ten, hundred] = [stats(1), stats(10), stats(100)];
    const expected = Object.fromEntries(
      keys.map((key, i) => [key, (i + 1) * (key === 'delayMax' || key === 'transitMax' ? 100 : key === 'transitMin' ? 1 : 111)]),
    );
    expect(totalStats([ten, hundred, one])).toEqual(expected);
    expect(totalStats([must(ten, 'phase')])).toEqual(ten);
  });

  it('have the least time of those phases in which anything was timed', () => {
    const timed = counted({ at: 7 });
    expect(totalStats([NOTHING, timed, NOTHING]).transitMin).toBe(millis(7));
    expect(totalStats([NOTHING, NOTHING])).toEqual(NOTHING);
  });
});
