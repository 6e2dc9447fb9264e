import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimerId } from '../../base/brand.js';
import type { Nanos } from '../../base/time.js';
import { QUEUE_CASES } from './event-queue.contract.js';
import type { Packet } from '../packet.js';
import type { EventQueue, Target } from '../scheduler.js';
import { SortedQueue } from './testing/sorted-queue.js';
import { TimingWheel } from './timing-wheel.js';

const QUEUES: Record<string, () => EventQueue> = { TimingWheel: () => new TimingWheel(), SortedQueue: () => new SortedQueue() };

for (const [name, make] of Object.entries(QUEUES)) {
  describe(`${name} keeps the contract of an event queue`, () => {
    for (const c of QUEUE_CASES) it(c.name, () => c.run(make()));
  });
}

it('the contract finds a queue that reverses ties', () => {
  /** Later bookings of one time go first: the mistake of a heap that compares times only. */
  class Reversing extends SortedQueue {
    #n = 0;
    override push(when: Nanos, target: Target, op: number): TimerId {
      return super.push((when + 0.5 - ++this.#n / 1e6) as Nanos, target, op, null);
    }
  }
  const tie = QUEUE_CASES.find((c) => c.name.startsWith('equal times fire'))!;
  expect(() => tie.run(new Reversing())).toThrow(/expected 0,1,2/);
});

type Step = { do: 'push' | 'post' | 'until'; after: number } | { do: 'cancel'; which: number } | { do: 'pop'; n: number } | { do: 'peek' };

/** Distances of all sizes, with many ties; negative = before the event fired last. */
const after = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 20 }) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 2_000_000 }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1023, 1024, 1025, 1_048_575, 1_048_576, 1_048_577, 20_000_000) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 32e9 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 104 * 86_400e9 }) },
  { weight: 1, arbitrary: fc.integer({ min: -5000, max: -1 }) },
  { weight: 1, arbitrary: fc.constant(Infinity) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: after.map((a): Step => ({ do: 'push', after: a })) },
  { weight: 2, arbitrary: after.map((a): Step => ({ do: 'post', after: a })) },
  { weight: 1, arbitrary: after.map((a): Step => ({ do: 'until', after: a })) },
  { weight: 2, arbitrary: fc.nat().map((which): Step => ({ do: 'cancel', which })) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 8 }).map((n): Step => ({ do: 'pop', n })) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'peek' }) },
);

/** Drives one queue through the steps; the log holds all that can be seen of it. */
function play(queue: EventQueue, steps: readonly Step[]): string[] {
  const log: string[] = [];
  const ids: TimerId[] = [];
  let booked = 0;
  const target: Target = { fire: (op, p) => void log.push(`${op}@${queue.now}${p === null ? '' : ` with ${p.id}`}`) };
  const when = (after: number): Nanos => Math.max(0, (Number.isFinite(queue.now) ? queue.now : 0) + after) as Nanos;
  for (const s of steps) {
    if (s.do === 'push') ids.push(queue.push(when(s.after), target, booked++, null));
    else if (s.do === 'post') queue.post(target, booked, { id: booked++, time: when(s.after) } as Packet);
    else if (s.do === 'until') log.push(`until ${queue.popUntil(when(s.after))}`);
    else if (s.do === 'cancel' && ids.length > 0) log.push(`cancel ${queue.cancel(ids[s.which % ids.length]!)}`);
    else if (s.do === 'pop') for (let i = 0; i < s.n && queue.size > 0; i++) queue.pop();
    else log.push(`peek ${queue.peek()} of ${queue.size}`);
  }
  while (queue.size > 0) queue.pop();
  return [...log, `empty at ${queue.peek()}`];
}

it('the wheel shows the same as the sorted list, whatever is done', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      expect(play(new TimingWheel(), steps)).toEqual(play(new SortedQueue(), steps));
    }),
    { seed: 20260101, numRuns: 300 },
  );
});

