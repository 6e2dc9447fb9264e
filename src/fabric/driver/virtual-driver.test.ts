import { describe, expect, it } from 'vitest';
import { LabError } from '../../base/error.js';
import { millis, NEVER, type Nanos, seconds, ZERO } from '../../base/time.js';
import { createScheduler, type LabScheduler } from '../lab-scheduler.js';
import type { Target } from '../scheduler.js';
import { WaitingList } from '../../base/waiting.js';
import type { Progress } from './driver-options.js';
import { createVirtualDriver } from './virtual-driver.js';

const noop: Target = { fire() {} };

/** A sleep as the Host makes it: fires, touches, resolves. */
function sleep(scheduler: LabScheduler, delay: Nanos): Promise<void> {
  return new Promise((resolve) => {
    const target: Target = {
      fire() {
        scheduler.touch();
        resolve();
      },
    };
    scheduler.at((scheduler.now + delay) as Nanos, target, 0, null);
  });
}

async function failure(run: Promise<unknown>): Promise<LabError> {
  const error: unknown = await run.then(
    () => expect.unreachable('it should fail'),
    (e: unknown) => e,
  );
  expect(LabError.is(error)).toBe(true);
  return error as LabError;
}

describe('the scheduler', () => {
  it('fires past times at once and never moves time back', () => {
    const scheduler = createScheduler();
    const seen: [number, number][] = [];
    const target: Target = { fire: (op) => void seen.push([op, scheduler.now]) };
    scheduler.at(millis(5), target, 1, null);
    scheduler.step();
    scheduler.at(millis(2), target, 2, null);
    scheduler.at(NaN as Nanos, target, 3, null);
    scheduler.step();
    scheduler.step();
    expect(seen).toEqual([
      [1, 5e6],
      [2, 5e6],
      [3, 5e6],
    ]);
    scheduler.advance(ZERO);
    expect(scheduler.now).toBe(5e6);
  });

  it('hands the packet to its target and forgets cancelled events', () => {
    const scheduler = createScheduler({ originSeconds: 7 });
    const id = scheduler.at(millis(1), noop, 0, null);
    scheduler.cancel(id);
    scheduler.cancel(id);
    expect([scheduler.pending, scheduler.next, scheduler.originSeconds]).toEqual([0, Infinity, 7]);
  });
});

describe('asynchronous work that an event begins without a word', () => {
  /** What it books a millisecond later must come at 2 ms, before the event that is there at 3 ms. */
  const BEGINS: readonly (readonly [string, (go: () => void) => void])[] = [
    [
      'an async function that waits for what is there',
      (go) =>
        void (async () => {
          for (let i = 0; i < 5; i++) await null;
          go();
        })(),
    ],
    [
      'a promise that was made before, and is settled',
      (go) => {
        const { promise, settle } = pending;
        void promise.then(go);
        settle();
      },
    ],
    [
      'a tick',
      (go) => {
        process.nextTick(go);
      },
    ],
    [
      'a microtask',
      (go) => {
        queueMicrotask(go);
      },
    ],
    [
      'an immediate',
      (go) => {
        setImmediate(go);
      },
    ],
  ];
  const pending = ((): { promise: Promise<void>; settle: () => void } => {
    let settle: () => void = () => undefined;
    return { promise: new Promise<void>((resolve) => (settle = resolve)), settle: () => settle() };
  })();

  it.each(BEGINS)('%s: time stands still until it has gone on', async (_what, begin) => {
    const scheduler = createScheduler();
    const seen: string[] = [];
    const note = (name: string): Target => ({ fire: () => void seen.push(`${name} ${scheduler.now / 1e6}`) });
    scheduler.at(millis(1), { fire: () => begin(() => scheduler.at((scheduler.now + 1e6) as Nanos, note('begun'), 0, null)) }, 0, null);
    scheduler.at(millis(3), note('other'), 0, null);
    await createVirtualDriver(scheduler).run(sleep(scheduler, millis(4)), seconds(1));
    expect(seen).toEqual(['begun 2', 'other 3']);
  });

  it('of another lab in the same process holds nobody up', async () => {
    const [one, other] = [createScheduler(), createScheduler()];
    const ends = await Promise.all([one, other].map((scheduler) => createVirtualDriver(scheduler).run(sleep(scheduler, millis(4)), seconds(1))));
    expect([ends.length, one.now, other.now]).toEqual([2, 4e6, 4e6]);
  });
});

