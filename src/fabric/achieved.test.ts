/**
 * What links achieve is what they were asked, by netem's definitions; and where it is not, that is seen.
 */
import { describe, expect, it } from 'vitest';
import type { LinkId } from '../base/brand.js';
import { type Nanos, micros, millis, nanos, seconds } from '../base/time.js';
import { type ImpairmentSpec, NO_IMPAIRMENT } from '../topology/impairment.js';
import { achieved, deviations } from './achieved.js';
import type { Idle, RealTime } from './driver/real-time.js';
import { WallDriver } from './driver/wall-driver.js';
import { type LinkPhase, type LinkStats, totalStats } from './link-stats.js';
import { type TestLink, testLink } from './testing.js';

const LINK = 0 as LinkId;
const RANDOM = (probability: number): Partial<ImpairmentSpec> => ({ loss: { model: 'random', probability } });

/** Sends `n` frames of 1000 octets, `gap` apart; what the direction did. */
function driven(spec: Partial<ImpairmentSpec>, n: number, gap: Nanos): LinkPhase {
  const link = testLink({ spec, quiet: true });
  send(link, n, gap);
  link.run();
  return only(link);
}

function send(link: TestLink, n: number, gap: Nanos): void {
  const from = link.scheduler.now;
  for (let i = 0; i < n; i++) {
    link.run(nanos(from + i * gap));
    link.send(1000);
  }
}

function only(link: TestLink): LinkPhase {
  const phases = link.fabric.phases(LINK, 0);
  expect(phases).toHaveLength(1);
  return phases[0] as LinkPhase;
}

const judged = ({ spec, stats }: LinkPhase): unknown => deviations(spec, stats);
/** The same frames, had the link been asked something else. */
const against = ({ spec, stats }: LinkPhase, change: Partial<ImpairmentSpec>): unknown => deviations({ ...spec, ...change }, stats);

describe('the delay', () => {
  it('is the time on the way without queue and line, to the nanosecond', () => {
    // 8 Mbit/s: 1 ms a frame on the line, and 50 of them wait for one another.
    const phase = driven({ delay: millis(20), rate: 8e6 }, 50, micros(100));
    expect(achieved(phase.stats)).toMatchObject({ delay: 20e6, loss: 0 });
    expect(phase.stats.delayMax).toBeGreaterThan(60e6);
    expect([phase.stats.transitMin, phase.stats.transitMax]).toEqual([20e6, 20e6]);
    expect(judged(phase)).toEqual([]);
    expect(against(phase, { delay: millis(22) })).toEqual(['delay']);
  });

  it.each(['uniform', 'normal', 'pareto', 'paretonormal'] as const)(
    'has the mean of its distribution, %s, also where a line keeps the order',
    (distribution) => {
      for (const rate of [0, 1e9]) {
        const phase = driven({ delay: millis(50), jitter: millis(10), distribution, rate }, 4000, millis(1));
        expect(judged(phase)).toEqual([]);
        // Five percent of 50 ms, and what chance does to the mean of 4000 draws of up to 10 ms deviation.
        expect(against(phase, { delay: millis(54) })).toEqual(['delay']);
        expect(against(phase, { delay: millis(46) })).toEqual(['delay']);
      }
    },
  );

  it('leaves out what reorder sends ahead', () => {
    const phase = driven({ delay: millis(20), reorder: 0.25 }, 1000, millis(1));
    expect(phase.stats.timed).toBeLessThan(850);
    expect(achieved(phase.stats).delay).toBe(20e6);
  });

  it('of a link that carried nothing is none', () => {
    expect(achieved(driven(RANDOM(1), 10, millis(1)).stats)).toEqual({ delay: null, loss: 1, rate: null });
    expect(achieved(only(testLink()).stats)).toEqual({ delay: null, loss: null, rate: null });
  });

  it('on a clock that is late is what it was, not what was asked', async () => {
    /** Sleeps 15 ms longer than it is told to. */
    const time: RealTime & Idle & { time: number } = {
      time: 0,
      now: () => time.time as Nanos,
      wait: (until) => {
        time.time = until + 15e6;
        return Promise.resolve();
      },
      wake: () => undefined,
    };
    const link = testLink({ spec: { delay: millis(20) }, quiet: true });
    const driver = new WallDriver(link.scheduler, { time, idle: time });
    for (let i = 0; i < 20; i++) link.sendAt(millis(100 * i), 100);
    await expect(driver.run(new Promise(() => undefined), seconds(3))).rejects.toMatchObject({ code: 'LAB_TIME_LIMIT' });
    const phase = only(link);
    expect(achieved(phase.stats).delay).toBe(35e6);
    expect(judged(phase)).toEqual(['delay']);
    expect(driver.lateness.max).toBe(15e6);
  });
});

