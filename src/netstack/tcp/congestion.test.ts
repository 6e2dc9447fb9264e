import { describe, expect, it } from 'vitest';
import { Congestion, initialWindow } from './congestion.js';

describe('initial window (RFC 6928 section 2)', () => {
  it('is min (10*MSS, max (2*MSS, 14600))', () => {
    expect([536, 1460, 8960, 1000].map(initialWindow)).toEqual([5360, 14600, 17920, 10000]);
  });
});

describe('RFC 5681', () => {
  it('slow start widens by at most one segment per acknowledgement (3.1)', () => {
    const cc = new Congestion(1000);
    cc.acknowledged(500, true);
    cc.acknowledged(2000, true);
    expect(cc.cwnd).toBe(11_500);
  });

  it('does not widen what the sender does not use', () => {
    const cc = new Congestion(1000);
    cc.acknowledged(1000, false);
    expect(cc.cwnd).toBe(10_000);
  });

  it('congestion avoidance adds one segment per window of acknowledged octets (3.1)', () => {
    const cc = new Congestion(1000);
    cc.ssthresh = 4000;
    cc.cwnd = 4000;
    for (let i = 0; i < 3; i++) cc.acknowledged(1000, true);
    expect(cc.cwnd).toBe(4000);
    cc.acknowledged(1000, true);
    expect(cc.cwnd).toBe(5000);
    for (let i = 0; i < 5; i++) cc.acknowledged(1000, true);
    expect(cc.cwnd).toBe(6000);
  });

  it('halves the flight, with two segments at least, and restarts at one after a time-out (3.1 (4))', () => {
    const cc = new Congestion(1000);
    cc.timeout(1, 8001, false);
    expect([cc.ssthresh, cc.cwnd, cc.phase]).toEqual([4000, 1000, 'loss']);
    cc.timeout(1, 8001, true);
    expect(cc.ssthresh).toBe(4000);
    cc.timeout(1, 1001, false);
    expect(cc.ssthresh).toBe(2000);
  });

  it('restarts from the initial window after idling (4.1)', () => {
    const cc = new Congestion(1000);
    cc.cwnd = 50_000;
    cc.idle();
    expect(cc.cwnd).toBe(10_000);
    cc.cwnd = 3000;
    cc.idle();
    expect(cc.cwnd).toBe(3000);
  });
});

describe('fast recovery (RFC 5681 section 3.2, RFC 6582 section 3.2)', () => {
  it('enters with ssthresh + 3, inflates, deflates by what a partial acknowledgement covers, leaves', () => {
    const cc = new Congestion(1000);
    cc.enterRecovery(1, 10_001, false);
    expect([cc.ssthresh, cc.cwnd, cc.recover]).toEqual([5000, 8000, 10_001]);
    cc.inflate();
    expect(cc.cwnd).toBe(9000);
    cc.deflate(3000);
    expect(cc.cwnd).toBe(7000);
    cc.deflate(500);
    expect(cc.cwnd).toBe(6500);
    cc.leave(2000, false);
    expect([cc.cwnd, cc.phase]).toEqual([3000, 'open']);
  });

  it('never leaves with more than ssthresh; with SACK the window is neither inflated nor bound by the flight', () => {
    const cc = new Congestion(1000);
    cc.enterRecovery(1, 10_001, false);
    cc.leave(9000, false);
    expect(cc.cwnd).toBe(5000);
    cc.enterRecovery(1, 10_001, true);
    expect(cc.cwnd).toBe(5000);
    cc.leave(0, true);
    expect(cc.cwnd).toBe(5000);
  });
});

it('a smaller path keeps the window in octets, a fresh one starts from the new segment', () => {
  const cc = new Congestion(1460);
  cc.resize(960, false);
  expect(cc.cwnd).toBe(14_600);
  cc.resize(536, true);
  expect(cc.cwnd).toBe(5360);
  cc.resegment(1, 5000);
  expect([cc.phase, cc.cwnd, cc.ssthresh, cc.lostBelow]).toEqual(['loss', 5360, Infinity, 5000]);
});
