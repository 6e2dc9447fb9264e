/**
 * An emulated IP node: interfaces, neighbours, routing, forwarding, ICMP, fragments, UDP, and the places where a
 * firewall hooks in. It behaves like Linux where a user could tell. Built from a node of the plan and the link ends that
 * its interfaces are plugged into; it knows no role and no scenario.
 *
 * @example
 * const node = new IpNode(planNode, ends, { scheduler, pool, tap, random, book, decisions });
 * node.udp.bind(address, 5060, (buf, off, len, from, port, cause) => { ... });
 * @module
 */
import { must } from '../base/assert.js';
import type { NodeId } from '../base/brand.js';
import { NO_DECISION } from '../base/brand.js';
import { DROP } from '../base/drop.js';
import type { LinkEnd } from '../fabric/link.js';
import type { Packet } from '../fabric/packet.js';
import type { Target } from '../fabric/scheduler.js';
import { type PlanAddress, type PlanInterface, type PlanNode, type PlanRule, RP_FILTERS, type RpFilter } from '../topology/plan.js';
import { linkLocalOf, parseMac, solicitedNodeOf } from '../wire/address.js';
import { u16 } from '../wire/bytes.js';
import * as ethernet from '../wire/ethernet.js';
import { broadcast4, formatPrefix, parsePrefix, prefixOf } from '../wire/prefix.js';
import { addrOf4, type AddressBook, keyOf } from './address-book.js';
import { type Hook, HookTable } from './hook.js';
import { IcmpErrors } from './icmp/errors.js';
import { IcmpInput } from './icmp/input.js';
import { Ping } from './icmp/ping.js';
import { Interface, type FrameReceiver, type InterfaceAddress, LOOPBACK_INDEX, NO_INTERFACE } from './interface.js';
import { DscpPolicy } from './ip/dscp-policy.js';
import { Egress } from './ip/egress.js';
import { Ipv4Input } from './ip/ipv4-input.js';
import { Ipv6Input } from './ip/ipv6-input.js';
import { Output } from './ip/output.js';
import { PathMtu } from './ip/path-mtu.js';
import { Reassembly } from './ip/reassembly.js';
import { receiveArp } from './neighbour/arp.js';
import { macBytes } from './neighbour/frames.js';
import { ALL_NODES } from './neighbour/ndp.js';
import { Neighbours } from './neighbour/neighbours.js';
import { type NetStat, netstat } from './netstat.js';
import { NodeCore, type NodeServices } from './node-core.js';
import { FlowHash } from './routing/multipath.js';
import { ReversePath } from './routing/reverse-path.js';
import { MAIN_TABLE, type PolicyRule, RouteTables } from './route-tables.js';
import type { Addr, TransportInput } from './transport.js';
import { Transports } from './transports.js';
import { UdpLayer } from './udp-layer.js';

export interface IpNodeOptions {
  /** Key of the hash that chooses next hops of multipath routes. */
  readonly hashSeed?: number;
  /** Reassemble before prerouting hooks, also what is only forwarded: what connection tracking does in Linux. */
  readonly defragments?: boolean;
}

/** Linux's MTU of `lo`. */
const LOOPBACK_MTU = 65535;

export class IpNode implements FrameReceiver, Target {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly plan: PlanNode;
  readonly forwards: boolean;
  /** Families that are reassembled before prerouting hooks. */
  readonly defragments: Set<4 | 6>;
  /** By index; the loopback is 0. */
  readonly interfaces: readonly Interface[];
  readonly loopback: Interface;
  /** The smallest MTU of the node's links: the limit where there is no route to ask. */
  readonly smallestMtu: number;
  readonly hooks = new HookTable();
  readonly neighbours: Neighbours;
  readonly routes: RouteTables;
  readonly reversePath: ReversePath;
  readonly dscp: DscpPolicy;
  readonly pathMtu: PathMtu;
  readonly reassembly: Reassembly;
  readonly egress: Egress;
  readonly output: Output;
  readonly errors: IcmpErrors;
  readonly icmp: IcmpInput;
  readonly ping: Ping;
  readonly transports: Transports;
  readonly udp: UdpLayer;
  readonly #ipv4: Ipv4Input;
  readonly #ipv6: Ipv6Input;
  readonly #local4 = new Set<number>();
  readonly #local6 = new Set<number>();
  readonly #broadcasts = new Map<number, Interface>();
  readonly #groups = new Set<number>();