describe('the loss', () => {
  it('is the share of what the dice saw: a full queue, a long frame and a link that is down are none', () => {
    const link = testLink({ spec: { ...RANDOM(0.1), rate: 8e6, limit: 5 }, quiet: true });
    send(link, 2000, micros(500));
    link.send(2000);
    link.fabric.control.set(LINK, 'both', { up: false });
    link.send(1000);
    const phase = only(link);
    expect(phase.stats).toMatchObject({ offered: 2002, tried: 2000, tooLong: 1 });
    expect(phase.stats.queueOverflow).toBeGreaterThan(500);
    expect(achieved(phase.stats).loss).toBe(phase.stats.lost / 2000);
    expect(judged(phase)).toEqual([]);
    // 4 standard deviations of 2000 throws at 0.1 are 54.
    expect(against(phase, RANDOM(0.14))).toEqual(['loss']);
    expect(against(phase, { loss: null })).toEqual(['loss']);
  });

  it('in bursts spreads wider, and is held against the mean of both states', () => {
    // Gilbert: mean p / (p + r) = 1/11.
    const gemodel = { model: 'gemodel', p: 0.02, r: 0.2, h: 0, k: 1 } as const;
    const phase = driven({ loss: gemodel }, 20_000, micros(10));
    expect(judged(phase)).toEqual([]);
    expect(achieved(phase.stats).loss).toBeCloseTo(1 / 11, 1);
    expect(against(phase, { loss: { ...gemodel, p: 0.04 } })).toEqual(['loss']);
    expect(against(phase, { loss: { ...gemodel, p: 0 } })).toEqual(['loss']);
  });

  it('that was asked of few frames may be none', () => {
    expect(judged(driven(RANDOM(0.01), 20, millis(1)))).toEqual([]);
  });
});

describe('the rate', () => {
  it.each(['fifo', 'dscp-priority'] as const)('is that of a backlogged line, %s', (egress) => {
    // 8000 bits every 2 ms, on a line of 3 Mbit/s that needs 2.67 ms for them.
    const phase = driven({ delay: millis(5), rate: 3e6, egress }, 300, millis(2));
    expect(achieved(phase.stats).rate).toBeCloseTo(3e6, -2);
    expect(phase.stats.busyPeriods).toBe(1);
    expect(judged(phase)).toEqual([]);
    expect(against(phase, { rate: 3.3e6 })).toEqual(['rate']);
    expect(against(phase, { rate: 2.7e6 })).toEqual(['rate']);
  });

  it('is not shown by a line that was never full, nor by one that was full for a moment', () => {
    expect(achieved(driven({ rate: 8e6 }, 100, millis(2)).stats).rate).toBeNull();
    const link = testLink({ spec: { rate: 8e6 }, quiet: true });
    // Six frames are on the line for 6 ms.
    for (let burst = 0; burst < 20; burst++) {
      send(link, 6, micros(1));
      link.run(nanos(link.scheduler.now + 20e6));
    }
    expect(achieved(only(link).stats).rate).toBeNull();
  });

  it('sums busy periods, without the pauses between', () => {
    const link = testLink({ spec: { rate: 8e6 }, quiet: true });
    for (let burst = 0; burst < 3; burst++) {
      send(link, 20, micros(1));
      link.run(nanos(link.scheduler.now + 100e6));
    }
    expect(only(link).stats).toMatchObject({ busyPeriods: 3, busyBytes: 3 * 19_000, busyTime: 3 * 19e6 });
  });
});

