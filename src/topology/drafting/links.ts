/**
 * Links: their two ends, names, segments, MTU and impairments per direction.
 * @module
 */
import { NO_IMPAIRMENT } from '../impairment.js';
import type { ImpairmentSpec } from '../impairment.js';
import { parseNetem } from '../netem/parse-netem.js';
import type { Segment } from '../plan.js';
import type { FileLink } from '../source/schema.js';
import { didYouMean, listed } from '../../base/suggest.js';
import type { Path } from '../source/yaml-source.js';
import { interfaceKey } from './draft.js';
import type { Draft, DraftEnd, DraftLink, DraftNode } from './draft.js';

/** Ethernet's (RFC 894). */
const DEFAULT_MTU = 1500;
/** RFC 791 3.2: "Every internet module must be able to forward a datagram of 68 octets without further fragmentation." */
const LEAST_MTU = 68;
const LARGEST_MTU = 65535;

/** A link at one of its ends. */
export interface Port {
  readonly link: DraftLink;
  /** Place in the list. */
  readonly number: number;
  readonly side: 0 | 1;
}

/** Where links end, by node, in the order of the list; of a node without any there is none. */
export function portsByNode(links: readonly DraftLink[]): ReadonlyMap<DraftNode, readonly Port[]> {
  const ports = new Map<DraftNode, Port[]>();
  for (const [number, link] of links.entries()) {
    for (const side of [0, 1] as const) {
      const { node } = link.ends[side];
      const own = ports.get(node);
      if (own === undefined) ports.set(node, [{ link, number, side }]);
      else own.push({ link, number, side });
    }
  }
  return ports;
}

export interface Links {
  readonly links: readonly DraftLink[];
  /** False when an end is unknown: then nothing may be said of who reaches whom. */
  readonly whole: boolean;
}

interface Seen {
  readonly names: Map<string, Path>;
  readonly interfaces: Map<string, Path>;
}

export function draftLinks(draft: Draft, nodes: ReadonlyMap<string, DraftNode>): Links {
  const { file, linkIndexes, holes } = draft.structure;
  const seen: Seen = { names: new Map(), interfaces: new Map() };
  const all = file.topology.links.map((link, i) => draftLink(link, linkIndexes[i] ?? i, nodes, seen, draft));
  const links = all.filter((l) => l !== undefined);
  checkUnusedInterfaces(nodes, seen, draft, links.length === all.length);
  return { links, whole: links.length === all.length && !holes && nodes.size === Object.keys(file.topology.nodes).length };
}

function draftLink(link: FileLink, index: number, nodes: ReadonlyMap<string, DraftNode>, seen: Seen, draft: Draft): DraftLink | undefined {
  const path: Path = ['topology', 'links', index];
  const a = readEnd(link, 0, path, nodes, seen, draft);
  const b = readEnd(link, 1, path, nodes, seen, draft);
  if (a === undefined || b === undefined) {
    readImpairments(link, path, undefined, draft);
    return undefined;
  }
  if (a.node === b.node) {
    draft.faults.add('TOPOLOGY_ENDPOINT', [...path, 'endpoints', 1], `the link joins "${a.node.name}" to itself`, { expected: 'two nodes' });
    return undefined;
  }
  const name = readName(link, a, b, path, seen, draft);
  const segment = readSegment(link, a, b, path, draft);
  return {
    name,
    path,
    index,
    group: link.group ?? name,
    segment,
    organisation: segment === 'customer' ? readOrganisation(link, a, b, path, draft) : null,
    ends: [a, b],
    mtu: readMtu(link, path, draft),
    up: link.up ?? true,
    prefixes: link.prefixes ?? [],
    impairments: readImpairments(link, path, [a.node.name, b.node.name], draft),
  };
}

