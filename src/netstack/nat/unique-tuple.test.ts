/** Which tuple a connection gets that is to be translated: nf_nat_core's get_unique_tuple, find_appropriate_src, find_best_ips_proto. */
import { describe, expect, test } from 'vitest';
import { MANIP_DST, MANIP_SRC } from './manip.js';
import { type Allowed, Choosing } from './unique-tuple.testkit.js';

const OUT: Allowed = { addresses: ['10.0.2.254', '10.0.2.254'] };
const POOL: Allowed = { addresses: ['10.0.2.100', '10.0.2.110'] };
const POOL6: Allowed = { addresses: ['2001:db8:2:0:1::', '2001:db8:2:0:3::5'] };

describe('a source', () => {
  test.each([
    ['udp', '10.0.1.1 5000 > 10.0.2.1 9', OUT, '10.0.2.254 5000 > 10.0.2.1 9'],
    ['tcp', '10.0.1.1 5000 > 10.0.2.1 9', OUT, '10.0.2.254 5000 > 10.0.2.1 9'],
    ['icmp', '10.0.1.1 7 > 10.0.2.1', OUT, '10.0.2.254 7 > 10.0.2.1'],
    ['esp', '10.0.1.1 0 > 10.0.2.1 0', OUT, '10.0.2.254 0 > 10.0.2.1 0'],
    ['udp', '2001:db8:1::1 5000 > 2001:db8:2::1 9', { addresses: ['2001:db8:2::fe', '2001:db8:2::fe'] }, '2001:db8:2::fe 5000 > 2001:db8:2::1 9'],
    ['icmp6', '2001:db8:1::1 7 > 2001:db8:2::1', { addresses: ['2001:db8:2::fe', '2001:db8:2::fe'] }, '2001:db8:2::fe 7 > 2001:db8:2::1'],
  ] as const)('of %s keeps its port where that is free: %s', (protocol, ends, allowed, expected) => {
    expect(new Choosing(protocol).choose(ends, allowed)).toBe(expected);
  });

  test('keeps its address where none is said', () => {
    expect(new Choosing().choose('10.0.1.1 5000 > 10.0.2.1 9', { ports: [40000, 40010] }, MANIP_SRC, [3])).toBe('10.0.1.1 40003 > 10.0.2.1 9 (1)');
    expect(new Choosing().choose('10.0.1.1 40010 > 10.0.2.1 9', { ports: [40000, 40010] })).toBe('10.0.1.1 40010 > 10.0.2.1 9');
  });

  // The addresses are those that a Linux 6.18 kernel chose (spread.test.ts).
  test('gets one of a pool by who speaks to whom; `persistent`, by who speaks', () => {
    const chosen = (allowed: Allowed, from: string, to: string): string => new Choosing().choose(`${from} 5000 > ${to} 9`, allowed).split(' ')[0] ?? '';
    const persistent = (allowed: Allowed): Allowed => ({ ...allowed, flags: ['persistent'] });
    expect([
      chosen(POOL, '10.0.1.1', '10.0.2.1'),
      chosen(POOL, '10.0.1.1', '10.0.2.2'),
      chosen(persistent(POOL), '10.0.1.1', '10.0.2.1'),
      chosen(persistent(POOL), '10.0.1.1', '10.0.2.2'),
      chosen(POOL6, '2001:db8:1::1', '2001:db8:2::2'),
      chosen(persistent(POOL6), '2001:db8:1::1', '2001:db8:2::2'),
    ]).toEqual(['10.0.2.100', '10.0.2.109', '10.0.2.107', '10.0.2.107', '2001:db8:2:0:2:d882:ec40:dd80', '2001:db8:2:0:2:3a62:9d30:b91d']);
  });

  test.each([
    ['10.0.2.99', POOL, false],
    ['10.0.2.100', POOL, true],
    ['10.0.2.105', POOL, true],
    ['10.0.2.110', POOL, true],
    ['10.0.2.111', POOL, false],
    ['2001:db8:2::ffff:ffff:ffff:ffff', POOL6, false],
    ['2001:db8:2:0:1::', POOL6, true],
    ['2001:db8:2:0:2:1::', POOL6, true],
    ['2001:db8:2:0:3::5', POOL6, true],
    ['2001:db8:2:0:3::6', POOL6, false],
  ])('that is in the pool already stays: %s', (from, allowed, stays) => {
    const to = from.includes('::') ? '2001:db8:2::1' : '10.0.2.1';
    expect(new Choosing().choose(`${from} 5000 > ${to} 9`, allowed) === `${from} 5000 > ${to} 9`).toBe(stays);
  });

  test('that is in the pool, but whose port is taken, gets another address by the rule', () => {
    const choosing = new Choosing();
    choosing.takenPorts('10.0.2.105', [5000], '10.0.2.1 9');
    expect(choosing.choose('10.0.2.105 5000 > 10.0.2.1 9', { addresses: ['10.0.2.105', '10.0.2.254'] })).toMatch(/^10\.0\.2\.\d+ 5000 > 10\.0\.2\.1 9$/);
    expect(choosing.choose('10.0.2.105 5000 > 10.0.2.1 9', { addresses: ['10.0.2.105', '10.0.2.105'] }, MANIP_SRC, [6])).toBe(
      '10.0.2.105 1030 > 10.0.2.1 9 (1)',
    );
  });
});

