import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReplayWindow, SEEN } from './replay-window.js';

it('agrees with a set that remembers everything', () => {
  const step = fc.oneof(fc.integer({ min: -70, max: 5 }), fc.integer({ min: 0, max: 200 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const window = new ReplayWindow(64);
      const seen = new Set<number>();
      let highest = -1;
      for (const d of steps) {
        const index = Math.max(0, highest + d);
        const expected = index <= highest - 64 ? SEEN.TOO_OLD : seen.has(index) ? SEEN.REPLAYED : SEEN.NEW;
        expect(window.look(index)).toBe(expected);
        expect(window.mark(index)).toBe(expected);
        if (expected === SEEN.NEW) seen.add(index);
        highest = Math.max(highest, index);
        if (seen.size > 0) expect(window.highest).toBe(highest);
      }
    }),
    { seed: 3711, numRuns: 200 },
  );
});

it('holds for 48-bit indices', () => {
  const window = new ReplayWindow();
  const top = 2 ** 48 - 1;
  expect(window.mark(top)).toBe(SEEN.NEW);
  expect(window.mark(top - 127)).toBe(SEEN.NEW);
  expect(window.mark(top - 127)).toBe(SEEN.REPLAYED);
  expect(window.mark(top - 128)).toBe(SEEN.TOO_OLD);
});
