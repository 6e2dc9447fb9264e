/**
 * Ledgers made by hand, for tests: a small organisation with a circuit and an Internet, and packets sent over links
 * that the test names. Everything goes through the real recorder.
 *
 *     alice, bob - lan - rt - ce = er-primary, er-secondary = msee - ms-lan - online-fe, stun, edge, mcu
 *     dave - branch - rt      ce - isp - msee                dc-fe, dns - rt      public-dns - isp      edge2 - rt
 * @module
 */
import { must } from '../base/assert.js';
import { NO_DECISION } from '../base/brand.js';
import type { Cause, DecisionId, NodeId } from '../base/brand.js';
import { DROP } from '../base/drop.js';
import type { DropCode } from '../base/drop.js';
import type { Nanos } from '../base/time.js';
import { millis } from '../base/time.js';
import type { Pairs } from '../capture/comment.js';
import { DecisionTable } from '../capture/decision-table.js';
import type { Ledger } from '../capture/ledger.js';
import { pointsOf } from '../capture/points.js';
import { Recorder } from '../capture/recorder.js';
import { MemorySink } from '../capture/store/byte-store.js';
import { ipv4Frame, linkEnd, packetOf, tcpPayload, udpPayload } from '../capture/testing/small-lab.js';
import type { Plan, PlanLink, PlanNode } from '../topology/plan.js';
import { planOf } from '../topology/testing/lab.js';

const TOPOLOGY = `
name: hand-made
organisations: { contoso: { domains: [contoso.example] }, microsoft: { domains: [online.example] } }
topology:
  defaults: { segment: customer }
  nodes:
    alice: { kind: client, organisation: contoso, site: hq }
    bob: { kind: client, organisation: contoso, site: hq }
    lan: { kind: bridge, organisation: contoso, site: hq, prefixes: [10.0.1.0/24] }
    dave: { kind: client, organisation: contoso, site: branch }
    rt: { kind: router, organisation: contoso, site: hq }
    branch: { kind: router, organisation: contoso, site: branch }
    ce: { kind: router, organisation: contoso, site: hq }
    dc-fe: { kind: front-end, organisation: contoso, site: hq, config: { domains: [contoso.example] } }
    dns: { kind: dns, organisation: contoso, site: hq }
    isp: { kind: router, segment: internet }
    public-dns: { kind: dns, segment: internet }
    msee: { kind: router, organisation: microsoft, segment: microsoft }
    ms-lan: { kind: bridge, organisation: microsoft, segment: microsoft, prefixes: [203.0.113.0/24] }
    online-fe: { kind: front-end, organisation: microsoft, segment: microsoft, config: { domains: [contoso.example], ports: [443] } }
    stun: { kind: stun, organisation: microsoft, segment: microsoft }
    edge: { kind: stun, organisation: microsoft, segment: microsoft }
    edge2: { kind: stun, organisation: contoso, site: hq }
    mcu: { kind: stun, organisation: microsoft, segment: microsoft }
  links:
    - { endpoints: ["alice:eth0", "lan:p1"] }
    - { endpoints: ["bob:eth0", "lan:p2"] }
    - { endpoints: ["rt:lan", "lan:p3"] }
    - { endpoints: ["dave:eth0", "branch:lan"], prefixes: [10.0.2.0/24] }
    - { endpoints: ["branch:wan", "rt:branch"], prefixes: [10.0.3.0/30] }
    - { endpoints: ["dc-fe:eth0", "rt:fe"], prefixes: [10.0.4.0/24] }
    - { endpoints: ["dns:eth0", "rt:dns"], prefixes: [10.0.5.0/24] }
    - { endpoints: ["rt:edge", "ce:in"], prefixes: [10.0.6.0/30] }
    - { name: er-primary, group: er, segment: expressroute, endpoints: ["ce:er1", "msee:er1"], prefixes: [198.18.0.0/30] }
    - { name: er-secondary, group: er, segment: expressroute, endpoints: ["ce:er2", "msee:er2"], prefixes: [198.18.0.4/30] }
    - { endpoints: ["ce:out", "isp:ce"], segment: internet, prefixes: [192.0.2.0/30] }
    - { endpoints: ["isp:ms", "msee:isp"], segment: internet, prefixes: [192.0.2.4/30] }
    - { endpoints: ["public-dns:eth0", "isp:dns"], segment: internet, prefixes: [192.0.2.64/29] }
    - { endpoints: ["msee:lan", "ms-lan:p1"], segment: microsoft }
    - { endpoints: ["online-fe:eth0", "ms-lan:p2"], segment: microsoft }
    - { endpoints: ["stun:eth0", "ms-lan:p3"], segment: microsoft }
    - { endpoints: ["edge:eth0", "ms-lan:p4"], segment: microsoft }
    - { endpoints: ["mcu:eth0", "ms-lan:p5"], segment: microsoft }
    - { endpoints: ["edge2:eth0", "rt:edge2"], prefixes: [10.0.7.0/24] }
users:
  alice@contoso.example: { node: alice, home: dc-fe, password: a }
  bob@contoso.example: { node: bob, home: online-fe, password: b }
  dave@contoso.example: { node: dave, home: dc-fe, password: d }
`;

