import { expect, test } from 'vitest';
import { NO_DECISION, type NodeId, type PacketId } from '../base/brand.js';
import { DROP, type DropCode } from '../base/drop.js';
import { millis, type Nanos } from '../base/time.js';
import { type Ledger, protocolName } from './ledger.js';
import { readLedger } from './ledger-reader.js';
import { BytesSource, MemorySink } from './store/byte-store.js';
import {
  arpFrame,
  echoPayload,
  ipv4Frame,
  ipv6Frame,
  linkEnd,
  packetOf,
  playRandom,
  seenAt,
  smallLab,
  type SmallLab,
  tcpPayload,
  udpPayload,
} from './testing/small-lab.js';

const DATA = Uint8Array.of(1, 2, 3, 4);
const frame = ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(50000, 3478, DATA));
const id = (n: number): PacketId => n as PacketId;

/** All that a ledger says, packet by packet. */
function everything(ledger: Ledger): unknown {
  const packets: unknown[] = [];
  for (const cursor = ledger.cursor(); cursor.next(); ) {
    const steps = ledger.trail(cursor.trail);
    packets.push({
      journey: ledger.journey(cursor.id),
      columns: [cursor.id, cursor.start, cursor.drop, cursor.cause, cursor.length, cursor.records],
      steps: steps.map((s, k) => ({ ...s, decision: ledger.decision(s.decision), pairs: ledger.decisionPairs(s.decision), time: cursor.time(k) })),
      bytes: steps.map((s) => ledger.bytes(cursor.id, s.point)),
      flow: ledger.flowOf(cursor.id),
    });
  }
  return {
    packets,
    span: [ledger.first, ledger.last, ledger.packets],
    flows: ledger.flows().map((f) => ({ ...f, ids: [...ledger.packetsOf(f.id)] })),
    drops: [...ledger.drops()],
    events: ledger.events(),
    points: ledger.points.all,
    run: ledger.run(),
  };
}

function withFile(play: (lab: SmallLab) => Nanos): { readonly live: Ledger; readonly read: Ledger; readonly bytes: Uint8Array } {
  const sink = new MemorySink();
  const lab = smallLab(sink);
  lab.recorder.close(play(lab));
  const { ledger, warnings } = readLedger(new BytesSource(sink.bytes));
  expect(warnings).toEqual([]);
  return { live: lab.recorder.ledger(), read: ledger, bytes: sink.bytes };
}

test.each([1, 2, 3])('the file gives back every journey, decision, drop, cause, flow, event and byte of the run (seed %i)', (seed) => {
  const { live, read } = withFile((lab) => playRandom(lab, 500, seed));
  expect(everything(read)).toEqual(everything(live));
  expect(live.packets).toBe(500);
  expect(live.drops().length).toBeGreaterThan(50);
  expect(live.events().length).toBeGreaterThan(10);
  const kinds = new Set<string>();
  for (const cursor = live.cursor(); cursor.next(); ) kinds.add(live.journey(cursor.id)!.end.kind);
  expect([...kinds].sort()).toEqual(['delivered', 'dropped', 'in-flight']);
});

test('a journey names links, sides, times, decisions and where it ended', () => {
  const { read, live } = withFile((lab) => {
    const { recorder, decisions } = lab;
    const p = packetOf(frame, 7, 3);
    recorder.sent(seenAt(p, millis(1)), linkEnd(0, 0), DROP.NONE);
    recorder.received(seenAt(p, millis(4)), linkEnd(0, 1));
    p.decision = decisions.intern({ node: 1 as NodeId, stage: 'route', text: { route: '203.0.113.0/24', dev: 'eth1' }, reason: null });
    recorder.sent(seenAt(p, millis(4)), linkEnd(1, 0), DROP.NONE);
    p.sentAt = millis(4);
    recorder.lost(seenAt(p, millis(9)), linkEnd(1, 0), DROP.LINK_DOWN);
    recorder.ended(p);
    const q = packetOf(frame, 8, 7);
    recorder.sent(seenAt(q, millis(9)), linkEnd(2, 1), DROP.NONE);
    recorder.received(seenAt(q, millis(10)), linkEnd(2, 0));
    recorder.ended(q);
    return millis(11);
  });
  for (const ledger of [read, live]) {
    expect(ledger.journey(id(7))).toEqual({
      id: 7,
      flow: 0,
      start: 1e6,
      length: frame.length,
      causes: [3],
      effects: [8],
      hops: [
        { link: 0, side: 0, point: 0, out: 1e6, in: 4e6, decision: '' },
        { link: 1, side: 0, point: 2, out: 4e6, in: null, decision: 'at=r1 stage=route route=203.0.113.0/24 dev=eth1' },
      ],
      end: { kind: 'dropped', drop: 'link-down', at: 9e6, point: 2, decision: '' },
    });
    expect(ledger.journey(id(8))?.hops).toEqual([{ link: 2, side: 1, point: 5, out: 9e6, in: 10e6, decision: '' }]);
    expect(ledger.journey(id(8))?.end).toEqual({ kind: 'delivered', at: 10e6, point: 4 });
    expect(ledger.journey(id(99))).toBeNull();
    expect(ledger.bytes(id(7), 3)).toBeNull();
    expect(ledger.bytes(id(7), 2)).toEqual(frame);
  }
});

