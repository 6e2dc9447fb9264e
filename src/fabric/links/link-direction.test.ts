import { describe, expect, it } from 'vitest';
import type { LinkId } from '../../base/brand.js';
import { randomRoot } from '../../base/rng.js';
import { micros, millis, nanos } from '../../base/time.js';
import { NO_IMPAIRMENT } from '../../topology/impairment.js';
import { createFabric } from '../fabric.js';
import { createScheduler } from '../lab-scheduler.js';
import { NULL_TAP } from '../link.js';
import { createPool } from '../pool.js';
import { testLink } from '../testing.js';

const LINK = 0 as LinkId;

describe('what a frame bears', () => {
  it('is when it was sent and when it left, whatever it waited for', () => {
    const link = testLink({ spec: { rate: 8e6, delay: millis(5) } });
    link.at(millis(3), () => {
      link.send(1000);
      link.send(1000);
    });
    link.run();
    expect(link.arrivals.map((a) => [a.sentAt, a.at])).toEqual([
      [3e6, 9e6],
      [3e6, 10e6],
    ]);
    // On the way for 5 ms each; the rest was queue and line.
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ delaySum: 13e6, delayMax: 7e6, timed: 2, transitSum: 10e6 });
  });

  it('is that it followed another on the line: only then do arrivals show the rate', () => {
    // 1000 octets take a millisecond; 20 of them one behind another, or each as the one before has left.
    const spec = { rate: 8e6 };
    const behind = testLink({ spec });
    for (let i = 0; i < 20; i++) behind.sendAt(nanos(i * 999_999), 1000);
    behind.run();
    expect(behind.fabric.stats(LINK, 0)).toMatchObject({ busyPeriods: 1, busyBytes: 19_000, busyTime: 19e6 });
    const alone = testLink({ spec });
    for (let i = 0; i < 20; i++) alone.sendAt(millis(i), 1000);
    alone.run();
    expect(alone.fabric.stats(LINK, 0)).toMatchObject({ carried: 20, busyPeriods: 0 });
  });

  it('keeps the order under a rate, though a jitter would have it overtake; the wait is no delay', () => {
    const link = testLink({ spec: { delay: millis(10), rate: 8e9 } });
    link.send(1000);
    link.at(millis(1), () => {
      link.fabric.control.set(LINK, 0, { delay: millis(2) });
      link.send(1000);
    });
    link.run();
    expect(link.arrivals.map((a) => a.at)).toEqual([10_001_000, 10_001_000]);
    expect(link.fabric.phases(LINK, 0).map(({ stats }) => [stats.transitMin, stats.transitMax])).toEqual([
      [10e6, 10e6],
      [2e6, 2e6],
    ]);
  });

  it('may overtake again when the rate is taken away, and after the link was down', () => {
    const link = testLink({ spec: { delay: millis(10), rate: 8e9 } });
    link.send(1000);
    link.fabric.control.set(LINK, 0, { rate: 0, delay: millis(2) });
    link.at(millis(1), () => void link.send(1000));
    link.run();
    expect(link.arrivals.map((a) => a.at)).toEqual([3e6, 10_001_000]);
    expect(link.fabric.stats(LINK, 0).reordered).toBe(1);
    const down = testLink({ spec: { delay: millis(10), rate: 8e9 } });
    down.send(1000);
    down.fabric.control.set(LINK, 'both', { up: false });
    down.fabric.control.set(LINK, 'both', { up: true, delay: millis(1) });
    down.send(1000);
    down.run();
    expect(down.arrivals.map((a) => a.at)).toEqual([1_001_000]);
  });

  it('is an error where nobody takes it', () => {
    const scheduler = createScheduler();
    const pool = createPool();
    const links = [{ id: LINK, name: 'l', mtu: 1500, impairments: [NO_IMPAIRMENT, NO_IMPAIRMENT], up: true }] as const;
    const fabric = createFabric({ links, scheduler, pool, tap: NULL_TAP, random: randomRoot(1) });
    fabric.end(LINK, 0).send(pool.take(60));
    expect(() => scheduler.step()).toThrow('a port at side 1 of link 0');
    // Who has no port is told nothing of the carrier.
    fabric.control.set(LINK, 'both', { up: false });
    expect([fabric.end(LINK, 0).up, fabric.end(LINK, 1).up]).toEqual([false, false]);
  });
});

