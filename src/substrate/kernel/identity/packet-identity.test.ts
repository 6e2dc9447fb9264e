/**
 * Identity through a node whose inside is unknown. The "kernel" of these tests is what RFC 1812 says of a router (TTL one
 * less, nothing else changed) and RFC 3022 of a translator (addresses, ports and checksums rewritten).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DROP } from '../../../base/drop.js';
import { millis, type Nanos, plus, ZERO } from '../../../base/time.js';
import type { Tap } from '../../../fabric/link.js';
import type { Packet } from '../../../fabric/packet.js';
import { createPool } from '../../../fabric/pool.js';
import type { PlanNode } from '../../../topology/plan.js';
import { parseIpv4, parseMac } from '../../../wire/address.js';
import * as ethernet from '../../../wire/ethernet.js';
import * as icmp from '../../../wire/icmp.js';
import * as ipv4 from '../../../wire/ipv4.js';
import * as tcp from '../../../wire/tcp.js';
import * as udp from '../../../wire/udp.js';
import { HOLD, PacketIdentity } from './packet-identity.js';

const OWN = '10.0.0.1';
const A = '10.0.0.2';
const B = '192.0.2.9';
const PUBLIC = '198.51.100.7';

interface Datagram {
  readonly from?: string;
  readonly to?: string;
  readonly sport?: number;
  readonly dport?: number;
  readonly ttl?: number;
  readonly id?: number;
  readonly text?: string;
  readonly mac?: string;
}

const address = (text: string): number => parseIpv4(text) ?? 0;

function frameOf(protocol: number, payload: Uint8Array, d: Datagram): Uint8Array {
  const frame = new Uint8Array(14 + 20 + payload.length);
  ethernet.setDst(frame, 0, parseMac(d.mac ?? '02:00:00:00:00:01') ?? 0);
  ethernet.setSrc(frame, 0, parseMac('02:00:00:00:00:02') ?? 0);
  ethernet.setType(frame, 0, ethernet.ETHERTYPE.IPV4);
  ipv4.emit(
    {
      dscp: 0,
      ecn: 0,
      identification: d.id ?? 0,
      dontFragment: true,
      moreFragments: false,
      fragmentOffset: 0,
      ttl: d.ttl ?? 64,
      protocol,
      src: address(d.from ?? A),
      dst: address(d.to ?? B),
      options: new Uint8Array(0),
      payload,
    },
    frame,
    14,
  );
  return frame;
}

function udpFrame(d: Datagram = {}): Uint8Array {
  const text = new TextEncoder().encode(d.text ?? 'hello');
  const payload = new Uint8Array(8 + text.length);
  udp.emit({ srcPort: d.sport ?? 5000, dstPort: d.dport ?? 3478, payload: text }, payload, 0);
  return frameOf(udp.PROTOCOL, payload, d);
}

function tcpFrame(seq: number, d: Datagram = {}): Uint8Array {
  const payload = new Uint8Array(20);
  tcp.emit(
    {
      srcPort: d.sport ?? 5000,
      dstPort: d.dport ?? 443,
      seq,
      ack: 1,
      flags: tcp.ACK_FLAG,
      window: 100,
      urgentPointer: 0,
      options: {},
      payload: new Uint8Array(0),
    },
    payload,
    0,
  );
  return frameOf(tcp.PROTOCOL, payload, d);
}

/** The quote of RFC 792: the IP header and the first eight octets above it. */
function timeExceeded(about: Uint8Array): Uint8Array {
  const message = new Uint8Array(8 + 28);
  icmp.emit({ kind: 'time-exceeded', code: 0, payload: about.slice(14, 14 + 28) }, message, 0);
  return frameOf(icmp.PROTOCOL, message, { from: OWN, to: A });
}

type Kind = 'router' | 'translator' | 'host' | 'bridge';

function planNode(kind: Kind): PlanNode {
  const own = {
    index: 1,
    name: 'eth0',
    mac: '02:00:00:00:00:01',
    link: 0,
    side: 0,
    mtu: 1500,
    neighbours: [],
    addresses: [{ family: 4, address: OWN, prefixLength: 24 }],
  };
  const firewall = kind === 'translator' ? { ruleset: { tables: [{ chains: [{ base: { type: 'nat' } }] }] } } : null;
  return {
    id: 3,
    name: 'n',
    firewall,
    forwards: kind === 'router' || kind === 'translator',
    bridge: kind === 'bridge',
    interfaces: kind === 'bridge' ? [] : [own],
  } as unknown as PlanNode;
}

