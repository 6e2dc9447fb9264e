/**
 * Queues before a line of limited rate: what their rings hold, however long they grow and wherever they begin.
 */
import { describe, expect, it } from 'vitest';
import type { LinkId } from '../../base/brand.js';
import { millis, nanos } from '../../base/time.js';
import { createPool } from '../pool.js';
import { testLink } from '../testing.js';
import { bandOf } from './dscp-band.js';

const LINK = 0 as LinkId;
const [EF, BE] = [46, 0];
const EGRESS = ['fifo', 'dscp-priority'] as const;

describe.each(EGRESS)('a queue, %s', (egress) => {
  /** 1000 octets take 1 ms. */
  const link = (limit: number) => testLink({ spec: { rate: 8e6, limit, egress } });

  it('is full when as many frames as its limit have not left, the one on the line among them', () => {
    for (const limit of [1, 2, 16, 17, 64, 65, 200]) {
      const one = link(limit);
      for (let i = 0; i < limit + 2; i++) one.send(1000);
      one.run();
      expect([one.arrivals.length, one.drops().length]).toEqual([limit, 2]);
    }
  });

  it('keeps its order while it grows from the middle', () => {
    const one = link(1000);
    for (let i = 0; i < 40; i++) one.send(1000);
    // Half of them have left; then it grows beyond 16, 32, 64 and 128.
    one.run(millis(20));
    for (let i = 0; i < 150; i++) one.send(1000);
    one.run();
    expect(one.arrivals.map((a) => a.id)).toEqual(Array.from({ length: 190 }, (_, i) => i + 1));
    expect(one.arrivals.map((a) => a.at)).toEqual(Array.from({ length: 190 }, (_, i) => (i + 1) * 1e6));
  });

  it('knows of each frame of a long queue when it leaves', () => {
    const one = link(200);
    for (let i = 0; i < 40; i++) one.send(1000);
    one.run(millis(20));
    for (let i = 0; i < 181; i++) one.send(1000);
    // 200 had not left at 20 ms; 70 have, and 70 more, at 90 and at 160 ms.
    for (const ms of [90, 160]) {
      one.run(millis(ms));
      for (let i = 0; i < 71; i++) one.send(1000);
    }
    one.run();
    expect(one.drops().map(([id]) => id)).toEqual([221, 292, 363]);
    expect(one.arrivals.at(-1)?.at).toBe(360e6);
  });

  it('is not paid back for a line that was idle', () => {
    const one = link(10);
    for (const ms of [0, 5, 5]) one.sendAt(millis(ms), 1000);
    one.run();
    expect(one.arrivals.map((a) => a.at)).toEqual([1e6, 6e6, 7e6]);
  });

  it('has room again for each frame that has left, at the very time', () => {
    const one = link(3);
    for (let i = 0; i < 3; i++) one.send(1000);
    one.sendAt(nanos(999_999), 1000);
    one.sendAt(millis(1), 1000);
    one.sendAt(millis(1), 1000);
    one.sendAt(millis(3), 1000);
    one.run();
    expect(one.drops().map(([id]) => id)).toEqual([4, 6]);
    expect(one.arrivals.map((a) => [a.id, a.at])).toEqual([
      [1, 1e6],
      [2, 2e6],
      [3, 3e6],
      [5, 4e6],
      [7, 5e6],
    ]);
  });

  it('has it also for a frame that was booked before the line was', () => {
    const one = link(2);
    one.sendAt(millis(2), 1000);
    for (let i = 0; i < 2; i++) one.send(1000);
    one.sendAt(millis(1), 1000);
    one.run();
    expect(one.drops()).toEqual([]);
    expect(one.arrivals.map((a) => a.at)).toEqual([1e6, 2e6, 3e6, 4e6]);
  });

  it('goes round its ring many times', () => {
    const one = link(20);
    for (let i = 0; i < 400; i++) one.sendAt(millis(i < 15 ? 0 : i - 14), 1000);
    one.run();
    expect(one.arrivals.map((a) => a.id)).toEqual(Array.from({ length: 400 }, (_, i) => i + 1));
    expect(one.fabric.stats(LINK, 0)).toMatchObject({ carried: 400, queueOverflow: 0 });
  });

  it('behind a line that is still busy waits also when the rate is gone, and then leaves at once', () => {
    const one = link(10);
    one.send(1000);
    one.fabric.control.set(LINK, 0, { rate: 0 });
    one.send(1000);
    one.sendAt(millis(2), 1000);
    one.run();
    expect(one.arrivals.map((a) => a.at)).toEqual([1e6, 1e6, 2e6]);
  });

  it('of another length holds for what comes', () => {
    const one = link(5);
    for (let i = 0; i < 5; i++) one.send(1000);
    one.fabric.control.set(LINK, 0, { limit: 7 });
    for (let i = 0; i < 3; i++) one.send(1000);
    one.fabric.control.set(LINK, 0, { limit: 2 });
    one.sendAt(millis(5), 1000);
    one.sendAt(millis(6), 1000);
    one.run();
    expect(one.drops().map(([id]) => id)).toEqual([8, 9]);
    expect(one.arrivals).toHaveLength(8);
  });

  it('without a rate is never full', () => {
    const one = testLink({ spec: { limit: 1, egress } });
    for (let i = 0; i < 10; i++) one.send(1000);
    one.run();
    expect(one.arrivals).toHaveLength(10);
  });
});