test('a verdict that comes after the packet was closed is still taken', () => {
  const { read, live } = withFile(({ recorder, decisions }) => {
    const p = packetOf(frame, 1);
    recorder.sent(seenAt(p, millis(1)), linkEnd(0, 0), DROP.NONE);
    recorder.received(seenAt(p, millis(2)), linkEnd(0, 1));
    recorder.ended(p);
    recorder.sent(seenAt(packetOf(frame, 2), millis(3)), linkEnd(0, 0), DROP.NONE);
    const why = decisions.intern({ node: 1 as NodeId, stage: 'forward', text: { rule: '4' }, reason: null });
    recorder.dropped(seenAt(packetOf(frame, 1), millis(2)), 1 as NodeId, DROP.FIREWALL_POLICY, why);
    return millis(4);
  });
  for (const ledger of [read, live]) {
    expect(ledger.journey(id(1))?.end).toEqual({ kind: 'dropped', drop: 'firewall-policy', at: 2e6, point: 7, decision: 'at=r1 stage=forward rule=4' });
    expect(ledger.journey(id(1))?.hops).toHaveLength(1);
  }
});

test('a copy that the link made is seen where it arrives', () => {
  const { read } = withFile(({ recorder }) => {
    recorder.received(seenAt(packetOf(frame, 5, 4), millis(2)), linkEnd(0, 1));
    return millis(3);
  });
  expect(read.journey(id(5))?.hops).toEqual([{ link: 0, side: 0, point: 0, out: null, in: 2e6, decision: '' }]);
  expect(read.journey(id(5))?.causes).toEqual([4]);
});

test('a packet that goes round and round keeps all its records', () => {
  const { read, live } = withFile(({ recorder }) => {
    const p = packetOf(frame, 1);
    for (let k = 0; k < 255; k++) {
      recorder.sent(seenAt(p, millis(k * 3 + 1)), linkEnd(0, 0), DROP.NONE);
      recorder.received(seenAt(p, millis(k * 3 + 2)), linkEnd(0, 1));
      recorder.sent(seenAt(p, millis(k * 3 + 2)), linkEnd(0, 1), DROP.NONE);
      recorder.received(seenAt(p, millis(k * 3 + 3)), linkEnd(0, 0));
    }
    recorder.dropped(seenAt(p, millis(800)), 0 as NodeId, DROP.TTL, NO_DECISION);
    recorder.ended(p);
    return millis(900);
  });
  expect(read.journey(id(1))).toEqual(live.journey(id(1)));
  expect(read.journey(id(1))?.hops).toHaveLength(510);
  expect(read.journey(id(1))?.hops[509]).toEqual({ link: 0, side: 1, point: 1, out: 764e6, in: 765e6, decision: '' });
});

test('times to the nanosecond, over 104 days, forwards and backwards', () => {
  const times = [0, 1, 4294967295, 4294967296, 4294967297, 9e15 - 1, 8e15, 5];
  const { read, live } = withFile(({ recorder }) => {
    const p = packetOf(frame, 1);
    for (const t of times) recorder.sent(seenAt(p, t as Nanos), linkEnd(0, 0), DROP.NONE);
    return 9e15 as Nanos;
  });
  for (const ledger of [live, read]) {
    expect(ledger.journey(id(1))?.hops.map((h) => h.out)).toEqual(times);
    expect([ledger.first, ledger.last]).toEqual([0, 9e15 - 1]);
  }
});

function sendAll(frames: readonly (readonly [Uint8Array, number?])[]): Ledger {
  return withFile(({ recorder }) => {
    for (const [k, [bytes, cause = 0]] of frames.entries()) recorder.sent(seenAt(packetOf(bytes, k + 1, cause), millis(k)), linkEnd(0, 0), DROP.NONE);
    return millis(frames.length);
  }).read;
}

