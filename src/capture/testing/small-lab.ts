/**
 * A small lab for tests of the capture: alice - l1 - r1 - l2 - fw1 - l3 - bob, its frames, and a seeded stream of
 * journeys through it (deliveries, losses early and late, drops by rules, translations, relays, fragments, events).
 * @module
 */
import { must } from '../../base/assert.js';
import { type DecisionId, type LinkId, NO_DECISION, NO_TRAIL, type NodeId, type PacketId } from '../../base/brand.js';
import { DROP, type DropCode } from '../../base/drop.js';
import type { LabError } from '../../base/error.js';
import { randomRoot, type Rng } from '../../base/rng.js';
import { millis, type Nanos } from '../../base/time.js';
import type { LinkEnd } from '../../fabric/link.js';
import type { Packet } from '../../fabric/packet.js';
import { parseIpv4, parseIpv6 } from '../../wire/address.js';
import { setU16, setU32 } from '../../wire/bytes.js';
import * as ipv4 from '../../wire/ipv4.js';
import { DecisionTable } from '../decision-table.js';
import { type Point, Points } from '../points.js';
import { Recorder } from '../recorder.js';
import type { RunInfo } from '../run-info.js';
import type { ByteSink } from '../store/byte-store.js';

export const NODES = ['alice', 'r1', 'fw1', 'bob'] as const;
export const RUN: RunInfo = { version: '0.1.0', topology: 'small', hash: '0badc0de', seed: 42, records: 'both' };
export const ORIGIN = 1_767_225_600; // 2026-01-01T00:00:00Z

export function smallPoints(): Points {
  const all: Point[] = [];
  for (let link = 0; link < 3; link++) {
    for (const side of [0, 1] as const) {
      const node = must(NODES[link + side], 'node');
      all.push({
        kind: 'link',
        index: all.length,
        name: `l${link + 1}:${node}`,
        link: link as LinkId,
        side,
        linkName: `l${link + 1}`,
        node,
        interface: `eth${side}`,
        segment: link === 1 ? 'expressroute' : 'customer',
        group: link === 1 ? 'er circuits' : `l${link + 1}`,
      });
    }
  }
  for (const [id, node] of NODES.entries())
    all.push({ kind: 'node', index: all.length, name: `node:${node}`, id: id as NodeId, node, nodeKind: 'host', bridge: false });
  all.push({ kind: 'lab', index: all.length, name: 'lab' });
  return new Points(all);
}

export function linkEnd(link: number, side: 0 | 1): LinkEnd {
  return { link: link as LinkId, side, mtu: 1500, up: true, send: () => undefined, attach: () => undefined };
}

function ethernetFrame(type: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(14 + payload.length);
  frame.set([0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1]);
  setU16(frame, 12, type);
  frame.set(payload, 14);
  return frame;
}

/** An IPv4 packet in an Ethernet frame; `fragment` is the 16-bit flags and offset field. */
export function ipv4Frame(src: string, dst: string, protocol: number, payload: Uint8Array, fragment = 0x4000): Uint8Array {
  const p = new Uint8Array(20 + payload.length);
  p.set([0x45, 0xb8]);
  setU16(p, 2, p.length);
  setU16(p, 6, fragment);
  p[8] = 64;
  p[9] = protocol;
  setU32(p, ipv4.SRC, must(parseIpv4(src), src));
  setU32(p, ipv4.DST, must(parseIpv4(dst), dst));
  ipv4.fillChecksum(p, 0);
  p.set(payload, 20);
  return ethernetFrame(0x0800, p);
}

export function ipv6Frame(src: string, dst: string, next: number, payload: Uint8Array): Uint8Array {
  const p = new Uint8Array(40 + payload.length);
  p[0] = 0x60;
  setU16(p, 4, payload.length);
  p[6] = next;
  p[7] = 64;
  p.set(must(parseIpv6(src), src), 8);
  p.set(must(parseIpv6(dst), dst), 24);
  p.set(payload, 40);
  return ethernetFrame(0x86dd, p);
}

export function udpPayload(srcPort: number, dstPort: number, data: Uint8Array): Uint8Array {
  const u = new Uint8Array(8 + data.length);
  setU16(u, 0, srcPort);
  setU16(u, 2, dstPort);
  setU16(u, 4, u.length);
  u.set(data, 8);
  return u;
}

export function tcpPayload(srcPort: number, dstPort: number, seq: number, flags: number, data: Uint8Array): Uint8Array {
  const t = new Uint8Array(20 + data.length);
  setU16(t, 0, srcPort);
  setU16(t, 2, dstPort);
  setU32(t, 4, seq);
  setU32(t, 8, seq ^ 0xffff);
  t[12] = 0x50;
  t[13] = flags;
  setU16(t, 14, 8192);
  t.set(data, 20);
  return t;
}

/** ICMP echo request (type 8) or ICMPv6 (128), without a right checksum. */
export function echoPayload(type: number, identifier: number, sequence: number): Uint8Array {
  const p = new Uint8Array(16);
  p[0] = type;
  setU16(p, 4, identifier);
  setU16(p, 6, sequence);
  return p;
}

export function arpFrame(sender: string, target: string): Uint8Array {
  const p = new Uint8Array(28);
  p.set([0, 1, 8, 0, 6, 4, 0, 1, 0x02, 0, 0, 0, 0, 1]);
  setU32(p, 14, must(parseIpv4(sender), sender));
  setU32(p, 24, must(parseIpv4(target), target));
  return ethernetFrame(0x0806, p);
}

