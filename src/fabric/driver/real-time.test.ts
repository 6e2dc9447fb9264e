import { describe, expect, it } from 'vitest';
import { millis, NEVER, type Nanos } from '../../base/time.js';
import { MONOTONIC, TimerIdle } from './real-time.js';

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Whether a wait has ended. */
function watched(wait: Promise<void>): { over: boolean } {
  const box = { over: false };
  void wait.then(() => {
    box.over = true;
  });
  return box;
}

/** A clock that stands still. */
const STILL = { now: (): Nanos => millis(1000) };

it('the real clock is monotone, in whole nanoseconds', () => {
  const [one, other] = [MONOTONIC.now(), MONOTONIC.now()];
  expect([Number.isSafeInteger(one), Number.isSafeInteger(other), other >= one]).toEqual([true, true, true]);
  // Milliseconds, with fractions that are no whole nanoseconds.
  const [before, now, after] = [performance.now(), MONOTONIC.now(), performance.now()];
  expect([Math.floor(before * 1e6) <= now, now <= Math.ceil(after * 1e6)]).toEqual([true, true]);
});

describe('TimerIdle', () => {
  it.each<[string, number]>([
    ['what is past', 900],
    ['now', 1000],
    ['less than a timer can keep', 1000.999_999],
  ])('gives one turn of the event loop for %s', async (_, until) => {
    const wait = watched(new TimerIdle(STILL).wait(millis(until)));
    await Promise.resolve();
    expect(wait.over).toBe(false);
    await turn();
    expect(wait.over).toBe(true);
  });

  it('sleeps by a timer from a millisecond on, and is woken before that', async () => {
    const idle = new TimerIdle(STILL);
    // It comes by itself.
    await idle.wait(millis(1001));
    const long = watched(idle.wait(millis(3_601_000)));
    await turn();
    expect(long.over).toBe(false);
    idle.wake();
    await turn();
    expect(long.over).toBe(true);
  });

  it('waits for what never comes, longer than timers can, until it is woken', async () => {
    const idle = new TimerIdle(STILL);
    const wait = watched(idle.wait(NEVER));
    // A timer beyond 2^31 ms would fire after one.
    await new TimerIdle(STILL).wait(millis(1003));
    await turn();
    expect(wait.over).toBe(false);
    idle.wake();
    await turn();
    expect(wait.over).toBe(true);
  });

  it('a wake counts once: for the wait that goes on, or else for the next', async () => {
    const idle = new TimerIdle(STILL);
    idle.wake();
    idle.wake();
    await idle.wait(NEVER);
    const second = watched(idle.wait(NEVER));
    await turn();
    expect(second.over).toBe(false);
    idle.wake();
    await turn();
    expect(second.over).toBe(true);
    const third = watched(idle.wait(NEVER));
    await turn();
    expect(third.over).toBe(false);
    idle.wake();
    await turn();
    expect(third.over).toBe(true);
  });

  it('after a sleep that ended by itself a wake is for the next', async () => {
    const idle = new TimerIdle(STILL);
    await idle.wait(millis(1001));
    idle.wake();
    await idle.wait(NEVER);
  });
});
