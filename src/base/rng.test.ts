import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomRoot } from './rng.js';

describe('random streams', () => {
  it('gives the same numbers for the same seed and name, whatever else was drawn', () => {
    const one = randomRoot(7);
    const two = randomRoot(7);
    two.stream('link:other:ab:loss').u32();
    const a = one.stream('link:er-1:ab:loss');
    const b = two.stream('link:er-1:ab:loss');
    expect(Array.from({ length: 50 }, () => a.u32())).toEqual(Array.from({ length: 50 }, () => b.u32()));
  });

  it('differs by name and by seed', () => {
    const draw = (seed: number, name: string): number[] => {
      const stream = randomRoot(seed).stream(name);
      return Array.from({ length: 8 }, () => stream.u32());
    };
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
  });

  it('is uniform: 64 cells of 64,000 draws stay within five sigma', () => {
    const stream = randomRoot(3).stream('uniform');
    const cells = new Array<number>(64).fill(0);
    for (let i = 0; i < 64_000; i++) {
      const cell = stream.below(64);
      cells[cell] = (cells[cell] ?? 0) + 1;
    }
    const sigma = Math.sqrt(64_000 * (1 / 64) * (63 / 64));
    for (const count of cells) expect(Math.abs(count - 1000)).toBeLessThan(5 * sigma);
  });

  it('stays below n', () => {
    const stream = randomRoot(3).stream('below');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (n) => {
        const v = stream.below(n);
        expect(v).toBeGreaterThanOrEqual(0);
        expect(v).toBeLessThan(n);
      }),
    );
  });
});
