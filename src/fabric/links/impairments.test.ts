import { describe, expect, it } from 'vitest';
import type { LinkId } from '../../base/brand.js';
import { DROP } from '../../base/drop.js';
import { randomRoot } from '../../base/rng.js';
import { micros, millis, type Nanos, nanos } from '../../base/time.js';
import { type DelayDistribution, type ImpairmentSpec, NO_IMPAIRMENT } from '../../topology/impairment.js';
import { createFabric } from '../fabric.js';
import { newFate, newTransit } from './fate.js';
import { Impairments } from './impairments.js';
import { jitterTable, TABLE_SCALE } from './jitter-table.js';
import { createScheduler } from '../lab-scheduler.js';
import { NULL_TAP, type Tap } from '../link.js';
import type { Packet } from '../packet.js';
import { createPool } from '../pool.js';
import { ipFrame, testLink, type TestLink } from '../testing.js';

const LINK = 0 as LinkId;
const N = 10_000;

/** Sends `n` frames, `gap` apart, over a link without notes. */
function flood(spec: Partial<ImpairmentSpec>, n = N, gap: Nanos = micros(10), seed = 1): TestLink {
  const link = testLink({ spec, quiet: true, seed });
  for (let i = 0; i < n; i++) {
    link.run(nanos(i * gap));
    link.send(100);
  }
  link.run();
  return link;
}

/** Delay and jitter of so many frames, as the dice have them; the link adds them to the time of departure. */
function drawn(spec: Partial<ImpairmentSpec>, n: number, seed = 1): number[] {
  const dice = new Impairments(randomRoot(seed), 'link:wan:ab', { ...NO_IMPAIRMENT, ...spec });
  const transit = newTransit();
  return Array.from({ length: n }, () => {
    dice.transit(transit);
    return transit.extra;
  });
}

/** Five standard deviations of a count of `n` trials with probability `p`: one seed in two million fails by chance. */
function expectBinomial(count: number, n: number, p: number): void {
  expect(Math.abs(count - n * p)).toBeLessThanOrEqual(5 * Math.sqrt(n * p * (1 - p)));
}

describe('random loss', () => {
  it('0 loses nothing, 1 loses all, between it is binomial', () => {
    expect(flood({ loss: { model: 'random', probability: 0 } }, 1000).arrivals.length).toBe(1000);
    expect(flood({ loss: { model: 'random', probability: 1 } }, 1000).arrivals.length).toBe(0);
    for (const probability of [0.001, 0.05, 0.5]) {
      const { lost, carried } = flood({ loss: { model: 'random', probability } }).fabric.stats(LINK, 0);
      expectBinomial(lost, N, probability);
      expect(lost + carried).toBe(N);
    }
  });

  it('is told as link-loss when the frame is offered', () => {
    const link = testLink({ spec: { loss: { model: 'random', probability: 1 } } });
    const id = link.send(100);
    expect(link.notes.map((n) => [n.kind, n.id, n.drop])).toEqual([
      ['sent', id, 'link-loss'],
      ['ended', id, 'none'],
    ]);
  });
});