function readEnd(link: FileLink, side: 0 | 1, at: Path, nodes: ReadonlyMap<string, DraftNode>, seen: Seen, draft: Draft): DraftEnd | undefined {
  const { faults, structure } = draft;
  const path = [...at, 'endpoints', side];
  const endpoint = link.endpoints[side];
  const split = typeof endpoint === 'string' ? splitEndpoint(endpoint) : { node: endpoint.node, interface: endpoint.interface };
  if (split === undefined) {
    faults.add('TOPOLOGY_ENDPOINT', path, `"${String(endpoint)}" is no endpoint`, { expected: 'NODE:INTERFACE, such as "alice:eth0"' });
    return undefined;
  }
  const node = nodes.get(split.node);
  if (node === undefined) {
    // A node that could not be read has had its own fault; its links are not at fault.
    const written = structure.brokenNodes.has(split.node) || Object.hasOwn(structure.file.topology.nodes, split.node);
    if (!written) {
      faults.add('TOPOLOGY_ENDPOINT', path, `there is no node "${split.node}"`, {
        expected: `one of: ${listed(nodes.keys())}`,
        ...didYouMean(split.node, nodes.keys()),
      });
    }
    return undefined;
  }
  const key = interfaceKey(split.node, split.interface);
  const before = seen.interfaces.get(key);
  if (before !== undefined) {
    faults.add('TOPOLOGY_ENDPOINT', path, `the interface ${key} is on two links`, {
      expected: `an interface that is free; this one is taken on line ${faults.source.place(before).line}`,
      hint: 'to join more than two nodes, put a node of kind bridge between them',
    });
    return undefined;
  }
  seen.interfaces.set(key, path);
  return { node, interface: split.interface, path, addresses: readAddresses(endpoint, node, split.interface, path, draft) };
}

function splitEndpoint(text: string): { node: string; interface: string } | undefined {
  const match = /^([^:\s]+):([A-Za-z0-9][A-Za-z0-9._@-]{0,14})$/.exec(text);
  return match === null ? undefined : { node: match[1] ?? '', interface: match[2] ?? '' };
}

function readAddresses(endpoint: FileLink['endpoints'][0], node: DraftNode, name: string, path: Path, { faults }: Draft): DraftEnd['addresses'] {
  const atEnd = typeof endpoint === 'string' ? undefined : endpoint.addresses;
  const atNode = Object.hasOwn(node.addresses, name) ? node.addresses[name] : undefined;
  if (atEnd !== undefined && atNode !== undefined) {
    faults.add('TOPOLOGY_DUPLICATE', [...path, 'addresses'], `the addresses of ${node.name}:${name} are given twice`, {
      on: 'key',
      expected: `them either here or at the node (line ${faults.source.place([...node.path, 'addresses', name], 'key').line})`,
    });
  }
  if (atEnd !== undefined) {
    if (node.kind.bridge)
      faults.add('TOPOLOGY_ADDRESS', [...path, 'addresses'], `a port of the bridge "${node.name}" has no addresses`, { on: 'key', expected: 'no addresses' });
    return { path: [...path, 'addresses'], texts: atEnd };
  }
  return atNode === undefined ? null : { path: [...node.path, 'addresses', name], texts: atNode };
}

function readName(link: FileLink, a: DraftEnd, b: DraftEnd, path: Path, seen: Seen, { faults }: Draft): string {
  const name = link.name ?? `${a.node.name}--${b.node.name}`;
  const before = seen.names.get(name);
  if (before !== undefined) {
    const at = link.name === undefined ? path : [...path, 'name'];
    faults.add('TOPOLOGY_DUPLICATE', at, `two links are called "${name}"`, {
      expected: `a name of its own for each link; the other is on line ${faults.source.place(before).line}`,
      ...(link.name === undefined && { hint: 'a link without a name is called after its two nodes: give one of them a "name"' }),
    });
  }
  seen.names.set(name, path);
  return name;
}

function readSegment(link: FileLink, a: DraftEnd, b: DraftEnd, path: Path, { faults }: Draft): Segment {
  if (link.segment !== undefined) return link.segment;
  if (a.node.segment !== b.node.segment) {
    faults.add('TOPOLOGY_SCHEMA', path, `the link joins the segments ${a.node.segment} and ${b.node.segment}, and says not to which it belongs`, {
      expected: `segment: ${a.node.segment} or ${b.node.segment}`,
    });
  }
  return a.node.segment;
}