  constructor(plan: PlanNode, ends: readonly LinkEnd[], services: NodeServices, options: IpNodeOptions = {}) {
    this.plan = plan;
    this.core = new NodeCore(plan.id, plan.name, services);
    this.book = services.book;
    this.forwards = plan.forwards;
    this.defragments = new Set(options.defragments === true ? [4, 6] : []);
    this.neighbours = new Neighbours(this);
    this.routes = new RouteTables(this, new FlowHash(options.hashSeed ?? 0, plan.multipathHash !== 'l3'));
    this.reversePath = new ReversePath(this);
    this.dscp = new DscpPolicy(plan.dscp);
    this.pathMtu = new PathMtu(services.scheduler);
    this.reassembly = new Reassembly(this);
    this.egress = new Egress(this);
    this.output = new Output(this);
    this.errors = new IcmpErrors(this);
    this.icmp = new IcmpInput(this);
    this.ping = new Ping(this);
    this.transports = new Transports(this);
    this.udp = new UdpLayer(this);
    this.#ipv4 = new Ipv4Input(this);
    this.#ipv6 = new Ipv6Input(this);
    this.loopback = new Interface(LOOPBACK_INDEX, 'lo', new Uint8Array(6), LOOPBACK_MTU, null, this);
    const interfaces = [this.loopback];
    for (const planned of plan.interfaces) interfaces[planned.index] = this.#plug(planned, ends);
    this.interfaces = interfaces;
    this.smallestMtu = Math.min(...interfaces.map((iface) => iface.mtu));
    this.#configure();
  }

  get id(): NodeId {
    return this.core.id;
  }

  get name(): string {
    return this.core.name;
  }

  /** Returns the undoing. */
  install(hook: Hook): () => void {
    return this.hooks.install(hook);
  }

  /** What arrives for an IP protocol other than UDP and ICMP. */
  registerTransport(protocol: number, input: TransportInput): void {
    this.transports.register(protocol, input);
  }

  /** hot. A frame has left a link here. Takes ownership. */
  receive(p: Packet, iface: Interface): void {
    p.iif = iface.index;
    p.oif = NO_INTERFACE;
    if (iface !== this.loopback) {
      p.mark = 0;
      p.ct = null;
      p.ctinfo = 0;
    }
    p.decision = NO_DECISION;
    iface.rxPackets++;
    iface.rxBytes += p.len;
    const b = p.buf;
    const o = p.off;
    if (p.len < ethernet.HEADER) this.#refuse(p, iface);
    else if (!iface.loopback && !iface.isMine(b, o) && !ethernet.isGroup(b, o)) {
      this.core.drop(p, DROP.NOT_MINE, this.core.why('not-mine', 'prerouting'));
    } else if (!iface.up) {
      iface.rxDropped++;
      this.core.drop(p, DROP.INTERFACE_DOWN, this.core.why('interface-down', 'prerouting'));
    } else {
      switch (u16(b, o + 12)) {
        case ethernet.ETHERTYPE.IPV4:
          this.#ipv4.receive(p, iface);
          return;
        case ethernet.ETHERTYPE.IPV6:
          this.#ipv6.receive(p, iface);
          return;
        case ethernet.ETHERTYPE.ARP:
          receiveArp(this, p, iface);
          return;
        default:
          this.core.drop(p, DROP.NO_LISTENER, this.core.why('no-listener', 'prerouting', 'ethertype'));
      }
    }
  }

