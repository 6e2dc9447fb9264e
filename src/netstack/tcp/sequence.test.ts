import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import { ZERO, micros } from '../../base/time.js';
import { SequenceGenerator } from './isn.js';
import { before, positionOf, wireSequence } from './sequence.js';

describe('sequence numbers (RFC 9293 section 3.4)', () => {
  it('unwrap to the position nearest to the one known', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.integer({ min: 0, max: 2 ** 45 }),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        (initial, near, distance) => {
          expect(positionOf(initial, wireSequence(initial, near + distance), near)).toBe(near + distance);
        },
      ),
      { seed: 9293, numRuns: 500 },
    );
  });

  it('compare on the circle', () => {
    expect([before(0xffffffff, 0), before(0, 0xffffffff), before(5, 5), before(1, 2)]).toEqual([true, false, false, true]);
  });
});

describe('initial sequence numbers (RFC 6528)', () => {
  it('advance by one each 4 us for one connection, and lie apart for others', () => {
    const isn = new SequenceGenerator(randomRoot(1).stream('isn'));
    const first = isn.initial(ZERO, 1, 2, 3, 4);
    expect((isn.initial(micros(4000), 1, 2, 3, 4) - first) >>> 0).toBe(1000);
    const others = new Set([first]);
    for (const id of [
      [2, 2, 3, 4],
      [1, 3, 3, 4],
      [1, 2, 4, 4],
      [1, 2, 3, 5],
      [1 + 2 ** 32, 2, 3, 4],
    ] as const) {
      others.add(isn.initial(ZERO, id[0], id[1], id[2], id[3]));
    }
    others.add(new SequenceGenerator(randomRoot(2).stream('isn')).initial(ZERO, 1, 2, 3, 4));
    expect(others.size).toBe(7);
  });
});
