import { describe, expect, it } from 'vitest';
import type { LinkId } from '../../base/brand.js';
import { micros, millis, nanos } from '../../base/time.js';
import { bandOf } from './dscp-band.js';
import { ipFrame, testLink } from '../testing.js';
import { createPool } from '../pool.js';

const LINK = 0 as LinkId;
const [EF, AF41, AF31, AF21, CS3, AF11, BE] = [46, 34, 26, 18, 24, 10, 0] as const;
/** 1000 octets take 1 ms. */
const PRIORITY = { rate: 8e6, egress: 'dscp-priority' } as const;

describe('bands', () => {
  it('EF, AF4x, CS3 and AF2x, AF1x, the rest (RFC 3246, RFC 2597)', () => {
    const bands = [[46], [34, 36, 38], [24, 18, 20, 22], [10, 12, 14]];
    const pool = createPool();
    for (let dscp = 0; dscp < 64; dscp++) {
      const expected = bands.findIndex((b) => b.includes(dscp));
      const p = ipFrame(pool.take(60), dscp);
      // The two lowest bits are ECN (RFC 3168) and do not count.
      p.buf[p.off + 15] = p.buf[p.off + 15]! | 3;
      expect(bandOf(p.buf, p.off, p.len)).toBe(expected < 0 ? 4 : expected);
      // IPv6: version 6, traffic class, flow label (RFC 8200 section 3).
      const word = ((6 << 28) | (dscp << 22) | (3 << 20) | 0xfffff) >>> 0;
      p.buf.set([0x86, 0xdd, word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255], p.off + 12);
      expect(bandOf(p.buf, p.off, p.len)).toBe(expected < 0 ? 4 : expected);
      // ARP goes last whatever its octets are, and so does a frame that is cut short.
      p.buf.set([0x08, 0x06], p.off + 12);
      expect([bandOf(p.buf, p.off, p.len), bandOf(p.buf, p.off, 15), bandOf(p.buf, p.off, 0)]).toEqual([4, 4, 4]);
    }
  });
});