/** A node with its unseen inside; `tap` notes what it is told. */
function node(kind: Kind = 'router', stations: ReadonlyMap<number, number> = new Map()) {
  const pool = createPool({ checked: true });
  const ended: number[] = [];
  const dropped: [number, number][] = [];
  const tap: Tap = {
    sent() {},
    received() {},
    lost() {},
    dropped: (p, _node, drop) => void dropped.push([p.id, drop]),
    ended: (p) => void ended.push(p.id),
  };
  const identity = new PacketIdentity(planNode(kind), { pool, tap, stations, now: () => 0 as Nanos });
  const packet = (bytes: Uint8Array): Packet => {
    const p = pool.take(bytes.length);
    p.buf.set(bytes, p.off);
    return p;
  };
  return {
    identity,
    pool,
    ended,
    dropped,
    /** Gives the frame to the node; its id. */
    in(bytes: Uint8Array, port = 0, now: Nanos = ZERO): number {
      const p = packet(bytes);
      const { id } = p;
      identity.arrived(p, port, now);
      return id;
    },
    /** The node sends the frame; the id and cause that it goes on with. */
    out(bytes: Uint8Array, port = 1, now: Nanos = ZERO): { id: number; cause: number } {
      const p = packet(bytes);
      identity.departing(p, port, now);
      const { id, cause } = p;
      pool.release(p);
      return { id, cause };
    },
  };
}

describe('a router', () => {
  it('passes a packet on with its id, cause and trail, when all that changed is the TTL', () => {
    const n = node();
    const id = n.in(udpFrame());
    expect(n.out(udpFrame({ ttl: 63, mac: '02:00:00:00:00:09' }))).toEqual({ id, cause: 0 });
    expect(n.identity.counts).toMatchObject({ passed: 1, made: 0, ambiguous: 0 });
  });

  it.each([
    ['a TTL that is the same', {}],
    ['a TTL two less', { ttl: 62 }],
    ['another payload', { ttl: 63, text: 'hallo' }],
    ['another length', { ttl: 63, text: 'hello!' }],
    ['another identification', { ttl: 63, id: 7 }],
  ])('does not take for it a packet with %s', (_what, change) => {
    const n = node();
    const id = n.in(udpFrame());
    expect(n.out(udpFrame(change)).id).not.toBe(id);
    expect(n.identity.counts).toMatchObject({ passed: 0, made: 1 });
  });

  it('gives equal packets of a flow back in their order, and says so', () => {
    const n = node();
    const ids = [n.in(udpFrame()), n.in(udpFrame()), n.in(udpFrame())];
    expect([1, 2, 3].map(() => n.out(udpFrame({ ttl: 63 })).id)).toEqual(ids);
    expect(n.identity.counts).toMatchObject({ passed: 3, byOrder: 2 });
  });

  it('tells equal payloads of several flows apart by addresses and ports', () => {
    const n = node();
    const one = n.in(udpFrame({ sport: 1 }));
    const two = n.in(udpFrame({ sport: 2 }));
    expect(n.out(udpFrame({ sport: 2, ttl: 63 })).id).toBe(two);
    expect(n.out(udpFrame({ sport: 1, ttl: 63 })).id).toBe(one);
    expect(n.identity.counts.byOrder).toBe(0);
  });

  it('knows TCP segments by their sequence numbers', () => {
    const n = node();
    const [first, second] = [n.in(tcpFrame(1000)), n.in(tcpFrame(2000))];
    expect(n.out(tcpFrame(2000, { ttl: 63 })).id).toBe(second);
    expect(n.out(tcpFrame(1000, { ttl: 63 })).id).toBe(first);
  });

  it('ends at once what is for itself, and what a host gets', () => {
    const n = node();
    const own = n.in(udpFrame({ to: OWN }));
    expect([n.ended, n.identity.held, n.pool.live]).toEqual([[own], 0, 0]);
    const host = node('host');
    const id = host.in(udpFrame());
    expect([host.ended, host.pool.live]).toEqual([[id], 0]);
    expect(host.out(udpFrame({ ttl: 63 })).id).not.toBe(id);
  });
});

describe('a translator', () => {
  const nat = { from: PUBLIC, sport: 40000, ttl: 63 };

  it('keeps the id over other addresses and ports, there and back', () => {
    const n = node();
    const there = n.in(udpFrame());
    expect(n.out(udpFrame(nat)).id).toBe(there);
    const back = n.in(udpFrame({ from: B, to: PUBLIC, sport: 3478, dport: 40000, text: 'answer' }), 1);
    expect(n.out(udpFrame({ from: B, to: A, sport: 3478, dport: 5000, ttl: 63, text: 'answer' }), 0).id).toBe(back);
    expect(n.identity.counts).toMatchObject({ translated: 2, passed: 0 });
  });

  it('keeps it where the answer is for an address of its own (masquerade), and what is really for it ends there', () => {
    const n = node('translator');
    const answer = n.in(udpFrame({ from: B, to: OWN, sport: 3478, dport: 40000 }));
    expect(n.out(udpFrame({ from: B, to: A, sport: 3478, ttl: 63 })).id).toBe(answer);
    const own = n.in(udpFrame({ from: B, to: OWN, text: 'for you' }));
    n.identity.flush(plus(HOLD, millis(1)));
    expect([n.ended, n.dropped]).toEqual([[own], []]);
    // A router that translates nothing takes it for its own at once.
    const router = node();
    const taken = router.in(udpFrame({ from: B, to: OWN, sport: 3478, dport: 40000 }));
    expect(router.out(udpFrame({ from: B, to: A, sport: 3478, ttl: 63 })).id).not.toBe(taken);
  });

  it('never guesses: of equal payloads of two flows none is chosen', () => {
    const n = node();
    const ids = [n.in(udpFrame({ from: '10.0.0.2' })), n.in(udpFrame({ from: '10.0.0.3' }))];
    expect(ids).not.toContain(n.out(udpFrame(nat)).id);
    expect(n.identity.counts).toMatchObject({ ambiguous: 1, translated: 0 });
  });

  it('keeps the order within one flow', () => {
    const n = node();
    const ids = [n.in(udpFrame()), n.in(udpFrame())];
    expect([n.out(udpFrame(nat)).id, n.out(udpFrame(nat)).id]).toEqual(ids);
  });
});