describe('Gilbert-Elliott loss', () => {
  /** Which of the frames were lost, by their place. */
  function losses(spec: Partial<ImpairmentSpec>, n: number): boolean[] {
    const dice = new Impairments(randomRoot(1), 'link:wan:ab', { ...NO_IMPAIRMENT, ...spec });
    const fate = newFate();
    return Array.from({ length: n }, () => {
      dice.fate(100, fate);
      return fate.drop === DROP.LINK_LOSS;
    });
  }

  const bursts = (lost: readonly boolean[]): number[] => {
    const lengths: number[] = [];
    let run = 0;
    for (const l of lost) {
      if (l) run++;
      else if (run > 0) {
        lengths.push(run);
        run = 0;
      }
    }
    return lengths;
  };

  it('simple Gilbert (h = 0, k = 1): mean loss p / (p + r), bursts geometric with mean 1 / r', () => {
    const p = 0.01;
    const r = 0.25;
    const n = 200_000;
    const lost = losses({ loss: { model: 'gemodel', p, r, h: 0, k: 1 } }, n);
    const count = lost.filter(Boolean).length;
    const mean = p / (p + r);
    // Variance of a two-state chain's count: n m (1 - m) (1 + 2 c / (1 - c)), c = 1 - p - r.
    const c = 1 - p - r;
    expect(Math.abs(count - n * mean)).toBeLessThanOrEqual(5 * Math.sqrt(n * mean * (1 - mean) * (1 + (2 * c) / (1 - c))));
    const lengths = bursts(lost);
    const average = lengths.reduce((a, b) => a + b, 0) / lengths.length;
    expect(Math.abs(average - 1 / r)).toBeLessThanOrEqual(5 * Math.sqrt((1 - r) / (r * r) / lengths.length));
    // A geometric distribution: the share of bursts of one frame is r.
    expectBinomial(lengths.filter((l) => l === 1).length, lengths.length, r);
  });

  it('with h and k: mean loss is the mix of both states', () => {
    const [p, r, h, k] = [0.02, 0.1, 0.4, 0.99] as const;
    const n = 200_000;
    const count = losses({ loss: { model: 'gemodel', p, r, h, k } }, n).filter(Boolean).length;
    const bad = p / (p + r);
    const mean = bad * (1 - h) + (1 - bad) * (1 - k);
    const c = 1 - p - r;
    const spread = n * (mean * (1 - mean) + bad * (1 - bad) * (k - h) ** 2 * ((2 * c) / (1 - c)));
    expect(Math.abs(count - n * mean)).toBeLessThanOrEqual(5 * Math.sqrt(spread));
  });

  it('the state changes after the frame: p = 1 and r = 1 lose every second frame, beginning with the second', () => {
    const lost = losses({ loss: { model: 'gemodel', p: 1, r: 1, h: 0, k: 1 } }, 10);
    expect(lost).toEqual([false, true, false, true, false, true, false, true, false, true]);
  });
});

describe('corruption', () => {
  it('flips one bit, never in the Ethernet header, anywhere behind it', () => {
    const link = testLink({ spec: { corrupt: 1, delay: millis(1) } });
    const n = 2000;
    for (let i = 0; i < n; i++) link.send(24);
    link.run();
    const hits = new Array<number>(80).fill(0);
    // Of each frame the bits that are not as they were sent.
    const flips = link.arrivals.map(({ bytes }) =>
      [...bytes].flatMap((b, at) => {
        const changed = b ^ (at === 12 ? 8 : 0);
        return changed === 0 ? [] : [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (changed & (0x80 >> bit)) !== 0).map((bit) => at * 8 + bit);
      }),
    );
    expect(flips.filter((bits) => bits.length !== 1)).toEqual([]);
    expect(Math.min(...flips.flat())).toBeGreaterThanOrEqual(14 * 8);
    for (const bit of flips.flat()) hits[bit - 14 * 8]!++;
    for (const h of hits) expectBinomial(h, n, 1 / 80);
    expect(link.fabric.stats(LINK, 0).corrupted).toBe(n);
  });

  it('the tap sees what was offered; a frame of a bare header has nothing to flip', () => {
    const scheduler = createScheduler();
    const pool = createPool({ checked: true });
    const offered: number[][] = [];
    const bytes = (p: Packet): number[] => [...p.buf.subarray(p.off, p.off + p.len)];
    const tap: Tap = { ...NULL_TAP, sent: (p) => void offered.push(bytes(p)) };
    const spec = { ...NO_IMPAIRMENT, corrupt: 1 };
    const links = [{ id: LINK, name: 'l', mtu: 1500, impairments: [spec, spec], up: true }] as const;
    const fabric = createFabric({ links, scheduler, pool, tap, random: randomRoot(1) });
    const came: number[][] = [];
    fabric.end(LINK, 1).attach({ deliver: (p) => void came.push(bytes(p)) });
    for (const length of [60, 14]) fabric.end(LINK, 0).send(ipFrame(pool.take(length), 0));
    while (scheduler.pending > 0) scheduler.step();
    const whole = bytes(ipFrame(pool.take(60), 0));
    const bare = new Array<number>(14).fill(0);
    expect(offered).toEqual([whole, bare]);
    expect(came[0]).not.toEqual(whole);
    expect(came[1]).toEqual(bare);
    expect(fabric.stats(LINK, 0).corrupted).toBe(1);
  });

  it('happens as often as asked for', () => {
    expectBinomial(flood({ corrupt: 0.02 }).fabric.stats(LINK, 0).corrupted, N, 0.02);
  });
});

