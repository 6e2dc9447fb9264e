/**
 * An IP address and port, as protocols pass them around. Addresses are canonical text (RFC 5952 for IPv6), so equal
 * addresses are equal texts. An endpoint of the Host port is one.
 * @module
 */
import { familyOf, formatIpv4, formatIpv6, hostPort, isLinkLocal6, parseAddress, parseIpv4, parseIpv6 } from '../../wire/address.js';

export interface TransportAddress {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

export function sameAddress(a: TransportAddress, b: TransportAddress): boolean {
  return a.port === b.port && a.address === b.address;
}

/** `192.0.2.1:3478`, `[2001:db8::1]:3478`. */
export function formatAddress(a: TransportAddress): string {
  return hostPort(a.address, a.port);
}

/** Canonical text of an address of either family, or undefined when it is none. */
export function canonicalAddress(text: string): string | undefined {
  const parsed = parseAddress(text);
  if (parsed === undefined) return undefined;
  return parsed.family === 4 ? formatIpv4(parsed.value) : formatIpv6(parsed.bytes);
}

/** 4 or 16 octets, or undefined when the text is no address. */
export function addressBytes(text: string): Uint8Array | undefined {
  if (text.includes(':')) return parseIpv6(text);
  const value = parseIpv4(text);
  return value === undefined ? undefined : Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Canonical text of 4 or 16 octets. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 16) return formatIpv6(bytes);
  return formatIpv4((((bytes[0] ?? 0) << 24) | ((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)) >>> 0);
}

export function isLinkLocal(a: TransportAddress): boolean {
  if (a.family === 4) return false;
  const bytes = parseIpv6(a.address);
  return bytes !== undefined && isLinkLocal6(bytes);
}

/** Null when the text is no IP address: a name, say. */
export function transportAddress(text: string, port: number): TransportAddress | null {
  const address = canonicalAddress(text);
  return address === undefined ? null : { address, port, family: familyOf(address) };
}
