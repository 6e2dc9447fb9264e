/**
 * One router between two networks, alone on its wires: frames go in, frames come out, its connection table can be read.
 * The same description is built as an emulated node and as a namespace of the kernel ({@link kernelRouter}), so that both
 * can be asked the same.
 *
 *     10.0.1.0/24, 2001:db8:1::/64 - in - router - out - 10.0.2.0/24, 2001:db8:2::/64
 *
 * Hosts have the addresses .1 to .9, the router .254 (::fe).
 * @module
 */
import type { LinkId, NodeId } from '../../../src/base/brand.js';
import { must } from '../../../src/base/assert.js';
import { randomRoot } from '../../../src/base/rng.js';
import type { Nanos } from '../../../src/base/time.js';
import { DecisionTable } from '../../../src/capture/decision-table.js';
import { createScheduler, type LabScheduler } from '../../../src/fabric/lab-scheduler.js';
import { type LinkEnd, NULL_TAP, type Port, type Tap } from '../../../src/fabric/link.js';
import type { Packet } from '../../../src/fabric/packet.js';
import { createPool } from '../../../src/fabric/pool.js';
import { AddressBook } from '../../../src/netstack/address-book.js';
import { CT_REPLY } from '../../../src/netstack/conntrack/connection.js';
import { type Conntrack, createTracker } from '../../../src/netstack/conntrack/conntrack.js';
import { formatConnection } from '../../../src/netstack/testing/format-entry.js';
import type { NatChain, NatRange } from '../../../src/netstack/conntrack/tracker.js';
import { IpNode } from '../../../src/netstack/ip-node.js';
import { TcpLayer } from '../../../src/netstack/tcp/tcp-layer.js';
import { IPPROTO } from '../../../src/netstack/transport.js';
import { createTranslator } from '../../../src/netstack/nat/translator.js';
import type { PlanNode } from '../../../src/topology/plan.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import * as ipv6 from '../../../src/wire/ipv6.js';
import { frameOf } from './frames.js';

export type Wire = 'in' | 'out';
const WIRES: readonly Wire[] = ['in', 'out'];
const MACS = [0x0200_0000_0101, 0x0200_0000_0201];
const HOST_MACS = [0x0200_0000_0102, 0x0200_0000_0202];

/** A translation, in the words of both worlds. */
export interface NatRule {
  readonly point: NatChain['point'];
  /** Only of this protocol to this port. */
  readonly match?: { readonly protocol: 'udp' | 'tcp'; readonly dport?: number; readonly dst?: string };
  /** Only where it leaves (postrouting) or comes in. */
  readonly wire?: Wire;
  readonly family: 4 | 6;
  readonly addresses?: readonly [string, string];
  readonly ports?: readonly [number, number];
  readonly flags?: readonly ('random' | 'fully-random' | 'persistent')[];
}

export interface RouterSpec {
  /** Sysctls below net.netfilter. */
  readonly conntrack?: Readonly<Record<string, number>>;
  readonly nat?: readonly NatRule[];
  /** More addresses of the router's two interfaces. */
  readonly extra?: Readonly<Record<Wire, readonly string[]>>;
}

export interface CameOut {
  readonly wire: Wire;
  readonly frame: Uint8Array;
}

export interface Router {
  /**
   * What came out because of it, at once.
   * @param awaited as many frames are waited for, not for long: a busy machine may put off its kernel's work
   */
  send(wire: Wire, packet: Uint8Array, awaited?: number): readonly CameOut[];
  /** `conntrack -L`, sorted. */
  connections(): Promise<readonly string[]>;
  close(): void;
}

/** On the wires: addressed to the router by a host. */
export function frameInto(wire: Wire, packet: Uint8Array): Uint8Array {
  const i = WIRES.indexOf(wire);
  return frameOf(packet, must(MACS[i], 'MAC'), must(HOST_MACS[i], 'MAC'));
}

const macText = (mac: number): string =>
  mac
    .toString(16)
    .padStart(12, '0')
    .replace(/..(?=.)/g, '$&:');

