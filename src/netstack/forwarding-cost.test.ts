import { expect, test } from 'vitest';
import { must } from '../base/assert.js';
import type { LinkId, NodeId } from '../base/brand.js';
import { randomRoot } from '../base/rng.js';
import { seconds } from '../base/time.js';
import { DecisionTable } from '../capture/decision-table.js';
import { createScheduler } from '../fabric/lab-scheduler.js';
import { type LinkEnd, NULL_TAP, type Port } from '../fabric/link.js';
import type { Packet } from '../fabric/packet.js';
import { createPool } from '../fabric/pool.js';
import type { PlanNode } from '../topology/plan.js';
import { AddressBook } from './address-book.js';
import { createTracker } from './conntrack/conntrack.js';
import { IpNode } from './ip-node.js';
import { createTranslator } from './nat/translator.js';

/** An end of a bare wire: no time, no dice, nothing but the other end. So what is measured is the nodes. */
class WireEnd implements LinkEnd {
  readonly link: LinkId;
  readonly side: 0 | 1;
  readonly mtu = 1500;
  readonly up = true;
  other: WireEnd | null = null;
  #port: Port | null = null;

  constructor(link: number, side: 0 | 1) {
    this.link = link as LinkId;
    this.side = side;
  }

  send(p: Packet): void {
    must(this.other, 'other end').arrive(p);
  }

  arrive(p: Packet): void {
    this.#port?.deliver(p, this);
  }

  attach(port: Port): void {
    this.#port = port;
  }
}

const ROUTERS = 6;
/** Datagrams until the compiler has done its work. */
const WARM = 8000;
const ROUNDS = 8;

/** host 0, routers 1 to 6, host 7; link i joins i and i + 1. Addresses past 128.0.0.0, which do not fit 31 bits. */
function row(): { first: IpNode; middle: IpNode; last: IpNode; book: AddressBook } {
  const book = new AddressBook();
  const scheduler = createScheduler();
  // A time beyond 31 bits, as all are after two seconds: one that is handed about is boxed.
  scheduler.advance(seconds(1000));
  const deps = { scheduler, pool: createPool(), tap: NULL_TAP, book, decisions: new DecisionTable((id) => `n${id}`) };
  const ends: WireEnd[] = [];
  for (let i = 0; i <= ROUTERS; i++) {
    const a = new WireEnd(i, 0);
    const b = new WireEnd(i, 1);
    a.other = b;
    b.other = a;
    ends.push(a, b);
  }
  const mac = (link: number, side: number): string => `02:00:00:00:0${link}:0${side}`;
  const nodes = Array.from({ length: ROUTERS + 2 }, (_, i) => {
    const links = [
      { link: i - 1, side: 1 as const },
      { link: i, side: 0 as const },
    ].filter((l) => l.link >= 0 && l.link <= ROUTERS);
    const plan: PlanNode = {
      id: i as NodeId,
      name: `n${i}`,
      kind: 'test',
      traits: { is: 'equipment' },
      organisation: null,
      segment: 'customer',
      site: null,
      forwards: i > 0 && i <= ROUTERS,
      bridge: false,
      interfaces: links.map(({ link, side }, k) => ({
        index: k + 1,
        name: `eth${k}`,
        mac: mac(link, side),
        link: link as LinkId,
        side,
        mtu: 1500,
        addresses: [
          { family: 4, address: `200.0.${link}.${side + 1}`, prefixLength: 24 },
          { family: 6, address: `2001:db8:${link}::${side + 1}`, prefixLength: 64 },
        ],
        neighbours: [`200.0.${link}.${2 - side}`, `2001:db8:${link}::${2 - side}`].map((address) => ({ address, mac: mac(link, 1 - side) })),
      })),
      routes:
        i < ROUTERS
          ? [
              { family: 4, prefix: `200.0.${ROUTERS}.0/24`, via: `200.0.${i}.2`, dev: null, metric: 0, origin: 'static', src: null },
              { family: 6, prefix: `2001:db8:${ROUTERS}::/64`, via: `2001:db8:${i}::2`, dev: null, metric: 0, origin: 'static', src: null },
            ]
          : [],
      resolvers: [],
      certificateNames: [],
      dscp: [],
      config: null,
      src: { file: 'test', line: 1, column: 1 },
    };
    return new IpNode(plan, ends, { ...deps, random: randomRoot(1).stream(plan.name) });
  });
  return { first: must(nodes[0], 'first'), middle: must(nodes[3], 'middle'), last: must(nodes[ROUTERS + 1], 'last'), book };
}

