/**
 * Puts the plan together. Everything has been checked: what is missing here is our own mistake. One thing alone can
 * still go wrong: BGP policies that contradict each other show it when they are played.
 * @module
 */
import { must } from '../../base/assert.js';
import type { LinkId, NodeId } from '../../base/brand.js';
import type { Plan, PlanAddress, PlanFirewall, PlanInterface, PlanLink, PlanNode, PlanOrganisation, PlanUser, PlanZone } from '../plan.js';
import type { Traits } from '../traits.js';
import { CertificateNames } from '../naming/certificate-names.js';
import { interfaceKey } from '../drafting/draft.js';
import type { Draft, DraftLink, DraftNode, PlannedAddress } from '../drafting/draft.js';
import { portsByNode, type Port } from '../drafting/links.js';
import { planHash } from './hash.js';
import { formatIp, parseIp } from '../addressing/ip.js';
import { planMacs } from '../addressing/mac.js';
import type { Neighbourhood } from '../addressing/neighbourhood.js';
import type { BgpConfig } from '../bgp/bgp.js';
import { planBgp } from '../bgp/plan-bgp.js';
import type { NodeRouting } from '../routing/policy-rules.js';

export interface Parts {
  readonly nodes: ReadonlyMap<string, DraftNode>;
  readonly links: readonly DraftLink[];
  readonly neighbourhood: Neighbourhood;
  readonly routing: ReadonlyMap<string, NodeRouting>;
  readonly firewalls: ReadonlyMap<string, PlanFirewall>;
  readonly bgp: ReadonlyMap<string, BgpConfig>;
  readonly organisations: readonly PlanOrganisation[];
  readonly users: readonly PlanUser[];
  readonly zones: readonly PlanZone[];
}

/** `undefined` when BGP never comes to rest, which is reported. */
export function assemble(parts: Parts, draft: Draft): Plan | undefined {
  const { source } = draft.faults;
  const ids = new Map([...parts.nodes.keys()].map((name, i) => [name, i as NodeId]));
  const macs = planMacs(parts.links.flatMap((l) => l.ends.map((e) => interfaceKey(e.node.name, e.interface))));
  const ports = portsByNode(parts.links);
  const certificates = new CertificateNames(parts.zones);
  const nodes = [...parts.nodes.values()].map((node): PlanNode => {
    const addresses = parts.neighbourhood.addressesOf(node.name).map(formatIp);
    const routing = must(parts.routing.get(node.name), `routing of ${node.name}`);
    const firewall = parts.firewalls.get(node.name);
    return {
      id: must(ids.get(node.name), `id of ${node.name}`),
      name: node.name,
      kind: node.kind.kind,
      traits: traitsOf(node),
      organisation: node.organisation,
      segment: node.segment,
      site: node.site,
      forwards: node.kind.forwards,
      bridge: node.kind.bridge,
      ...(node.kind.emulated?.(node.config) === true && { emulated: true }),
      interfaces: interfacesOf(node, ports, parts, macs),
      routes: routing.routes,
      ...(routing.rules.length > 0 && { rules: routing.rules }),
      ...(routing.filters.all !== 'off' && { rpFilter: routing.filters.all }),
      ...(node.multipathHash === 'l3' && { multipathHash: node.multipathHash }),
      ...(node.somaxconn !== null && { somaxconn: node.somaxconn }),
      ...(node.learning && { learning: true }),
      resolvers: resolversOf(node, parts.neighbourhood),
      certificateNames: certificates.of(node.name, addresses),
      dscp: node.dscp,
      config: node.config,
      ...(firewall !== undefined && { firewall }),
      ...(node.conntrack !== null && { conntrack: node.conntrack }),
      src: source.place(node.path, 'key'),
    };
  });
  const links = parts.links.map(
    (link, i): PlanLink => ({
      id: i as LinkId,
      name: link.name,
      group: link.group,
      segment: link.segment,
      organisation: link.organisation,
      ends: [endOf(link, 0, ids), endOf(link, 1, ids)],
      mtu: link.mtu,
      impairments: link.impairments,
      up: link.up,
      src: source.place(link.path),
    }),
  );
  const { organisations, users, zones } = parts;
  const speaking = planBgp(nodes, links, parts.bgp, draft.faults);
  if (speaking === undefined) return undefined;
  const plan = { name: draft.structure.file.name, file: source.file, organisations, nodes: speaking, links, users, zones };
  return { ...plan, hash: planHash(plan) };
}

