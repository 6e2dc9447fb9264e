import { describe, expect, it } from 'vitest';
import { millis, type Nanos } from '../../../base/time.js';
import { epochNanos, KernelClock } from './kernel-clock.js';
import { RoleTimers } from './role-timers.js';

describe('the wall clock of a lab', () => {
  it('counts from the origin, never backwards, never below 0', () => {
    const origin = epochNanos() - 5_000_000_000n;
    const clock = new KernelClock(origin);
    expect(clock.originSeconds).toBe(Number(origin / 1_000_000_000n));
    let last = clock.now as number;
    expect(last).toBeGreaterThanOrEqual(5e9);
    for (let i = 0; i < 1000; i++) {
      const now = clock.now;
      expect(now).toBeGreaterThanOrEqual(last);
      expect(Number.isInteger(now)).toBe(true);
      last = now;
    }
    expect(new KernelClock(epochNanos() + 1_000_000_000_000n).now).toBe(0);
  });

  it('agrees with CLOCK_REALTIME', () => {
    const before = BigInt(Date.now() - 1) * 1_000_000n;
    const now = epochNanos();
    expect(now).toBeGreaterThan(before);
    expect(now).toBeLessThan(BigInt(Date.now() + 2) * 1_000_000n);
  });
});

describe('timers of a role', () => {
  it('never fire early, in order of time, ties in call order; a cancelled one never', async () => {
    // A clock that stands still while timers are booked, so that times are equal indeed.
    const real = new KernelClock(epochNanos());
    let held: Nanos | null = real.now;
    const clock = {
      originSeconds: 0,
      get now(): Nanos {
        return held ?? real.now;
      },
    };
    const timers = new RoleTimers(clock);
    const order: string[] = [];
    const early: string[] = [];
    const start = held;
    const book = (name: string, delay: number) =>
      timers.after(millis(delay), () => {
        order.push(name);
        if (clock.now - start < delay * 1e6) early.push(name);
      });
    book('d', 9);
    book('a', 3);
    const stale = book('never', 5);
    book('b', 3);
    book('zero', 0);
    book('c', 3);
    timers.cancel(stale);
    timers.cancel(stale);
    const done = new Promise<void>((resolve) => {
      timers.after(millis(10), resolve);
    });
    held = null;
    const run = timers.run();
    await done;
    timers.close();
    await run;
    expect(order).toEqual(['zero', 'a', 'b', 'c', 'd']);
    expect(early).toEqual([]);
  });

  it('a callback may book and cancel others; one that throws ends the run', async () => {
    const timers = new RoleTimers(new KernelClock(epochNanos()));
    const fired: string[] = [];
    const later = timers.after(millis(4), () => fired.push('cancelled'));
    timers.after(millis(1), () => {
      timers.cancel(later);
      timers.after(millis(1), () => {
        throw new TypeError('oops');
      });
    });
    await expect(timers.run()).rejects.toThrow('oops');
    expect(fired).toEqual([]);
  });
});