describe('duplication', () => {
  it('the copy is a packet of its own, caused by the first, sent and received like it', () => {
    const link = testLink({ spec: { duplicate: 1, delay: millis(3), rate: 8e6 } });
    const id = link.send(1000);
    link.run();
    expect(link.notes.filter((n) => n.kind !== 'delivered').map((n) => [n.kind, n.id, n.at])).toEqual([
      ['sent', id, 0],
      ['sent', id + 1, 0],
      ['received', id, 4e6],
      ['received', id + 1, 5e6],
    ]);
    expect(link.arrivals[1]).toMatchObject({ cause: id, bytes: link.arrivals[0]!.bytes });
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 1, duplicated: 1, carried: 2 });
  });

  it('a copy without room in the queue is dropped; a lost frame has no copy', () => {
    const full = testLink({ spec: { duplicate: 1, rate: 8e6, limit: 1 } });
    full.send(1000);
    full.run();
    expect(full.drops()).toEqual([[2, 'link-queue-overflow']]);
    const lossy = testLink({ spec: { duplicate: 1, loss: { model: 'random', probability: 1 } } });
    lossy.send(1000);
    expect(lossy.pool.taken).toBe(1);
  });

  it('happens as often as asked for', () => {
    expectBinomial(flood({ duplicate: 0.1 }).fabric.stats(LINK, 0).duplicated, N, 0.1);
  });
});

describe('jitter', () => {
  const delays = (distribution: DelayDistribution, delay: Nanos, jitter: Nanos): number[] => drawn({ delay, jitter, distribution }, 40_000);

  function expectMoments(values: readonly number[], mean: number, sigma: number): void {
    const m = values.reduce((a, b) => a + b, 0) / values.length;
    const s = Math.sqrt(values.reduce((a, b) => a + (b - m) ** 2, 0) / values.length);
    expect(Math.abs(m - mean)).toBeLessThanOrEqual((5 * sigma) / Math.sqrt(values.length));
    // Five standard errors of a sigma are below 5 % for all of these, by their kurtosis.
    expect(Math.abs(s / sigma - 1)).toBeLessThan(0.05);
  }

  it('uniform: in [delay - jitter, delay + jitter), sigma jitter / sqrt 3', () => {
    const values = delays('uniform', millis(20), millis(5));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(15e6);
    expect(Math.max(...values)).toBeLessThan(25e6);
    expectMoments(values, 20e6, 5e6 / Math.sqrt(3));
    expect(Math.max(...values) - Math.min(...values)).toBeGreaterThan(9.9e6);
  });

  it('normal: mean and sigma as asked for', () => {
    expectMoments(delays('normal', millis(50), millis(5)), 50e6, 5e6);
  });

  it('pareto and paretonormal: as their tables', () => {
    expectMoments(delays('pareto', millis(50), millis(5)), 50e6 - 0.0329 * 5e6, 0.8209 * 5e6);
    expectMoments(delays('paretonormal', millis(50), millis(5)), 50e6 - 0.0247 * 5e6, 0.8349 * 5e6);
  });

  it('every delay is an entry of the table, rounded once to a nanosecond', () => {
    const allowed = new Set([...jitterTable('normal')].map((t) => 50e6 + Math.round((t * 777_777) / TABLE_SCALE)));
    expect(delays('normal', millis(50), nanos(777_777)).filter((d) => !allowed.has(d))).toEqual([]);
  });

  it('is added to the time at which the frame leaves, drawn anew for each', () => {
    const link = flood({ delay: millis(20), jitter: millis(5), distribution: 'normal' }, 200, millis(100));
    expect(link.arrivals.map((a) => a.at - a.sentAt)).toEqual(drawn({ delay: millis(20), jitter: millis(5), distribution: 'normal' }, 200));
  });

  it('is never negative', () => {
    const values = delays('normal', millis(1), millis(5));
    expect(Math.min(...values)).toBe(0);
  });

  it('lets frames overtake each other without a rate, as netem does; with a rate they keep their order', () => {
    const spec = { delay: millis(10), jitter: millis(5) };
    const free = flood(spec, 2000, micros(100));
    const ids = free.arrivals.map((a) => a.id);
    expect(ids).not.toEqual([...ids].sort((a, b) => a - b));
    let latest = 0;
    const overtaken = free.arrivals.filter((a) => {
      const is = a.sentAt < latest;
      latest = Math.max(latest, a.sentAt);
      return is;
    });
    expect(free.fabric.stats(LINK, 0).reordered).toBe(overtaken.length);
    const rated = flood({ ...spec, rate: 1e9 }, 2000, micros(100));
    const inOrder = rated.arrivals.map((a) => a.id);
    expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b));
    expect(rated.fabric.stats(LINK, 0).reordered).toBe(0);
  });
});