describe('a change of what is asked', () => {
  it('begins anew; what was sent before is counted where it was asked for', () => {
    const link = testLink({ spec: { delay: millis(20) }, quiet: true });
    send(link, 10, millis(1));
    link.fabric.control.set(LINK, 'both', { delay: millis(5), ...RANDOM(1) });
    send(link, 4, millis(1));
    link.fabric.control.set(LINK, 'both', { loss: null });
    send(link, 2, millis(1));
    link.run();
    const phases = link.fabric.phases(LINK, 0);
    expect(phases.map(({ since, spec, stats }) => [since, spec.delay, stats.offered, achieved(stats).delay, stats.lost])).toEqual([
      [0, 20e6, 10, 20e6, 0],
      [9e6, 5e6, 4, null, 4],
      [12e6, 5e6, 2, 5e6, 0],
    ]);
    expect(phases.map(judged)).toEqual([[], [], []]);
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 16, carried: 12, lost: 4, delayMax: 20e6 });
    // What many changes ask for is kept apart, too.
    for (let i = 0; i < 20; i++) link.fabric.control.set(LINK, 'both', { delay: millis(i) });
    expect(link.fabric.phases(LINK, 1)).toHaveLength(23);
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 16, carried: 12, lost: 4 });
  });

  it.each(['fifo', 'dscp-priority'] as const)('of the rate is seen on a line that stays full, %s', (egress) => {
    const link = testLink({ spec: { ...NO_IMPAIRMENT, rate: 4e6, egress }, quiet: true });
    send(link, 200, millis(1));
    link.fabric.control.set(LINK, 'both', { rate: 2e6 });
    send(link, 400, millis(1));
    link.run();
    const phases = link.fabric.phases(LINK, 0);
    expect(phases.map(({ stats }) => Math.round((achieved(stats).rate ?? 0) / 1e4))).toEqual([400, 200]);
    expect(phases.map(judged)).toEqual([[], []]);
  });
});

/** What a direction would have counted; what is not told is nothing. */
function counted(stats: Partial<LinkStats>): LinkStats {
  return { ...totalStats([only(testLink()).stats]), ...stats };
}
const asked = (spec: Partial<ImpairmentSpec>, stats: Partial<LinkStats>): readonly string[] => deviations({ ...NO_IMPAIRMENT, ...spec }, counted(stats));
/** So many frames with that mean time on the way, in milliseconds. */
const took = (ms: number, timed = 1): Partial<LinkStats> => ({ timed, transitSum: nanos(ms * 1e6 * timed) });

describe('what a clock on the wall is given', () => {
  it.each<[number, number, readonly string[]]>([
    [0, 0, []],
    [0, 1, []],
    [0, 1.001, ['delay']],
    [10, 9, []],
    [10, 8.999, ['delay']],
    [10, 11, []],
    [10, 11.001, ['delay']],
    // From 20 ms on five percent are more than a millisecond.
    [100, 105, []],
    [100, 105.001, ['delay']],
    [100, 95, []],
    [100, 94.999, ['delay']],
  ])('asked %d ms, took %d ms', (delay, time, wanted) => {
    expect(asked({ delay: millis(delay) }, took(time, 10))).toEqual(wanted);
  });

  it.each<[number, readonly string[]]>([
    [1.05, []],
    [0.95, []],
    [1.0701, ['rate']],
    [0.9299, ['rate']],
    // Two periods in 100 ms, each late by up to a millisecond: two percent more.
    [1.0699, []],
    [0.9301, []],
  ])('a rate of %d times what was asked', (factor, wanted) => {
    const stats = { busyPeriods: 2, busyTime: millis(100), busyBytes: (10e6 * factor * 0.1) / 8 };
    expect(asked({ rate: 10e6 }, stats)).toEqual(wanted);
    // Nobody asked for a rate.
    expect(asked({}, stats)).toEqual([]);
  });

  it('no rate of what a late clock held up: 153 octets that took 10 ms on a line that passes them in 122 us', () => {
    const stats = { busyPeriods: 1, busyTime: millis(10), busyBytes: 153 };
    expect(asked({ rate: 10e6 }, stats)).toEqual([]);
    // A line that passes them in 9 ms was full.
    expect(asked({ rate: 136e3 }, stats)).toEqual([]);
    expect(asked({ rate: 200e3 }, stats)).toEqual(['rate']);
  });

  it('a rate whose ends are jittered is given twice the jitter a period', () => {
    const stats = { busyPeriods: 1, busyTime: millis(100), busyBytes: (10e6 * 1.155 * 0.1) / 8 };
    expect(asked({ rate: 10e6, jitter: millis(5) }, stats)).toEqual([]);
    expect(asked({ rate: 10e6, jitter: millis(4) }, stats)).toEqual(['rate']);
  });
});

