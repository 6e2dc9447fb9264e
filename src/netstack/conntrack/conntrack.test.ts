import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { type Nanos, seconds } from '../../base/time.js';
import { echo, icmpPacket, ipPacket, tcpPacket, udpPacket, unreachable } from '../../../test/support/router/frames.js';
import { type SimRouter, simRouter, type Wire } from '../../../test/support/router/router.js';
import * as tcp from '../../wire/tcp.js';
import { chain } from '../testing.js';
import { CT_STATE, CT_STATUS } from './connection.js';
import { createTracker } from './conntrack.js';

const A = '10.0.1.1';
const B = '10.0.2.1';
const there = { from: A, to: B, sport: 5000, dport: 9 } as const;
const back = { from: B, to: A, sport: 9, dport: 5000 } as const;

/** What the router's marks make of a packet's state: `new`, `established reply` ..., or `dropped`. */
function stateOf(r: SimRouter, wire: Wire, packet: Uint8Array): string {
  const [out] = r.send(wire, packet);
  if (out === undefined) return 'dropped';
  const b = out.frame;
  const dscp = b[12] === 0x08 ? must(b[15], 'TOS') >>> 2 : (((must(b[14], 'class') << 8) | must(b[15], 'class')) >>> 6) & 63;
  return `${['none', 'new', 'established', 'related', 'invalid', 'untracked'][dscp & 7] ?? ''}${(dscp & 8) !== 0 ? ' reply' : ''}`;
}

/** Seconds until the only entry is forgotten. */
const rest = (r: SimRouter): number => (must(r.tracker.entries()[0], 'entry').expires - r.scheduler.now) / 1e9;

describe('UDP', () => {
  test('30 s without an answer; with one it is a stream of 120 s once it is older than 2 s', async () => {
    const r = simRouter();
    expect(stateOf(r, 'in', udpPacket(there))).toBe('new');
    expect(await r.connections()).toEqual([
      'udp 17 30 src=10.0.1.1 dst=10.0.2.1 sport=5000 dport=9 [UNREPLIED] src=10.0.2.1 dst=10.0.1.1 sport=9 dport=5000 mark=0',
    ]);
    r.at(seconds(1));
    expect(stateOf(r, 'out', udpPacket(back))).toBe('established reply');
    expect(stateOf(r, 'in', udpPacket(there))).toBe('established');
    expect(rest(r)).toBe(30);
    expect(must(r.tracker.entries()[0], 'entry').status & CT_STATUS.ASSURED).toBe(0);
    r.at(seconds(3));
    expect(stateOf(r, 'in', udpPacket(there))).toBe('established');
    expect(await r.connections()).toEqual([
      'udp 17 120 src=10.0.1.1 dst=10.0.2.1 sport=5000 dport=9 src=10.0.2.1 dst=10.0.1.1 sport=9 dport=5000 [ASSURED] mark=0',
    ]);
  });

  test('an entry is over at its time, and nothing waits for that', () => {
    const r = simRouter({ conntrack: { nf_conntrack_udp_timeout: 10 } });
    stateOf(r, 'in', udpPacket(there));
    expect(r.scheduler.pending).toBe(0);
    r.at((seconds(10) - 1) as Nanos);
    expect(r.tracker.entries()).toHaveLength(1);
    expect(stateOf(r, 'out', udpPacket(back))).toBe('established reply');
    r.at(seconds(30));
    expect(stateOf(r, 'out', udpPacket(back))).toBe('new');
    expect(r.tracker.entries().map((entry) => entry.original.sport)).toEqual([9]);
  });

  test('only SEEN_REPLY makes the first direction established', () => {
    const r = simRouter();
    expect([stateOf(r, 'in', udpPacket(there)), stateOf(r, 'in', udpPacket(there))]).toEqual(['new', 'new']);
  });
});