describe('virtual time', () => {
  it('runs a task to its value, at the lab time of its sleeps', async () => {
    const scheduler = createScheduler();
    const task = (async () => {
      const seen: number[] = [];
      for (const ms of [1, 20, 86_400_000]) {
        await sleep(scheduler, millis(ms));
        seen.push(scheduler.now);
      }
      return seen;
    })();
    expect(await createVirtualDriver(scheduler).run(task, NEVER)).toEqual([1e6, 21e6, 86_400_021e6]);
  });

  it('lets a long chain of asynchronous code come to rest before time moves', async () => {
    const scheduler = createScheduler();
    let movedOn = false;
    scheduler.at((millis(1) + 1) as Nanos, { fire: () => (movedOn = true) }, 0, null);
    const task = (async () => {
      await sleep(scheduler, millis(1));
      // As streams do: a tick of the event loop, then a touch for the next piece, several times over.
      for (let i = 0; i < 10; i++) {
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
        scheduler.touch();
      }
      expect([scheduler.now, movedOn]).toEqual([1e6, false]);
      await sleep(scheduler, millis(1));
      expect(movedOn).toBe(true);
    })();
    await createVirtualDriver(scheduler).run(task, seconds(1));
  });

  it('does not turn the event loop for events that touch nothing', async () => {
    const scheduler = createScheduler();
    let turns = 0;
    let turnsAtEnd = -1;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    let left = 2000;
    let first = -1;
    const media: Target = {
      fire() {
        if (first < 0) first = turns;
        if (--left > 0) scheduler.at((scheduler.now + 1000) as Nanos, media, 0, null);
        else turnsAtEnd = turns;
      },
    };
    scheduler.at(ZERO, media, 0, null);
    setImmediate(count);
    await createVirtualDriver(scheduler).run(sleep(scheduler, millis(100)), NEVER);
    counting = false;
    expect(left).toBe(0);
    // A burst may be sliced by real time on a busy machine, but not once per event.
    expect(turnsAtEnd - first).toBeLessThan(50);
  });

  it('stops at once when the task settles; the events that remain stay', async () => {
    const scheduler = createScheduler();
    scheduler.at(millis(7), noop, 0, null);
    await createVirtualDriver(scheduler).run(sleep(scheduler, millis(5)), NEVER);
    expect([scheduler.now, scheduler.pending]).toEqual([5e6, 1]);
    await createVirtualDriver(scheduler).run(sleep(scheduler, millis(5)), NEVER);
    expect([scheduler.now, scheduler.pending]).toEqual([10e6, 0]);
  });

  it('passes on the error of the task, and that of an event', async () => {
    const scheduler = createScheduler();
    const driver = createVirtualDriver(scheduler);
    const error = new Error('of the task');
    await expect(driver.run(Promise.reject(error), NEVER)).rejects.toBe(error);
    const broken: Target = {
      fire() {
        throw new Error('of the event');
      },
    };
    scheduler.at(millis(1), broken, 0, null);
    await expect(driver.run(sleep(scheduler, millis(5)), NEVER)).rejects.toThrow('of the event');
    // The driver is free again.
    await driver.run(sleep(scheduler, millis(5)), NEVER);
  });

  it('LAB_STALLED names who waits for what, in order', async () => {
    const scheduler = createScheduler();
    const waiting = new WaitingList();
    waiting.add('alice', 'the answer to INVITE')();
    const done = waiting.add('bob', 'nothing any more');
    waiting.add('bob', 'a STUN response');
    waiting.add('edge', 'an allocation');
    done();
    done();
    scheduler.at(seconds(3), noop, 0, null);
    scheduler.at(NEVER, noop, 0, null);
    const error = await failure(createVirtualDriver(scheduler, { waiting: () => waiting.list() }).run(new Promise(() => undefined), NEVER));
    expect(error.code).toBe('LAB_STALLED');
    expect(error.message).toBe('nothing is left to happen at 3s, but the run has not ended; waiting are:\n    bob: a STUN response\n    edge: an allocation');
    expect(waiting.size).toBe(2);
  });

  it('does not call it stalled when late asynchronous code books again', async () => {
    const scheduler = createScheduler();
    const task = (async () => {
      await sleep(scheduler, millis(1));
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      await sleep(scheduler, millis(1));
      return scheduler.now;
    })();
    expect(await createVirtualDriver(scheduler).run(task, NEVER)).toBe(2e6);
  });

  it('LAB_TIME_LIMIT: events up to the limit fire, later ones do not', async () => {
    const scheduler = createScheduler();
    const seen: number[] = [];
    const target: Target = { fire: () => void seen.push(scheduler.now) };
    for (const ms of [999, 1000, 1001]) scheduler.at(millis(ms), target, 0, null);
    const error = await failure(createVirtualDriver(scheduler).run(new Promise(() => undefined), seconds(1)));
    expect([error.code, error.expected]).toEqual(['LAB_TIME_LIMIT', 'an end before 1s']);
    expect(seen).toEqual([999e6, 1000e6]);
    expect([scheduler.now, scheduler.pending]).toEqual([1e9, 1]);
  });

  it('LAB_INTERRUPTED: a signal gets in between events that never touch', async () => {
    const scheduler = createScheduler();
    const abort = new AbortController();
    const forever: Target = {
      fire(op) {
        // The run is endless, and only a turn of the event loop lets this in.
        if (op === 1000) setImmediate(() => abort.abort('SIGINT'));
        scheduler.at((scheduler.now + 1000) as Nanos, forever, op + 1, null);
      },
    };
    scheduler.at(ZERO, forever, 0, null);
    const error = await failure(createVirtualDriver(scheduler, { signal: abort.signal }).run(new Promise(() => undefined), NEVER));
    expect([error.code, error.cause]).toEqual(['LAB_INTERRUPTED', 'SIGINT']);
  });

  it('reports progress now and then, with lab time that grows', async () => {
    const scheduler = createScheduler();
    const abort = new AbortController();
    const reports: Progress[] = [];
    const forever: Target = {
      fire() {
        scheduler.at((scheduler.now + 1000) as Nanos, forever, 0, null);
      },
    };
    scheduler.at(ZERO, forever, 0, null);
    const onProgress = (p: Progress): void => {
      reports.push(p);
      if (reports.length === 2) abort.abort();
    };
    await failure(createVirtualDriver(scheduler, { signal: abort.signal, onProgress }).run(new Promise(() => undefined), NEVER));
    expect(reports.length).toBe(2);
    expect(reports[1]!.now).toBeGreaterThan(reports[0]!.now);
    expect(reports[1]!.fired).toBeGreaterThan(reports[0]!.fired);
  });

  it('runs one task at a time', async () => {
    const scheduler = createScheduler();
    const driver = createVirtualDriver(scheduler);
    const first = driver.run(sleep(scheduler, millis(1)), NEVER);
    await expect(driver.run(Promise.resolve(), NEVER)).rejects.toThrow('one task at a time');
    await first;
  });
});