it('keeps order through changes of width and length', () => {
  // Thousands of events per phase, so that the wheel reviews itself between phases of very different density.
  const run = (queue: EventQueue): number[] => {
    const fired: number[] = [];
    let now = 0;
    let state = 12345;
    const random = (n: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % n;
    const target: Target = {
      fire(op) {
        fired.push(op);
      },
    };
    let op = 0;
    for (const gap of [1, 1e6, 100, 1e9, 1, 1e4]) {
      for (let i = 0; i < 10_000; i++) {
        queue.push((now + random(gap * 64)) as Nanos, target, op++, null);
        if (queue.size > 60) {
          now = Math.max(now, queue.peek());
          queue.pop();
        }
      }
    }
    while (queue.size > 0) queue.pop();
    return fired;
  };
  expect(run(new TimingWheel())).toEqual(run(new SortedQueue()));
});

it('gives no id twice while a slot is used again and again', () => {
  const wheel = new TimingWheel();
  const target: Target = { fire() {} };
  const seen = new Set<number>();
  for (let i = 0; i < 5000; i++) {
    const id = wheel.push(0 as Nanos, target, 0, null);
    expect(id).toBeGreaterThan(0);
    seen.add(id);
    wheel.pop();
  }
  expect(seen.size).toBe(5000);
});

it('an event is gone even if its target throws', () => {
  const wheel = new TimingWheel();
  const target: Target = {
    fire() {
      throw new Error('from the target');
    },
  };
  wheel.push(1 as Nanos, target, 0, null);
  expect(() => wheel.pop()).toThrow('from the target');
  expect(wheel.size).toBe(0);
});

describe('many events', () => {
  const target = (fired: number[]): Target => ({ fire: (op) => void fired.push(op) });
  /** Numbers from 0 to n - 1, as if shuffled, the same each time. */
  const shuffled = (n: number): number[] => Array.from({ length: n }, (_, i) => (i * 7919 + 13) % n);

  it('far away, of which any are cancelled, fire in order', () => {
    // Beyond the wheel: all stand in the heap, and leave it from everywhere.
    const wheel = new TimingWheel();
    const fired: number[] = [];
    const times = shuffled(3000);
    const ids = times.map((n) => wheel.push((1e12 + n * 1e9) as Nanos, target(fired), n, null));
    const cancelled = new Set(times.filter((_, i) => i % 3 === 1));
    expect(ids.filter((_, i) => i % 3 === 1).filter((id) => !wheel.cancel(id))).toEqual([]);
    expect(wheel.size).toBe(2000);
    while (wheel.size > 0) wheel.pop();
    expect(fired).toEqual(Array.from({ length: 3000 }, (_, i) => i).filter((n) => !cancelled.has(n)));
  });

  it('in one bucket, however they are booked and cancelled, fire in order', () => {
    const wheel = new TimingWheel();
    const fired: number[] = [];
    const times = shuffled(500);
    const ids = times.map((n) => wheel.push(n as Nanos, target(fired), n, null));
    const cancelled = new Set(times.filter((_, i) => i % 5 === 2));
    for (const [i, id] of ids.entries()) if (i % 5 === 2) wheel.cancel(id);
    while (wheel.size > 0) wheel.pop();
    expect(fired).toEqual(Array.from({ length: 500 }, (_, i) => i).filter((n) => !cancelled.has(n)));
  });

  it('give their slots back: a full house is emptied and filled again', () => {
    const wheel = new TimingWheel();
    const fired: number[] = [];
    for (let round = 0; round < 3; round++) {
      for (const n of shuffled(2500)) wheel.push((wheel.now + n * 500) as Nanos, target(fired), n, null);
      while (wheel.size > 0) wheel.pop();
    }
    const once = Array.from({ length: 2500 }, (_, i) => i);
    expect(fired).toEqual([...once, ...once, ...once]);
  });

  it('a cancelled event is gone, and an id that was never given cancels nothing', () => {
    const wheel = new TimingWheel();
    const id = wheel.push(5 as Nanos, target([]), 1, null);
    expect([wheel.cancel(id), wheel.cancel(id), wheel.size, wheel.peek(), wheel.now]).toEqual([true, false, 0, Infinity, 0]);
    expect([1e12, -1, 0.5, NaN].map((stale) => wheel.cancel(stale as TimerId))).toEqual([false, false, false, false]);
  });
});