function readOrganisation(link: FileLink, a: DraftEnd, b: DraftEnd, path: Path, { structure, faults }: Draft): string | null {
  const known = Object.keys(structure.file.organisations ?? {});
  if (link.organisation !== undefined) {
    if (known.includes(link.organisation)) return link.organisation;
    faults.add('TOPOLOGY_REFERENCE', [...path, 'organisation'], `there is no organisation "${link.organisation}"`, {
      expected: `one of: ${listed(known)}`,
      ...didYouMean(link.organisation, known),
    });
    return null;
  }
  const [one, other] = [a.node.organisation, b.node.organisation];
  if (one !== null && other !== null && one !== other) {
    faults.add('TOPOLOGY_SCHEMA', path, `the link joins the organisations ${one} and ${other}, and says not whose it is`, {
      expected: `organisation: ${one} or ${other}`,
    });
  }
  return one ?? other;
}

function readMtu(link: FileLink, path: Path, { faults }: Draft): number {
  const mtu = link.mtu ?? DEFAULT_MTU;
  if (mtu < LEAST_MTU || mtu > LARGEST_MTU) {
    faults.add('TOPOLOGY_SCHEMA', [...path, 'mtu'], `an MTU of ${mtu} bytes is out of range`, {
      expected: `${LEAST_MTU} to ${LARGEST_MTU} bytes (RFC 791), at least 1280 where IPv6 is spoken (RFC 8200)`,
    });
    return DEFAULT_MTU;
  }
  return mtu;
}

/** `both` first, then each direction's own words on top of it. `ends` is unknown when an end could not be read. */
function readImpairments(link: FileLink, at: Path, ends: readonly [string, string] | undefined, draft: Draft): [ImpairmentSpec, ImpairmentSpec] {
  const path = [...at, 'impairments'];
  const written = link.impairments;
  if (written === undefined) return [NO_IMPAIRMENT, NO_IMPAIRMENT];
  if (typeof written === 'string') {
    const spec = readWords(written, NO_IMPAIRMENT, path, draft);
    return [spec, spec];
  }
  const both = readWords(written['both'] ?? '', NO_IMPAIRMENT, [...path, 'both'], draft);
  const result: [ImpairmentSpec, ImpairmentSpec] = [both, both];
  for (const [key, words] of Object.entries(written)) {
    if (key === 'both') continue;
    const spec = readWords(words, both, [...path, key], draft);
    if (ends === undefined) continue;
    const keys = [`${ends[0]}->${ends[1]}`, `${ends[1]}->${ends[0]}`];
    const direction = keys.indexOf(key.replace(/\s+/g, ''));
    if (direction >= 0) result[direction] = spec;
    else
      draft.faults.add('TOPOLOGY_IMPAIRMENT', [...path, key], `"${key}" is no direction of this link`, {
        on: 'key',
        expected: `${keys.join(', ')} or both`,
        ...didYouMean(key, keys),
      });
  }
  return result;
}

function readWords(words: string, base: ImpairmentSpec, path: Path, { faults }: Draft): ImpairmentSpec {
  const result = parseNetem(words, base);
  if (result.ok) return result.value;
  for (const { at, message, expected, hint } of result.faults) {
    faults.add('TOPOLOGY_IMPAIRMENT', path, message, { offset: at, expected, ...(hint !== undefined && { hint }) });
  }
  return base;
}

function checkUnusedInterfaces(nodes: ReadonlyMap<string, DraftNode>, seen: Seen, { faults }: Draft, whole: boolean): void {
  if (!whole) return;
  const byNode = new Map<string, string[]>();
  for (const key of seen.interfaces.keys()) {
    const colon = key.indexOf(':');
    const node = key.slice(0, colon);
    byNode.set(node, [...(byNode.get(node) ?? []), key.slice(colon + 1)]);
  }
  for (const node of nodes.values()) {
    const used = byNode.get(node.name) ?? [];
    for (const name of Object.keys(node.addresses)) {
      if (used.includes(name)) continue;
      faults.add('TOPOLOGY_ENDPOINT', [...node.path, 'addresses', name], `the interface ${node.name}:${name} is on no link`, {
        on: 'key',
        expected: `one of: ${listed(used)}`,
        ...didYouMean(name, used),
      });
    }
  }
}