test('flows: both directions are one, and a names who sent first', () => {
  const ledger = sendAll([
    [ipv4Frame('203.0.113.9', '10.0.0.5', 17, udpPayload(3478, 50000, DATA))],
    [ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(50000, 3478, DATA))],
    [ipv4Frame('10.0.0.5', '203.0.113.9', 6, tcpPayload(50000, 3478, 1, 2, DATA))],
    [ipv6Frame('2001:db8::5', '2001:db8::1', 17, udpPayload(50000, 3478, DATA))],
    [ipv6Frame('2001:db8::1', '2001:db8::5', 17, udpPayload(3478, 50000, DATA))],
    [ipv4Frame('10.0.0.5', '203.0.113.9', 1, echoPayload(8, 77, 1))],
    [ipv4Frame('203.0.113.9', '10.0.0.5', 1, echoPayload(0, 77, 1))],
    [ipv4Frame('10.0.0.5', '203.0.113.9', 1, echoPayload(8, 78, 1))],
    [arpFrame('10.0.0.5', '10.0.0.1')],
  ]);
  expect(ledger.flows().map((f) => [protocolName(f.protocol), f.a, f.b, f.packets])).toEqual([
    ['udp', '203.0.113.9:3478', '10.0.0.5:50000', 2],
    ['tcp', '10.0.0.5:50000', '203.0.113.9:3478', 1],
    ['udp', '[2001:db8::5]:50000', '[2001:db8::1]:3478', 2],
    ['icmp', '10.0.0.5:77', '203.0.113.9:77', 2],
    ['icmp', '10.0.0.5:78', '203.0.113.9:78', 1],
    ['arp', '10.0.0.5', '10.0.0.1', 1],
  ]);
  expect([...ledger.packetsOf(ledger.flows()[0]!.id)]).toEqual([1, 2]);
});

test('fragments belong to the flow of the datagram that they were cut from', () => {
  const whole = ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(50000, 3478, DATA));
  const ledger = sendAll([
    [whole],
    // Cut by a router: the whole (packet 1) was seen. RFC 791: the second begins at 1480 = 185 * 8.
    [ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(50000, 3478, DATA), 0x2000), 1],
    [ipv4Frame('10.0.0.5', '203.0.113.9', 17, DATA, 185), 1],
    // Cut by the sender: the whole (packet 900) never was on a link.
    [ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(50002, 3478, DATA), 0x2000), 900],
    [ipv4Frame('10.0.0.5', '203.0.113.9', 17, DATA, 185), 900],
  ]);
  expect(ledger.flows().map((f) => [f.a, [...ledger.packetsOf(f.id)]])).toEqual([
    ['10.0.0.5:50000', [1, 2, 3]],
    ['10.0.0.5:50002', [4, 5]],
  ]);
});

test('a translation gives a flow another name, and the answer to that name belongs to it', () => {
  const { read, live } = withFile(({ recorder, decisions }) => {
    const nat = decisions.intern({ node: 2 as NodeId, stage: 'postrouting', text: { nat: '10.0.0.5:50000>198.51.100.1:61000' }, reason: null });
    const back = decisions.intern({ node: 2 as NodeId, stage: 'prerouting', text: { nat: '198.51.100.1:61000>10.0.0.5:50000' }, reason: null });
    const p = packetOf(frame, 1);
    recorder.sent(seenAt(p, millis(1)), linkEnd(0, 0), DROP.NONE);
    p.decision = nat;
    recorder.sent(seenAt(p, millis(2)), linkEnd(2, 0), DROP.NONE);
    const answer = packetOf(ipv4Frame('203.0.113.9', '198.51.100.1', 17, udpPayload(3478, 61000, DATA)), 2);
    recorder.sent(seenAt(answer, millis(3)), linkEnd(2, 1), DROP.NONE);
    answer.decision = back;
    recorder.sent(seenAt(answer, millis(4)), linkEnd(0, 1), DROP.NONE);
    const stranger = packetOf(ipv4Frame('203.0.113.10', '198.51.100.1', 17, udpPayload(3478, 61000, DATA)), 3);
    recorder.sent(seenAt(stranger, millis(5)), linkEnd(2, 1), DROP.NONE);
    return millis(6);
  });
  for (const ledger of [read, live]) {
    const [flow, other, ...rest] = ledger.flows();
    expect(rest).toEqual([]);
    expect([...ledger.packetsOf(flow!.id)]).toEqual([1, 2]);
    expect(flow).toMatchObject({ a: '10.0.0.5:50000', b: '203.0.113.9:3478', aliases: [{ protocol: 17, a: '198.51.100.1:61000', b: '203.0.113.9:3478' }] });
    expect([...ledger.packetsOf(other!.id)]).toEqual([3]);
  }
});

