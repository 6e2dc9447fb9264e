/**
 * Addresses of every interface: those that the file gives, checked, and planned ones for the rest.
 *
 * A LAN's networks are its `prefixes` (at its bridges or its link); without any, what the given addresses say; without
 * any of these, one per family from the pools. An interface without `addresses` gets one address from each network of
 * its LAN, at a host number that its name gives. An interface with `addresses` has exactly these (`[]`: none).
 * @module
 */
import { assertInvariant } from '../../base/assert.js';
import type { Path } from '../source/yaml-source.js';
import { interfaceKey } from '../drafting/draft.js';
import type { AddressTable, Attachment, Draft, Lan, PlannedAddress } from '../drafting/draft.js';
import { contains, formatIp, formatNetwork, hosts, overlap, parseIpWithLength, sameNetwork, unfitForInterface } from './ip.js';
import type { Ip, Network } from './ip.js';
import { NetworkIndex } from './network-index.js';
import { Pools, readNetwork } from './pools.js';
import { spread } from './spread.js';

/** IPv6 hosts are numbered in the lowest 16 bits, so that addresses stay short enough to read. */
const IPV6_HOST_BITS = 16;
const IPV6_LEAST_MTU = 1280;

export interface Addressing {
  readonly addresses: AddressTable;
  readonly networks: ReadonlyMap<Lan, readonly Network[]>;
  /** LANs of which an address or network was refused. */
  readonly doubtful: ReadonlySet<Lan>;
}

/** @param whole false: nodes or links could not be read, so given addresses are checked but none planned */
export function planAddresses(lans: readonly Lan[], whole: boolean, draft: Draft): Addressing {
  const owners = new Map<string, Path>();
  const addresses = new Map<string, readonly PlannedAddress[]>();
  const networks = new Map<Lan, Network[]>();
  const doubtful = new Set<Lan>();
  for (const lan of lans) {
    const faultsBefore = draft.faults.count;
    const declared = declaredNetworks(lan, draft);
    const found: Network[] = [];
    for (const attachment of lan.attachments) {
      const given = givenAddresses(attachment, lan, declared, found, owners, draft);
      if (given !== undefined) addresses.set(keyOf(attachment), given);
    }
    networks.set(lan, declared.length > 0 ? declared : found);
    if (draft.faults.count > faultsBefore) doubtful.add(lan);
  }
  checkOverlaps(lans, networks, draft);
  if (whole) planRest(lans, networks, addresses, owners, draft);
  checkMtus(lans, addresses, draft);
  return { addresses, networks, doubtful };
}

function keyOf(a: Attachment): string {
  return interfaceKey(a.end.node.name, a.end.interface);
}

function declaredNetworks(lan: Lan, draft: Draft): Network[] {
  const places = [...lan.bridges, ...lan.links];
  const networks: Network[] = [];
  for (const place of places) {
    for (const [i, text] of place.prefixes.entries()) {
      const path = [...place.path, 'prefixes', i];
      const network = readNetwork(text, path, draft);
      if (network === undefined || networks.some((n) => sameNetwork(n, network))) continue;
      if (networks.some((n) => overlap(n, network))) {
        draft.faults.add('TOPOLOGY_ADDRESS', path, `${formatNetwork(network)} overlaps another network of the LAN "${lan.name}"`, {
          expected: 'the same prefix length everywhere on one LAN',
        });
        continue;
      }
      networks.push(network);
    }
  }
  return networks;
}

function givenAddresses(
  { end }: Attachment,
  lan: Lan,
  declared: readonly Network[],
  found: Network[],
  owners: Map<string, Path>,
  draft: Draft,
): readonly PlannedAddress[] | undefined {
  if (end.addresses === null) return undefined;
  const { path, texts } = end.addresses;
  return texts.flatMap((text, i) => {
    const address = readInterfaceAddress(text, [...path, i], draft);
    if (address === undefined) return [];
    if (!claim(address.ip, [...path, i], owners, draft)) return [];
    checkFits(address, [...path, i], lan, declared, found, draft);
    return [address];
  });
}

function readInterfaceAddress(text: string, path: Path, { faults }: Draft): PlannedAddress | undefined {
  const address = parseIpWithLength(text);
  const expected = 'an address with its prefix length, such as 192.0.2.10/24 or 2001:db8:1::10/64';
  if (address === undefined) {
    faults.add('TOPOLOGY_ADDRESS', path, `"${text}" is no interface address`, { expected });
    return undefined;
  }
  const unfit = unfitForInterface(address.ip);
  if (unfit !== undefined) {
    faults.add('TOPOLOGY_ADDRESS', path, `${text} is ${unfit}`, { expected });
    return undefined;
  }
  const { first, last } = hosts(address.network);
  // The subnet-router anycast address of IPv6 is a router's to take; it is an ordinary address here.
  const outside = address.ip.value > last || (address.ip.value < first && address.ip.family === 4);
  if (outside) {
    const which = address.ip.value < first ? 'the network itself' : 'its broadcast address';
    faults.add('TOPOLOGY_ADDRESS', path, `${text} is ${which}, no host`, {
      expected: `${formatIp({ ...address.ip, value: first })} to ${formatIp({ ...address.ip, value: last })}`,
    });
    return undefined;
  }
  return address;
}