export function routerPlan(spec: RouterSpec): PlanNode {
  const interfaces = WIRES.map((name, i) => {
    const net = i + 1;
    const hosts = Array.from({ length: 9 }, (_, h) => h + 1).flatMap((h) => [`10.0.${net}.${h}`, `2001:db8:${net}::${h}`]);
    return {
      index: net,
      name,
      mac: macText(must(MACS[i], 'MAC')),
      link: i as LinkId,
      side: 0 as const,
      mtu: 1500,
      addresses: [
        { family: 4 as const, address: `10.0.${net}.254`, prefixLength: 24 },
        { family: 6 as const, address: `2001:db8:${net}::fe`, prefixLength: 64 },
        ...(spec.extra?.[name] ?? []).map((address) => ({
          family: address.includes(':') ? (6 as const) : (4 as const),
          address,
          prefixLength: address.includes(':') ? 128 : 32,
        })),
      ],
      neighbours: hosts.map((address) => ({ address, mac: macText(must(HOST_MACS[i], 'MAC')) })),
    };
  });
  return {
    id: 0 as NodeId,
    name: 'router',
    kind: 'router',
    traits: { is: 'equipment' },
    organisation: null,
    segment: 'customer',
    site: null,
    forwards: true,
    bridge: false,
    interfaces,
    routes: interfaces.flatMap(({ name, index }) => [
      { family: 4 as const, prefix: `10.0.${index}.0/24`, via: null, dev: name, metric: 0, origin: 'connected' as const, src: null },
      { family: 6 as const, prefix: `2001:db8:${index}::/64`, via: null, dev: name, metric: 0, origin: 'connected' as const, src: null },
    ]),
    resolvers: [],
    certificateNames: [],
    dscp: [],
    config: null,
    src: { file: 'router', line: 1, column: 1 },
  };
}

class Socket implements LinkEnd {
  readonly mtu = 1500;
  readonly up = true;
  readonly link: LinkId;
  readonly side = 0;
  #port: Port | null = null;
  readonly #sent: (frame: Uint8Array) => void;
  readonly #release: (p: Packet) => void;

  constructor(link: number, sent: (frame: Uint8Array) => void, release: (p: Packet) => void) {
    this.link = link as LinkId;
    this.#sent = sent;
    this.#release = release;
  }

  send(p: Packet): void {
    this.#sent(p.buf.slice(p.off, p.off + p.len));
    this.#release(p);
  }

  attach(port: Port): void {
    this.#port = port;
  }

  deliver(p: Packet): void {
    this.#port?.deliver(p, this);
  }
}

export interface SimRouter extends Router {
  readonly node: IpNode;
  readonly tracker: Conntrack;
  readonly scheduler: LabScheduler;
  /** Decisions of drops, as text. */
  readonly drops: string[];
  /** What is decided of a packet so far, as text. */
  said(p: Packet): string;
  /** Moves the clock. */
  at(now: Nanos): void;
}

/** Marks what passes with its state: DSCP = number of the state, plus 8 for replies. */
const STATES: Readonly<Record<number, number>> = { 8: 1, 2: 2, 4: 3, 1: 4, 64: 5 };

export function simRouter(spec: RouterSpec = {}): SimRouter {
  const scheduler = createScheduler();
  const pool = createPool({ checked: true });
  const decisions = new DecisionTable(() => 'router');
  const drops: string[] = [];
  const tap: Tap = { ...NULL_TAP, dropped: (_p, _node, _drop, why) => drops.push(decisions.text(why)) };
  let out: CameOut[] = [];
  const ends = WIRES.map(
    (wire, i) =>
      new Socket(
        i,
        (frame) => out.push({ wire, frame }),
        (p) => {
          pool.release(p);
        },
      ),
  );
  const book = new AddressBook();
  const node = new IpNode(routerPlan(spec), ends, { scheduler, pool, tap, book, decisions, random: randomRoot(1).stream('router') });
  node.registerTransport(IPPROTO.TCP, new TcpLayer({ output: node.output, scheduler, random: randomRoot(1).stream('tcp') }));
  // icmp_ratelimit=0: the clock stands still here, and the kernel's does not.
  node.errors.rate.allow = () => true;
  const tracker = createTracker(node, spec.conntrack);
  installNat(node, tracker, spec.nat ?? []);
  node.install({ point: 'postrouting', priority: 50, family: 0, run: (p) => (mark(p), 0) });
  return {
    node,
    tracker,
    scheduler,
    drops,
    said: (p) => decisions.text(p.decision),
    send(wire, packet) {
      out = [];
      const frame = frameInto(wire, packet);
      const p = pool.take(frame.length);
      p.len = frame.length;
      p.buf.set(frame, p.off);
      must(ends[WIRES.indexOf(wire)], wire).deliver(p);
      while (scheduler.pending > 0 && scheduler.next <= scheduler.now) scheduler.step();
      return out;
    },
    at(now) {
      while (scheduler.pending > 0 && scheduler.next <= now) scheduler.step();
      scheduler.advance(now);
    },
    connections: () =>
      Promise.resolve(
        tracker
          .entries()
          .map((entry) => formatConnection(entry, book, scheduler.now))
          .sort(),
      ),
    close: () => undefined,
  };
}

