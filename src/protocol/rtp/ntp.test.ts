import { expect, it } from 'vitest';
import { millis, seconds, type Nanos } from '../../base/time.js';
import * as ntp from './ntp.js';

it('seconds since 1900 and a binary fraction', () => {
  // RFC 5905 figure 4: 1970-01-01 is 2,208,988,800.
  expect(ntp.ntpSeconds(0 as Nanos, 0)).toBe(2208988800);
  expect(ntp.ntpSeconds(seconds(1.5), 0)).toBe(2208988801);
  expect(ntp.ntpFraction(seconds(1.5))).toBe(0x80000000);
  expect(ntp.ntpFraction(seconds(7.25))).toBe(0x40000000);
  // Era 1 begins in 2036.
  expect(ntp.ntpSeconds(0 as Nanos, 4294967296 - 2208988800)).toBe(0);
});

it('the middle 32 bits, in 1/65536 s: the example of RFC 3550 figure 2', () => {
  // "n=b44db705.20000000" is SR time; LSR is "b705:2000".
  expect(ntp.ntpMiddle(0xb44db705, 0x20000000)).toBe(0xb7052000);
  // DLSR 5.25 s is "0005:4000".
  expect(ntp.toShort(seconds(5.25))).toBe(0x00054000);
  expect(ntp.fromShort(0x00054000)).toBe(seconds(5.25));
  expect(ntp.toShort(millis(-1))).toBe(0);
});
