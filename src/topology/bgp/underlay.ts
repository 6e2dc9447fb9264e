/**
 * What BGP stands on: links and their state, who meets whom on which LAN, and the routes that are not BGP's own. Answers
 * whether a packet gets from one router to another now, and over which next hops an address is reached.
 * @module
 */
import { must } from '../../base/assert.js';
import type { LinkId } from '../../base/brand.js';
import { type Nanos, ZERO } from '../../base/time.js';
import { contains, parseIp, parseIpWithLength, type Ip, type Network } from '../addressing/ip.js';
import { MAIN_TABLE, type Plan, type PlanInterface, type PlanLink, type PlanNode, type PlanRoute } from '../plan.js';
import type { ImpairmentSpec } from '../impairment.js';

/** One direction of a link: from the end `side`. */
interface Leg {
  readonly link: LinkId;
  readonly side: 0 | 1;
}

/** A way from one interface to another, link by link. */
export type Way = readonly Leg[];

interface Station {
  readonly node: PlanNode;
  readonly iface: PlanInterface;
}

interface StaticRoute {
  readonly route: PlanRoute;
  readonly network: Network;
  readonly hops: readonly { readonly via: string | null; readonly dev: string }[];
}

/** State of one direction of a link: what its sender's interface sees (carrier), and whether anything gets through. */
interface Direction {
  readonly up: boolean;
  readonly lossy: boolean;
  readonly delay: Nanos;
}

export interface NextHop {
  readonly via: string | null;
  readonly dev: string;
}

/** A packet goes round in circles after so many routers. */
const LONGEST_WAY = 32;

/** The parts that never change, made once per plan. */
class Layout {
  readonly nodes: ReadonlyMap<string, PlanNode>;
  readonly routes = new Map<string, readonly StaticRoute[]>();
  /** `node:interface` to the others on its LAN, with the way there. */
  readonly #peers = new Map<string, readonly { readonly station: Station; readonly way: Way }[]>();
  readonly #links: readonly PlanLink[];

  constructor(plan: Pick<Plan, 'nodes' | 'links'>) {
    this.nodes = new Map(plan.nodes.map((node) => [node.name, node]));
    this.#links = plan.links;
    for (const node of plan.nodes) {
      if (node.bridge) continue;
      this.routes.set(node.name, node.routes.filter((r) => r.origin !== 'bgp' && (r.table ?? MAIN_TABLE) === MAIN_TABLE).map(staticRoute));
      for (const iface of node.interfaces) this.#peers.set(`${node.name}:${iface.name}`, this.#lan(iface));
    }
  }

  peers(node: string, dev: string): readonly { readonly station: Station; readonly way: Way }[] {
    return this.#peers.get(`${node}:${dev}`) ?? [];
  }

  /** Over the link, and through bridges, which form a tree. */
  #lan(from: PlanInterface): readonly { readonly station: Station; readonly way: Way }[] {
    const found: { station: Station; way: Way }[] = [];
    const queue: { readonly leg: Leg; readonly way: Way }[] = [{ leg: { link: from.link, side: from.side }, way: [] }];
    for (const { leg, way } of queue) {
      const end = must(this.#links[leg.link], `link ${leg.link}`).ends[leg.side === 0 ? 1 : 0];
      const node = must(this.nodes.get(end.nodeName), end.nodeName);
      const here = [...way, leg];
      if (!node.bridge) {
        found.push({
          station: {
            node,
            iface: must(
              node.interfaces.find((i) => i.name === end.interface),
              end.interface,
            ),
          },
          way: here,
        });
        continue;
      }
      for (const port of node.interfaces) if (port.link !== leg.link) queue.push({ leg: { link: port.link, side: port.side }, way: here });
    }
    return found;
  }
}

function staticRoute(route: PlanRoute): StaticRoute {
  const { via, dev } = route;
  return { route, network: must(parseIpWithLength(route.prefix), route.prefix).network, hops: route.nextHops ?? (dev === null ? [] : [{ via, dev }]) };
}

/** Immutable: a change gives another one. */
export class Underlay {
  readonly #layout: Layout;
  readonly #directions: ReadonlyMap<string, Direction>;

  private constructor(layout: Layout, directions: ReadonlyMap<string, Direction>) {
    this.#layout = layout;
    this.#directions = directions;
  }

