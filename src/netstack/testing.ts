/**
 * Small networks of emulated nodes for tests of the net stack and of what stands on it: real links, real pool, virtual
 * time, and a note of everything that the tap is told.
 *
 * @example
 * const net = testNet({
 *   nodes: { a: {}, r: { forwards: true }, b: {} },
 *   links: [
 *     { a: ['a', '10.0.1.1/24'], b: ['r', '10.0.1.254/24'] },
 *     { a: ['r', '10.0.2.254/24'], b: ['b', '10.0.2.1/24'], mtu: 1280 },
 *   ],
 *   routes: { a: [{ prefix: '0.0.0.0/0', via: '10.0.1.254' }], b: [{ prefix: '0.0.0.0/0', via: '10.0.2.254' }] },
 * });
 * @module
 */
import { must } from '../base/assert.js';
import type { LinkId, NodeId } from '../base/brand.js';
import { type DropCode, dropName } from '../base/drop.js';
import { randomRoot } from '../base/rng.js';
import { millis, type Nanos } from '../base/time.js';
import { DecisionTable } from '../capture/decision-table.js';
import { createFabric, type Fabric } from '../fabric/fabric.js';
import { createScheduler, type LabScheduler } from '../fabric/lab-scheduler.js';
import type { LinkEnd, Side, Tap } from '../fabric/link.js';
import { type CountedPool, createPool } from '../fabric/pool.js';
import type { Target } from '../fabric/scheduler.js';
import { type ImpairmentSpec, NO_IMPAIRMENT } from '../topology/impairment.js';
import type { PlanAddress, PlanInterface, PlanNode, PlanRule } from '../topology/plan.js';
import { formatIpv6, formatMac, linkLocalOf } from '../wire/address.js';
import { AddressBook } from './address-book.js';
import { Bridge } from './bridge.js';
import { IpNode, type IpNodeOptions } from './ip-node.js';
import type { RouteSpec } from './route-tables.js';
import type { Addr } from './transport.js';

/** What the tap was told. `at` is `link:side` for links, the node's name for decisions of nodes. */
export interface Seen {
  readonly kind: 'sent' | 'received' | 'lost' | 'dropped' | 'ended';
  readonly id: number;
  readonly cause: number;
  readonly time: Nanos;
  readonly at: string;
  readonly drop: string;
  /** Text of the decision: of the sender for `sent`, of the drop for `dropped`. */
  readonly decision: string;
  /** The frame, copied. */
  readonly bytes: Uint8Array;
}

export interface TestNodeSpec extends IpNodeOptions {
  readonly forwards?: boolean;
  readonly bridge?: boolean;
  readonly dscp?: PlanNode['dscp'];
  readonly rpFilter?: PlanNode['rpFilter'];
  readonly multipathHash?: PlanNode['multipathHash'];
  readonly rules?: readonly Omit<PlanRule, 'src'>[];
}

export interface TestLinkSpec {
  /** Node and its addresses on this link, separated by spaces; none at a bridge. */
  readonly a: readonly [string, string?];
  readonly b: readonly [string, string?];
  readonly mtu?: number;
  /** Of the interfaces, where it is more than the link's: a path MTU that nobody knows of. */
  readonly interfaceMtu?: number;
  readonly spec?: Partial<ImpairmentSpec>;
}

export interface TestNetSpec {
  readonly nodes: Readonly<Record<string, TestNodeSpec>>;
  readonly links: readonly TestLinkSpec[];
  readonly routes?: Readonly<Record<string, readonly RouteSpec[]>>;
  readonly seed?: number;
  /** Nobody knows a neighbour by plan. */
  readonly discover?: boolean;
  /** Keep no notes and do not check the pool: for long runs. */
  readonly quiet?: boolean;
}

export interface TestNet {
  readonly scheduler: LabScheduler;
  readonly pool: CountedPool;
  readonly fabric: Fabric;
  readonly book: AddressBook;
  readonly seen: Seen[];
  node(name: string): IpNode;
  bridge(name: string): Bridge;
  addr(text: string): Addr;
  /** Fires all events up to and at `until`; all there are without it. */
  run(until?: Nanos): void;
  at(when: Nanos, act: () => void): void;
  drops(): { readonly node: string; readonly drop: string; readonly decision: string }[];
  /** Frames that came out of that link at that side. */
  received(link: number, side: Side): Uint8Array[];
  setUp(link: number, up: boolean): void;
}

interface Member {
  readonly node: string;
  readonly link: number;
  readonly side: Side;
  readonly addresses: readonly PlanAddress[];
  readonly mac: number;
}

