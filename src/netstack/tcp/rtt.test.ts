import { describe, expect, it } from 'vitest';
import { ZERO, millis, seconds } from '../../base/time.js';
import { RttEstimator } from './rtt.js';

const limits = { initial: seconds(1), floor: ZERO, ceiling: seconds(60) };

describe('RFC 6298 section 2', () => {
  it('starts at 1 s (2.1)', () => {
    expect(new RttEstimator(limits).timeout).toBe(seconds(1));
  });

  it('sets SRTT = R, RTTVAR = R/2, RTO = SRTT + 4 RTTVAR at the first sample (2.2)', () => {
    const rtt = new RttEstimator(limits);
    rtt.sample(millis(400));
    expect([rtt.smoothed, rtt.variation, rtt.timeout]).toEqual([millis(400), millis(200), millis(1200)]);
  });

  it('smooths by 1/8 and 1/4, the variation first (2.3)', () => {
    const rtt = new RttEstimator(limits);
    rtt.sample(millis(400));
    rtt.sample(millis(800));
    // RTTVAR = 3/4 * 200 + 1/4 * |400 - 800| = 250; SRTT = 7/8 * 400 + 1/8 * 800 = 450.
    expect([rtt.variation, rtt.smoothed, rtt.timeout]).toEqual([millis(250), millis(450), millis(1450)]);
  });

  it('keeps the floor above the smoothed round trip, and the ceiling (2.5)', () => {
    const rtt = new RttEstimator({ ...limits, floor: millis(200) });
    for (let i = 0; i < 50; i++) rtt.sample(millis(300));
    expect(rtt.timeout).toBe(millis(500));
    for (let i = 0; i < 20; i++) rtt.backOff();
    expect(rtt.timeout).toBe(seconds(60));
  });
});

describe('RFC 6298 section 5', () => {
  it('doubles (5.5) until a sample comes', () => {
    const rtt = new RttEstimator(limits);
    rtt.sample(millis(100));
    expect(rtt.timeout).toBe(millis(300));
    rtt.backOff();
    rtt.backOff();
    expect(rtt.timeout).toBe(millis(1200));
    rtt.sample(millis(100));
    // RTTVAR = 3/4 * 50.
    expect(rtt.timeout).toBe(millis(250));
  });

  it('starts anew with 3 s after a lost SYN (5.7), unless something was measured', () => {
    const rtt = new RttEstimator(limits);
    rtt.backOff();
    rtt.restart(seconds(3));
    expect(rtt.timeout).toBe(seconds(3));
    rtt.sample(millis(100));
    rtt.restart(seconds(3));
    expect([rtt.timeout, rtt.measured]).toEqual([millis(300), true]);
  });
});
