import { expect, test } from 'vitest';
import { type Nanos, seconds } from '../../base/time.js';
import type { Addr } from '../transport.js';
import { PathMtu } from './path-mtu.js';

const to = 0x0a000001 as Addr;
const KEY = 0x0a000001;

function at(): { clock: { now: Nanos; originSeconds: number }; cache: PathMtu } {
  const clock = { now: 0 as Nanos, originSeconds: 0 };
  return { clock, cache: new PathMtu(clock) };
}

test('what a router said holds for ten minutes and only falls', () => {
  const { clock, cache } = at();
  expect(cache.of(4, KEY, 1500)).toBe(1500);
  expect(cache.learn(4, to, 1400, 1500)).toBe(1400);
  expect(cache.learn(4, to, 1450, 1500)).toBe(1400);
  expect([cache.of(4, KEY, 1500), cache.of(4, KEY, 1300), cache.of(4, KEY + 1, 1500)]).toEqual([1400, 1300, 1500]);
  clock.now = seconds(599);
  expect(cache.of(4, KEY, 1500)).toBe(1400);
  clock.now = seconds(600);
  expect(cache.of(4, KEY, 1500)).toBe(1500);
  expect(cache.learn(4, to, 1450, 1500)).toBe(1450);
  cache.forget();
  expect(cache.of(4, KEY, 1500)).toBe(1500);
});

// RFC 1191 table 7-1: the plateau below the datagram that was too big.
test.each([
  [1500, 1492],
  [1492, 1006],
  [4352, 2002],
  [65535, 32000],
  [300, 296],
  [290, 68],
])('a router that tells no MTU about %i octets means %i', (size, plateau) => {
  expect(at().cache.learn(4, to, 0, size)).toBe(plateau);
});

test('nobody can talk it below what every link carries (RFC 791, RFC 8201 section 4)', () => {
  const { cache } = at();
  expect(cache.learn(4, to, 20, 1500)).toBe(68);
  expect(cache.learn(6, (2 ** 32) as Addr, 576, 1500)).toBe(1280);
});
