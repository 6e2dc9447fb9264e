import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LinkId } from '../base/brand.js';
import { randomRoot } from '../base/rng.js';
import { micros, millis, type Nanos, nanos, seconds } from '../base/time.js';
import { type ImpairmentSpec, NO_IMPAIRMENT } from '../topology/impairment.js';
import { createFabric } from './fabric.js';
import { createScheduler } from './lab-scheduler.js';
import { NULL_TAP } from './link.js';
import { createPool } from './pool.js';
import { testLink } from './testing.js';

const LINK = 0 as LinkId;

describe('a plain link', () => {
  it('brings a frame to the other end after the delay, in each direction', () => {
    const link = testLink({ spec: { delay: millis(20) } });
    const id = link.send(100);
    const back = link.send(100, { side: 1 });
    link.run();
    expect(link.notes).toEqual([
      { kind: 'sent', id, at: 0, side: 0, drop: 'none' },
      { kind: 'sent', id: back, at: 0, side: 1, drop: 'none' },
      { kind: 'received', id, at: 20e6, side: 1, drop: 'none' },
      { kind: 'delivered', id, at: 20e6, side: 1, drop: 'none' },
      { kind: 'received', id: back, at: 20e6, side: 0, drop: 'none' },
      { kind: 'delivered', id: back, at: 20e6, side: 0, drop: 'none' },
    ]);
    expect(link.pool.live).toBe(0);
  });

  it('without delay delivers at the same time, but not within send', () => {
    const link = testLink();
    link.send(100);
    expect(link.arrivals.length).toBe(0);
    link.run();
    expect(link.arrivals[0]?.at).toBe(0);
  });

  it('frames of one direction sent at one time arrive in the order of sending', () => {
    const link = testLink({ spec: { delay: millis(1) } });
    const ids = Array.from({ length: 50 }, () => link.send(60));
    link.run();
    expect(link.arrivals.map((a) => a.id)).toEqual(ids);
  });

  it('counts what it carried', () => {
    const link = testLink({ spec: { delay: millis(2) } });
    link.send(100);
    link.send(200);
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 2, offeredBytes: 300, carried: 0 });
    link.run();
    expect(link.fabric.stats(LINK, 0)).toEqual({
      offered: 2,
      offeredBytes: 300,
      carried: 2,
      carriedBytes: 300,
      lost: 0,
      down: 0,
      queueOverflow: 0,
      tooLong: 0,
      duplicated: 0,
      corrupted: 0,
      reordered: 0,
      delaySum: 4e6,
      delayMax: 2e6,
      tried: 2,
      timed: 2,
      transitSum: 4e6,
      transitMin: 2e6,
      transitMax: 2e6,
      busyPeriods: 0,
      busyBytes: 0,
      busyTime: 0,
    });
    expect(link.fabric.stats(LINK, 1).offered).toBe(0);
  });

  it('refuses a released packet, a second port and an end without port', () => {
    const link = testLink();
    const p = link.pool.take(60);
    link.pool.release(p);
    expect(() => link.fabric.end(LINK, 0).send(p)).toThrow('not sent after its release');
    expect(() => link.fabric.end(LINK, 0).attach({ deliver() {} })).toThrow('one port');
    expect(() => link.fabric.end(1 as LinkId, 0)).toThrow('link 1');
    const scheduler = createScheduler();
    const pool = createPool();
    const spec = NO_IMPAIRMENT;
    const links = [{ id: LINK, name: 'l', mtu: 1500, impairments: [spec, spec], up: true }] as const;
    const fabric = createFabric({ links, scheduler, pool, tap: NULL_TAP, random: randomRoot(1) });
    fabric.end(LINK, 0).send(pool.take(60));
    expect(() => scheduler.step()).toThrow('a port at side 1 of link 0');
    expect(() => createFabric({ links: [{ ...links[0], id: 3 as LinkId }], scheduler, pool, tap: NULL_TAP, random: randomRoot(1) })).toThrow('index');
  });
});

describe('the MTU', () => {
  it('is that of the IP packet: the Ethernet header comes on top', () => {
    const link = testLink({ mtu: 1400 });
    link.send(1414);
    const long = link.send(1415);
    link.run();
    expect(link.drops()).toEqual([[long, 'mtu-df']]);
    expect(link.fabric.end(LINK, 0).mtu).toBe(1400);
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 2, carried: 1, tooLong: 1 });
    expect(link.pool.live).toBe(0);
  });
});