describe('what is invalid', () => {
  test.each([
    ['a broken checksum', udpPacket({ ...there, badChecksum: true }), 'checksum'],
    ['an answer nobody asked for', echo({ from: A, to: B }, true, 7), 'icmp-unasked'],
    ['an error about nothing that is known', unreachable({ from: A, to: B }, udpPacket(back)), 'icmp-error-without-connection'],
    ['SYN and FIN at once', tcpPacket({ ...there, flags: tcp.SYN | tcp.FIN, seq: 1 }), 'tcp-flags'],
    ['a SYN-ACK without SYN', tcpPacket({ ...there, flags: tcp.SYN | tcp.ACK_FLAG, seq: 1, ack: 1 }), 'no-connection'],
    ['a TCP header that is cut short', ipPacket(A, B, 6, new Uint8Array(12)), 'malformed'],
  ])('%s', (_what, packet, why) => {
    const r = simRouter();
    const reasons: (string | null)[] = [];
    r.node.install({ point: 'forward', priority: 0, family: 0, run: (p) => (reasons.push(r.tracker.invalidReason(p)), 0) });
    expect(stateOf(r, 'in', packet)).toBe('invalid');
    expect(reasons).toEqual([why]);
    expect(r.tracker.entries()).toEqual([]);
  });

  test('a broken checksum is taken with nf_conntrack_checksum=0, and a missing one always', () => {
    expect(stateOf(simRouter({ conntrack: { nf_conntrack_checksum: 0 } }), 'in', udpPacket({ ...there, badChecksum: true }))).toBe('new');
    expect(stateOf(simRouter(), 'in', udpPacket({ ...there, noChecksum: true }))).toBe('new');
  });
});

describe('ICMP', () => {
  test.each([
    [A, B],
    ['2001:db8:1::1', '2001:db8:2::1'],
  ])('a query and its answer, by identifier (%s)', (from, to) => {
    const r = simRouter();
    expect(stateOf(r, 'in', echo({ from, to }, false, 7))).toBe('new');
    expect(stateOf(r, 'out', echo({ from: to, to: from }, true, 8))).toBe('invalid');
    expect(stateOf(r, 'out', echo({ from: to, to: from }, true, 7))).toBe('established reply');
    expect(rest(r)).toBe(30);
  });

  test('an error is related to what it quotes, if it goes to whom that came from', () => {
    const r = simRouter();
    const sent = udpPacket(there);
    r.send('in', sent);
    expect(stateOf(r, 'out', unreachable({ from: '10.0.2.9', to: A }, sent))).toBe('related reply');
    expect(stateOf(r, 'out', unreachable({ from: '10.0.2.9', to: '10.0.1.2' }, sent))).toBe('invalid');
    // It keeps nothing alive.
    expect(rest(r)).toBe(30);
  });

  test('neighbour discovery is never tracked', () => {
    const r = simRouter();
    expect(stateOf(r, 'in', icmpPacket({ from: '2001:db8:1::1', to: '2001:db8:2::1' }, 135, 0, 0, new Uint8Array(16)))).toBe('untracked');
  });
});

test('other protocols are told by their addresses alone: 600 s', () => {
  const r = simRouter();
  expect(stateOf(r, 'in', ipPacket(A, B, 50, new Uint8Array(8)))).toBe('new');
  expect(stateOf(r, 'out', ipPacket(B, A, 50, new Uint8Array(8)))).toBe('established reply');
  expect(rest(r)).toBe(600);
});

test('notrack', () => {
  const r = simRouter();
  r.node.install({ point: 'prerouting', priority: -300, family: 0, run: (p) => (r.tracker.notrack(p), 0) });
  expect(stateOf(r, 'in', udpPacket(there))).toBe('untracked');
  expect(r.tracker.entries()).toEqual([]);
});

test('an entry dies with its first packet', () => {
  const r = simRouter();
  const undo = r.node.install({ point: 'forward', priority: 0, family: 0, run: (p) => ((p.decision = r.node.core.why('policed', 'forward')), 13) });
  r.send('in', udpPacket(there));
  expect(r.tracker.entries()).toEqual([]);
  undo();
  expect(stateOf(r, 'out', udpPacket(back))).toBe('new');
});

describe('a full table', () => {
  const flows = (r: SimRouter, from: number, to: number): string[] => {
    const states: string[] = [];
    for (let port = from; port < to; port++) states.push(stateOf(r, 'in', udpPacket({ ...there, sport: port })));
    return states;
  };

  test('forgets entries that are not assured for a new one', () => {
    const r = simRouter({ conntrack: { nf_conntrack_max: 40 } });
    expect(new Set(flows(r, 1000, 1100))).toEqual(new Set(['new']));
    expect(r.tracker.entries().length).toBeLessThanOrEqual(40);
    expect(r.tracker.counters()['early_drop']).toBeGreaterThanOrEqual(60);
  });

  test('drops what is new where all are assured, says so, and lets them in when their time is over', () => {
    const r = simRouter({ conntrack: { nf_conntrack_max: 3 } });
    flows(r, 1000, 1003);
    for (const at of [1, 3]) {
      r.at(seconds(at));
      for (let port = 1000; port < 1003; port++) r.send('out', udpPacket({ ...back, dport: port }));
    }
    expect(r.tracker.entries().every((entry) => (entry.status & CT_STATUS.ASSURED) !== 0)).toBe(true);
    expect(flows(r, 1003, 1005)).toEqual(['dropped', 'dropped']);
    expect(r.drops).toEqual(Array(2).fill('at=router stage=prerouting ct=new kind=nf_conntrack_max:3'));
    expect(r.tracker.counters()).toMatchObject({ drop: 2, early_drop: 0 });
    expect(stateOf(r, 'in', udpPacket({ ...there, sport: 1001 }))).toBe('established');
    r.at(seconds(124));
    expect(flows(r, 1003, 1005)).toEqual(['new', 'new']);
  });
});