/** Octets of heap per hop, the least of eight rounds of datagrams after a warm-up. */
function octetsPerHop(from: string, to: string, prepare: (router: IpNode) => void, packets = 3000): number {
  const { first, last, middle, book } = row();
  prepare(middle);
  let got = 0;
  const server = last.udp.bind(must(book.parse(to), to), 9, (b, o, n, client, port) => {
    // One answer, so that the flow is known in both directions.
    if (got++ === 0) server.send(b, o, n, client, port);
  });
  const socket = first.udp.bind(must(book.parse(from), from), 0, () => undefined);
  const target = must(book.parse(to), to);
  const payload = new Uint8Array(172);
  const round = (count: number): number => {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < count; i++) socket.send(payload, 0, payload.length, target, 9);
    return (process.memoryUsage().heapUsed - before) / count / (ROUTERS + 1);
  };
  for (let i = 0; i < 2; i++) round(WARM);
  // A collection makes a round negative; the compiler's own work, which goes on beside, makes it dearer. What the nodes
  // leave behind is left in every round, so the cheapest one that saw no collection tells.
  const rounds = Array.from({ length: ROUNDS }, () => round(packets)).filter((octets) => octets >= 0);
  expect(got).toBe(2 * WARM + ROUNDS * packets);
  return Math.min(...rounds);
}

const V4 = ['200.0.0.1', `200.0.${ROUTERS}.2`] as const;
const V6 = ['2001:db8:0::1', `2001:db8:${ROUTERS}::2`] as const;

/** Octets per hop of one boxed number per datagram: the sender's address, which the handler is given. V8 may inline it away. */
const ADDRESS = 16 / (ROUTERS + 1);

test('IPv4 datagrams over six routers leave no garbage', () => {
  expect(octetsPerHop(...V4, () => undefined)).toBeLessThan(ADDRESS + 0.5);
});

test('nor do those of IPv6', () => {
  expect(octetsPerHop(...V6, () => undefined)).toBeLessThan(ADDRESS + 0.5);
});

/** All that a stateful, translating router does to a packet of a known flow, in one direction. */
function translate(router: IpNode): void {
  const tracker = createTracker(router);
  const nat = createTranslator(router, tracker);
  for (const family of [4, 6] as const) {
    const own = must(
      router.addresses
        .list()
        .filter((a) => a.family === family)
        .at(-1),
      'outside address',
    ).addr;
    const range = { family, addresses: { from: own, to: own }, ports: null, random: false, fullyRandom: false, persistent: false };
    nat.installChain({ point: 'postrouting', priority: 100, family, run: (p) => nat.setup(p, 'postrouting', range) });
  }
}

test.each([V4, V6])('nor does a router that tracks and translates them (%s)', (from, to) => {
  expect(octetsPerHop(from, to, translate)).toBeLessThan(ADDRESS + 0.5);
});

test('nor do they where rules by source and mark choose a table, whose route has two next hops, and the way back is filtered', () => {
  const policy = (router: IpNode): void => {
    for (const family of [4, 6] as const) {
      const [to, via, from] =
        family === 4 ? [`200.0.${ROUTERS}.0/24`, '200.0.3.2', '200.0.0.0/24'] : [`2001:db8:${ROUTERS}::/64`, '2001:db8:3::2', '2001:db8:0::/64'];
      router.routes.add({ prefix: to, table: 7, nextHops: [1, 2].map((weight) => ({ via, dev: 'eth1', weight })) });
      router.routes.add({ prefix: from, via: family === 4 ? '200.0.2.1' : '2001:db8:2::1' });
      router.routes.addRule({ priority: 5, family, table: 8, mark: 1 });
      router.routes.addRule({ priority: 10, family, table: 7, from, iif: 1 });
    }
    for (const iface of router.interfaces) iface.rpFilter = 1;
  };
  expect(octetsPerHop(...V4, policy)).toBeLessThan(ADDRESS + 0.5);
  expect(octetsPerHop(...V6, policy)).toBeLessThan(ADDRESS + 0.5);
});

test('one object on one of seven hops would be seen', () => {
  const kept: { last: object | null } = { last: null };
  const careless = (router: IpNode): void => {
    router.install({ point: 'forward', priority: 0, family: 0, run: (p) => ((kept.last = { id: p.id }), 0) });
  };
  expect(octetsPerHop(...V4, careless)).toBeGreaterThan(ADDRESS + 1);
});