describe('the rate', () => {
  it('a frame of n octets takes 8 n / rate', () => {
    const link = testLink({ spec: { rate: 10e6, delay: millis(5) } });
    link.send(1250);
    link.run();
    // 1250 octets at 10 Mbit/s: 1 ms.
    expect(link.arrivals[0]?.at).toBe(6e6);
  });

  it('is met exactly under backlog, also where a frame takes no whole number of nanoseconds', () => {
    for (const [rate, length] of [
      [10e6, 1000],
      [3e6, 1499],
      [7_777_777, 61],
    ] as const) {
      const link = testLink({ spec: { rate, limit: 5000 }, quiet: true });
      for (let i = 0; i < 3000; i++) link.send(length);
      link.run();
      expect(link.arrivals).toHaveLength(3000);
      expect(Math.max(...link.arrivals.map((a, i) => Math.abs(a.at - ((i + 1) * length * 8e9) / rate)))).toBeLessThan(1);
      expect(Math.abs(link.scheduler.now - (3000 * length * 8e9) / rate)).toBeLessThan(1);
    }
  });

  it('an idle line is not paid back later', () => {
    const link = testLink({ spec: { rate: 8e6 } });
    link.send(1000);
    link.sendAt(millis(10), 1000);
    link.run();
    expect(link.arrivals.map((a) => a.at)).toEqual([1e6, 11e6]);
  });

  it('the queue drops its tail: the limit counts frames that have not left, with the one being sent', () => {
    const link = testLink({ spec: { rate: 8e6, limit: 10 } });
    const ids = Array.from({ length: 15 }, () => link.send(1000));
    // Three frames have left at 3 ms: three more find room, the fourth does not.
    link.at(millis(3), () => {
      for (let i = 0; i < 4; i++) ids.push(link.send(1000));
    });
    link.run();
    expect(link.drops()).toEqual([10, 11, 12, 13, 14, 18].map((i) => [ids[i], 'link-queue-overflow']));
    expect(link.arrivals.map((a) => a.at)).toEqual(Array.from({ length: 13 }, (_, i) => (i + 1) * 1e6));
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 19, carried: 13, queueOverflow: 6 });
  });

  it('a change holds for frames sent after; those before keep their departure', () => {
    const link = testLink({ spec: { rate: 8e6 } });
    link.send(1000);
    link.send(1000);
    link.fabric.control.set(LINK, 0, { rate: 80e6 });
    link.send(1000);
    link.fabric.control.set(LINK, 0, { rate: 0 });
    link.send(1000);
    link.run();
    expect(link.arrivals.map((a) => a.at)).toEqual([1e6, 2e6, 2.1e6, 2.1e6]);
  });

  it('drops and departures agree with a model that keeps the queue as a list', () => {
    const arb = fc.array(fc.record({ gap: fc.integer({ min: 0, max: 3_000_000 }), length: fc.integer({ min: 16, max: 1514 }) }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(arb, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1e5, max: 1e9 }), (frames, limit, rate) => {
        const link = testLink({ spec: { rate, limit, delay: micros(7) } });
        const expected: number[] = [];
        let now = 0;
        let free = 0;
        let departures: number[] = [];
        for (const { gap, length } of frames) {
          now += gap;
          link.sendAt(nanos(now), length);
          departures = departures.filter((d) => d > now);
          if (departures.length >= limit) continue;
          free = Math.max(free, now) + (length * 8e9) / rate;
          departures.push(Math.round(free));
          expected.push(Math.round(free) + 7000);
        }
        link.run();
        expect(link.arrivals.map((a) => a.at)).toEqual(expected);
        expect(link.pool.live).toBe(0);
      }),
      { seed: 11, numRuns: 60 },
    );
  });
});