describe('strict priority', () => {
  it('an idle line costs one event, a backlog two per frame', () => {
    const link = testLink({ spec: PRIORITY });
    link.send(1000, { dscp: BE });
    link.run();
    expect([link.scheduler.fired, link.arrivals[0]?.at]).toEqual([1, 1e6]);
    link.send(1000);
    link.send(1000);
    link.run();
    expect([link.scheduler.fired, link.arrivals[2]?.at]).toEqual([4, 3e6]);
  });

  it('sends the bands in order, each in the order of its frames; what is on the line is not interrupted', () => {
    const link = testLink({ spec: PRIORITY });
    const marks = [BE, AF11, AF31, CS3, AF21, AF41, EF, EF, AF41];
    const ids = marks.map((dscp) => link.send(1000, { dscp }));
    link.run();
    const order = [0, 6, 7, 5, 8, 3, 4, 1, 2];
    expect(link.arrivals.map((a) => [a.id, a.at])).toEqual(order.map((i, n) => [ids[i], (n + 1) * 1e6]));
  });

  it('EF waits for one frame at most, however long the backlog', () => {
    const link = testLink({ spec: { ...PRIORITY, limit: 1000, delay: millis(10) }, quiet: true });
    for (let i = 0; i < 900; i++) link.send(1500, { dscp: BE });
    const voice = new Set<number>();
    for (let i = 0; i < 40; i++) link.at(micros(20_000 * i + 137), () => voice.add(link.send(214, { dscp: EF })));
    link.run();
    // 1500 octets: 1.5 ms, 214 octets: 0.214 ms.
    const worst = 10e6 + 1.5e6 + 0.214e6;
    const delays = link.arrivals.filter((a) => voice.has(a.id)).map((a) => a.at - a.sentAt);
    expect(delays.length).toBe(40);
    expect(Math.max(...delays)).toBeLessThanOrEqual(worst);
    // The line is never idle: all octets take exactly their time.
    expect(link.scheduler.now).toBe(10e6 + (900 * 1500 + 40 * 214) * 1000);
  });

  it('without priority the same voice waits for the whole backlog', () => {
    const link = testLink({ spec: { rate: 8e6, limit: 1000 }, quiet: true });
    for (let i = 0; i < 900; i++) link.send(1500, { dscp: BE });
    link.send(214, { dscp: EF });
    link.run();
    expect(link.arrivals.at(-1)?.at).toBe(900 * 1.5e6 + 214_000);
  });

  it('a full queue: the newest frame of the last band gives way to an earlier band, else the new frame is dropped', () => {
    const link = testLink({ spec: { ...PRIORITY, limit: 4 } });
    // One on the line, three in the queue.
    const [, , be, af] = [BE, AF11, BE, AF11].map((dscp) => link.send(1000, { dscp }));
    const tail = link.send(1000, { dscp: BE });
    const ef = link.send(1000, { dscp: EF });
    const more = [EF, EF, EF].map((dscp) => link.send(1000, { dscp }));
    link.run();
    expect(link.drops()).toEqual([
      [tail, 'link-queue-overflow'],
      [be, 'link-queue-overflow'],
      [af, 'link-queue-overflow'],
      [2, 'link-queue-overflow'],
      [more[2], 'link-queue-overflow'],
    ]);
    // Evicted frames are lost, refused ones never sent.
    expect(link.notes.filter((n) => n.kind === 'lost').map((n) => [n.id, n.side])).toEqual([
      [be, 0],
      [af, 0],
      [2, 0],
    ]);
    expect(link.arrivals.map((a) => a.id)).toEqual([1, ef, more[0], more[1]]);
    expect(link.fabric.stats(LINK, 0)).toMatchObject({ offered: 9, carried: 4, queueOverflow: 5 });
    expect(link.pool.live).toBe(0);
  });

  it('meets its rate exactly where a frame takes no whole number of nanoseconds', () => {
    const link = testLink({ spec: { ...PRIORITY, rate: 7_777_777, limit: 5000 }, quiet: true });
    for (let i = 0; i < 3000; i++) link.send(61, { dscp: i % 2 === 0 ? EF : BE });
    link.run();
    expect(Math.abs(link.scheduler.now - (3000 * 61 * 8e9) / 7_777_777)).toBeLessThan(1);
  });

  it('without a rate it is a plain link', () => {
    const link = testLink({ spec: { egress: 'dscp-priority', delay: millis(1) } });
    const ids = [BE, EF, BE].map((dscp) => link.send(1000, { dscp }));
    link.run();
    expect(link.arrivals.map((a) => [a.id, a.at])).toEqual(ids.map((id) => [id, 1e6]));
  });

  it('a change of rate holds from the next frame that begins to leave', () => {
    const link = testLink({ spec: PRIORITY });
    for (let i = 0; i < 3; i++) link.send(1000);
    link.fabric.control.set(LINK, 0, { rate: 80e6 });
    link.run();
    expect(link.arrivals.map((a) => a.at)).toEqual([1e6, 1.1e6, 1.2e6]);
  });

  it('going down loses what is queued at once and what is on the line at its arrival', () => {
    const link = testLink({ spec: { ...PRIORITY, delay: millis(5) } });
    const ids = [BE, BE, EF].map((dscp) => link.send(1000, { dscp }));
    link.at(nanos(500_000), () => link.fabric.control.set(LINK, 0, { up: false }));
    link.at(nanos(600_000), () => link.fabric.control.set(LINK, 0, { up: true }));
    link.at(nanos(600_000), () => ids.push(link.send(1000)));
    link.run();
    expect(link.notes.filter((n) => n.kind === 'lost').map((n) => [n.id, n.at])).toEqual([
      [ids[2], 500_000],
      [ids[1], 500_000],
      [ids[0], 6e6],
    ]);
    expect(link.arrivals.map((a) => [a.id, a.at])).toEqual([[ids[3], 6.6e6]]);
  });

  it('a queue changes its kind without losing a frame or its place', () => {
    const link = testLink({ spec: PRIORITY });
    const ids = [BE, BE, EF].map((dscp) => link.send(1000, { dscp }));
    link.fabric.control.set(LINK, 0, { egress: 'fifo' });
    ids.push(link.send(1000, { dscp: EF }));
    link.fabric.control.set(LINK, 0, { egress: 'dscp-priority' });
    ids.push(link.send(1000, { dscp: BE }), link.send(1000, { dscp: EF }));
    link.run();
    expect(link.arrivals.map((a) => [a.id, a.at])).toEqual([0, 2, 1, 3, 5, 4].map((i, n) => [ids[i], (n + 1) * 1e6]));
  });
});