test('fragments are put together before they are tracked, and go on in fragments', () => {
  const net = chain();
  const tracker = createTracker(net.node('r1'));
  const payload = new Uint8Array(4000).fill(7);
  const got: number[] = [];
  net.node('b').udp.bind(net.addr('10.0.2.1'), 9, (_b, _o, n) => got.push(n));
  net
    .node('a')
    .udp.bind(net.addr('10.0.1.1'), 5000, () => undefined)
    .send(payload, 0, payload.length, net.addr('10.0.2.1'), 9);
  net.run(seconds(1));
  expect(got).toEqual([4000]);
  expect(tracker.entries().map((entry) => [entry.original.sport, entry.original.dport])).toEqual([[5000, 9]]);
  expect(net.received(1, 1)).toHaveLength(3);
});

describe('the node itself', () => {
  test('what it sends is tracked at output and confirmed when it leaves; the answer is established', () => {
    const net = chain();
    const tracker = createTracker(net.node('a'));
    const states: number[] = [];
    net.node('a').install({ point: 'input', priority: 0, family: 0, run: (p) => (states.push(p.ctinfo & 255), 0) });
    const server = net.node('b').udp.bind(net.addr('10.0.2.1'), 9, (b, o, n, from, port) => server.send(b, o, n, from, port));
    net
      .node('a')
      .udp.bind(net.addr('10.0.1.1'), 5000, () => undefined)
      .send(new Uint8Array(4), 0, 4, net.addr('10.0.2.1'), 9);
    net.run(seconds(1));
    expect(states).toEqual([CT_STATE.ESTABLISHED]);
    expect(tracker.entries()).toHaveLength(1);
  });

  test('the loopback is passed once: out and in are one packet', () => {
    const net = chain();
    const node = net.node('a');
    const tracker = createTracker(node);
    const states: number[] = [];
    for (const point of ['output', 'input'] as const) node.install({ point, priority: 0, family: 0, run: (p) => (states.push(p.ctinfo & 255), 0) });
    node.udp.bind(net.addr('10.0.1.1'), 9, () => undefined);
    node.udp.bind(net.addr('10.0.1.1'), 5000, () => undefined).send(new Uint8Array(4), 0, 4, net.addr('10.0.1.1'), 9);
    net.run(seconds(1));
    expect(states).toEqual([CT_STATE.NEW, CT_STATE.NEW]);
    expect(tracker.entries()).toHaveLength(1);
  });

  test('its errors about a packet that never got an entry are related all the same', () => {
    const r = simRouter();
    // Nobody listens at the router.
    expect(stateOf(r, 'in', udpPacket({ ...there, to: '10.0.1.254' }))).toBe('related reply');
    expect(stateOf(r, 'in', udpPacket({ ...there, ttl: 1 }))).toBe('related reply');
    expect(r.tracker.entries()).toHaveLength(1);
  });
});

test('the table grows, and forgets what is over', () => {
  const r = simRouter();
  for (let port = 1; port <= 600; port++) r.send('in', udpPacket({ ...there, sport: port }));
  expect(r.tracker.entries()).toHaveLength(600);
  expect(
    r.tracker
      .entries()
      .slice(0, 3)
      .map((entry) => entry.original.sport),
  ).toEqual([1, 2, 3]);
  expect(stateOf(r, 'out', udpPacket({ ...back, dport: 171 }))).toBe('established reply');
  r.at(seconds(31));
  for (let port = 1; port <= 100; port++) r.send('in', udpPacket({ ...there, sport: port }));
  expect(r.tracker.table.count).toBeLessThan(700);
  expect(r.tracker.entries()).toHaveLength(100);
  r.tracker.flush();
  expect(r.tracker.entries()).toEqual([]);
});
