import { describe, expect, it } from 'vitest';
import { readPercent, readRate, readTime, writePercent, writeRate, writeTime } from './units.js';
import type { Nanos } from '../../base/time.js';

// tc(8), "PARAMETERS": TIMES, RATES and the percentages of tc-netem(8).
describe('times', () => {
  it.each([
    ['20ms', 20e6],
    ['1.5s', 1.5e9],
    ['250us', 250e3],
    ['7ns', 7],
    ['2secs', 2e9],
    ['10msec', 10e6],
    ['.5ms', 500e3],
    ['0s', 0],
  ])('%s', (text, nanos) => expect(readTime(text)).toBe(nanos));
  it.each(['20', '20 ms', '-1ms', 'ms', '1m', '1e3ms', '', '9e99s', '99999999999s'])('refuses "%s"', (text) => expect(readTime(text)).toBeUndefined());
  it('writes the largest unit that needs no fraction', () => {
    expect([0, 999, 1500, 20e6, 2e9, 1_500_000_000].map((n) => writeTime(n as Nanos))).toEqual(['0ns', '999ns', '1500ns', '20ms', '2s', '1500ms']);
  });
});

describe('percentages', () => {
  it.each([
    ['1%', 0.01],
    ['1', 0.01],
    ['0.1%', 0.001],
    ['100%', 1],
    ['0%', 0],
    ['12.34567%', 0.1234567],
  ])('%s', (text, p) => expect(readPercent(text)).toBe(p));
  it.each(['101%', '-1%', 'x%', '%', '1%%', '1e1%'])('refuses "%s"', (text) => expect(readPercent(text)).toBeUndefined());
  it('writes without exponent or dust', () => {
    expect([0, 0.001, 0.3, 1 - 0.7, 1, 1e-8].map(writePercent)).toEqual(['0%', '0.1%', '30%', '30%', '100%', '0.000001%']);
  });
});

describe('rates', () => {
  it.each([
    ['10mbit', 10e6],
    ['10Mbit', 10e6],
    ['1.5gbit', 1.5e9],
    ['64kbit', 64e3],
    ['1000', 1000],
    ['1kibit', 1024],
    ['8bps', 64],
    ['1mbps', 8e6],
    ['1kibps', 8192],
  ])('%s', (text, rate) => expect(readRate(text)).toBe(rate));
  it.each(['10 mbit', 'fast', '-1mbit', '1mb', '10mbits'])('refuses "%s"', (text) => expect(readRate(text)).toBeUndefined());
  it('writes the largest unit that needs no fraction', () => {
    expect([1, 1500, 10e6, 1e9, 1.5e9].map(writeRate)).toEqual(['1bit', '1500bit', '10mbit', '1gbit', '1500mbit']);
  });
});
