/**
 * The node that is compared with the kernel: a router with two to four networks, the same plan on both sides. What is
 * around it are raw frames.
 * @module
 */
import type { LinkId, NodeId } from '../../../src/base/brand.js';
import type { PlanInterface, PlanNode, PlanRoute } from '../../../src/topology/plan.js';
import { formatMac } from '../../../src/wire/address.js';
import { formatPrefix, parsePrefix } from '../../../src/wire/prefix.js';

export const BEDS = ['two', 'three', 'four'] as const;
export type BedName = (typeof BEDS)[number];

interface Network {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Hosts on the network; the first is also the router to what is behind. */
  readonly hosts: readonly string[];
  /** Addresses that translations give away: the network knows them, nobody is there. */
  readonly pool?: readonly string[];
}

export const POOL = { 4: ['198.51.100.20', '198.51.100.21', '198.51.100.22', '198.51.100.23'], 6: ['2001:db8:2::20', '2001:db8:2::21'] } as const;

export const NETWORKS: readonly Network[] = [
  {
    name: 'eth0',
    addresses: ['10.1.0.1/24', '2001:db8:1::1/64'],
    hosts: ['10.1.0.2', '10.1.0.3', '10.1.0.4', '2001:db8:1::2', '2001:db8:1::3', '2001:db8:1::4'],
  },
  {
    name: 'eth1',
    addresses: ['198.51.100.1/24', '198.51.100.10/24', '2001:db8:2::1/64'],
    hosts: ['198.51.100.2', '198.51.100.3', '2001:db8:2::2', '2001:db8:2::3'],
    pool: [...POOL[4], ...POOL[6]],
  },
  {
    name: 'dmz0',
    addresses: ['192.168.7.1/24', '2001:db8:3::1/64', '2001:db8:3::a/64'],
    hosts: ['192.168.7.2', '192.168.7.3', '2001:db8:3::2', '2001:db8:3::3'],
  },
  { name: 'wan0', addresses: ['203.0.113.1/28', '2001:db8:4::1/64'], hosts: ['203.0.113.2', '2001:db8:4::2'] },
];

/** Prefixes behind the first host of a network, in both families. */
const BEHIND: Readonly<Record<string, readonly string[]>> = {
  eth0: ['10.0.0.0/8', '2001:db8:100::/40'],
  eth1: ['0.0.0.0/0', '::/0'],
  wan0: ['172.16.0.0/12', '2001:db8:4000::/36'],
};

/** Addresses that are reached over an interface although they are none of its network, for generated packets. */
export const FAR: Readonly<Record<string, readonly string[]>> = {
  eth0: ['10.9.8.7', '10.200.0.1', '2001:db8:100::5'],
  eth1: ['8.8.8.8', '192.0.2.77', '2001:db8:ffff::1'],
  wan0: ['172.16.5.5', '172.20.0.9', '2001:db8:4001::9'],
};

export const macOf = (iface: number, host: number): number => 0x0200_0000_0000 + (iface + 1) * 0x100 + host;

const familyOf = (text: string): 4 | 6 => (text.includes(':') ? 6 : 4);

function interfaceOf(network: Network, i: number): PlanInterface {
  return {
    index: i + 1,
    name: network.name,
    mac: formatMac(macOf(i, 0)),
    link: i as LinkId,
    side: 0,
    mtu: 1500,
    addresses: network.addresses.map((text) => {
      const [address = '', length] = text.split('/');
      return { family: familyOf(address), address, prefixLength: Number(length) };
    }),
    neighbours: [...network.hosts, ...(network.pool ?? [])].map((address, host) => ({ address, mac: formatMac(macOf(i, host + 1)) })),
  };
}

function routesOf(network: Network): PlanRoute[] {
  const connected = new Set(network.addresses.map((text) => formatPrefix(parsePrefix(text)!)));
  const route = (prefix: string, via: string | null): PlanRoute => ({
    family: familyOf(prefix),
    prefix,
    via,
    dev: network.name,
    metric: 0,
    origin: via === null ? 'connected' : 'static',
    src: null,
  });
  return [
    ...[...connected].map((prefix) => route(prefix, null)),
    ...(BEHIND[network.name] ?? []).map((prefix) => route(prefix, network.hosts.find((host) => familyOf(host) === familyOf(prefix)) ?? null)),
  ];
}

export function bedPlan(bed: BedName): PlanNode {
  const networks = NETWORKS.slice(0, BEDS.indexOf(bed) + 2);
  return {
    id: 0 as NodeId,
    name: `bed-${bed}`,
    kind: 'router',
    traits: { is: 'equipment' },
    organisation: null,
    segment: 'customer',
    site: null,
    forwards: true,
    bridge: false,
    interfaces: networks.map(interfaceOf),
    routes: networks.flatMap(routesOf),
    resolvers: [],
    certificateNames: [],
    dscp: [],
    config: null,
    src: { file: 'bed', line: 1, column: 1 },
  };
}

/** A frame that came out, and where. */
export interface Emitted {
  /** Index of the interface, from 0. */
  readonly iface: number;
  readonly frame: Uint8Array;
}

/** Packets and octets of one counter. */
export interface Counted {
  readonly packets: number;
  readonly bytes: number;
}

export interface BedState {
  /** By `family/table/name`, or `family/table/chain#rule#n` for the n-th one of a rule. */
  readonly counters: Readonly<Record<string, Counted>>;
  /** Lines as conntrack(8) prints them with `-o extended`. */
  readonly connections: readonly string[];
}

/** One of the two that are compared. */
export interface Bed {
  readonly name: string;
  /** Rules in place of those before; no connection is known any more. Throws what the loader says. @param seed of what is drawn; a kernel has its own */
  reset(rules: string, seed: number): void;
  /** One frame in, what comes out at once. */
  inject(iface: number, frame: Uint8Array): Emitted[];
  state(): BedState;
  close(): void;
}