let slab = new Uint8Array(0);
/** A packet in a slot with dirty bytes round it. */
export function packetOf(frame: Uint8Array, id: number, cause = 0): Packet {
  if (slab.length < frame.length + 64) slab = new Uint8Array(1 << 17);
  const off = 16;
  slab.fill(0xa5, 0, frame.length + 64);
  slab.set(frame, off);
  return {
    buf: slab,
    off,
    view: new DataView(slab.buffer),
    len: frame.length,
    capacity: frame.length,
    id: id as PacketId,
    cause,
    trail: NO_TRAIL,
    slot: 0,
    decision: NO_DECISION,
    time: 0 as Nanos,
    sentAt: 0 as Nanos,
    leftAt: 0 as Nanos,
    row: 0,
    line: 0,
    epoch: 0,
    iif: 0,
    oif: 0,
    mark: 0,
    fragmented: 0,
    ct: null,
    ctinfo: 0,
  };
}

/** The packet, at that time. */
export function seenAt(p: Packet, time: Nanos): Packet {
  p.time = time;
  return p;
}

export interface SmallLab {
  readonly points: Points;
  readonly decisions: DecisionTable;
  readonly recorder: Recorder;
}

export function smallLab(sink: ByteSink | null, records: RunInfo['records'] = 'both', onError: (error: LabError) => void = () => undefined): SmallLab {
  const points = smallPoints();
  const decisions = new DecisionTable((node) => points.nodeName(node));
  const recorder = new Recorder({ points, decisions, sink, run: { ...RUN, records }, originSeconds: ORIGIN, onError });
  return { points, decisions, recorder };
}

interface Drawn {
  readonly route: DecisionId;
  readonly rule: DecisionId;
  readonly nat: DecisionId;
  readonly ends: readonly (readonly [LinkEnd, LinkEnd])[];
}

function drawn(lab: SmallLab): Drawn {
  const route = lab.decisions.intern({ node: 1 as NodeId, stage: 'route', text: { route: '10.0.2.0/24', via: '10.0.1.2', dev: 'eth1' }, reason: null });
  const rule = lab.decisions.intern({
    node: 2 as NodeId,
    stage: 'forward',
    text: { ct: 'new' },
    reason: { at: 'firewall', kind: 'rule', chain: 'inet/filter/forward', rule: 7, src: { file: 'rules/fw 1.nft', line: 12, column: 3 } },
  });
  const nat = lab.decisions.intern({
    node: 2 as NodeId,
    stage: 'postrouting',
    text: { rule: '2', ct: 'new', nat: '10.0.0.5:50000>198.51.100.1:61000' },
    reason: null,
  });
  return { route, rule, nat, ends: [0, 1, 2].map((l) => [linkEnd(l, 0), linkEnd(l, 1)] as const) };
}

/** A frame of some kind, by dice. */
export function someFrame(rng: Rng): Uint8Array {
  const data = new Uint8Array(rng.below(300));
  rng.fill(data, 0, data.length);
  const port = 50000 + rng.below(4);
  switch (rng.below(6)) {
    case 0:
      return ipv4Frame('10.0.0.5', '203.0.113.9', 6, tcpPayload(port, 5061, rng.u32(), rng.below(64), data));
    case 1:
      return ipv6Frame('2001:db8::5', '2001:db8:9::1', 17, udpPayload(port, 3478, data));
    case 2:
      return ipv4Frame('10.0.0.5', '203.0.113.9', 1, echoPayload(8, rng.below(3), 1));
    case 3:
      return arpFrame('10.0.0.5', '10.0.0.1');
    default:
      return ipv4Frame('10.0.0.5', '203.0.113.9', 17, udpPayload(port, 3478, data));
  }
}

/** Sends `count` packets through the lab, one after the other with overlapping lives. Returns the time after the last. */
export function playRandom(lab: SmallLab, count: number, seed = 1): Nanos {
  const rng = randomRoot(seed).stream('small-lab');
  const things = drawn(lab);
  let now = millis(3);
  let id = 0;
  for (let i = 0; i < count; i++) {
    now = (now + rng.below(20_000_000)) as Nanos;
    const cause = id > 0 && rng.below(4) === 0 ? 1 + rng.below(id) : 0;
    id += 1 + rng.below(2);
    const p = packetOf(someFrame(rng), id, cause);
    if (rng.below(20) === 0)
      lab.recorder.event(rng.below(4) as NodeId, now, 'signed-in', { user: 'alice@contoso.example', home: 'fe 1', 'call-id': `a"b\\${i}` });
    travel(lab, p, now, rng, things);
  }
  return (now + millis(500)) as Nanos;
}

function travel(lab: SmallLab, p: Packet, start: Nanos, rng: Rng, { ends, route, rule, nat }: Drawn): void {
  const { recorder } = lab;
  let at = start;
  const drop = (node: number, code: DropCode, why: DecisionId): void => {
    recorder.dropped(seenAt(p, at), node as NodeId, code, why);
    recorder.ended(p);
  };
  if (rng.below(30) === 0) return drop(0, DROP.NO_ROUTE, NO_DECISION);
  for (const [link, [from, to]] of ends.entries()) {
    p.decision = link === 1 ? route : link === 2 ? nat : NO_DECISION;
    if (rng.below(25) === 0) {
      recorder.sent(seenAt(p, at), from, DROP.LINK_LOSS);
      return recorder.ended(p);
    }
    recorder.sent(seenAt(p, at), from, DROP.NONE);
    p.sentAt = at;
    at = (at + 5_000_000 + rng.below(3_000_000)) as Nanos;
    if (rng.below(40) === 0) {
      recorder.lost(seenAt(p, at), from, DROP.LINK_DOWN);
      return recorder.ended(p);
    }
    if (rng.below(60) === 0) return; // still on its way when the run ends
    recorder.received(seenAt(p, at), to);
    if (link === 1 && rng.below(8) === 0) return drop(2, DROP.FIREWALL_RULE, rule);
  }
  recorder.ended(p);
}
