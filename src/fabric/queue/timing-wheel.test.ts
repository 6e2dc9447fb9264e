import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimerId } from '../../base/brand.js';
import type { Nanos } from '../../base/time.js';
import { QUEUE_CASES } from './event-queue.contract.js';
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

type Step = { do: 'push'; after: number } | { do: 'cancel'; which: number } | { do: 'pop'; n: number } | { do: 'peek' };

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
  { weight: 2, arbitrary: fc.nat().map((which): Step => ({ do: 'cancel', which })) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 8 }).map((n): Step => ({ do: 'pop', n })) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'peek' }) },
);

/** Drives one queue through the steps; the log holds all that can be seen of it. */
function play(queue: EventQueue, steps: readonly Step[]): string[] {
  const log: string[] = [];
  const ids: TimerId[] = [];
  let now = 0;
  const target: Target = { fire: (op) => void log.push(`${op}@${now}`) };
  const pop = (): void => {
    now = Math.max(now, queue.peek());
    queue.pop();
  };
  for (const s of steps) {
    if (s.do === 'push') ids.push(queue.push(Math.max(0, (Number.isFinite(now) ? now : 0) + s.after) as Nanos, target, ids.length, null));
    else if (s.do === 'cancel' && ids.length > 0) log.push(`cancel ${queue.cancel(ids[s.which % ids.length]!)}`);
    else if (s.do === 'pop') for (let i = 0; i < s.n && queue.size > 0; i++) pop();
    else log.push(`peek ${queue.peek()} of ${queue.size}`);
  }
  while (queue.size > 0) pop();
  return log;
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