  carrierChanged(iface: Interface, up: boolean): void {
    this.routes.changed();
    if (!up) this.neighbours.flush(iface);
  }

  /** A packet that the node sent to itself. */
  fire(_op: number, p: Packet | null): void {
    this.receive(must(p, 'looped packet'), this.loopback);
  }

  isLocal(addr: Addr): boolean {
    return this.book.family(addr) === 4 ? this.#local4.has(keyOf(addr)) : this.#local6.has(keyOf(addr));
  }

  /** hot. */
  isLocal4(key: number): boolean {
    return this.#local4.has(key);
  }

  /** The interface whose broadcast address that is, or null. */
  broadcastInterface(key: number): Interface | null {
    return this.#broadcasts.get(key) ?? null;
  }

  /** True for multicast groups (16 octets) that the node listens to. */
  joined(group: Uint8Array): boolean {
    return this.#groups.has(this.book.key6(group, 0));
  }

  /** The interface that has an address on the same network, or null. */
  connectedInterface(addr: Addr): Interface | null {
    const bytes = this.book.bytes(addr);
    return this.interfaces.find((iface) => iface.addresses.some((a) => !a.linkLocal && onNetwork(a, bytes))) ?? null;
  }

  /** The address of an interface that speaks to a neighbour: on its network if there is one; link-local for IPv6. */
  addressTowards(iface: Interface, neighbour: Addr): Addr | null {
    const family = this.book.family(neighbour);
    const bytes = this.book.bytes(neighbour);
    const own = iface.addresses.filter((a) => a.family === family);
    const chosen = family === 6 ? own.find((a) => a.linkLocal) : (own.find((a) => onNetwork(a, bytes)) ?? own[0]);
    return chosen?.addr ?? null;
  }

  /** The interface that a link-local destination means: that of the source, else the one that knows the neighbour, else the first. */
  scopeOf(source: Addr | null, to: Addr): Interface | null {
    const links = this.interfaces.filter((iface) => !iface.loopback);
    const bySource = source === null ? undefined : links.find((iface) => iface.addresses.some((a) => a.linkLocal && a.addr === source));
    const known = this.neighbours.list().find((n) => n.addr === to);
    return bySource ?? known?.iface ?? links[0] ?? null;
  }

  /** Addresses for people and sockets: IPv4 first, in the order of the interfaces, without loopback and link-local. */
  addresses(): InterfaceAddress[] {
    const all = this.interfaces.flatMap((iface) => (iface.loopback ? [] : iface.addresses.filter((a) => !a.linkLocal)));
    return [...all.filter((a) => a.family === 4), ...all.filter((a) => a.family === 6)];
  }

  addressTexts(): string[] {
    return this.addresses().map((a) => a.text);
  }

  /** A picture of the node for people: plain data. */
  netstat(): NetStat {
    return netstat(this);
  }