describe('a priority queue', () => {
  it('takes its last band apart from the newest on, also where its ring has gone round and grown', () => {
    const one = testLink({ spec: { rate: 8e6, limit: 41, egress: 'dscp-priority' } });
    for (let i = 0; i < 30; i++) one.send(1000, { dscp: BE });
    one.run(millis(10));
    for (let i = 0; i < 20; i++) one.send(1000, { dscp: BE });
    // 1 on the line and 39 kept; the 40th finds the last room, then each voice frame takes the place of the newest.
    const voice = Array.from({ length: 12 }, () => one.send(1000, { dscp: EF }));
    one.run();
    expect(one.drops().map(([id]) => id)).toEqual([50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40]);
    expect(one.arrivals.map((a) => a.id)).toEqual([...Array.from({ length: 11 }, (_, i) => i + 1), ...voice, ...Array.from({ length: 28 }, (_, i) => i + 12)]);
  });

  it('is emptied when the link goes down, first band first, and begins anew', () => {
    const one = testLink({ spec: { rate: 8e6, egress: 'dscp-priority' } });
    for (const dscp of [BE, BE, EF]) one.send(1000, { dscp });
    one.at(nanos(100), () => one.fabric.control.set(LINK, 'both', { up: false }));
    one.at(nanos(200), () => one.fabric.control.set(LINK, 'both', { up: true }));
    one.at(nanos(200), () => {
      for (const dscp of [BE, BE, EF]) one.send(1000, { dscp });
    });
    one.run();
    expect(one.drops().map(([id]) => id)).toEqual([3, 2, 1]);
    expect(one.arrivals.map((a) => [a.id, a.at])).toEqual([
      [4, 1_000_200],
      [6, 2_000_200],
      [5, 3_000_200],
    ]);
  });
});

describe('the band of a frame', () => {
  const band = (bytes: readonly (readonly [number, number])[], length: number): number => {
    const p = createPool().take(64);
    p.buf.fill(0, p.off, p.off + 64);
    for (const [at, value] of bytes) p.buf[p.off + at] = value;
    return bandOf(p.buf, p.off, length);
  };
  const IPV4_EF = [
    [12, 0x08],
    [13, 0x00],
    [15, 46 << 2],
  ] as const;

  it('is read from 16 octets on', () => {
    expect([17, 16, 15].map((length) => band(IPV4_EF, length))).toEqual([0, 0, 4]);
  });

  it('is that of IPv4 and IPv6 alone: both octets of the type count', () => {
    const IPV6_EF = [
      [12, 0x86],
      [13, 0xdd],
      [14, 0x60 | (46 >> 2)],
      [15, (46 & 3) << 6],
    ] as const;
    expect([band(IPV4_EF, 60), band(IPV6_EF, 60)]).toEqual([0, 0]);
    for (const type of [0x0801, 0x0900, 0x0806, 0x8100, 0x86dc, 0x87dd]) {
      const other = [[12, type >> 8] as const, [13, type & 255] as const];
      expect([band([...IPV4_EF, ...other], 60), band([...IPV6_EF, ...other], 60)]).toEqual([4, 4]);
    }
    // The version is no part of the class, nor is the flow label.
    expect(band([...IPV6_EF, [14, 0xf0 | (46 >> 2)], [15, ((46 & 3) << 6) | 0x3f]], 60)).toBe(0);
  });
});