function claim(ip: Ip, path: Path, owners: Map<string, Path>, { faults }: Draft): boolean {
  const text = formatIp(ip);
  const owner = owners.get(text);
  if (owner !== undefined) {
    faults.add('TOPOLOGY_DUPLICATE', path, `the address ${text} is given twice`, {
      expected: `an address that is free; this one is taken on line ${faults.source.place(owner).line}`,
    });
    return false;
  }
  owners.set(text, path);
  return true;
}

function checkFits(address: PlannedAddress, path: Path, lan: Lan, declared: readonly Network[], found: Network[], { faults }: Draft): void {
  const { ip, network } = address;
  const candidates = (declared.length > 0 ? declared : found).filter((n) => n.family === ip.family);
  if (candidates.some((n) => sameNetwork(n, network))) return;
  if (declared.length === 0 && candidates.length === 0) {
    found.push(network);
    return;
  }
  const holder = candidates.find((n) => contains(n, ip));
  const expected =
    holder === undefined ? `an address in ${candidates.map(formatNetwork).join(' or ') || 'no network of this family'}` : `${formatIp(ip)}/${holder.length}`;
  const message =
    holder === undefined
      ? `${formatIp(ip)} lies outside the networks of the LAN "${lan.name}"`
      : `the prefix length /${network.length} differs from that of the LAN "${lan.name}"`;
  faults.add('TOPOLOGY_ADDRESS', path, message, {
    expected,
    ...(declared.length === 0 && { hint: 'a LAN with several networks lists them as "prefixes" at its bridge or link' }),
  });
}

function checkOverlaps(lans: readonly Lan[], networks: ReadonlyMap<Lan, readonly Network[]>, { faults }: Draft): void {
  const seen = new NetworkIndex<Lan>();
  for (const lan of lans) {
    // Those of one LAN do not overlap: that has been looked at.
    for (const network of networks.get(lan) ?? []) {
      const other = seen.overlapping(network);
      if (other !== undefined) {
        const path = lan.bridges[0]?.path ?? lan.links[0]?.path ?? [];
        faults.add(
          'TOPOLOGY_ADDRESS',
          path,
          `${formatNetwork(network)} of the LAN "${lan.name}" overlaps ${formatNetwork(other.network)} of the LAN "${other.value.name}"`,
          {
            on: 'key',
            expected: 'networks of their own for LANs that a router parts',
          },
        );
      }
    }
    for (const network of networks.get(lan) ?? []) seen.add(network, lan);
  }
}

function planRest(
  lans: readonly Lan[],
  networks: Map<Lan, Network[]>,
  addresses: Map<string, readonly PlannedAddress[]>,
  owners: Map<string, Path>,
  draft: Draft,
): void {
  const pools = new Pools(draft, [...networks.values()].flat());
  for (const lan of lans) {
    const open = lan.attachments.filter((a) => a.end.addresses === null);
    if (open.length === 0) continue;
    let known = networks.get(lan) ?? [];
    if (known.length === 0) known = pools.families.flatMap((family) => pools.take(lan, family) ?? []);
    networks.set(lan, known);
    for (const attachment of [...open].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
      const planned = known.flatMap((network) => freeHost(network, keyOf(attachment), attachment, owners, draft) ?? []);
      addresses.set(keyOf(attachment), planned);
    }
  }
}

function freeHost(network: Network, key: string, { end, link }: Attachment, owners: Map<string, Path>, draft: Draft): PlannedAddress | undefined {
  const { first, last } = hosts(network);
  const most = 1n << BigInt(IPV6_HOST_BITS);
  const count = Number(last - first + 1n < most ? last - first + 1n : most);
  const start = spread(`host ${key}`, 40) % count;
  for (let i = 0; i < count; i++) {
    const ip: Ip = { family: network.family, value: first + BigInt((start + i) % count) };
    const text = formatIp(ip);
    if (owners.has(text)) continue;
    owners.set(text, end.path);
    assertInvariant(contains(network, ip), `${text} was planned outside ${formatNetwork(network)}`);
    return { ip, network };
  }
  draft.faults.add('TOPOLOGY_ADDRESS', end.path, `no address is left in ${formatNetwork(network)} for ${key}`, {
    expected: 'a network with room for every interface of the LAN',
    hint: `the link "${link.name}" is on a LAN of ${count} hosts`,
  });
  return undefined;
}

/** RFC 8200 5: "IPv6 requires that every link in the Internet have an MTU of 1280 octets or greater." */
function checkMtus(lans: readonly Lan[], addresses: AddressTable, { faults }: Draft): void {
  for (const lan of lans) {
    const speaksIpv6 = lan.attachments.some((a) => addresses.get(keyOf(a))?.some((p) => p.ip.family === 6));
    if (!speaksIpv6) continue;
    for (const link of lan.links) {
      if (link.mtu >= IPV6_LEAST_MTU) continue;
      faults.add('TOPOLOGY_SCHEMA', [...link.path, 'mtu'], `an MTU of ${link.mtu} bytes is too small for IPv6`, {
        expected: `at least ${IPV6_LEAST_MTU} (RFC 8200), or no IPv6 addresses on the LAN "${lan.name}"`,
      });
    }
  }
}