  #refuse(p: Packet, iface: Interface): void {
    iface.rxDropped++;
    this.core.drop(p, DROP.MALFORMED, this.core.why('malformed', 'prerouting', 'ethernet'));
  }

  #plug(planned: PlanInterface, ends: readonly LinkEnd[]): Interface {
    const end = must(
      ends.find((e) => e.link === planned.link && e.side === planned.side),
      `link end of ${this.name}:${planned.name}`,
    );
    const mac = macBytes(must(parseMac(planned.mac), `MAC of ${this.name}:${planned.name}`));
    const iface = new Interface(planned.index, planned.name, mac, planned.mtu, end, this);
    iface.rpFilter = Math.max(rpFilterNumber(this.plan.rpFilter), rpFilterNumber(planned.rpFilter)) as Interface['rpFilter'];
    return iface;
  }

  /** Addresses, neighbours and routes of the plan. */
  #configure(): void {
    this.#join(ALL_NODES);
    if (this.forwards) this.#join(ALL_ROUTERS);
    this.#address(this.loopback, { family: 4, address: '127.0.0.1', prefixLength: 8 });
    this.#address(this.loopback, { family: 6, address: '::1', prefixLength: 128 });
    for (const planned of this.plan.interfaces) {
      const iface = must(this.interfaces[planned.index], 'interface');
      for (const address of planned.addresses) this.#address(iface, address);
      this.#linkLocal(iface, must(parseMac(planned.mac), 'MAC'));
      for (const known of planned.neighbours) {
        const addr = must(this.book.parse(known.address), `neighbour ${known.address} of ${this.name}`);
        this.neighbours.addStatic(iface, addr, macBytes(must(parseMac(known.mac), `MAC of neighbour ${known.address}`)));
      }
    }
    for (const route of this.plan.routes) this.routes.add(route);
    for (const rule of this.plan.rules ?? []) this.routes.addRule(this.#rule(rule));
    for (const iface of this.interfaces) if (!iface.loopback) this.#connected(iface);
  }

  #rule({ family, priority, table, from, fwmark, iif }: PlanRule): PolicyRule {
    const index =
      iif === null
        ? undefined
        : iif === this.loopback.name
          ? NO_INTERFACE
          : must(
              this.interfaces.find((i) => i.name === iif),
              `interface ${iif} of ${this.name}`,
            ).index;
    return { family, priority, table, ...(from !== null && { from }), ...fwmark, ...(index !== undefined && { iif: index }) };
  }

  #address(iface: Interface, planned: PlanAddress): void {
    const addr = must(this.book.parse(planned.address), `address ${planned.address} of ${this.name}`);
    const bytes = this.book.bytes(addr);
    iface.addresses.push({ addr, family: planned.family, bytes, text: this.book.text(addr), prefixLength: planned.prefixLength, linkLocal: false });
    if (planned.family === 6) {
      this.#local6.add(keyOf(addr));
      this.#join(solicitedNodeOf(bytes));
      return;
    }
    this.#local4.add(keyOf(addr));
    this.reversePath.own(keyOf(addr));
    if (iface.loopback) return;
    const all = broadcast4(prefixOf({ family: 4, value: addr }, planned.prefixLength).network as number, planned.prefixLength);
    if (all !== undefined) this.#broadcasts.set(keyOf(addrOf4(all)), iface);
    if (!this.#broadcasts.has(-1)) this.#broadcasts.set(-1, iface);
  }

  #linkLocal(iface: Interface, mac: number): void {
    const bytes = linkLocalOf(mac);
    const addr = this.book.read6(bytes, 0);
    iface.addresses.push({ addr, family: 6, bytes, text: this.book.text(addr), prefixLength: 64, linkLocal: true });
    this.#local6.add(keyOf(addr));
    this.#join(solicitedNodeOf(bytes));
  }

  /** The networks of its own addresses, where the plan has not said it. */
  #connected(iface: Interface): void {
    const known = this.routes.list();
    for (const a of iface.addresses) {
      if (a.linkLocal) continue;
      const prefix = formatPrefix(must(parsePrefix(`${a.text}/${a.prefixLength}`), 'prefix of an address'));
      if (known.some((r) => r.table === MAIN_TABLE && r.prefix === prefix && r.hops.some((hop) => hop.iface === iface && hop.via === null))) continue;
      this.routes.add({ prefix, dev: iface.name, origin: 'connected' });
    }
  }

  #join(group: Uint8Array): void {
    this.#groups.add(this.book.key6(group, 0));
  }
}

/** ff02::2 */
const ALL_ROUTERS = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);

/** Linux's number: what is in force on an interface is the larger one of its own and the node's. */
function rpFilterNumber(filter: RpFilter | undefined): number {
  return RP_FILTERS.indexOf(filter ?? 'off');
}

function onNetwork(a: InterfaceAddress, bytes: Uint8Array): boolean {
  if (a.bytes.length !== bytes.length) return false;
  for (let i = 0; i < a.prefixLength; i++) {
    const mask = 0x80 >> (i & 7);
    if ((((a.bytes[i >> 3] ?? 0) ^ (bytes[i >> 3] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}