describe('what chance is given: four standard deviations', () => {
  it('of a loss and one frame more', () => {
    // 10000 throws at 0.1: 1000 +- 30.
    const lost = (count: number): readonly string[] => asked(RANDOM(0.1), { tried: 10_000, lost: count });
    expect([879, 878, 1121, 1122].map(lost)).toEqual([[], ['loss'], [], ['loss']]);
    expect(asked({}, { tried: 10, lost: 1 })).toEqual(['loss']);
    expect(asked({}, { tried: 10, lost: 0 })).toEqual([]);
  });

  it('of a loss in bursts, by how long a state lasts', () => {
    // Good to bad 0.01, back 0.04: a fifth is bad; of bad frames three quarters are lost, of good ones a hundredth.
    const loss = { model: 'gemodel', p: 0.01, r: 0.04, h: 0.25, k: 0.99 } as const;
    const mean = 0.2 * 0.75 + 0.8 * 0.01;
    // Variance of a count of two states: times (2 - p - r) / (p + r) = 39; and 1 / (p + r) = 20 frames to settle in.
    const room = 4 * Math.sqrt(100_000 * mean * (1 - mean) * 39) + 20 + 1;
    const lost = (off: number): readonly string[] => asked({ loss }, { tried: 100_000, lost: Math.round(100_000 * mean + off) });
    expect([room - 1, -room + 1, room + 1, -room - 1].map(lost)).toEqual([[], [], ['loss'], ['loss']]);
  });

  it('of bursts that are shorter than chance would have them, no less than of single losses', () => {
    // Each state lasts one frame: 2 - p - r is less than p + r.
    const loss = { model: 'gemodel', p: 1, r: 1, h: 0, k: 1 } as const;
    const lost = (count: number): readonly string[] => asked({ loss }, { tried: 10_000, lost: count });
    // 5000 +- 4 * 50, half a frame to settle in, and one.
    expect([5201, 5202, 4799, 4798].map(lost)).toEqual([[], ['loss'], [], ['loss']]);
  });

  it('of a chain that never leaves the good state as of single losses', () => {
    const loss = { model: 'gemodel', p: 0, r: 0, h: 0, k: 0.9 } as const;
    const lost = (count: number): readonly string[] => asked({ loss }, { tried: 10_000, lost: count });
    expect([880, 877, 1120, 1123].map(lost)).toEqual([[], ['loss'], [], ['loss']]);
  });

  it('of a jittered delay, by the number of frames', () => {
    // Uniform within 12 ms: sigma 12 / sqrt 3 ms; of 16 frames four standard errors are that. Five percent of 100 ms beside it.
    const room = 5 + 12 / Math.sqrt(3);
    const mean = (ms: number): readonly string[] => asked({ delay: millis(100), jitter: millis(12) }, took(ms, 16));
    expect([100 + room - 0.01, 100 - room + 0.01, 100 + room + 0.01, 100 - room - 0.01].map(mean)).toEqual([[], [], ['delay'], ['delay']]);
  });

  it('of a jitter by a table, around the mean of the table', () => {
    // Pareto: mean -0.0329, sigma 0.8209 of the jitter (jitter-table.ts). Of a million frames chance is next to nothing.
    const mean = (ms: number): readonly string[] => asked({ delay: millis(100), jitter: millis(20), distribution: 'pareto' }, took(ms, 1e6));
    const [centre, room] = [100 - 0.0329 * 20, 5 + (4 * 0.8209 * 20) / 1000];
    expect([centre + room - 0.01, centre - room + 0.01, centre + room + 0.01, centre - room - 0.01].map(mean)).toEqual([[], [], ['delay'], ['delay']]);
  });

  it('of a jitter beyond the delay also what is cut at zero', () => {
    const mean = (delay: number, ms: number): readonly string[] => asked({ delay: millis(delay), jitter: millis(10) }, took(ms, 1e6));
    // Within 10 ms either way; 1 ms for the clock, 0.02 ms for chance.
    expect([mean(10, 11), mean(10, 11.1)]).toEqual([[], ['delay']]);
    expect([mean(9, 20), mean(9, 20.1), mean(9, 7.9)]).toEqual([[], ['delay'], ['delay']]);
    // The normal table ends at 3.67 sigma.
    const normal = (delay: number, ms: number): readonly string[] => asked({ delay: millis(delay), jitter: millis(10), distribution: 'normal' }, took(ms, 1e6));
    expect([normal(36, 38.1), normal(36, 74), normal(36, 75), normal(37, 39)]).toEqual([[], [], ['delay'], ['delay']]);
  });

  it('nothing is off of which nothing was seen', () => {
    expect(asked({ delay: millis(20), rate: 10e6, ...RANDOM(1) }, {})).toEqual([]);
  });

  it('and all that is off is told', () => {
    const stats = { ...took(50), tried: 10, lost: 10, busyPeriods: 1, busyTime: millis(100), busyBytes: 50_000 };
    expect(asked({ rate: 10e6 }, stats)).toEqual(['delay', 'loss', 'rate']);
  });
});
