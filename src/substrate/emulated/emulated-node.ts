/**
 * A node of the plan as an object of this process: the lab's own IP stack at the ends of links. All nodes of the
 * simulator are such; on kernels those that no kernel can be.
 * @module
 */
import type { RandomRoot } from '../../base/rng.js';
import type { LinkEnd } from '../../fabric/link.js';
import { Bridge } from '../../netstack/bridge.js';
import { IpNode } from '../../netstack/ip-node.js';
import { installNetfilter } from '../../netstack/netfilter/netfilter.js';
import type { Netfilter } from '../../netstack/netfilter/netfilter.js';
import type { NodeDeps } from '../../netstack/node-core.js';
import { TcpLayer } from '../../netstack/tcp/tcp-layer.js';
import { IPPROTO } from '../../netstack/transport.js';
import type { Json } from '../../roles/role.js';
import { MAIN_TABLE, type PlanNode } from '../../topology/plan.js';
import type { NodeControl } from '../substrate.js';
import { equip, type Equipment } from './equipment.js';

export interface EmulatedNode {
  readonly plan: PlanNode;
  /** Null for a bridge. */
  readonly ip: IpNode | null;
  readonly tcp: TcpLayer | null;
  /** Null for a node without rules. */
  readonly netfilter: Netfilter | null;
  /** Null for a node without any. */
  readonly equipment: Equipment | null;
}

/** @param endOf the end of a link that an interface is plugged in at */
export function emulateNode(
  node: PlanNode,
  endOf: (iface: PlanNode['interfaces'][number]) => LinkEnd,
  deps: Omit<NodeDeps, 'random'>,
  random: RandomRoot,
): EmulatedNode {
  const ends = node.interfaces.map(endOf);
  if (node.bridge) {
    new Bridge(node, ends, { ...deps, random: random.stream(`node:${node.name}:bridge`) });
    return { plan: node, ip: null, tcp: null, netfilter: null, equipment: null };
  }
  const hashSeed = random.stream(`node:${node.name}:multipath`).u32();
  const ip = new IpNode(node, ends, { ...deps, random: random.stream(`node:${node.name}:ip`) }, { hashSeed });
  const tcp = new TcpLayer({
    output: ip.output,
    scheduler: deps.scheduler,
    random: random.stream(`node:${node.name}:tcp`),
    ...(node.somaxconn !== undefined && { parameters: { somaxconn: node.somaxconn } }),
  });
  ip.registerTransport(IPPROTO.TCP, tcp);
  return { plan: node, ip, tcp, netfilter: installNetfilter(ip, node), equipment: equip(ip, node, random.stream(`node:${node.name}:nat`)) };
}

export function controlOf(ip: IpNode): NodeControl {
  return {
    route: (changes) => {
      for (const { op, route } of changes) {
        if (op === 'replace') ip.routes.replace(route);
        else ip.routes.delete({ prefix: route.prefix, metric: route.metric, table: route.table ?? MAIN_TABLE });
      }
      return Promise.resolve();
    },
  };
}

/** A plain-data snapshot, for people. */
export function snapshotOf({ ip, tcp, equipment }: EmulatedNode): Json {
  const mappings = equipment?.nat?.mappings();
  return { ip: (ip?.netstat() ?? null) as Json, tcp: (tcp?.netstat() ?? null) as Json, ...(mappings !== undefined && { mappings }) };
}

/** Connections and mappings are forgotten. */
export function forgetFlows({ netfilter, equipment }: EmulatedNode): void {
  netfilter?.conntrack.flush();
  equipment?.nat?.flush();
}