describe('reorder', () => {
  const ahead = (spec: Partial<ImpairmentSpec>, n: number): boolean[] => {
    const link = flood({ delay: millis(10), ...spec }, n, micros(100));
    const early = new Set(link.arrivals.filter((a) => a.at === a.sentAt).map((a) => a.sentAt / 1e5));
    return Array.from({ length: n }, (_, i) => early.has(i));
  };

  it('a gap alone sends every G-th frame ahead (tc-netem(8): gap)', () => {
    expect(ahead({ gap: 5 }, 20).flatMap((a, i) => (a ? [i + 1] : []))).toEqual([5, 10, 15, 20]);
  });

  it('a probability alone sends that share ahead', () => {
    expectBinomial(ahead({ reorder: 0.25 }, 8000).filter(Boolean).length, 8000, 0.25);
  });

  it('both: after G - 1 frames in order each goes ahead with that probability, until one does', () => {
    const flags = ahead({ reorder: 0.5, gap: 4 }, 10_000);
    const distances: number[] = [];
    let last = -1;
    flags.forEach((a, i) => {
      if (!a) return;
      distances.push(i - last);
      last = i;
    });
    expect(Math.min(...distances)).toBe(4);
    expectBinomial(distances.filter((d) => d === 4).length, distances.length, 0.5);
  });

  it('goes ahead of the line as well as of the delay, also where a rate keeps the order of the others', () => {
    const link = testLink({ spec: { delay: millis(10), rate: 8e6, gap: 3 } });
    for (let i = 0; i < 6; i++) link.send(1000);
    link.run();
    expect(link.arrivals.map((a) => [a.id, a.at])).toEqual([
      [3, 3e6],
      [6, 6e6],
      [1, 11e6],
      [2, 12e6],
      [4, 14e6],
      [5, 15e6],
    ]);
  });

  it('a frame that went ahead is not what counts as reordered: those that it overtook are (RFC 4737 section 3)', () => {
    const link = flood({ delay: millis(10), gap: 3 }, 6, micros(100));
    expect(link.arrivals.map((a) => a.id)).toEqual([3, 6, 1, 2, 4, 5]);
    expect(link.fabric.stats(LINK, 0).reordered).toBe(4);
  });
});
