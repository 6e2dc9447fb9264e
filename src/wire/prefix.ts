/**
 * Prefixes: an address with a length (RFC 4632, RFC 4291 section 2.3). Keeps the address as written beside the
 * canonical network, so that `10.0.0.7/24` can be an interface's address and a route's destination.
 * @module
 */
import type { IpAddress } from './address.js';
import { formatAddress, formatIpv4, formatIpv6, parseAddress } from './address.js';

export type Prefix =
  | { readonly family: 4; readonly length: number; readonly address: number; readonly network: number }
  | { readonly family: 6; readonly length: number; readonly address: Uint8Array; readonly network: Uint8Array };

/** Mask of an IPv4 prefix length, as a u32. */
export function mask4(length: number): number {
  return length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
}

/** The network of the 16 octets at `o`: all bits after `length` are zero. */
export function network6(b: Uint8Array, o: number, length: number): Uint8Array {
  const out = b.slice(o, o + 16);
  for (let i = 0; i < 16; i++) {
    const keep = Math.min(8, Math.max(0, length - 8 * i));
    out[i] = (out[i] as number) & (0xff00 >>> keep) & 0xff;
  }
  return out;
}

export function prefixOf(a: IpAddress, length: number): Prefix {
  return a.family === 4
    ? { family: 4, length, address: a.value, network: (a.value & mask4(length)) >>> 0 }
    : { family: 6, length, address: a.bytes, network: network6(a.bytes, 0, length) };
}

/** `ADDRESS/LENGTH`. Host bits may be set. `undefined` on bad text, also when the length is missing. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  if (match === null) return undefined;
  const a = parseAddress(match[1] as string);
  const length = Number(match[2]);
  if (a === undefined || length > (a.family === 4 ? 32 : 128)) return undefined;
  return prefixOf(a, length);
}

/** As {@link parsePrefix}, where a bare address stands for itself alone (/32, /128). */
export function parsePrefixOrHost(text: string): Prefix | undefined {
  if (text.includes('/')) return parsePrefix(text);
  const a = parseAddress(text);
  return a === undefined ? undefined : prefixOf(a, a.family === 4 ? 32 : 128);
}

/** Canonical text of the network: `10.0.0.0/24`. */
export function formatPrefix(p: Prefix): string {
  return `${p.family === 4 ? formatIpv4(p.network) : formatIpv6(p.network)}/${p.length}`;
}

/** The address that the prefix was written with. */
export function addressOf(p: Prefix): IpAddress {
  return p.family === 4 ? { family: 4, value: p.address } : { family: 6, bytes: p.address };
}

/** Text with the address as written: `10.0.0.7/24`. */
export function formatInterfacePrefix(p: Prefix): string {
  return `${formatAddress(addressOf(p))}/${p.length}`;
}

export function contains4(network: number, length: number, address: number): boolean {
  return length === 0 || (network ^ address) >>> (32 - length) === 0;
}

/** True when the 16 octets at `o` share the first `length` bits with `network`. */
export function contains6(network: Uint8Array, length: number, b: Uint8Array, o = 0): boolean {
  const whole = length >>> 3;
  for (let i = 0; i < whole; i++) if (network[i] !== b[o + i]) return false;
  const rest = length & 7;
  return rest === 0 || ((network[whole] as number) ^ (b[o + whole] as number)) >>> (8 - rest) === 0;
}

/** False across families. */
export function contains(p: Prefix, a: IpAddress): boolean {
  if (p.family === 4) return a.family === 4 && contains4(p.network, p.length, a.value);
  return a.family === 6 && contains6(p.network, p.length, a.bytes);
}

/** True when every address of `inner` is one of `outer`. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && contains(outer, addressOf(inner));
}

/** Directed broadcast address; none (`undefined`) for /31 (RFC 3021) and /32. */
export function broadcast4(network: number, length: number): number | undefined {
  return length >= 31 ? undefined : (network | ~mask4(length)) >>> 0;
}