describe('up and down', () => {
  it('what is in flight dies at its arrival, what is offered dies at once', () => {
    const link = testLink({ spec: { delay: millis(10) } });
    const flying = link.send(100);
    link.at(millis(4), () => link.fabric.control.set(LINK, 'both', { up: false }));
    link.at(millis(5), () => link.send(100));
    link.run();
    expect(link.notes.map((n) => [n.kind, n.at, n.side, n.drop])).toEqual([
      ['sent', 0, 0, 'none'],
      ['carrier down', 4e6, 0, 'none'],
      ['carrier down', 4e6, 1, 'none'],
      ['sent', 5e6, 0, 'link-down'],
      ['ended', 5e6, null, 'none'],
      ['lost', 10e6, 0, 'link-down'],
      ['ended', 10e6, null, 'none'],
    ]);
    expect(link.drops()[1]).toEqual([flying, 'link-down']);
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 2, carried: 0, down: 2 });
    expect(link.pool.live).toBe(0);
  });

  it('what was in flight stays dead when the link is up again before its arrival', () => {
    const link = testLink({ spec: { delay: millis(10) } });
    link.send(100);
    link.at(millis(4), () => link.fabric.control.set(LINK, 'both', { up: false }));
    link.at(millis(5), () => link.fabric.control.set(LINK, 'both', { up: true }));
    link.sendAt(millis(6), 100);
    link.run();
    expect(link.arrivals.map((a) => a.at)).toEqual([16e6]);
    expect(link.notes.filter((n) => n.kind === 'carrier up').length).toBe(2);
  });

  it('goes down by direction; carrier is told to the end that can no longer send', () => {
    const link = testLink();
    link.fabric.control.set(LINK, 0, { up: false });
    expect([link.fabric.end(LINK, 0).up, link.fabric.end(LINK, 1).up]).toEqual([false, true]);
    link.send(100);
    link.send(100, { side: 1 });
    link.run();
    expect(link.arrivals.length).toBe(1);
    expect(link.notes.filter((n) => n.kind === 'carrier down').map((n) => n.side)).toEqual([0]);
  });

  it('tells nobody of what is so already, and can begin down', () => {
    const link = testLink({ up: false });
    link.fabric.control.set(LINK, 'both', { up: false });
    expect(link.notes).toEqual([]);
    link.send(60);
    expect(link.drops().map((d) => d[1])).toEqual(['link-down']);
  });

  it('empties the queue: the line is free when the link is up again', () => {
    const link = testLink({ spec: { rate: 8e6, limit: 3 } });
    for (let i = 0; i < 3; i++) link.send(1000);
    link.fabric.control.set(LINK, 'both', { up: false });
    link.fabric.control.set(LINK, 'both', { up: true });
    for (let i = 0; i < 3; i++) link.send(1000);
    link.run();
    expect(link.arrivals.map((a) => a.at)).toEqual([1e6, 2e6, 3e6]);
  });
});

describe('changes at run time', () => {
  it('change one direction or both, keep the rest, and show in the impairment asked for', () => {
    const link = testLink({ spec: { delay: millis(10), rate: 8e9 } });
    link.send(1000);
    link.fabric.control.set(LINK, 0, { delay: millis(1) });
    link.send(1000);
    link.send(1000, { side: 1 });
    link.run();
    expect(link.fabric.impairment(LINK, 0)).toEqual({ ...NO_IMPAIRMENT, delay: 1e6, rate: 8e9 });
    expect(link.fabric.impairment(LINK, 1).delay).toBe(10e6);
    // With a rate frames keep their order: the second waits for the first, which keeps its delay.
    expect(link.arrivals.map((a) => a.at)).toEqual([10_001_000, 10_001_000, 10_001_000]);
  });
});

describe('an impairment out of range', () => {
  it('is refused when a link is built and when it is changed', () => {
    const probability = (p: number): string => `a probability is between 0 and 1: ${p}`;
    const whole = (n: number): string => `delay, jitter and gap are whole and not negative: ${n}`;
    const rate = (n: number): string => `a rate is not negative: ${n}`;
    const limit = (n: number): string => `a queue has room for one frame at least: ${n}`;
    const ge = { model: 'gemodel', p: 0, r: 0, h: 1, k: 1 } as const;
    const wrong: [Partial<ImpairmentSpec>, string][] = [
      [{ corrupt: 1.01 }, probability(1.01)],
      [{ duplicate: -0.1 }, probability(-0.1)],
      [{ reorder: NaN }, probability(NaN)],
      [{ loss: { model: 'random', probability: 2 } }, probability(2)],
      [{ loss: { ...ge, p: 1.5 } }, probability(1.5)],
      [{ loss: { ...ge, r: -1 } }, probability(-1)],
      [{ loss: { ...ge, h: -2 } }, probability(-2)],
      [{ loss: { ...ge, k: 1.1 } }, probability(1.1)],
      [{ delay: -1 as Nanos }, whole(-1)],
      [{ jitter: 0.5 as Nanos }, whole(0.5)],
      [{ gap: Infinity }, whole(Infinity)],
      [{ gap: -1 }, whole(-1)],
      [{ rate: -1 }, rate(-1)],
      [{ rate: Infinity }, rate(Infinity)],
      [{ limit: 0 }, limit(0)],
      [{ limit: 1.5 }, limit(1.5)],
    ];
    for (const [spec, words] of wrong) {
      expect(() => testLink({ spec })).toThrow(words);
      const link = testLink();
      expect(() => link.fabric.control.set(LINK, 0, spec)).toThrow(words);
      expect(link.fabric.impairment(LINK, 0)).toEqual(NO_IMPAIRMENT);
    }
  });

  it('is none at the ends of the range', () => {
    const least = {
      corrupt: 0,
      duplicate: 0,
      reorder: 0,
      loss: { model: 'random', probability: 0 },
      delay: nanos(0),
      jitter: nanos(0),
      gap: 0,
      rate: 0,
      limit: 1,
    } as const;
    const most = { corrupt: 1, duplicate: 1, reorder: 1, loss: { model: 'gemodel', p: 1, r: 1, h: 1, k: 1 } } as const;
    for (const spec of [least, most]) expect(testLink({ spec }).fabric.impairment(LINK, 1)).toEqual({ ...NO_IMPAIRMENT, ...spec });
  });
});

