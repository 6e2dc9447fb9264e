/**
 * Address arithmetic for planning: addresses of both families as one integer, so that "the next free one" is `+ 1n`.
 * Text is read and written by {@link module:wire/address}.
 * @module
 */
import { formatAddress, parseAddress, scopeOf } from '../../wire/address.js';
import type { IpAddress } from '../../wire/address.js';

export type Family = 4 | 6;

export interface Ip {
  readonly family: Family;
  readonly value: bigint;
}

/** A network: `base` has no bits set after `length`. */
export interface Network {
  readonly family: Family;
  readonly base: bigint;
  readonly length: number;
}

export const BITS: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

/** The whole address space of a family: where a default route leads. */
export const everything = (family: Family): Network => ({ family, base: 0n, length: 0 });

export function parseIp(text: string): Ip | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  if (address.family === 4) return { family: 4, value: BigInt(address.value) };
  return { family: 6, value: address.bytes.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n) };
}

export function formatIp(ip: Ip): string {
  return formatAddress(wireAddress(ip));
}

function wireAddress(ip: Ip): IpAddress {
  if (ip.family === 4) return { family: 4, value: Number(ip.value) };
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => Number((ip.value >> BigInt(8 * (15 - i))) & 0xffn));
  return { family: 6, bytes };
}

export function networkOf(ip: Ip, length: number): Network {
  const hostBits = BigInt(BITS[ip.family] - length);
  return { family: ip.family, base: (ip.value >> hostBits) << hostBits, length };
}

/** `ADDRESS/LENGTH`, host bits kept in `ip`. */
export function parseIpWithLength(text: string): { readonly ip: Ip; readonly network: Network } | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const ip = match === null ? undefined : parseIp(match[1] ?? '');
  const length = Number(match?.[2]);
  return ip === undefined || length > BITS[ip.family] ? undefined : { ip, network: networkOf(ip, length) };
}

export function formatNetwork(n: Network): string {
  return `${formatIp({ family: n.family, value: n.base })}/${n.length}`;
}

export function contains(n: Network, ip: Ip): boolean {
  return n.family === ip.family && networkOf(ip, n.length).base === n.base;
}

export function sameNetwork(a: Network, b: Network): boolean {
  return a.family === b.family && a.length === b.length && a.base === b.base;
}

export function overlap(a: Network, b: Network): boolean {
  const [wide, narrow] = a.length <= b.length ? [a, b] : [b, a];
  return contains(wide, { family: narrow.family, value: narrow.base });
}

export const size = (n: Network): bigint => 1n << BigInt(BITS[n.family] - n.length);

/**
 * First and last host of a network. IPv4: without the network's own and the broadcast address, but for /31 (RFC 3021)
 * and /32. IPv6: without the subnet-router anycast address (RFC 4291 2.6.1), but for /127 (RFC 6164) and /128.
 */
export function hosts(n: Network): { readonly first: bigint; readonly last: bigint } {
  const last = n.base + size(n) - 1n;
  if (size(n) <= 2n) return { first: n.base, last };
  return { first: n.base + 1n, last: n.family === 4 ? last - 1n : last };
}

/** Why no interface may have this address, or `undefined`. */
export function unfitForInterface(ip: Ip): string | undefined {
  const scope = scopeOf(wireAddress(ip));
  switch (scope) {
    case 'unspecified':
    case 'multicast':
    case 'broadcast':
    case 'loopback':
      return `a ${scope} address`;
    case 'link-local':
      // Nodes make their own fe80:: address from the MAC; 169.254/16 is never planned for one.
      return ip.family === 6 ? 'a link-local address, which each interface makes for itself' : undefined;
    default:
      return undefined;
  }
}
