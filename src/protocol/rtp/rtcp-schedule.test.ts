import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../base/rng.js';
import { NEVER, seconds, type Nanos } from '../../base/time.js';
import { RtcpSchedule } from './rtcp-schedule.js';

const make = (options: { bandwidth?: number; reducedMinimum?: boolean } = {}, seed = 1): RtcpSchedule =>
  new RtcpSchedule({ random: randomRoot(seed).stream('rtcp'), ...options });

describe('RTCP interval (RFC 3550 6.2, 6.3)', () => {
  it('is 2.5 s at first and 5 s then, for two that talk', () => {
    const schedule = make();
    schedule.members = 2;
    schedule.senders = 2;
    schedule.weSent = true;
    expect(schedule.deterministicInterval).toBe(2.5);
    schedule.start(0 as Nanos);
    schedule.sent(100, seconds(2));
    expect(schedule.deterministicInterval).toBe(5);
  });

  it('grows with members: 1000 receivers of 64 kbit/s share three quarters of 400 octets a second', () => {
    const schedule = make();
    schedule.members = 1000;
    schedule.senders = 1;
    schedule.sent(100, 0 as Nanos);
    expect(schedule.deterministicInterval).toBeCloseTo((128 * 999) / 300, 0);
    schedule.weSent = true;
    expect(schedule.deterministicInterval).toBe(5);
  });

  it('the reduced minimum is 360 s by kbit/s, and never more than 5 s', () => {
    const schedule = make({ reducedMinimum: true, bandwidth: 720_000 });
    schedule.start(0 as Nanos);
    schedule.sent(100, 0 as Nanos);
    expect(schedule.deterministicInterval).toBe(0.5);
    expect(make({ reducedMinimum: true, bandwidth: 64_000 }).deterministicInterval).toBe(2.5);
  });

  it('is drawn from 0.5 to 1.5 times that, by e - 1.5', () => {
    for (let seed = 0; seed < 50; seed++) {
      const schedule = make({}, seed);
      schedule.start(seconds(100));
      expect(schedule.deadline).toBeGreaterThanOrEqual(seconds(100 + (2.5 * 0.5) / 1.21828) - 1);
      expect(schedule.deadline).toBeLessThanOrEqual(seconds(100 + (2.5 * 1.5) / 1.21828) + 1);
    }
  });

  it('expires in time only, reconsiders, and in the end sends', () => {
    const schedule = make();
    schedule.start(0 as Nanos);
    expect(schedule.expire((schedule.deadline - 1) as Nanos)).toBe(false);
    let turns = 0;
    let before = schedule.deadline;
    while (!schedule.expire(schedule.deadline)) {
      expect(schedule.deadline).toBeGreaterThan(before);
      before = schedule.deadline;
      expect(++turns).toBeLessThan(20);
    }
    schedule.stop();
    expect(schedule.deadline).toBe(NEVER);
  });

  it('the average packet counts the lower headers, one sixteenth at a time', () => {
    const schedule = make({ bandwidth: 100 });
    schedule.sent(128 - 28 + 160, 0 as Nanos);
    // 128 + 160/16 = 138 octets, one member that never sends: 138 / (0.625 * 0.75).
    expect(schedule.deterministicInterval).toBeCloseTo(138 / (0.625 * 0.75));
    schedule.received(138 - 28);
    expect(schedule.deterministicInterval).toBeCloseTo(138 / (0.625 * 0.75));
  });
});