describe('conservation', () => {
  const probability = fc.constantFrom(0, 0.1, 0.5, 1);
  const spec: fc.Arbitrary<Partial<ImpairmentSpec>> = fc.record({
    delay: fc.integer({ min: 0, max: 5e6 }).map(nanos),
    jitter: fc.constantFrom(0, 1e5, 1e7).map(nanos),
    distribution: fc.constantFrom('uniform', 'normal', 'pareto', 'paretonormal'),
    loss: fc.oneof(fc.constant(null), fc.record({ model: fc.constant('random' as const), probability })),
    corrupt: probability,
    duplicate: probability,
    reorder: probability,
    gap: fc.integer({ min: 0, max: 3 }),
    rate: fc.constantFrom(0, 1e6, 1e8),
    limit: fc.integer({ min: 1, max: 8 }),
    egress: fc.constantFrom('fifo', 'dscp-priority'),
  });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ length: fc.integer({ min: 10, max: 1600 }), dscp: fc.constantFrom(0, 10, 18, 34, 46) }) },
    { weight: 1, arbitrary: fc.record({ change: spec, up: fc.boolean() }) },
  );

  it('every frame has one verdict and one end; counters add up; nothing stays in the pool', () => {
    fc.assert(
      fc.property(spec, fc.array(fc.tuple(fc.integer({ min: 0, max: 1e6 }), step), { maxLength: 60 }), (first, steps) => {
        const link = testLink({ spec: first });
        let now = 0;
        for (const [gap, s] of steps) {
          now += gap;
          if ('length' in s) link.sendAt(nanos(now), s.length, { dscp: s.dscp });
          else link.at(nanos(now), () => link.fabric.control.set(LINK, 'both', { ...s.change, up: s.up }));
        }
        link.run();
        const count = (kind: string): number => link.notes.filter((n) => n.kind === kind).length;
        const stats = link.fabric.stats(LINK, 0);
        const { offered, duplicated, carried } = stats;
        const dropped = stats.lost + stats.down + stats.queueOverflow + stats.tooLong;
        const ends = link.notes.filter((n) => n.kind === 'ended' || n.kind === 'delivered').map((n) => n.id);
        const seen = [link.pool.live, ...['sent', 'delivered', 'received', 'ended'].map(count), link.drops().length, offered + duplicated, new Set(ends).size];
        expect(seen).toEqual([0, offered + duplicated, carried, carried, dropped, dropped, carried + dropped, ends.length]);
      }),
      { seed: 5, numRuns: 100 },
    );
  });
});

describe('determinism', () => {
  const noisy: Partial<ImpairmentSpec> = { delay: millis(5), loss: { model: 'random', probability: 0.2 } };
  const lost = (options: { seed?: number; name?: string; spec: Partial<ImpairmentSpec> }): number[] => {
    const link = testLink(options);
    for (let i = 0; i < 500; i++) link.sendAt(((i * seconds(1)) / 100) as Nanos, 100);
    link.run();
    // By the place of the frame, since copies take ids too: a copy is sent at the time of its original.
    const sent = link.notes.filter((n) => n.kind === 'sent');
    const originals = sent.filter((n, i) => i === 0 || n.at !== sent[i - 1]?.at);
    return originals.flatMap((n, i) => (n.drop === 'link-loss' ? [i] : []));
  };

  it('the same seed loses the same frames; another seed, name or side others', () => {
    expect(lost({ spec: noisy })).toEqual(lost({ spec: noisy }));
    expect(lost({ spec: noisy, seed: 2 })).not.toEqual(lost({ spec: noisy }));
    expect(lost({ spec: noisy, name: 'other' })).not.toEqual(lost({ spec: noisy }));
  });

  it('each direction throws dice of its own', () => {
    const link = testLink({ spec: noisy });
    for (let i = 0; i < 100; i++) for (const side of [0, 1] as const) link.sendAt(millis(i), 100, { side });
    link.run();
    const lostOf = (side: number): number[] => link.notes.filter((n) => n.side === side && n.drop === 'link-loss').map((n) => n.at);
    expect(lostOf(0).length).toBeGreaterThan(0);
    expect(lostOf(0)).not.toEqual(lostOf(1));
  });

  it('no other impairment moves a loss', () => {
    const all: Partial<ImpairmentSpec> = { ...noisy, jitter: millis(3), distribution: 'normal', corrupt: 0.3, duplicate: 0.3, reorder: 0.3, gap: 2, rate: 1e9 };
    expect(lost({ spec: all })).toEqual(lost({ spec: noisy }));
  });
});