export const PLAN: Plan = planOf(TOPOLOGY);

export interface Sending {
  /** Nodes from the sender to where it ends; of parallel links the first, unless `over` names another. */
  readonly way: string;
  /** Names of links to be preferred. */
  readonly over?: readonly string[];
  readonly at: Nanos;
  readonly frame: Uint8Array;
  /** Time on each link; 1 ms if not said. */
  readonly delays?: readonly Nanos[];
  /** The last link loses it. */
  readonly lost?: DropCode;
  /** The last node drops it. */
  readonly dropped?: DropCode;
  /** Where and why, in words of a decision. */
  readonly why?: Readonly<Record<string, string>>;
  /** What nodes on the way decided when they sent it on, in words of decisions, by node. */
  readonly decided?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The run ends while it is on the last link. */
  readonly flying?: boolean;
  readonly cause?: number;
  /** Several, as a mixer has them. */
  readonly causes?: readonly number[];
  /** A copy that the first link made: only its arrival is recorded. */
  readonly duplicate?: boolean;
}

export class HandMade {
  readonly plan = PLAN;
  readonly sink = new MemorySink();
  readonly #points = pointsOf(PLAN);
  readonly #decisions = new DecisionTable((node) => this.#points.nodeName(node));
  readonly #recorder = new Recorder({
    points: this.#points,
    decisions: this.#decisions,
    sink: this.sink,
    originSeconds: 0,
    run: { version: '0', topology: PLAN.name, hash: PLAN.hash, seed: 1, records: 'both' },
  });
  #next = 1;

  /** Sends at once, record by record. Returns the packet's id. */
  send(sending: Sending): number {
    const id = this.#next++;
    const cause = sending.causes === undefined ? (sending.cause ?? 0) : this.#recorder.causes.of(sending.causes as readonly Cause[]);
    const packet = packetOf(sending.frame, id, cause);
    const nodes = sending.way.split(' ');
    let now = sending.at;
    for (let i = 0; i + 1 < nodes.length; i++) {
      const last = i + 2 === nodes.length;
      const { link, side } = linkBetween(must(nodes[i], 'node'), must(nodes[i + 1], 'node'), sending.over ?? []);
      const other = side === 0 ? 1 : 0;
      packet.time = now;
      packet.decision = this.#decided(must(nodes[i], 'node'), sending.decided ?? {});
      if (!(sending.duplicate === true && i === 0))
        this.#recorder.sent(packet, linkEnd(link.id, side), last && sending.lost !== undefined ? sending.lost : DROP.NONE);
      if (last && (sending.lost !== undefined || sending.flying === true)) return id;
      now = (now + (sending.delays?.[i] ?? millis(1))) as Nanos;
      packet.time = now;
      this.#recorder.received(packet, linkEnd(link.id, other));
    }
    if (sending.dropped !== undefined) {
      const node = nodeNamed(must(nodes.at(-1), 'node')).id as NodeId;
      const why = sending.why === undefined ? NO_DECISION : this.#decisions.intern({ node, stage: 'forward', text: sending.why, reason: null });
      packet.time = now;
      this.#recorder.dropped(packet, node, sending.dropped, why);
    }
    this.#recorder.ended(packet);
    return id;
  }

  #decided(name: string, said: NonNullable<Sending['decided']>): DecisionId {
    const text = said[name];
    return text === undefined ? NO_DECISION : this.#decisions.intern({ node: nodeNamed(name).id, stage: 'forward', text, reason: null });
  }

  event(node: string | null, at: Nanos, name: string, fields: Pairs = {}): void {
    this.#recorder.event(node === null ? null : nodeNamed(node).id, at, name, fields);
  }

  ledger(): Ledger {
    this.#recorder.close(millis(60_000));
    return this.#recorder.ledger();
  }
}

