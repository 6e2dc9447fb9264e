/** Expected values by the arithmetic of net/netfilter/nft_limit.c. */
import { expect, test } from 'vitest';
import { type Clock, type Nanos, seconds } from '../../base/time.js';
import type { Limit } from '../../nft/ruleset.js';
import { Limiter } from './limiter.js';

class Hand implements Clock {
  now = 0 as Nanos;
  readonly originSeconds = 0;
}

function limiter(limit: Partial<Limit>): { readonly clock: Hand; passes(length?: number): boolean } {
  const clock = new Hand();
  const made = new Limiter({ over: false, what: 'packets', amount: 10, unit: 'second', burst: 5, ...limit }, clock);
  return { clock, passes: (length = 100) => made.passes(length) };
}

const passed = (count: number, one: () => boolean): number => Array.from({ length: count }, one).filter(Boolean).length;

test('the burst at once, then one for each interval', () => {
  const { clock, passes } = limiter({});
  expect(passed(8, passes)).toBe(5);
  clock.now = seconds(0.0999);
  expect(passes()).toBe(false);
  clock.now = seconds(0.1);
  expect([passes(), passes()]).toEqual([true, false]);
  clock.now = seconds(100);
  expect(passed(8, passes)).toBe(5);
});

test('a refused packet costs nothing, and time that passed before it counts', () => {
  const { clock, passes } = limiter({ amount: 1, burst: 1 });
  expect(passes()).toBe(true);
  for (let i = 1; i < 10; i++) {
    clock.now = seconds(i / 10);
    expect(passes()).toBe(false);
  }
  clock.now = seconds(1);
  expect(passes()).toBe(true);
});

test('over matches what is too much', () => {
  const { passes } = limiter({ over: true });
  expect(passed(8, passes)).toBe(3);
});

test('burst 0 packets is the default of five (NFT_LIMIT_PKT_BURST_DEFAULT)', () => {
  expect(passed(8, limiter({ burst: 0 }).passes)).toBe(5);
});

test('bytes: the bucket holds the rate of one unit and the burst', () => {
  const { clock, passes } = limiter({ what: 'bytes', amount: 1000, unit: 'second', burst: 500 });
  expect(passed(20, () => passes(100))).toBe(15);
  clock.now = seconds(0.25);
  expect([passes(250), passes(1)]).toEqual([true, false]);
  // A packet that is larger than the bucket never passes.
  clock.now = seconds(100);
  expect(passes(1501)).toBe(false);
  expect(passes(1500)).toBe(true);
});

test('a week at high rates stays exact: the product of its nanoseconds and a length passes 2^53', () => {
  const { passes } = limiter({ what: 'bytes', amount: 7, unit: 'week', burst: 65535 - 7 });
  // div64_u64(nsecs * 65535, 7) of a bucket of nsecs * (7 + 65528) / 7: just enough.
  expect([passes(65535), passes(1)]).toEqual([true, false]);
});
