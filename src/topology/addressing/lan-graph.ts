/**
 * Broadcast domains: which interfaces hear each other. Bridges join their links to one LAN; every other link is a LAN
 * of two. Bridges must form a tree: they speak no spanning tree protocol, so a loop would carry a frame for ever.
 * @module
 */
import type { Faults } from '../source/faults.js';
import type { Attachment, DraftLink, DraftNode, Lan } from '../drafting/draft.js';

interface Growing {
  readonly links: DraftLink[];
  readonly bridges: Map<string, DraftNode>;
  readonly attachments: Attachment[];
}

/** LANs sorted by name. Each attachment of each LAN in the order of the links in the file. */
export function findLans(links: readonly DraftLink[], faults: Faults): readonly Lan[] {
  const root = joinBridges(links, faults);
  const lans = new Map<string, Growing>();
  for (const link of links) {
    const bridge = link.ends.find((e) => e.node.kind.bridge);
    const key = bridge === undefined ? `link ${link.name}` : `bridge ${root(bridge.node.name)}`;
    const lan: Growing = lans.get(key) ?? { links: [], bridges: new Map(), attachments: [] };
    lans.set(key, lan);
    lan.links.push(link);
    for (const side of [0, 1] as const) {
      const end = link.ends[side];
      if (end.node.kind.bridge) lan.bridges.set(end.node.name, end.node);
      else lan.attachments.push({ end, link, side });
    }
  }
  const all = [...lans.values()].map((lan): Lan => {
    const bridges = [...lan.bridges.values()].sort((a, b) => compare(a.name, b.name));
    return { name: bridges[0]?.name ?? lan.links[0]?.name ?? '', links: lan.links, bridges, attachments: lan.attachments };
  });
  return all.sort((a, b) => compare(a.name, b.name));
}

/** Union-find over the links between bridges. Gives the finder of a bridge's representative. */
function joinBridges(links: readonly DraftLink[], faults: Faults): (name: string) => string {
  const parent = new Map<string, string>();
  const root = (name: string): string => {
    const above = parent.get(name);
    return above === undefined ? name : root(above);
  };
  for (const { ends, path, name } of links) {
    if (!ends.every((e) => e.node.kind.bridge)) continue;
    const [a, b] = [root(ends[0].node.name), root(ends[1].node.name)];
    if (a !== b) {
      parent.set(a, b);
      continue;
    }
    faults.add('TOPOLOGY_ENDPOINT', path, `the link "${name}" closes a loop of bridges (${ends[0].node.name}, ${ends[1].node.name})`, {
      expected: 'bridges joined as a tree: they speak no spanning tree protocol',
      hint: 'remove one of the links of the loop, or put a router into it',
    });
  }
  return root;
}

/** Order of code units: the same on every machine, unlike localeCompare. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