function linkBetween(from: string, to: string, over: readonly string[]): { link: PlanLink; side: 0 | 1 } {
  const found = PLAN.links.filter((link) => [from, to].every((name) => link.ends.some((end) => end.nodeName === name)));
  const link = must(found.find(({ name }) => over.includes(name)) ?? found[0], `a link between ${from} and ${to}`);
  return { link, side: link.ends[0].nodeName === from ? 0 : 1 };
}

export function nodeNamed(name: string): PlanNode {
  return must(
    PLAN.nodes.find((node) => node.name === name),
    `node ${name}`,
  );
}

export function addressOf(name: string): string {
  return must(
    nodeNamed(name)
      .interfaces.flatMap((one) => one.addresses)
      .find(({ family }) => family === 4),
    `an address of ${name}`,
  ).address;
}

export function udp(from: string, fromPort: number, to: string, toPort: number, data: Uint8Array): Uint8Array {
  return ipv4Frame(addressOf(from), addressOf(to), 17, udpPayload(fromPort, toPort, data));
}

export function tcp(from: string, fromPort: number, to: string, toPort: number): Uint8Array {
  return ipv4Frame(addressOf(from), addressOf(to), 6, tcpPayload(fromPort, toPort, 1, 0x10, new Uint8Array(40)));
}

/** 20 ms of G.711 (RFC 3551): payload type 0, 160 octets. */
export function rtp(ssrc: number, sequence: number, timestamp = sequence * 160, payloadType = 0): Uint8Array {
  const bytes = new Uint8Array(172);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0x80);
  view.setUint8(1, payloadType);
  view.setUint16(2, sequence & 0xffff);
  view.setUint32(4, timestamp >>> 0);
  view.setUint32(8, ssrc);
  return bytes;
}

/** An RTCP receiver report without blocks (RFC 3550 section 6.4.2). */
export const RTCP = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 7);
/** A STUN binding request (RFC 8489 section 5). */
export const STUN = Uint8Array.of(0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

/** The data in a channel of TURN (RFC 8656 section 12.4). */
export function channelData(data: Uint8Array, channel = 0x4000): Uint8Array {
  return Uint8Array.of(channel >> 8, channel & 0xff, data.length >> 8, data.length & 0xff, ...data);
}

/** The data in a Send (0x0016) or Data (0x0017) indication, behind its XOR-PEER-ADDRESS (RFC 8656 sections 11.1, 18.3, 18.4). */
export function indication(type: 0x0016 | 0x0017, data: Uint8Array): Uint8Array {
  const padded = (data.length + 3) & ~3;
  const peer = [0, 0x12, 0, 8, 0, 1, 0x21, 0x12, 0xe1, 0xba, 0xa5, 0x43];
  const length = peer.length + 4 + padded;
  const header = [0, type, length >> 8, length & 0xff, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  return Uint8Array.of(...header, ...peer, 0, 0x13, data.length >> 8, data.length & 0xff, ...data, ...new Uint8Array(padded - data.length));
}
