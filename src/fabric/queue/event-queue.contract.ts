/**
 * The contract of an {@link EventQueue}, as cases that every implementation passes.
 * @module
 */
import { assertInvariant } from '../../base/assert.js';
import type { TimerId } from '../../base/brand.js';
import { NEVER, type Nanos } from '../../base/time.js';
import type { EventQueue, Target } from '../scheduler.js';

export interface QueueCase {
  readonly name: string;
  run(queue: EventQueue): void;
}

/** Notes what fires. */
class Log implements Target {
  readonly ops: number[] = [];
  fire(op: number): void {
    this.ops.push(op);
  }
}

const DAY = 86_400e9;
const at = (n: number): Nanos => n as Nanos;

function same(actual: readonly number[], expected: readonly number[]): void {
  assertInvariant(actual.join() === expected.join(), `fired ${actual.join()}, expected ${expected.join()}`);
}

/** Fires all, and checks that time does not run backwards. */
function drain(queue: EventQueue): void {
  let last = -1;
  while (queue.size > 0) {
    const when = queue.peek();
    assertInvariant(when >= last, `time ran backwards: ${when} after ${last}`);
    last = when;
    queue.pop();
  }
  assertInvariant(queue.peek() === NEVER, 'an empty queue peeks Infinity');
}

/** Numbers that look random, the same in every run. */
function scrambled(n: number): number[] {
  return Array.from({ length: n }, (_, i) => (i * 7919 + 13) % n);
}

