import { describe, expect, it } from 'vitest';
import { millis, NEVER, type Nanos, ZERO } from '../base/time.js';
import { createScheduler } from './lab-scheduler.js';
import type { Packet } from './packet.js';
import { createPool } from './pool.js';
import { SortedQueue } from './queue/testing/sorted-queue.js';
import type { Target } from './scheduler.js';

const noop: Target = { fire() {} };

describe('the scheduler', () => {
  it('begins at 0, which stands for the beginning of 2026 unless it is told otherwise', () => {
    const scheduler = createScheduler();
    expect([scheduler.now, scheduler.pending, scheduler.fired, scheduler.next, scheduler.touched]).toEqual([0, 0, 0, Infinity, false]);
    expect(new Date(scheduler.originSeconds * 1000).toISOString()).toBe('2026-01-01T00:00:00.000Z');
    expect(createScheduler({ originSeconds: 0 }).originSeconds).toBe(0);
  });

  it('fires a posted packet at its time; one whose time is over fires now, with that time', () => {
    const pool = createPool();
    const scheduler = createScheduler();
    const seen: (readonly [number, number, number])[] = [];
    const target: Target = { fire: (op, p) => void seen.push([op, scheduler.now, (p as Packet).time]) };
    scheduler.advance(millis(5));
    for (const [op, ms] of [7, 5, 2].entries()) {
      const p = pool.take(1);
      p.time = millis(ms);
      scheduler.post(target, op, p);
    }
    while (scheduler.pending > 0) scheduler.step();
    // Of equal times in the order of booking.
    expect(seen).toEqual([
      [1, 5e6, 5e6],
      [2, 5e6, 5e6],
      [0, 7e6, 7e6],
    ]);
  });

  it('counts what has fired, an event among it while it fires', () => {
    const scheduler = createScheduler();
    const seen: number[] = [];
    const target: Target = { fire: () => void seen.push(scheduler.fired) };
    for (const ms of [1, 2, 3]) scheduler.at(millis(ms), target, 0, null);
    scheduler.step();
    expect([scheduler.stepUntil(millis(2)), scheduler.stepUntil(millis(2)), scheduler.fired, scheduler.pending]).toEqual([true, false, 2, 1]);
    scheduler.advance(millis(3));
    scheduler.fireDue();
    expect([seen, scheduler.fired]).toEqual([[1, 2, 3], 3]);
  });

  it('fires by hand only what is due', () => {
    const scheduler = createScheduler();
    scheduler.at(millis(1), noop, 0, null);
    expect(() => scheduler.fireDue()).toThrow('an event that is due');
    expect([scheduler.pending, scheduler.fired]).toEqual([1, 0]);
    scheduler.advance(millis(1));
    scheduler.fireDue();
    expect([scheduler.pending, scheduler.now]).toEqual([0, 1e6]);
  });

  it('goes on only, whoever moves the time', () => {
    const scheduler = createScheduler();
    scheduler.at(NEVER, noop, 0, null);
    scheduler.advance(millis(3));
    scheduler.advance(millis(2));
    scheduler.advance(ZERO);
    expect([scheduler.now, scheduler.next]).toEqual([3e6, Infinity]);
    expect(scheduler.stepUntil(NEVER)).toBe(false);
    expect([scheduler.now, scheduler.fired, scheduler.pending]).toEqual([3e6, 0, 1]);
  });

  it('remembers a touch until it is settled', () => {
    const scheduler = createScheduler();
    scheduler.touch();
    scheduler.touch();
    expect(scheduler.touched).toBe(true);
    scheduler.settled();
    expect(scheduler.touched).toBe(false);
  });

  it('wakes who sleeps at every booking, until nobody does', () => {
    const scheduler = createScheduler();
    const woken: number[] = [];
    scheduler.onBooked(() => void woken.push(scheduler.next));
    scheduler.at(millis(9), noop, 0, null);
    const p = createPool().take(1);
    p.time = millis(4);
    scheduler.post(noop, 0, p);
    scheduler.onBooked(null);
    scheduler.at(millis(1), noop, 0, null);
    scheduler.post(noop, 0, p);
    expect(woken).toEqual([9e6, 4e6]);
  });

  it('takes another queue', () => {
    const queue = new SortedQueue();
    const scheduler = createScheduler({ queue });
    const id = scheduler.at(5 as Nanos, noop, 0, null);
    expect([queue.size, scheduler.next]).toEqual([1, 5]);
    scheduler.cancel(id);
    expect(queue.size).toBe(0);
  });
});