test('flows that turn out to be one are merged, whichever was seen first', () => {
  const { read } = withFile(({ recorder, decisions }) => {
    recorder.sent(seenAt(packetOf(ipv4Frame('203.0.113.9', '198.51.100.1', 17, udpPayload(3478, 61000, DATA)), 1), millis(1)), linkEnd(2, 1), DROP.NONE);
    const p = packetOf(frame, 2);
    recorder.sent(seenAt(p, millis(2)), linkEnd(0, 0), DROP.NONE);
    p.decision = decisions.intern({ node: 2 as NodeId, stage: 'postrouting', text: { nat: '10.0.0.5:50000>198.51.100.1:61000' }, reason: null });
    recorder.sent(seenAt(p, millis(3)), linkEnd(2, 0), DROP.NONE);
    return millis(4);
  });
  expect(read.flows().map((f) => [...read.packetsOf(f.id)])).toEqual([[1, 2]]);
});

test('reading the cursor past its packets is our own mistake', () => {
  const { read } = withFile(({ recorder }) => {
    recorder.sent(seenAt(packetOf(frame, 1), millis(1)), linkEnd(0, 0), DROP.NONE);
    return millis(2);
  });
  const cursor = read.cursor();
  expect(() => cursor.id).toThrow(/next/);
  expect(cursor.next()).toBe(true);
  expect(cursor.time(0)).toBe(1e6);
  expect(() => cursor.time(1)).toThrow(/record 1 of 1/);
  expect(cursor.next()).toBe(false);
});

test('events of the lab as a whole name no node; what comes after the end is not recorded', () => {
  const sink = new MemorySink();
  const { recorder } = smallLab(sink);
  recorder.event(null, millis(1), 'step', { ok: 'no', says: '"what" = \\ ?\nline' });
  recorder.event(3 as NodeId, millis(2), 'plain');
  expect(() => {
    recorder.event(null, millis(2), 'x', { at: 'bob' });
  }).toThrow(/fields of an event/);
  recorder.close(millis(3));
  recorder.close(millis(4));
  recorder.event(null, millis(5), 'late');
  recorder.sent(seenAt(packetOf(frame, 1), millis(5)), linkEnd(0, 0), DROP.NONE);
  recorder.received(seenAt(packetOf(frame, 1), millis(5)), linkEnd(0, 1));
  recorder.lost(seenAt(packetOf(frame, 1), millis(5)), linkEnd(0, 1), DROP.LINK_DOWN);
  recorder.dropped(seenAt(packetOf(frame, 1), millis(5)), 0 as NodeId, DROP.TTL, NO_DECISION);
  recorder.ended(packetOf(frame, 1));
  const { ledger } = readLedger(new BytesSource(sink.bytes));
  const events = [
    { at: 1e6, node: '', name: 'step', fields: { ok: 'no', says: '"what" = \\ ?\nline' } },
    { at: 2e6, node: 'bob', name: 'plain', fields: {} },
  ];
  for (const l of [recorder.ledger(), ledger]) {
    expect(l.events()).toEqual(events);
    expect(l.packets).toBe(0);
  }
});

test('a frame lost by its link at once: the end is the link, the decision stays with the hop', () => {
  const { read } = withFile(({ recorder, decisions }) => {
    const p = packetOf(frame, 1);
    p.decision = decisions.intern({ node: 1 as NodeId, stage: 'route', text: { dev: 'eth1' }, reason: null });
    recorder.sent(seenAt(p, millis(1)), linkEnd(1, 0), DROP.LINK_LOSS);
    return millis(2);
  });
  expect(read.journey(id(1))).toMatchObject({
    hops: [{ out: 1e6, in: null, decision: 'at=r1 stage=route dev=eth1' }],
    end: { kind: 'dropped', drop: 'link-loss', at: 1e6, point: 2, decision: '' },
  });
});

test('an empty run has an empty ledger', () => {
  const { read, live } = withFile(() => millis(1));
  expect(everything(read)).toEqual(everything(live));
  expect([read.packets, read.first, read.last, read.flows()]).toEqual([0, 0, 0, []]);
});

test('more packets than a chunk of columns holds, and more than may be open', () => {
  const many = 140_000;
  const { read, live } = withFile(({ recorder }) => {
    const p = packetOf(frame, 0);
    for (let n = 1; n <= many; n++) {
      p.id = id(n);
      recorder.sent(seenAt(p, millis(n)), linkEnd(0, 0), (n % 1000 === 0 ? DROP.LINK_LOSS : 0) as DropCode);
    }
    return millis(many + 1);
  });
  for (const ledger of [live, read]) {
    expect(ledger.packets).toBe(many);
    expect(ledger.drops()).toHaveLength(140);
    expect(ledger.journey(id(many))?.start).toBe(many * 1e6);
    expect(ledger.firstBytes(id(70_001))).toEqual(frame);
    expect(ledger.flows()[0]?.packets).toBe(many);
  }
});