describe('what never comes out', () => {
  it('is a drop that nobody explains, when its time is over', () => {
    const n = node();
    const id = n.in(udpFrame());
    n.out(tcpFrame(1), 1, HOLD);
    expect(n.dropped).toEqual([]);
    n.out(tcpFrame(1), 1, plus(HOLD, millis(1)));
    expect([n.dropped, n.ended]).toEqual([[[id, DROP.UNEXPLAINED]], [id]]);
    expect(n.pool.live).toBe(0);
  });

  it('is a drop for its TTL, when that was 1', () => {
    const n = node();
    const id = n.in(udpFrame({ ttl: 1 }));
    n.out(tcpFrame(1), 1, millis(2000));
    expect(n.dropped).toEqual([[id, DROP.TTL]]);
  });

  it('is explained at once by the ICMP error about it, which has it as its cause', () => {
    const n = node();
    const other = udpFrame({ ttl: 1, sport: 9 });
    n.in(other);
    const about = udpFrame({ ttl: 1 });
    const id = n.in(about);
    expect(n.out(timeExceeded(about), 0).cause).toBe(id);
    expect(n.dropped).toEqual([[id, DROP.TTL]]);
    // Not twice.
    n.out(tcpFrame(1), 1, millis(2000));
    expect(n.dropped.filter(([dropped]) => dropped === id).length).toBe(1);
  });

  it('is let go without a word when the lab ends', () => {
    const n = node();
    const id = n.in(udpFrame());
    n.identity.flush(ZERO);
    expect([n.dropped, n.ended, n.pool.live]).toEqual([[], [id], 0]);
    const late = n.in(udpFrame());
    n.identity.flush(plus(HOLD, millis(1)));
    expect(n.dropped).toEqual([[late, DROP.UNEXPLAINED]]);
  });
});

describe('a bridge', () => {
  const toC = { mac: '02:00:00:00:00:0c' };

  it('passes a frame on as it is, by another port than it came', () => {
    const n = node('bridge');
    const id = n.in(udpFrame(toC), 0);
    expect(n.out(udpFrame(toC), 0).id).not.toBe(id);
    expect(n.out(udpFrame(toC), 2).id).toBe(id);
    expect(n.out(udpFrame({ ...toC, ttl: 63 }), 1).id).not.toBe(id);
  });

  it('floods copies: the packet itself is the one towards its station, the others have it as cause', () => {
    const n = node('bridge', new Map([[parseMac(toC.mac) ?? 0, 2]]));
    const id = n.in(udpFrame(toC), 0);
    expect(n.out(udpFrame(toC), 1)).toMatchObject({ cause: id });
    expect(n.out(udpFrame(toC), 2)).toEqual({ id, cause: 0 });
    expect(n.out(udpFrame(toC), 3)).toMatchObject({ cause: id });
    expect(n.identity.counts).toMatchObject({ passed: 1, copies: 2 });
  });
});

it('a router that keeps the order of each flow is never misread, whatever it drops between', () => {
  const flow = fc.record({ sport: fc.integer({ min: 1, max: 3 }), text: fc.constantFrom('x', 'y'), dropped: fc.boolean() });
  fc.assert(
    fc.property(fc.array(flow, { maxLength: 40 }), (packets) => {
      const n = node();
      // One at a time, so that a drop cannot shift equal ones behind it.
      packets.forEach(({ sport, text, dropped }, k) => {
        const id = n.in(udpFrame({ sport, text, id: k }));
        if (!dropped) expect(n.out(udpFrame({ sport, text, id: k, ttl: 63 })).id).toBe(id);
      });
      expect(n.identity.counts).toMatchObject({ passed: packets.filter((p) => !p.dropped).length, ambiguous: 0, made: 0 });
      n.identity.flush(ZERO);
      expect(n.pool.live).toBe(0);
    }),
    { seed: 1, numRuns: 100 },
  );
});

it('no frame, however cut or bent, breaks it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 14, maxLength: 90 }), fc.boolean(), fc.boolean(), (bytes, v6, valid) => {
      const frame = bytes.slice();
      ethernet.setType(frame, 0, v6 ? ethernet.ETHERTYPE.IPV6 : ethernet.ETHERTYPE.IPV4);
      if (valid && frame.length > 14) frame[14] = v6 ? 0x60 : 0x45;
      const n = node();
      n.in(frame);
      n.out(frame);
      n.identity.flush(ZERO);
      expect(n.pool.live).toBe(0);
    }),
    { seed: 1, numRuns: 500 },
  );
});