export const QUEUE_CASES: readonly QueueCase[] = [
  {
    name: 'fires in order of time',
    run(queue) {
      const log = new Log();
      for (const n of [30, 10, 20, 0, 50, 40]) queue.push(at(n), log, n, null);
      drain(queue);
      same(log.ops, [0, 10, 20, 30, 40, 50]);
    },
  },
  {
    name: 'equal times fire in the order of booking, near and far',
    run(queue) {
      for (const when of [0, 1e3, 1e9, DAY, 104 * DAY]) {
        const log = new Log();
        for (let op = 0; op < 100; op++) queue.push(at(when), log, op, null);
        drain(queue);
        same(
          log.ops,
          Array.from({ length: 100 }, (_, i) => i),
        );
      }
    },
  },
  {
    name: 'equal times keep their order when some were booked from far and some from near',
    run(queue) {
      const log = new Log();
      queue.push(at(DAY), log, 1, null);
      queue.push(at(DAY - 1), log, 0, null);
      queue.pop();
      queue.push(at(DAY), log, 2, null);
      queue.push(at(DAY + 1), log, 4, null);
      queue.push(at(DAY), log, 3, null);
      drain(queue);
      same(log.ops, [0, 1, 2, 3, 4]);
    },
  },
  {
    name: 'a look at a later time does not hinder an earlier one',
    run(queue) {
      const log = new Log();
      queue.push(at(1e9), log, 2, null);
      assertInvariant(queue.peek() === 1e9 && queue.peek() === 1e9, 'peek is pure');
      queue.push(at(200e6), log, 1, null);
      assertInvariant(queue.peek() === 200e6, 'the earlier one is next');
      drain(queue);
      same(log.ops, [1, 2]);
    },
  },
  {
    name: 'a time before the event fired last fires next',
    run(queue) {
      const log = new Log();
      queue.push(at(5e9), log, 0, null);
      queue.push(at(6e9), log, 3, null);
      queue.pop();
      queue.push(at(4e9), log, 2, null);
      queue.push(at(1e9), log, 1, null);
      while (queue.size > 0) queue.pop();
      same(log.ops, [0, 1, 2, 3]);
    },
  },
  {
    name: 'a cancelled event does not fire, and is not seen by peek',
    run(queue) {
      const log = new Log();
      const ids = Array.from({ length: 50 }, (_, i) => queue.push(at(i < 25 ? i * 10 : i * DAY), log, i, null));
      ids.forEach((id, i) => {
        if (i % 2 === 0) assertInvariant(queue.cancel(id), 'it was waiting');
      });
      assertInvariant(queue.size === 25 && queue.peek() === 10, 'half are left');
      drain(queue);
      same(
        log.ops,
        Array.from({ length: 25 }, (_, i) => 2 * i + 1),
      );
    },
  },
  {
    name: 'a stale id cancels nothing',
    run(queue) {
      const log = new Log();
      const fired = queue.push(at(1), log, 1, null);
      queue.pop();
      const cancelled = queue.push(at(2), log, 2, null);
      assertInvariant(queue.cancel(cancelled), 'the first time');
      queue.push(at(3), log, 3, null);
      queue.push(at(4), log, 4, null);
      for (const id of [fired, cancelled, 0 as TimerId, 12_345_678_901 as TimerId]) assertInvariant(!queue.cancel(id), 'nothing to cancel');
      drain(queue);
      same(log.ops, [1, 3, 4]);
    },
  },
  {
    name: 'what fires may book and cancel',
    run(queue) {
      const log = new Log();
      let victim = 0 as TimerId;
      const target: Target = {
        fire(op) {
          log.fire(op);
          if (op === 0) {
            queue.push(at(0), log, 1, null);
            queue.push(at(5), log, 3, null);
            queue.cancel(victim);
          }
        },
      };
      queue.push(at(0), target, 0, null);
      victim = queue.push(at(0), log, 99, null);
      queue.push(at(0), log, 2, null);
      drain(queue);
      // 2 was booked before 1.
      same(log.ops, [0, 2, 1, 3]);
    },
  },
  {
    name: 'grows, with all times in one nanosecond, in one microsecond and over 104 days',
    run(queue) {
      for (const unit of [0, 1, (104 * DAY) / 5000]) {
        const log = new Log();
        for (const n of scrambled(5000)) queue.push(at(Math.floor(n * unit)), log, n, null);
        drain(queue);
        same(log.ops, unit === 0 ? scrambled(5000) : Array.from({ length: 5000 }, (_, i) => i));
      }
    },
  },
  {
    name: 'huge gaps between busy times',
    run(queue) {
      const log = new Log();
      const expected: number[] = [];
      for (const [i, start] of [0, 1e6, DAY, 50 * DAY, 104 * DAY].entries()) {
        for (const n of scrambled(200)) queue.push(at(start + n * 100), log, i * 200 + n, null);
        for (let n = 0; n < 200; n++) expected.push(i * 200 + n);
      }
      drain(queue);
      same(log.ops, expected);
    },
  },
  {
    name: '"never" is booked, stays last and can be cancelled',
    run(queue) {
      const log = new Log();
      const never = queue.push(NEVER, log, 9, null);
      queue.push(at(1), log, 1, null);
      queue.pop();
      assertInvariant(queue.size === 1 && queue.peek() === NEVER, 'it waits');
      assertInvariant(queue.cancel(never), 'it can be cancelled');
      drain(queue);
      same(log.ops, [1]);
    },
  },
  {
    name: 'now is the time of the event that fires, and never goes back; popUntil leaves what is later',
    run(queue) {
      const seen: number[] = [];
      const target: Target = { fire: () => seen.push(queue.now) };
      queue.push(at(5e9), target, 0, null);
      queue.push(at(6e9), target, 0, null);
      assertInvariant(queue.now === 0, 'it begins at 0');
      assertInvariant(!queue.popUntil(at(5e9 - 1)) && queue.now === 0, 'nothing is due yet');
      assertInvariant(queue.popUntil(at(5e9)), 'the limit itself is due');
      queue.push(at(4e9), target, 0, null);
      assertInvariant(queue.popUntil(at(5e9)), 'an earlier one fires late');
      queue.pop();
      same(seen, [5e9, 5e9, 6e9]);
      queue.push(NEVER, target, 0, null);
      assertInvariant(!queue.popUntil(NEVER) && queue.size === 1, 'never does not come');
    },
  },
  {
    name: 'an empty queue has nothing to pop',
    run(queue) {
      let thrown = false;
      try {
        queue.pop();
      } catch {
        thrown = true;
      }
      assertInvariant(thrown, 'pop on an empty queue is a mistake');
    },
  },
];
