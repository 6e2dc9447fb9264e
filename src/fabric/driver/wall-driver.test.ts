import { describe, expect, it } from 'vitest';
import { LabError } from '../../base/error.js';
import { millis, NEVER, type Nanos, seconds } from '../../base/time.js';
import { createScheduler } from '../lab-scheduler.js';
import type { Target } from '../scheduler.js';
import { Lateness } from './lateness.js';
import { type Idle, MONOTONIC, type RealTime, TimerIdle } from './real-time.js';
import { WallDriver } from './wall-driver.js';

/** A real clock that a test moves: sleeping takes the time asked for plus `late`. */
class FakeTime implements RealTime, Idle {
  time = 5e9;
  late = 0;
  waits: number[] = [];
  /** What comes from outside during the next sleeps. */
  outside: (() => void)[] = [];

  now(): Nanos {
    return this.time as Nanos;
  }

  wait(until: Nanos): Promise<void> {
    this.waits.push(until - 5e9);
    const event = this.outside.shift();
    if (event !== undefined) event();
    else this.time = until + this.late;
    return Promise.resolve();
  }

  woken = 0;

  wake(): void {
    this.woken++;
  }
}

describe('wall time', () => {
  it('sleeps from event to event and fires them on the real clock', async () => {
    const time = new FakeTime();
    const scheduler = createScheduler();
    const driver = new WallDriver(scheduler, { time, idle: time });
    const seen: number[] = [];
    let resolve: () => void = () => undefined;
    const target: Target = {
      fire(op) {
        seen.push(scheduler.now);
        if (op === 3) {
          scheduler.touch();
          resolve();
        }
      },
    };
    for (const [i, ms] of [0, 10, 30].entries()) scheduler.at(millis(ms), target, i + 1, null);
    await driver.run(new Promise<void>((r) => (resolve = r)), seconds(1));
    expect(seen).toEqual([0, 10e6, 30e6]);
    expect(time.waits).toEqual([10e6, 30e6]);
    expect([driver.lateness.count, driver.lateness.max]).toEqual([3, 0]);
  });

  it('one sample per burst: what is due fires at the same, late, time', async () => {
    const time = new FakeTime();
    time.late = 2_500_000;
    const scheduler = createScheduler();
    const driver = new WallDriver(scheduler, { time, idle: time });
    const seen: number[] = [];
    let resolve: () => void = () => undefined;
    const target: Target = {
      fire(op) {
        seen.push(scheduler.now);
        // Real time goes on while events fire; lab time does not.
        time.time += 100_000;
        if (op === 3) {
          scheduler.touch();
          resolve();
        }
      },
    };
    for (const [i, ms] of [10, 11, 12].entries()) scheduler.at(millis(ms), target, i + 1, null);
    await driver.run(new Promise<void>((r) => (resolve = r)), seconds(1));
    expect(seen).toEqual([12.5e6, 12.5e6, 12.5e6]);
    expect([driver.lateness.count, driver.lateness.max]).toEqual([3, 2.5e6]);
    // 2.5 ms and 1.5 ms and 0.5 ms late: buckets below 4.096 ms, 2.048 ms, 0.512 ms.
    expect(driver.lateness.buckets()).toEqual([
      { below: 512e3, events: 1 },
      { below: 2048e3, events: 1 },
      { below: 4096e3, events: 1 },
    ]);
  });

  it('time does not run backwards when the real clock does', () => {
    const time = new FakeTime();
    const scheduler = createScheduler();
    const driver = new WallDriver(scheduler, { time, idle: time });
    time.time += 1000;
    expect(driver.sample()).toBe(1000);
    time.time -= 500;
    expect(driver.sample()).toBe(1000);
  });

  it('a booking from outside that is earlier ends the sleep, a later one does not', async () => {
    const time = new FakeTime();
    const scheduler = createScheduler();
    const driver = new WallDriver(scheduler, { time, idle: time });
    const seen: number[] = [];
    let resolve: () => void = () => undefined;
    const target: Target = {
      fire(op) {
        seen.push(op);
        if (op === 9) {
          scheduler.touch();
          resolve();
        }
      },
    };
    scheduler.at(millis(100), target, 9, null);
    time.outside.push(() => {
      time.time += 1e6;
      driver.sample();
      scheduler.at(millis(200), target, 2, null);
      expect(time.woken).toBe(0);
      scheduler.at(millis(50), target, 1, null);
      expect(time.woken).toBe(1);
      scheduler.at(millis(60), target, 3, null);
      expect(time.woken).toBe(1);
    });
    await driver.run(new Promise<void>((r) => (resolve = r)), seconds(1));
    expect(seen).toEqual([1, 3, 9]);
    expect(time.waits).toEqual([100e6, 50e6, 60e6, 100e6]);
  });

  it('LAB_TIME_LIMIT comes at the limit, LAB_INTERRUPTED with the signal', async () => {
    const time = new FakeTime();
    const scheduler = createScheduler();
    const error: unknown = await new WallDriver(scheduler, { time, idle: time, waiting: () => [{ who: 'bob', what: 'rain' }] })
      .run(new Promise(() => undefined), seconds(2))
      .catch((e: unknown) => e);
    expect(LabError.is(error) && [error.code, error.message]).toEqual([
      'LAB_TIME_LIMIT',
      'the run has not ended by its limit of lab time, 2s; waiting are:\n    bob: rain',
    ]);
    expect(scheduler.now).toBe(2e9);
    const abort = new AbortController();
    const driver = new WallDriver(scheduler, { time, idle: time, signal: abort.signal });
    time.outside.push(() => abort.abort());
    const interrupted: unknown = await driver.run(new Promise(() => undefined), seconds(4)).catch((e: unknown) => e);
    expect(LabError.is(interrupted) && interrupted.code).toBe('LAB_INTERRUPTED');
    expect(time.woken).toBe(1);
  });

  it('passes on the error of the task, one task at a time, and hears of a signal only meanwhile', async () => {
    const time = new FakeTime();
    const scheduler = createScheduler();
    const abort = new AbortController();
    const driver = new WallDriver(scheduler, { time, idle: time, signal: abort.signal });
    const error = new Error('of the task');
    await expect(driver.run(Promise.reject(error), seconds(1))).rejects.toBe(error);
    let resolve: (value: number) => void = () => undefined;
    let second: unknown = null;
    // Both while the first sleeps.
    time.outside.push(() => {
      second = driver.run(Promise.resolve(2), seconds(1)).catch((e: unknown) => e);
      resolve(1);
    });
    expect(await driver.run(new Promise<number>((r) => (resolve = r)), seconds(1))).toBe(1);
    expect(await second).toMatchObject({ message: expect.stringContaining('a driver runs one task at a time') as string });
    const { woken } = time;
    abort.abort();
    expect(time.woken).toBe(woken);
  });

  it('runs on the real clock: a task that needs no event, and one of the outside world', async () => {
    const scheduler = createScheduler();
    const driver = new WallDriver(scheduler);
    expect(await driver.run(Promise.resolve(7), NEVER)).toBe(7);
    const outside = new Promise<number>((resolve) => setImmediate(() => setImmediate(() => resolve(8))));
    expect(await driver.run(outside, NEVER)).toBe(8);
  });
});