describe('each direction', () => {
  it('has its own impairments, counters and phases', () => {
    const scheduler = createScheduler();
    const pool = createPool();
    const there = { ...NO_IMPAIRMENT, delay: millis(1) };
    const back = { ...NO_IMPAIRMENT, delay: millis(2) };
    const links = [0, 1].map((id) => ({ id: id as LinkId, name: `l${id}`, mtu: 1500, impairments: [there, back] as const, up: true }));
    const fabric = createFabric({ links, scheduler, pool, tap: NULL_TAP, random: randomRoot(1) });
    const came: (readonly [number, number, number])[] = [];
    for (const { id } of links)
      for (const side of [0, 1] as const)
        fabric.end(id, side).attach({
          deliver(p, end) {
            came.push([end.link, end.side, scheduler.now]);
            pool.release(p);
          },
        });
    fabric.end(LINK, 0).send(pool.take(100));
    fabric.end(1 as LinkId, 1).send(pool.take(200));
    scheduler.step();
    scheduler.step();
    expect(came).toEqual([
      [0, 1, 1e6],
      [1, 0, 2e6],
    ]);
    expect([0, 1].flatMap((id) => ([0, 1] as const).map((side) => fabric.stats(id as LinkId, side).carriedBytes))).toEqual([100, 0, 0, 200]);
    fabric.control.set(1 as LinkId, 1, { delay: millis(7) });
    expect([0, 1].flatMap((id) => ([0, 1] as const).map((side) => fabric.impairment(id as LinkId, side).delay))).toEqual([1e6, 2e6, 1e6, 7e6]);
    expect(fabric.phases(1 as LinkId, 1).map(({ since, spec }) => [since, spec.delay])).toEqual([
      [0, 2e6],
      [2e6, 7e6],
    ]);
    // Up and down alone ask for nothing new.
    fabric.control.set(LINK, 'both', { up: false });
    expect(fabric.phases(LINK, 0)).toHaveLength(1);
  });
});

describe('the order of what is decided', () => {
  it('is: up, within the MTU, the dice, the queue; the first refusal is told and counted alone', () => {
    const all = { loss: { model: 'random', probability: 1 }, rate: 8e6, limit: 1 } as const;
    const link = testLink({ spec: all, mtu: 1000, up: false });
    link.send(2000);
    link.fabric.control.set(LINK, 'both', { up: true });
    link.send(2000);
    link.send(1000);
    link.fabric.control.set(LINK, 'both', { loss: null });
    link.send(1000);
    link.send(1000);
    expect(link.drops()).toEqual([
      [1, 'link-down'],
      [2, 'mtu-df'],
      [3, 'link-loss'],
      [5, 'link-queue-overflow'],
    ]);
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 5, down: 1, tooLong: 1, lost: 1, queueOverflow: 1, tried: 3 });
  });

  it('a frame that no queue took is not corrupted, and has no copy', () => {
    const link = testLink({ spec: { corrupt: 1, duplicate: 1, rate: 8e6, limit: 2 } });
    link.send(1000);
    link.send(1000);
    link.run();
    // The copy of the first took the second place.
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 2, corrupted: 1, duplicated: 1, queueOverflow: 1, carried: 2 });
  });

  it('a copy has the flipped bit of its frame, its journey and its time', () => {
    const link = testLink({ spec: { corrupt: 1, duplicate: 1, delay: millis(3) } });
    link.at(millis(2), () => void link.send(60));
    link.run();
    const [first, copy] = link.arrivals;
    expect(copy?.bytes).toEqual(first?.bytes);
    expect(link.arrivals.map(({ id, sentAt, at, cause }) => [id, sentAt, at, cause])).toEqual([
      [1, 2e6, 5e6, 0],
      [2, 2e6, 5e6, 1],
    ]);
    expect(link.fabric.stats(LINK, 0).corrupted).toBe(1);
  });

  it('a copy draws a delay of its own', () => {
    const link = testLink({ spec: { duplicate: 1, delay: millis(20), jitter: millis(10) } });
    link.send(60);
    link.run();
    expect(new Set(link.arrivals.map((a) => a.at)).size).toBe(2);
  });

  it('a copy of a kept frame is kept behind it', () => {
    const link = testLink({ spec: { duplicate: 1, rate: 8e6, egress: 'dscp-priority' } });
    link.send(1000);
    link.send(1000);
    link.run();
    expect(link.arrivals.map(({ id, at }) => [id, at])).toEqual([
      [1, 1e6],
      [2, 2e6],
      [3, 3e6],
      [4, 4e6],
    ]);
  });
});

describe('what waited under one rate and left under another', () => {
  it('says nothing about the delay, nor about either rate', () => {
    const link = testLink({ spec: { rate: 8e6, delay: millis(5), egress: 'dscp-priority' } });
    for (let i = 0; i < 3; i++) link.send(1000);
    link.at(micros(500), () => link.fabric.control.set(LINK, 0, { rate: 80e6, delay: millis(1) }));
    link.run();
    const [before, after] = link.fabric.phases(LINK, 0);
    // The first had left; the others are counted where they were offered, untimed.
    expect(before?.stats).toMatchObject({ offered: 3, carried: 3, timed: 1, transitSum: 5e6 });
    expect(after?.stats).toMatchObject({ offered: 0, carried: 0, timed: 0 });
  });

  it('is taken over by a queue of another kind, as far as that has room', () => {
    const link = testLink({ spec: { rate: 8e6, egress: 'dscp-priority', limit: 4 } });
    const ids = Array.from({ length: 4 }, () => link.send(1000));
    link.fabric.control.set(LINK, 0, { egress: 'fifo', limit: 2 });
    link.run();
    // Three were kept: the line is busy with the first, and two find room behind it.
    expect(link.drops()).toEqual([[ids[3], 'link-queue-overflow']]);
    expect(link.arrivals.map((a) => a.at)).toEqual([1e6, 2e6, 3e6]);
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 4, carried: 3, queueOverflow: 1, timed: 1 });
  });
});
