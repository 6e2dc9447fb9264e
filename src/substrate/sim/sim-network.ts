/**
 * The network of a plan on the simulator: its nodes as objects, the links between them. No roles; so a run and whoever
 * only asks what the network does with a packet have the same one.
 * @module
 */
import type { RandomRoot } from '../../base/rng.js';
import type { Decisions } from '../../capture/decisions.js';
import { createFabric } from '../../fabric/fabric.js';
import type { Fabric } from '../../fabric/fabric.js';
import type { LinkEnd, Tap } from '../../fabric/link.js';
import { createPool } from '../../fabric/pool.js';
import type { CountedPool } from '../../fabric/pool.js';
import type { Scheduler } from '../../fabric/scheduler.js';
import { AddressBook } from '../../netstack/address-book.js';
import { Bridge } from '../../netstack/bridge.js';
import { IpNode } from '../../netstack/ip-node.js';
import { installNetfilter } from '../../netstack/netfilter/netfilter.js';
import type { Netfilter } from '../../netstack/netfilter/netfilter.js';
import { TcpLayer } from '../../netstack/tcp/tcp-layer.js';
import { IPPROTO } from '../../netstack/transport.js';
import type { Plan, PlanNode } from '../../topology/plan.js';

export interface SimNode {
  readonly plan: PlanNode;
  /** Null for a bridge. */
  readonly ip: IpNode | null;
  readonly tcp: TcpLayer | null;
  /** Null for a node without rules. */
  readonly netfilter: Netfilter | null;
}

export interface SimNetwork {
  readonly pool: CountedPool;
  readonly fabric: Fabric;
  readonly book: AddressBook;
  /** By id. */
  readonly nodes: readonly SimNode[];
}

export interface SimNetworkDeps {
  readonly scheduler: Scheduler;
  readonly tap: Tap;
  readonly decisions: Decisions;
  readonly random: RandomRoot;
}

export function buildNetwork(plan: Plan, { scheduler, tap, decisions, random }: SimNetworkDeps): SimNetwork {
  const pool = createPool();
  const book = new AddressBook();
  const fabric = createFabric({ links: plan.links, scheduler, pool, tap, random });
  const nodes = plan.nodes.map((node): SimNode => {
    const ends = node.interfaces.map((iface): LinkEnd => fabric.end(iface.link, iface.side));
    const services = { scheduler, pool, tap, book, decisions };
    if (node.bridge) {
      new Bridge(node, ends, { ...services, random: random.stream(`node:${node.name}:bridge`) });
      return { plan: node, ip: null, tcp: null, netfilter: null };
    }
    const hashSeed = random.stream(`node:${node.name}:multipath`).u32();
    const ip = new IpNode(node, ends, { ...services, random: random.stream(`node:${node.name}:ip`) }, { hashSeed });
    const tcp = new TcpLayer({ output: ip.output, scheduler, random: random.stream(`node:${node.name}:tcp`) });
    ip.registerTransport(IPPROTO.TCP, tcp);
    return { plan: node, ip, tcp, netfilter: installNetfilter(ip, node) };
  });
  return { pool, fabric, book, nodes };
}
