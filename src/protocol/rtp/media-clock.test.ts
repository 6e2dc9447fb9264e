import fc from 'fast-check';
import { expect, it } from 'vitest';
import { seconds, type Nanos } from '../../base/time.js';
import { timeOf, unitsIn } from './media-clock.js';

it.each([
  [8000, seconds(0.02), 160],
  [48_000, seconds(0.02), 960],
  [90_000, seconds(0.04), 3600],
  [90_000, 11_111 as Nanos, 0],
  [90_000, 11_112 as Nanos, 1],
])('%d Hz: %d ns are %d units', (rate, time, units) => {
  expect(unitsIn(time, rate)).toBe(units);
});

it('no unit is lost in 104 days, whatever the rate; 2^53 ns times 90 kHz would round', () => {
  fc.assert(
    fc.property(fc.nat(9_000_000), fc.nat(999_999_999), fc.constantFrom(8000, 11_025, 44_100, 48_000, 90_000), (s, rest, rate) => {
      const exact = (BigInt(s) * 1_000_000_000n + BigInt(rest)) * BigInt(rate);
      expect(unitsIn((s * 1e9 + rest) as Nanos, rate)).toBe(Number(exact / 1_000_000_000n));
    }),
    { seed: 3550, numRuns: 300 },
  );
});

it('units as time, to the nearest nanosecond', () => {
  expect(timeOf(160, 8000)).toBe(seconds(0.02));
  expect(timeOf(1, 90_000)).toBe(11_111);
});
