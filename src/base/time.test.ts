import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, millis, nanos, parseDuration, seconds } from './time.js';

describe('durations', () => {
  it.each([
    ['20ms', 20e6],
    ['1.5s', 1.5e9],
    ['250us', 250e3],
    ['7ns', 7],
    ['2m', 120e9],
    ['1h', 3600e9],
    [' 3 s ', 3e9],
  ])('reads %s', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each(['', '20', 'ms', '-1s', '1,5s', '1 week', '0x10ms'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('rounds to whole nanoseconds', () => {
    expect(millis(1 / 3)).toBe(333333);
    expect(Number.isInteger(seconds(0.1))).toBe(true);
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 12 }), (n) => {
        expect(parseDuration(formatDuration(nanos(n)))).toBe(n);
      }),
    );
  });
});