function traitsOf({ kind: { traits }, config }: DraftNode): Traits {
  return typeof traits === 'function' ? traits(config) : traits;
}

function endOf(link: DraftLink, side: 0 | 1, ids: ReadonlyMap<string, NodeId>): PlanLink['ends'][0] {
  const { node, interface: name } = link.ends[side];
  return { node: must(ids.get(node.name), `id of ${node.name}`), nodeName: node.name, interface: name };
}

function interfacesOf(
  node: DraftNode,
  ports: ReadonlyMap<DraftNode, readonly Port[]>,
  { neighbourhood, routing }: Parts,
  macs: ReadonlyMap<string, string>,
): readonly PlanInterface[] {
  const macOf = (of: string, name: string): string => must(macs.get(interfaceKey(of, name)), `MAC of ${of}:${name}`);
  return (ports.get(node) ?? []).map(({ link, number, side }, port): PlanInterface => {
    const name = link.ends[side].interface;
    const station = neighbourhood.of(node.name).find((s) => s.interface === name);
    const rpFilter = routing.get(node.name)?.filters.interfaces.get(name);
    const others = station === undefined ? [] : neighbourhood.on(station.lan).filter((s) => s !== station);
    return {
      index: port + 1,
      name,
      mac: macOf(node.name, name),
      link: number as LinkId,
      side,
      mtu: link.mtu,
      addresses: (station?.addresses ?? []).map(planAddress),
      neighbours: others.flatMap((s) => s.addresses.map((a) => ({ address: formatIp(a.ip), mac: macOf(s.node.name, s.interface) }))),
      ...(node.kind.bridge && { stations: stationsBehind(link.ends[side === 0 ? 1 : 0], ports).map((end) => macOf(end.node.name, end.interface)) }),
      ...(rpFilter !== undefined && rpFilter !== 'off' && { rpFilter }),
    };
  });
}

/** Interfaces that a bridge reaches through an end of a link, other bridges between them. There are no loops of bridges. */
function stationsBehind(end: DraftLink['ends'][0], ports: ReadonlyMap<DraftNode, readonly Port[]>): readonly DraftLink['ends'][0][] {
  const found: DraftLink['ends'][0][] = [];
  const ways = [end];
  for (let way = ways.pop(); way !== undefined; way = ways.pop()) {
    const { node, interface: came } = way;
    if (!node.kind.bridge) found.push(way);
    else
      for (const { link, side } of ports.get(node) ?? []) {
        if (link.ends[side].interface !== came) ways.push(link.ends[side === 0 ? 1 : 0]);
      }
  }
  return found;
}

function planAddress({ ip, network }: PlannedAddress): PlanAddress {
  return { family: ip.family, address: formatIp(ip), prefixLength: network.length };
}

/**
 * A server's addresses in the families that the node speaks itself; addresses that the file gives stay as they are.
 * A DNS server that inherits itself does not ask itself what it does not know.
 */
function resolversOf(node: DraftNode, neighbourhood: Neighbourhood): readonly string[] {
  const own = neighbourhood.addressesOf(node.name);
  const families = new Set(own.map((ip) => ip.family));
  const mine = new Set(own.map(formatIp));
  return node.resolvers.flatMap((resolver) => {
    const literal = parseIp(resolver);
    const all = literal === undefined ? neighbourhood.addressesOf(resolver) : [literal];
    const texts = all.filter((ip) => families.has(ip.family)).map(formatIp);
    return traitsOf(node).resolves === true ? texts.filter((text) => !mine.has(text)) : texts;
  });
}