describe('what a source is translated to already', () => {
  const RANGE: Allowed = { ...OUT, ports: [40000, 50000] };

  test('it is towards others too, where that is free', () => {
    const choosing = new Choosing();
    choosing.taken('10.0.1.1 5000 > 10.0.2.1 9', '10.0.2.254 44444 > 10.0.2.1 9');
    expect(choosing.choose('10.0.1.1 5000 > 10.0.2.2 80', RANGE)).toBe('10.0.2.254 44444 > 10.0.2.2 80');
    expect(choosing.choose('10.0.1.1 5000 > 10.0.2.2 80', { addresses: ['10.0.2.11', '10.0.2.254'] })).toBe('10.0.2.254 44444 > 10.0.2.2 80');
    // Of another source nothing follows.
    expect(choosing.choose('10.0.1.1 5001 > 10.0.2.2 80', RANGE, MANIP_SRC, [0])).toBe('10.0.2.254 40000 > 10.0.2.2 80 (1)');
  });

  test('where it is taken there, another is sought', () => {
    const choosing = new Choosing();
    choosing.taken('10.0.1.1 5000 > 10.0.2.1 9', '10.0.2.254 44444 > 10.0.2.1 9');
    choosing.takenPorts('10.0.2.254', [44444], '10.0.2.2 80');
    expect(choosing.choose('10.0.1.1 5000 > 10.0.2.2 80', RANGE, MANIP_SRC, [7])).toBe('10.0.2.254 40007 > 10.0.2.2 80 (1)');
  });

  test('the first that the rule allows is taken, from the newest on', () => {
    const choosing = new Choosing();
    choosing.taken('10.0.1.1 5000 > 10.0.2.3 9', '10.0.2.254 41111 > 10.0.2.3 9');
    choosing.taken('10.0.1.1 5000 > 10.0.2.4 9', '10.0.2.254 42222 > 10.0.2.4 9');
    choosing.taken('10.0.1.1 5000 > 10.0.2.5 9', '10.0.2.254 60000 > 10.0.2.5 9');
    choosing.taken('10.0.1.1 5000 > 10.0.2.6 9', '10.0.2.253 43333 > 10.0.2.6 9');
    expect(choosing.choose('10.0.1.1 5000 > 10.0.2.2 80', RANGE)).toBe('10.0.2.254 42222 > 10.0.2.2 80');
    // Where that one is taken, none of the older is asked.
    choosing.takenPorts('10.0.2.254', [42222], '10.0.2.7 80');
    expect(choosing.choose('10.0.1.1 5000 > 10.0.2.7 80', RANGE, MANIP_SRC, [7])).toBe('10.0.2.254 40007 > 10.0.2.7 80 (1)');
  });

  test('of a query: the identifier', () => {
    const choosing = new Choosing('icmp');
    choosing.taken('10.0.1.1 7 > 10.0.2.1', '10.0.2.254 4444 > 10.0.2.1');
    expect(choosing.choose('10.0.1.1 7 > 10.0.2.2', OUT)).toBe('10.0.2.254 4444 > 10.0.2.2');
  });

  test.each(['random', 'fully-random'] as const)('does not count with `%s`', (flag) => {
    const choosing = new Choosing();
    choosing.taken('10.0.1.1 5000 > 10.0.2.1 9', '10.0.2.254 44444 > 10.0.2.1 9');
    expect(choosing.choose('10.0.1.1 5000 > 10.0.2.2 80', { ...RANGE, flags: [flag] }, MANIP_SRC, [9])).toBe('10.0.2.254 40009 > 10.0.2.2 80 (1)');
  });

  test('says nothing about a destination', () => {
    const choosing = new Choosing();
    choosing.taken('10.0.1.1 5000 > 10.0.2.1 9', '10.0.2.254 44444 > 10.0.2.1 9');
    expect(choosing.choose('10.0.1.1 5000 > 10.0.2.2 80', RANGE, MANIP_DST, [])).toBe('10.0.1.1 5000 > 10.0.2.254 40000');
  });
});

describe('a destination', () => {
  test('gets the address, and keeps its port', () => {
    expect(new Choosing().choose('10.0.2.1 5000 > 10.0.2.254 80', { addresses: ['10.0.1.1', '10.0.1.1'] }, MANIP_DST)).toBe('10.0.2.1 5000 > 10.0.1.1 80');
    expect(new Choosing().choose('10.0.1.1 5000 > 10.0.2.2 80', POOL, MANIP_DST)).toBe('10.0.1.1 5000 > 10.0.2.109 80');
    expect(new Choosing().choose('2001:db8:1::1 5000 > 2001:db8:2::2 80', POOL6, MANIP_DST)).toBe('2001:db8:1::1 5000 > 2001:db8:2:0:2:d882:ec40:dd80 80');
  });

  test('keeps its port though the tuple is taken: then the source will change', () => {
    const choosing = new Choosing();
    choosing.taken('10.0.2.1 5000 > 10.0.2.254 81', '10.0.2.1 5000 > 10.0.1.1 80');
    expect(choosing.choose('10.0.2.1 5000 > 10.0.2.254 80', { addresses: ['10.0.1.1', '10.0.1.1'] }, MANIP_DST)).toBe('10.0.2.1 5000 > 10.0.1.1 80');
  });

  test('is not one of the sources that are in the pool: it is not looked at whether the source is', () => {
    expect(new Choosing().choose('10.0.2.105 5000 > 10.0.2.1 80', { addresses: ['10.0.2.105', '10.0.2.105'] }, MANIP_DST)).toBe(
      '10.0.2.105 5000 > 10.0.2.105 80',
    );
  });
});

test('an entry of the very same flow takes nothing: whichever is confirmed first stays', () => {
  const choosing = new Choosing();
  choosing.taken('10.0.1.1 5000 > 10.0.2.1 9', '10.0.2.254 5000 > 10.0.2.1 9');
  expect(choosing.choose('10.0.1.1 5000 > 10.0.2.1 9', OUT)).toBe('10.0.2.254 5000 > 10.0.2.1 9');
});
