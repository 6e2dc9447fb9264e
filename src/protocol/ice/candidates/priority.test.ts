import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../../base/rng.js';
import { newCredentials } from './credentials.js';
import { candidatePriority, checkPriority, comparePriority, formatPairPriority, localPreferences, pairPriority } from './priority.js';

describe('candidate priority (RFC 8445 section 5.1.2.1)', () => {
  it('is that of the examples of RFC 8839: 2130706431 for a host, 1694498815 for a reflexive candidate', () => {
    expect(candidatePriority('host', 65535, 1)).toBe(2130706431);
    expect(candidatePriority('srflx', 65535, 1)).toBe(1694498815);
  });

  it('2^24 * 126 + 2^8 * 65535 + (256 - 2) and so on', () => {
    expect(candidatePriority('host', 65535, 2)).toBe(2130706430);
    expect(candidatePriority('prflx', 65535, 1)).toBe(1862270975);
    expect(candidatePriority('relay', 65535, 1)).toBe(16777215);
    // RFC 5769 2.1 carries 0x6e0001ff: type preference 110, local preference 1, component 1.
    expect(checkPriority(1, 1)).toBe(0x6e0001ff);
  });
});

describe('pair priority (RFC 8445 section 6.1.2.3)', () => {
  const exact = (g: number, d: number): bigint => {
    const [G, D] = [BigInt(g), BigInt(d)];
    return (1n << 32n) * (G < D ? G : D) + 2n * (G > D ? G : D) + (G > D ? 1n : 0n);
  };
  const priority = fc.integer({ min: 1, max: 0x7fffffff });

  it('worked: G = 2130706431, D = 1694498815 give 7277816997797167103', () => {
    // 2^32 * 1694498815 + 2 * 2130706431 + 1
    expect(formatPairPriority(pairPriority(2130706431, 1694498815))).toBe('7277816997797167103');
    expect(formatPairPriority(pairPriority(1694498815, 2130706431))).toBe('7277816997797167102');
    expect(formatPairPriority(pairPriority(1, 1))).toBe('4294967298');
  });

  it('is exact where a double is not', () => {
    fc.assert(
      fc.property(priority, priority, (g, d) => {
        expect(formatPairPriority(pairPriority(g, d))).toBe(String(exact(g, d)));
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  it('orders as the 64-bit numbers do, ties and near-ties too', () => {
    const near = fc.tuple(priority, fc.constantFrom(0, 1, 2)).map(([p, q]) => Math.max(1, p - q));
    fc.assert(
      fc.property(near, near, near, near, (a, b, c, d) => {
        const diff = exact(a, b) - exact(c, d);
        expect(Math.sign(comparePriority(pairPriority(a, b), pairPriority(c, d)))).toBe(diff > 0n ? 1 : diff < 0n ? -1 : 0);
      }),
      { seed: 6, numRuns: 500 },
    );
    expect(comparePriority(pairPriority(2, 1), pairPriority(1, 2))).toBe(1);
  });
});

describe('local preference', () => {
  it('one address gets 65535; two families take turns, IPv6 first (RFC 8421 section 4)', () => {
    expect(localPreferences([{ family: 4 }])).toEqual([65535]);
    expect(localPreferences([{ family: 4 }, { family: 4 }, { family: 6 }])).toEqual([65534, 65533, 65535]);
    expect(localPreferences([{ family: 4 }, { family: 6 }, { family: 6 }, { family: 6 }])).toEqual([65534, 65535, 65533, 65532]);
  });
});

describe('credentials (RFC 8445 section 5.3)', () => {
  it('are ice-chars, at least 4 and 22 of them, and new each time', () => {
    const random = randomRoot(1).stream('ice');
    const [one, two] = [newCredentials(random), newCredentials(random)];
    expect(one.ufrag).toMatch(/^[A-Za-z0-9+/]{4,256}$/);
    expect(one.pwd).toMatch(/^[A-Za-z0-9+/]{22,256}$/);
    expect(one).not.toEqual(two);
    // Eight, so that two sessions of one lab never meet; 6 bits each, of all the letters that there are.
    expect([one.ufrag.length, one.pwd.length]).toEqual([8, 24]);
    const letters = new Set(Array.from({ length: 40 }, () => newCredentials(random)).flatMap((c) => [...c.ufrag, ...c.pwd]));
    expect(letters.size).toBe(64);
  });
});
