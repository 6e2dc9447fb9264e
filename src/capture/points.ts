/**
 * Capture points: where a record can be made. Each is one interface of the capture file, in this order:
 * two per link (`LINK:NODE`, index = link * 2 + side), one per node for its decisions (`node:NAME`), and one, `lab`,
 * for events. The descriptions carry all that is needed to have the points back from the file alone.
 * @module
 */
import { must } from '../base/assert.js';
import type { LinkId, NodeId } from '../base/brand.js';
import type { Plan } from '../topology/plan.js';
import { formatComment, type Pairs, parseComment } from './comment.js';

export type Point =
  | {
      readonly kind: 'link';
      readonly index: number;
      /** `LINK:NODE` */
      readonly name: string;
      readonly link: LinkId;
      readonly side: 0 | 1;
      readonly linkName: string;
      readonly node: string;
      readonly interface: string;
      readonly segment: string;
      readonly group: string;
    }
  | {
      readonly kind: 'node';
      readonly index: number /** `node:NAME` */;
      readonly name: string;
      readonly id: NodeId;
      readonly node: string;
      readonly nodeKind: string;
      /** It is a MAC bridge. */
      readonly bridge: boolean;
    }
  | { readonly kind: 'lab'; readonly index: number; readonly name: 'lab' };

export type LinkPoint = Extract<Point, { kind: 'link' }>;

/** The points of a plan or of a file, with the numbers of links and nodes that index them. */
export class Points {
  readonly all: readonly Point[];
  readonly links: number;
  readonly nodes: number;
  readonly #byName: ReadonlyMap<string, Point>;

  constructor(all: readonly Point[]) {
    this.all = all;
    this.links = all.filter((p) => p.kind === 'link').length / 2;
    this.nodes = all.filter((p) => p.kind === 'node').length;
    this.#byName = new Map(all.map((p) => [p.name, p]));
  }

  get length(): number {
    return this.all.length;
  }

  /** Index of the interface for events. */
  get lab(): number {
    return this.links * 2 + this.nodes;
  }

  ofLink(link: LinkId, side: 0 | 1): number {
    return link * 2 + side;
  }

  ofNode(node: NodeId): number {
    return this.links * 2 + node;
  }

  at(index: number): Point {
    return must(this.all[index], `capture point ${index}`);
  }

  named(name: string): Point | undefined {
    return this.#byName.get(name);
  }

  linkPoint(index: number): LinkPoint {
    const point = this.at(index);
    return must(point.kind === 'link' ? point : null, `link point ${index}`);
  }

  nodeName(node: NodeId): string {
    const point = this.at(this.ofNode(node));
    return must(point.kind === 'node' ? point.node : null, `node ${node}`);
  }

  /** Index of the node of that name, or -1. */
  nodeNamed(name: string): number {
    const point = this.#byName.get(`node:${name}`);
    return point?.kind === 'node' ? point.id : -1;
  }

  /** All link points that are interfaces of the node, in their order. */
  interfacesOf(node: string): readonly LinkPoint[] {
    return this.all.filter((p): p is LinkPoint => p.kind === 'link' && p.node === node);
  }
}

export function pointsOf(plan: Plan): Points {
  const all: Point[] = [];
  for (const link of plan.links) {
    for (const side of [0, 1] as const) {
      const end = link.ends[side];
      all.push({
        kind: 'link',
        index: all.length,
        name: `${link.name}:${end.nodeName}`,
        link: link.id,
        side,
        linkName: link.name,
        node: end.nodeName,
        interface: end.interface,
        segment: link.segment,
        group: link.group,
      });
    }
  }
  for (const node of plan.nodes) {
    all.push({ kind: 'node', index: all.length, name: `node:${node.name}`, id: node.id, node: node.name, nodeKind: node.kind, bridge: node.bridge });
  }
  all.push({ kind: 'lab', index: all.length, name: 'lab' });
  return new Points(all);
}

/** The interface description of a point, in the comment grammar. */
export function describePoint(point: Point): string {
  switch (point.kind) {
    case 'link':
      return formatComment({
        point: 'link',
        link: point.linkName,
        side: String(point.side),
        node: point.node,
        interface: point.interface,
        segment: point.segment,
        group: point.group,
      });
    case 'node':
      return formatComment({ point: 'node', node: point.node, kind: point.nodeKind, ...(point.bridge && { bridge: 'yes' }) });
    case 'lab':
      return formatComment({ point: 'lab' });
  }
}

/** The points that the interfaces of a file describe; null when they are not those of a run of the lab. */
export function pointsFromInterfaces(interfaces: readonly { readonly name: string; readonly description: string }[]): Points | null {
  const all: Point[] = [];
  for (const [index, { name, description }] of interfaces.entries()) {
    const pairs = parseComment(description);
    const point = pairs === null ? null : pointFrom(index, name, pairs, all);
    if (point === null) return null;
    all.push(point);
  }
  return all.at(-1)?.kind === 'lab' ? new Points(all) : null;
}

function pointFrom(index: number, name: string, pairs: Pairs, before: readonly Point[]): Point | null {
  const previous = before.at(-1)?.kind;
  switch (pairs['point']) {
    case 'link': {
      const side = index % 2 === 0 ? 0 : 1;
      const { link, node, interface: nic, segment, group } = pairs;
      if ((previous !== undefined && previous !== 'link') || pairs['side'] !== String(side)) return null;
      if (link === undefined || node === undefined || nic === undefined || segment === undefined || group === undefined) return null;
      return { kind: 'link', index, name, link: ((index - side) / 2) as LinkId, side, linkName: link, node, interface: nic, segment, group };
    }
    case 'node': {
      const { node, kind } = pairs;
      const links = before.filter((p) => p.kind === 'link').length;
      if (previous === 'lab' || links % 2 !== 0 || node === undefined || kind === undefined) return null;
      return { kind: 'node', index, name, id: (index - links) as NodeId, node, nodeKind: kind, bridge: pairs['bridge'] === 'yes' };
    }
    case 'lab':
      return previous === 'lab' || before.filter((p) => p.kind === 'link').length % 2 !== 0 ? null : { kind: 'lab', index, name: 'lab' };
    default:
      return null;
  }
}
