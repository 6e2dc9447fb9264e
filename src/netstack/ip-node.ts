/**
 * An emulated IP node: interfaces, neighbours, routing, forwarding, ICMP, fragments, UDP, and the places where a
 * firewall hooks in. It behaves like Linux where a user could tell. Built from a node of the plan and the link ends that
 * its interfaces are plugged into; it knows no role and no scenario.
 *
 * Here the parts are put together, and nothing else is done: each is given the node as the ports that it needs
 * (`ports.ts`) and reads them when it is at work, so the order in which they are made matters to random draws alone.
 *
 * @example
 * const node = new IpNode(planNode, ends, { scheduler, pool, tap, random, book, decisions });
 * node.udp.bind(address, 5060, (buf, off, len, from, port, cause) => { ... });
 * @module
 */
import { must } from '../base/assert.js';
import type { NodeId } from '../base/brand.js';
import type { LinkEnd } from '../fabric/link.js';
import type { PlanNode } from '../topology/plan.js';
import type { AddressBook } from './address-book.js';
import { Addresses } from './addresses.js';
import { configure } from './configure.js';
import { FrameInput } from './frame-input.js';
import { type Hook, HookTable } from './hook.js';
import { IcmpErrors } from './icmp/errors.js';
import { IcmpInput } from './icmp/input.js';
import { Ping } from './icmp/ping.js';
import type { Interface } from './interface.js';
import { DscpPolicy } from './ip/dscp-policy.js';
import { Egress } from './ip/egress.js';
import { IpInput } from './ip/input.js';
import { Ipv4 } from './ip/ipv4.js';
import { Ipv6 } from './ip/ipv6.js';
import { Output } from './ip/output.js';
import { PathMtu } from './ip/path-mtu.js';
import { Reassembly } from './ip/reassembly.js';
import { Neighbours } from './neighbour/neighbours.js';
import { type NetStat, netstat } from './netstat.js';
import { NodeCore, type NodeDeps } from './node-core.js';
import { plugIn } from './plug-in.js';
import { FlowHash } from './routing/multipath.js';
import { ReversePath } from './routing/reverse-path.js';
import { RouteTables } from './route-tables.js';
import type { Addr, TransportInput } from './transport.js';
import { Transports } from './transports.js';
import { UdpLayer } from './udp-layer.js';

export interface IpNodeOptions {
  /** Key of the hash that chooses next hops of multipath routes. */
  readonly hashSeed?: number;
  /** Reassemble before prerouting hooks, also what is only forwarded: what connection tracking does in Linux. */
  readonly defragments?: boolean;
}

export class IpNode {
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
  readonly addresses: Addresses;
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
  readonly ipv4: IpInput;
  readonly ipv6: IpInput;
  readonly frames: FrameInput;

  constructor(plan: PlanNode, ends: readonly LinkEnd[], deps: NodeDeps, options: IpNodeOptions = {}) {
    this.plan = plan;
    this.core = new NodeCore(plan.id, plan.name, deps);
    this.book = deps.book;
    this.forwards = plan.forwards;
    this.defragments = new Set(options.defragments === true ? [4, 6] : []);
    this.addresses = new Addresses(this);
    this.neighbours = new Neighbours(this);
    this.routes = new RouteTables(this, new FlowHash(options.hashSeed ?? 0, plan.multipathHash !== 'l3'));
    this.reversePath = new ReversePath(this);
    this.dscp = new DscpPolicy(plan.dscp);
    this.pathMtu = new PathMtu(deps.scheduler);
    this.reassembly = new Reassembly(this);
    this.egress = new Egress(this);
    this.output = new Output(this);
    this.errors = new IcmpErrors(this);
    this.icmp = new IcmpInput(this);
    this.ping = new Ping(this);
    this.transports = new Transports(this);
    this.udp = new UdpLayer(this);
    this.ipv4 = new IpInput(this, new Ipv4(this));
    this.ipv6 = new IpInput(this, new Ipv6(this));
    this.frames = new FrameInput(this);
    this.interfaces = plugIn(plan, ends, this.frames);
    this.loopback = must(this.interfaces[0], 'loopback');
    this.smallestMtu = Math.min(...this.interfaces.map((iface) => iface.mtu));
    configure(this);
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

  isLocal(addr: Addr): boolean {
    return this.addresses.isLocal(addr);
  }

  /** A picture of the node for people: plain data. */
  netstat(): NetStat {
    return netstat(this);
  }
}