function mark(p: Packet): void {
  const dscp = (STATES[p.ctinfo & 255] ?? 0) + ((p.ctinfo & CT_REPLY) !== 0 ? 8 : 0);
  const o = p.off + 14;
  if (p.buf[p.off + 12] === 0x08) {
    ipv4.setDscp(p.buf, o, dscp);
    ipv4.fillChecksum(p.buf, o);
  } else ipv6.setDscp(p.buf, o, dscp);
}

/** The same for the kernel. */
export function stateMarks(): string {
  const rules = ['new', 'established', 'related', 'invalid', 'untracked'].flatMap((state, i) => [
    ...['ip', 'ip6'].map((family) => `    meta nfproto ${family === 'ip' ? 'ipv4' : 'ipv6'} ct state ${state} ${family} dscp set ${i + 1}`),
    ...(i < 3
      ? ['ip', 'ip6'].map((family) => `    meta nfproto ${family === 'ip' ? 'ipv4' : 'ipv6'} ct state ${state} ct direction reply ${family} dscp set ${i + 9}`)
      : []),
  ]);
  return ['table inet marks {', '  chain post {', '    type filter hook postrouting priority 50; policy accept;', ...rules, '  }', '}', ''].join('\n');
}

function installNat(node: IpNode, tracker: Conntrack, rules: readonly NatRule[]): void {
  if (rules.length === 0) return;
  const nat = createTranslator(node, tracker);
  const address = (text: string) => must(node.book.parse(text), text);
  for (const rule of rules) {
    const { addresses, ports, flags } = rule;
    const range: NatRange = {
      family: rule.family,
      addresses: addresses === undefined ? null : { from: address(addresses[0]), to: address(addresses[1]) },
      ports: ports === undefined ? null : { from: ports[0], to: ports[1] },
      random: flags?.includes('random') === true,
      fullyRandom: flags?.includes('fully-random') === true,
      persistent: flags?.includes('persistent') === true,
    };
    const wire = rule.wire === undefined ? 0 : WIRES.indexOf(rule.wire) + 1;
    const sources = rule.point === 'postrouting' || rule.point === 'input';
    nat.installChain({
      point: rule.point,
      priority: sources ? 100 : -100,
      family: rule.family,
      run: (p) =>
        (wire !== 0 && (sources && rule.point === 'postrouting' ? p.oif : p.iif) !== wire) || !matches(p, rule, node) ? 0 : nat.setup(p, rule.point, range),
    });
  }
}

function matches(p: Packet, { match }: NatRule, node: IpNode): boolean {
  if (match === undefined) return true;
  const o = p.off + 14;
  const v4 = (p.buf[o] as number) >>> 4 === 4;
  const at = o + (v4 ? 20 : 40);
  if ((v4 ? p.buf[o + 9] : p.buf[o + 6]) !== (match.protocol === 'udp' ? 17 : 6)) return false;
  const to = v4 ? node.book.read4(p.buf, o + ipv4.DST) : node.book.read6(p.buf, o + ipv6.DST);
  if (match.dst !== undefined && node.book.text(to) !== match.dst) return false;
  return match.dport === undefined || (((p.buf[at + 2] as number) << 8) | (p.buf[at + 3] as number)) === match.dport;
}

/** The rules as nftables text: a table and chain per rule, in order. */
export function natText(rules: readonly NatRule[]): string {
  return rules
    .map((rule, i) => {
      const sources = rule.point === 'postrouting' || rule.point === 'input';
      const ip = rule.family === 4 ? 'ip' : 'ip6';
      const conditions = [
        ...(rule.wire === undefined ? [] : [`${rule.point === 'postrouting' ? 'oifname' : 'iifname'} "${rule.wire}"`]),
        ...(rule.match?.dst === undefined ? [] : [`${ip} daddr ${rule.match.dst}`]),
        ...(rule.match === undefined
          ? []
          : [rule.match.dport === undefined ? `meta l4proto ${rule.match.protocol}` : `${rule.match.protocol} dport ${rule.match.dport}`]),
      ];
      const [from, to] = rule.addresses ?? ['', ''];
      const bracket = (address: string): string => (rule.family === 6 && rule.ports !== undefined && address !== '' ? `[${address}]` : address);
      const range = from === to ? bracket(from) : `${bracket(from)}-${bracket(to)}`;
      const ports = rule.ports === undefined ? '' : `:${rule.ports[0]}${rule.ports[0] === rule.ports[1] ? '' : `-${rule.ports[1]}`}`;
      const flags = (rule.flags ?? []).join(',');
      return `table ${ip} nat${i} {\n  chain c {\n    type nat hook ${rule.point} priority ${sources ? 100 : -100}; policy accept;\n    ${conditions.join(' ')} ${sources ? 'snat' : 'dnat'} to ${range}${ports} ${flags}\n  }\n}\n`;
    })
    .join('');
}