describe('TimerIdle', () => {
  it('a wake before the wait counts', async () => {
    const idle = new TimerIdle();
    idle.wake();
    await idle.wait(NEVER);
  });

  it('a wake during the wait ends it', async () => {
    const idle = new TimerIdle();
    const wait = idle.wait(NEVER);
    idle.wake();
    await wait;
  });

  it('does not wait for what is past, and wakes by itself for what is near', async () => {
    const idle = new TimerIdle();
    await idle.wait((MONOTONIC.now() - 1e9) as Nanos);
    const until = (MONOTONIC.now() + 3e6) as Nanos;
    while (MONOTONIC.now() < until) await idle.wait(until);
  });
});

describe('the lateness histogram', () => {
  it('puts events in buckets of powers of two and bounds quantiles', () => {
    const late = new Lateness();
    expect([late.quantile(0.99), late.count]).toEqual([0, 0]);
    for (let i = 0; i < 99; i++) late.add(500);
    late.add(70_000);
    expect(late.buckets()).toEqual([
      { below: 1000, events: 99 },
      { below: 128_000, events: 1 },
    ]);
    expect([late.quantile(0.5), late.quantile(0.99), late.quantile(1)]).toEqual([1000, 1000, 70_000]);
    late.add(Number.MAX_SAFE_INTEGER);
    expect(late.max).toBe(Number.MAX_SAFE_INTEGER);
  });
});