const SRC = { file: 'test.lab.yaml', line: 1, column: 1 } as const;

function addressesOf(text: string | undefined): PlanAddress[] {
  if (text === undefined || text === '') return [];
  return text.split(' ').map((one) => {
    const [address, length] = one.split('/');
    return { family: one.includes(':') ? 6 : 4, address: must(address, 'address'), prefixLength: Number(length) };
  });
}

/** Everybody in the broadcast domain of a member, across bridges. */
function lanOf(member: Member, members: readonly Member[], spec: TestNetSpec): Member[] {
  const lan = new Set<Member>();
  const queue = [member];
  for (let m = queue.pop(); m !== undefined; m = queue.pop()) {
    const here = m;
    if (lan.has(here)) continue;
    lan.add(here);
    const other = must(
      members.find((o) => o.link === here.link && o.side !== here.side),
      'other end',
    );
    queue.push(other);
    for (const end of [here, other]) if (spec.nodes[end.node]?.bridge === true) queue.push(...members.filter((o) => o.node === end.node));
  }
  return [...lan].filter((m) => m !== member && spec.nodes[m.node]?.bridge !== true);
}

function planNodes(spec: TestNetSpec, members: readonly Member[]): PlanNode[] {
  return Object.entries(spec.nodes).map(([name, node], id) => {
    const own = members.filter((m) => m.node === name);
    const interfaces = own.map((m, i): PlanInterface => {
      const link = must(spec.links[m.link], 'link');
      const lan = spec.discover === true ? [] : lanOf(m, members, spec);
      return {
        index: i + 1,
        name: `eth${i}`,
        mac: formatMac(m.mac),
        link: m.link as LinkId,
        side: m.side,
        mtu: link.interfaceMtu ?? link.mtu ?? 1500,
        addresses: m.addresses,
        neighbours: lan.flatMap((o) =>
          [...o.addresses.map((a) => a.address), formatIpv6(linkLocalOf(o.mac))].map((address) => ({ address, mac: formatMac(o.mac) })),
        ),
      };
    });
    return {
      id: id as NodeId,
      name,
      kind: 'test',
      traits: { is: 'server' },
      organisation: null,
      segment: 'customer',
      site: null,
      forwards: node.forwards ?? false,
      bridge: node.bridge ?? false,
      interfaces,
      routes: [],
      resolvers: [],
      certificateNames: [],
      dscp: node.dscp ?? [],
      config: null,
      ...(node.rpFilter !== undefined && { rpFilter: node.rpFilter }),
      ...(node.multipathHash !== undefined && { multipathHash: node.multipathHash }),
      ...(node.rules !== undefined && { rules: node.rules.map((rule) => ({ ...rule, src: SRC })) }),
      src: SRC,
    };
  });
}

export function testNet(spec: TestNetSpec): TestNet {
  const scheduler = createScheduler();
  const pool = createPool({ checked: spec.quiet !== true });
  const book = new AddressBook();
  const random = randomRoot(spec.seed ?? 1);
  const members: Member[] = spec.links.flatMap((link, i) =>
    ([link.a, link.b] as const).map(
      ([node, text], side): Member => ({ node, link: i, side: side as Side, addresses: addressesOf(text), mac: 0x0200_0000_0000 + i * 2 + side + 1 }),
    ),
  );
  const plans = planNodes(spec, members);
  const decisions = new DecisionTable((id) => must(plans[id], 'node').name);
  const seen: Seen[] = [];
  const tap = spec.quiet === true ? QUIET : noting(seen, decisions, (id) => must(plans[id], 'node').name);
  const links = spec.links.map((link, i) => {
    const impairment: ImpairmentSpec = { ...NO_IMPAIRMENT, ...link.spec };
    return { id: i as LinkId, name: `l${i}`, mtu: link.interfaceMtu ?? link.mtu ?? 1500, impairments: [impairment, impairment] as const, up: true };
  });
  const fabric = createFabric({ links, scheduler, pool, tap, random });
  const ends: LinkEnd[] = links.flatMap((link) => [fabric.end(link.id, 0), fabric.end(link.id, 1)]);
  const nodes = new Map<string, IpNode>();
  const bridges = new Map<string, Bridge>();
  for (const plan of plans) {
    const deps = { scheduler, pool, tap, random: random.stream(`node:${plan.name}`), book, decisions };
    if (plan.bridge) bridges.set(plan.name, new Bridge(plan, ends, deps));
    else nodes.set(plan.name, new IpNode(plan, ends, deps, spec.nodes[plan.name]));
  }
  for (const [name, routes] of Object.entries(spec.routes ?? {})) for (const route of routes) must(nodes.get(name), name).routes.add(route);
  return {
    scheduler,
    pool,
    fabric,
    book,
    seen,
    node: (name) => must(nodes.get(name), name),
    bridge: (name) => must(bridges.get(name), name),
    addr: (text) => must(book.parse(text), text),
    run(until = Infinity as Nanos) {
      while (scheduler.pending > 0 && scheduler.next <= until) scheduler.step();
      if (until !== Infinity) scheduler.advance(until);
    },
    at(when, act) {
      const target: Target = { fire: act };
      scheduler.at(when, target, 0, null);
    },
    drops: () => seen.filter((s) => s.kind === 'dropped').map((s) => ({ node: s.at, drop: s.drop, decision: s.decision })),
    received: (link, side) => seen.filter((s) => s.kind === 'received' && s.at === `${link}:${side}`).map((s) => s.bytes),
    setUp: (link, up) => fabric.control.set(link as LinkId, 'both', { up }),
  };
}

