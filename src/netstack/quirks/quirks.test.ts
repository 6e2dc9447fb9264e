import { expect, test } from 'vitest';
import { millis } from '../../base/time.js';
import { describeFrame } from '../../../test/support/router/frames.js';
import { chain } from '../testing.js';
import { Remarking, STRIP } from './dscp.js';
import { Policer } from './police.js';

test.each([
  ['10.0.1.1', '10.0.2.1'],
  ['2001:db8:1::1', '2001:db8:2::1'],
])('DSCP is stripped, or re-marked by a table, and the ledger says so (%s)', (from, to) => {
  for (const [table, expected] of [
    [STRIP, 0],
    [Uint8Array.from({ length: 64 }, (_, dscp) => (dscp === 46 ? 18 : dscp)), 18],
  ] as const) {
    const net = chain();
    new Remarking(net.node('r1'), table);
    net.node('b').udp.bind(net.addr(to), 9, () => undefined);
    for (const dscp of [46, 34])
      net
        .node('a')
        .udp.bind(net.addr(from), 0, () => undefined, { dscp })
        .send(new Uint8Array(4), 0, 4, net.addr(to), 9);
    net.run();
    const texts = net.received(1, 1).map(describeFrame);
    expect(texts.map((text) => /dscp=(\d+)/.exec(text)?.[1])).toEqual([String(expected), expected === 0 ? '0' : '34']);
    expect(texts.join()).not.toContain('BAD');
    const told = net.seen.filter((s) => s.kind === 'sent' && s.at === '1:0').map((s) => / dscp=(\S+)/.exec(s.decision)?.[1]);
    expect(told).toEqual([`46>${expected}`, expected === 0 ? '34>0' : undefined]);
  }
});

/** 200 octets a packet, 50 a second: 80 kbit/s a call. */
function calls(count: number, options: { excess: number | null }): { dropped: number; marked: number; policer: Policer } {
  const net = chain();
  const policer = new Policer(net.node('r1'), { dscp: 46, rate: 160_000, burst: 1000, leaving: 'eth1', ...options });
  net.node('b').udp.bind(net.addr('10.0.2.1'), 9, () => undefined);
  const sockets = Array.from({ length: count }, () => net.node('a').udp.bind(net.addr('10.0.1.1'), 0, () => undefined, { dscp: 46 }));
  const other = net.node('a').udp.bind(net.addr('10.0.1.1'), 0, () => undefined, { dscp: 34 });
  for (let i = 0; i < 100; i++) {
    net.at(millis(20 * i), () => {
      for (const socket of sockets) socket.send(new Uint8Array(172), 0, 172, net.addr('10.0.2.1'), 9);
      other.send(new Uint8Array(1000), 0, 1000, net.addr('10.0.2.1'), 9);
    });
  }
  net.run();
  const drops = net.drops();
  expect(drops.every(({ node, drop, decision }) => node === 'r1' && drop === 'policed' && decision === 'at=r1 stage=forward dscp=46 dev=eth1')).toBe(true);
  return {
    dropped: drops.length,
    marked: net
      .received(1, 1)
      .map(describeFrame)
      .filter((text) => text.includes('dscp=0')).length,
    policer,
  };
}

test('EF is policed: two calls fit, the third one costs all a third', () => {
  expect(calls(2, { excess: null })).toMatchObject({ dropped: 0, policer: { conforming: 200, exceeding: 0 } });
  const { dropped, policer } = calls(3, { excess: null });
  // 300 packets come; what passes is the rate and the burst: 2 s * 20 kB/s + 1 kB.
  expect(dropped).toBe(policer.exceeding);
  expect(policer.conforming).toBeLessThanOrEqual((1.98 * 20_000 + 1000) / 200);
  expect(policer.conforming).toBeGreaterThan((1.98 * 20_000) / 200);
});

test('or what exceeds the rate loses its mark', () => {
  const { dropped, marked, policer } = calls(3, { excess: 0 });
  expect([dropped, marked]).toEqual([0, policer.exceeding]);
  expect(marked).toBeGreaterThan(90);
});
