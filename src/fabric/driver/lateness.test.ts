import { expect, it } from 'vitest';
import { Lateness } from './lateness.js';

const of = (...lates: readonly number[]): Lateness => {
  const late = new Lateness();
  for (const one of lates) late.add(one);
  return late;
};

it.each([
  [0, 1000],
  [999, 1000],
  [1000, 2000],
  [1999, 2000],
  [2000, 4000],
  [3999, 4000],
  [4000, 8000],
  [1_023_999, 1_024_000],
  [1_024_000, 2_048_000],
  // All that is later than the last bucket begins: 2^38 us are three days.
  [2 ** 39 * 1000, 2 ** 39 * 1000],
  [Number.MAX_SAFE_INTEGER, 2 ** 39 * 1000],
])('%d ns late is in the bucket below %d ns', (late, below) => {
  expect(of(late).buckets()).toEqual([{ below, events: 1 }]);
});

it('keeps count and maximum, whatever the order', () => {
  const late = of(5000, 9000, 100, 9000, 3000);
  expect([late.count, late.max]).toEqual([5, 9000]);
  expect(late.buckets()).toEqual([
    { below: 1000, events: 1 },
    { below: 4000, events: 1 },
    { below: 8000, events: 1 },
    { below: 16_000, events: 2 },
  ]);
});

it('bounds a quantile by the upper end of its bucket, and by the maximum', () => {
  const late = of(100, 100, 1500, 1500, 9000);
  expect([0.2, 0.4, 0.41, 0.8, 0.81, 1].map((q) => late.quantile(q))).toEqual([1000, 1000, 2000, 2000, 9000, 9000]);
  expect(of(700).quantile(0.5)).toBe(700);
  expect([of().quantile(0.5), of().quantile(1), of().max]).toEqual([0, 0, 0]);
});