  static of(plan: Pick<Plan, 'nodes' | 'links'>): Underlay {
    const directions = plan.links.flatMap((link) =>
      ([0, 1] as const).map((side): [string, Direction] => [key(link.id, side), { up: link.up, ...heard(link.impairments[side]) }]),
    );
    return new Underlay(new Layout(plan), new Map(directions));
  }

  /** After a change of the direction that the end `side` sends into. */
  with(link: LinkId, side: 0 | 1, change: Partial<ImpairmentSpec> & { readonly up?: boolean }): Underlay {
    const before = this.#direction({ link, side });
    const { up = before.up, loss, delay = before.delay } = change;
    const after = { up, delay, lossy: loss === undefined ? before.lossy : losesAll(loss) };
    return new Underlay(this.#layout, new Map(this.#directions).set(key(link, side), after));
  }

  /** Does the interface have a carrier? */
  carrier(node: string, dev: string): boolean {
    const iface = this.#layout.nodes.get(node)?.interfaces.find((i) => i.name === dev);
    return iface !== undefined && this.#direction({ link: iface.link, side: iface.side }).up;
  }

  /** The way on a LAN from an interface to a node; null when they do not meet there. */
  across(node: string, dev: string, peer: string, peerDev: string): Way | null {
    return this.#layout.peers(node, dev).find(({ station }) => station.node.name === peer && station.iface.name === peerDev)?.way ?? null;
  }

  /** True when frames get through all of it. */
  open(way: Way): boolean {
    return way.every((leg) => {
      const { up, lossy } = this.#direction(leg);
      return up && !lossy;
    });
  }

  delay(way: Way): Nanos {
    return way.reduce((sum, leg) => (sum + this.#direction(leg).delay) as Nanos, ZERO);
  }

  /** The next hops by which a router reaches an address without BGP, and the metric; null when it does not. */
  resolve(node: string, address: string): { readonly hops: readonly NextHop[]; readonly cost: number } | null {
    const target = must(parseIp(address), address);
    const found = this.#best(node, target);
    if (found === undefined || found.hops.length === 0) return null;
    const hops = found.hops.filter((hop) => this.carrier(node, hop.dev)).map((hop) => ({ via: hop.via ?? address, dev: hop.dev }));
    return { hops, cost: found.route.metric };
  }

  /** True while a route of exactly that prefix is there and its interface is up; null when there never was one. */
  hasRoute(node: string, prefix: string): boolean | null {
    const same = (this.#layout.routes.get(node) ?? []).filter(({ route }) => route.prefix === prefix);
    return same.length === 0 ? null : same.some((route) => this.#usable(node, route));
  }

  /** The way of a packet from a router to an address, over other routers if need be; null when it does not arrive. */
  walk(node: string, address: string): Way | null {
    const target = must(parseIp(address), address);
    const way: Leg[] = [];
    let at = node;
    for (let i = 0; i < LONGEST_WAY; i++) {
      if (this.#owns(at, address)) return way;
      const hop = this.#best(at, target)?.hops.find((h) => this.carrier(at, h.dev));
      if (hop === undefined) return null;
      const next = this.#layout.peers(at, hop.dev).find(({ station }) => station.iface.addresses.some((a) => a.address === (hop.via ?? address)));
      if (next === undefined) return null;
      way.push(...next.way);
      at = next.station.node.name;
    }
    return null;
  }

  #owns(node: string, address: string): boolean {
    return this.#layout.nodes.get(node)?.interfaces.some((iface) => iface.addresses.some((a) => a.address === address)) === true;
  }

  #best(node: string, target: Ip): StaticRoute | undefined {
    const fitting = (this.#layout.routes.get(node) ?? []).filter((r) => contains(r.network, target) && this.#usable(node, r));
    return fitting.sort((a, b) => b.network.length - a.network.length || a.route.metric - b.route.metric)[0];
  }

  #usable(node: string, { hops }: StaticRoute): boolean {
    return hops.length === 0 || hops.some((hop) => this.carrier(node, hop.dev));
  }

  #direction({ link, side }: Leg): Direction {
    return must(this.#directions.get(key(link, side)), `direction ${side} of link ${link}`);
  }
}

function key(link: LinkId, side: 0 | 1): string {
  return `${link}/${side}`;
}

function heard({ delay, loss }: ImpairmentSpec): Pick<Direction, 'lossy' | 'delay'> {
  return { delay, lossy: losesAll(loss) };
}

function losesAll(loss: ImpairmentSpec['loss']): boolean {
  return loss !== null && loss.model === 'random' && loss.probability === 1;
}
