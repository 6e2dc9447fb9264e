import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scoreboard } from './scoreboard.js';

/** The same questions, octet by octet, as RFC 6675 section 4 words them. */
class Naive {
  readonly sacked = new Set<number>();
  isLost(position: number, mss: number): boolean {
    const above = [...this.sacked].filter((p) => p >= position);
    const ranges = above.filter((p) => !(this.sacked.has(p - 1) && p - 1 >= position)).length;
    return ranges >= 3 || above.length > 2 * mss;
  }
  pipe(una: number, next: number, mss: number, lostBelow: number, resent: number): number {
    let pipe = 0;
    for (let p = una; p < next; p++) {
      if (this.sacked.has(p)) continue;
      if (p >= lostBelow && !this.isLost(p, mss)) pipe += 1;
      if (p < resent) pipe += 1;
    }
    return pipe;
  }
}

describe('scoreboard', () => {
  it('answers as RFC 6675 section 4 does octet by octet', () => {
    const range = fc.tuple(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 12 }));
    fc.assert(
      fc.property(
        fc.array(range, { maxLength: 8 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 10 }),
        (ranges, lostBelow, resent, mss) => {
          const board = new Scoreboard();
          const naive = new Naive();
          for (const [start, length] of ranges) {
            const size = naive.sacked.size;
            for (let p = start; p < start + length; p++) naive.sacked.add(p);
            expect(board.add(start, start + length)).toBe(naive.sacked.size - size);
          }
          expect(board.highest).toBe(naive.sacked.size === 0 ? 0 : Math.max(...naive.sacked) + 1);
          expect(board.first).toBe(Math.min(...naive.sacked));
          for (let p = 1; p < 75; p++) expect(board.isLost(p, mss)).toBe(naive.isLost(p, mss));
          expect(board.pipe(1, 75, mss, lostBelow, resent)).toBe(naive.pipe(1, 75, mss, lostBelow, resent));
          const hole = board.hole(resent, 75, mss, lostBelow, true);
          let expected = resent;
          while (naive.sacked.has(expected)) expected += 1;
          expect(hole?.start ?? null).toBe(expected < 75 && (expected < lostBelow || naive.isLost(expected, mss)) ? expected : null);
          if (hole !== null) for (let p = hole.start; p < hole.end; p++) expect(naive.sacked.has(p)).toBe(false);
        },
      ),
      { seed: 6675, numRuns: 300 },
    );
  });

  it('forgets what is acknowledged', () => {
    const board = new Scoreboard();
    board.add(10, 20);
    board.add(30, 40);
    board.release(15);
    expect([board.first, board.highest]).toEqual([15, 40]);
    board.release(40);
    expect(board.empty).toBe(true);
    board.add(50, 60);
    board.clear();
    expect([board.empty, board.first, board.highest]).toEqual([true, Infinity, 0]);
  });

  it('rule 3 of NextSeg finds a hole that is not lost yet', () => {
    const board = new Scoreboard();
    board.add(10, 20);
    expect(board.hole(1, 20, 100, 1, true)).toBe(null);
    expect(board.hole(1, 20, 100, 1, false)).toEqual({ start: 1, end: 10 });
    expect(board.hole(1, 20, 100, 5, true)).toEqual({ start: 1, end: 5 });
  });
});