const QUIET: Tap = {
  sent() {},
  received() {},
  lost() {},
  dropped() {},
  ended() {},
};

function noting(seen: Seen[], decisions: DecisionTable, nameOf: (id: NodeId) => string): Tap {
  const note = (
    kind: Seen['kind'],
    p: { id: number; cause: number; buf: Uint8Array; off: number; len: number },
    time: Nanos,
    at: string,
    drop: DropCode | 0,
    decision: string,
  ): void => {
    seen.push({ kind, id: p.id, cause: p.cause, time, at, drop: dropName(drop), decision, bytes: p.buf.slice(p.off, p.off + p.len) });
  };
  const where = (end: LinkEnd): string => `${end.link}:${end.side}`;
  return {
    sent: (p, end, drop) => note('sent', p, p.time, where(end), drop, decisions.text(p.decision)),
    received: (p, end) => note('received', p, p.time, where(end), 0, ''),
    lost: (p, end, drop) => note('lost', p, p.time, where(end), drop, ''),
    dropped: (p, node, drop, why) => note('dropped', p, p.time, nameOf(node), drop, decisions.text(why)),
    ended: (p) => note('ended', p, p.time, '', 0, ''),
  };
}

/** A classic pcap file (nanosecond magic, Ethernet) of frames in order of time. */
export function pcapOf(frames: readonly { readonly time: Nanos; readonly bytes: Uint8Array }[]): Uint8Array {
  const total = frames.reduce((n, f) => n + 16 + f.bytes.length, 24);
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  for (const [i, word] of [0xa1b23c4d, 0x00040002, 0, 0, 262144, 1].entries()) view.setUint32(i * 4, word, true);
  let at = 24;
  for (const { time, bytes } of frames) {
    view.setUint32(at, Math.floor(time / 1e9), true);
    view.setUint32(at + 4, time % 1e9, true);
    view.setUint32(at + 8, bytes.length, true);
    view.setUint32(at + 12, bytes.length, true);
    out.set(bytes, at + 16);
    at += 16 + bytes.length;
  }
  return out;
}

/** a - r1 - r2 - b, both families. */
export function chain(): TestNet {
  return testNet({
    nodes: { a: {}, r1: { forwards: true }, r2: { forwards: true }, b: {} },
    links: [
      { a: ['a', '10.0.1.1/24 2001:db8:1::1/64'], b: ['r1', '10.0.1.254/24 2001:db8:1::fe/64'], spec: { delay: millis(1) } },
      { a: ['r1', '10.0.12.1/30 2001:db8:12::1/64'], b: ['r2', '10.0.12.2/30 2001:db8:12::2/64'], spec: { delay: millis(10) } },
      { a: ['r2', '10.0.2.254/24 2001:db8:2::fe/64'], b: ['b', '10.0.2.1/24 2001:db8:2::1/64'], spec: { delay: millis(1) } },
    ],
    routes: {
      a: [
        { prefix: '0.0.0.0/0', via: '10.0.1.254' },
        { prefix: '::/0', via: '2001:db8:1::fe' },
      ],
      r1: [
        { prefix: '10.0.2.0/24', via: '10.0.12.2' },
        { prefix: '2001:db8:2::/48', via: '2001:db8:12::2' },
      ],
      r2: [
        { prefix: '10.0.1.0/24', via: '10.0.12.1' },
        { prefix: '2001:db8:1::/48', via: '2001:db8:12::1' },
      ],
      b: [
        { prefix: '0.0.0.0/0', via: '10.0.2.254' },
        { prefix: '::/0', via: '2001:db8:2::fe' },
      ],
    },
  });
}
