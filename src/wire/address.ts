/**
 * Addresses as text and as numbers. IPv4 is a u32, IPv6 16 octets, a MAC a 48-bit number.
 * Parsing is strict (RFC 4291 section 2.2, no leading zeros in IPv4, no zone); IPv6 text is canonical (RFC 5952).
 * Bad text gives `undefined`: what to say about it is the caller's business.
 * @module
 */
import { setU32, u16, u32, u48 } from './bytes.js';

export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const part = match[i] as string;
    const octet = Number(part);
    // A leading zero reads as octal in inet_aton(3) and as decimal elsewhere: refuse what people read in two ways.
    if (octet > 255 || (part.length > 1 && part.startsWith('0'))) return undefined;
    value = value * 256 + octet;
  }
  return value;
}

export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Reads the colon-separated groups of one half; false when one is bad. A dotted quad may be the last of `text`. */
function groups(text: string, out: number[], dottedLast: boolean): boolean {
  if (text === '') return true;
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (dottedLast && i === parts.length - 1 && part.includes('.')) {
      const quad = parseIpv4(part);
      if (quad === undefined) return false;
      out.push(quad >>> 16, quad & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      out.push(Number.parseInt(part, 16));
    } else {
      return false;
    }
  }
  return true;
}

/** Sixteen octets, or `undefined`. */
export function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head: number[] = [];
  const tail: number[] = [];
  const elided = halves.length === 2;
  if (!groups(halves[0] as string, head, !elided) || !groups(halves[1] ?? '', tail, true)) return undefined;
  const count = head.length + tail.length;
  // RFC 5952 4.2.2 forbids "::" for one group in output; RFC 4291 lets input say it, so 7 groups are fine here.
  if (elided ? count > 7 : count !== 8) return undefined;
  const words = [...head, ...new Array<number>(8 - count).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  for (const [i, word] of words.entries()) {
    bytes[2 * i] = word >>> 8;
    bytes[2 * i + 1] = word;
  }
  return bytes;
}

/** True for ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
export function isIpv4Mapped(b: Uint8Array, o = 0): boolean {
  return u32(b, o) === 0 && u32(b, o + 4) === 0 && u32(b, o + 8) === 0xffff;
}

/** Canonical text (RFC 5952) of the 16 octets at `o`; IPv4-mapped addresses in mixed notation (section 5). */
export function formatIpv6(b: Uint8Array, o = 0): string {
  if (isIpv4Mapped(b, o)) return `::ffff:${formatIpv4(u32(b, o + 12))}`;
  let best = -1;
  let bestLength = 1; // a single zero group is not shortened (4.2.2)
  for (let i = 0; i < 8; ) {
    let j = i;
    while (j < 8 && u16(b, o + 2 * j) === 0) j++;
    if (j - i > bestLength) {
      best = i;
      bestLength = j - i;
    }
    i = Math.max(j, i + 1);
  }
  const text = (from: number, to: number): string => {
    const words: string[] = [];
    for (let i = from; i < to; i++) words.push(u16(b, o + 2 * i).toString(16));
    return words.join(':');
  };
  return best < 0 ? text(0, 8) : `${text(0, best)}::${text(best + bestLength, 8)}`;
}

export function parseMac(text: string): number | undefined {
  if (!/^[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4}$/.test(text)) return undefined;
  return Number.parseInt(text.replace(/[:-]/g, ''), 16);
}

export function formatMac(mac: number): string {
  return (mac.toString(16).padStart(12, '0').match(/../g) ?? []).join(':');
}

export const MAC_BROADCAST = 0xffff_ffff_ffff;

/** True for group addresses, broadcast among them (IEEE 802: lowest bit of the first octet). */
export function isGroupMac(mac: number): boolean {
  return (Math.floor(mac / 0x100_0000_0000) & 1) === 1;
}

/** The IPv6 link-local address with the modified EUI-64 of a MAC (RFC 4291 appendix A). */
export function linkLocalOf(mac: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const high = Math.floor(mac / 0x100_0000);
  const low = mac % 0x100_0000;
  setU32(bytes, 0, 0xfe80_0000);
  setU32(bytes, 8, ((high << 8) | 0xff) ^ 0x0200_0000);
  setU32(bytes, 12, 0xfe00_0000 + low);
  return bytes;
}

/** The solicited-node multicast address of a unicast one (RFC 4291 2.7.1). */
export function solicitedNodeOf(b: Uint8Array, o = 0): Uint8Array {
  const bytes = new Uint8Array(16);
  setU32(bytes, 0, 0xff02_0000);
  setU32(bytes, 8, 1);
  setU32(bytes, 12, 0xff00_0000 + (u32(b, o + 12) & 0xff_ffff));
  return bytes;
}

/** The Ethernet group address of an IPv6 multicast address (RFC 2464 section 7). */
export function multicastMac6(b: Uint8Array, o = 0): number {
  return 0x3333_0000_0000 + u32(b, o + 12);
}

/** The Ethernet group address of an IPv4 multicast address (RFC 1112 section 6.4). */
export function multicastMac4(address: number): number {
  return 0x0100_5e00_0000 + (address & 0x7f_ffff);
}

/** An address of either family. */
export type IpAddress = { readonly family: 4; readonly value: number } | { readonly family: 6; readonly bytes: Uint8Array };

export function parseAddress(text: string): IpAddress | undefined {
  const value = parseIpv4(text);
  if (value !== undefined) return { family: 4, value };
  const bytes = parseIpv6(text);
  return bytes === undefined ? undefined : { family: 6, bytes };
}

export function formatAddress(a: IpAddress): string {
  return a.family === 4 ? formatIpv4(a.value) : formatIpv6(a.bytes);
}

/** Of an address as text, or of a prefix. */
export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** A host as URIs have it: an IPv6 address in brackets (RFC 3986 section 3.2.2), all else as it is. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** `192.0.2.1:3478`, `[2001:db8::1]:3478`, `sip.contoso.example:5061`. */
export function hostPort(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

export type Scope =
  | 'unspecified'
  | 'loopback'
  | 'private' // RFC 1918, RFC 4193
  | 'shared' // RFC 6598
  | 'link-local'
  | 'multicast'
  | 'broadcast'
  | 'documentation' // RFC 5737, RFC 3849
  | 'benchmark' // RFC 2544
  | 'reserved'
  | 'global';

const in4 = (address: number, network: number, length: number): boolean => (address ^ network) >>> (32 - length) === 0;

export const isMulticast4 = (address: number): boolean => address >>> 28 === 0xe;
export const isLoopback4 = (address: number): boolean => address >>> 24 === 127;
export const isLinkLocal4 = (address: number): boolean => address >>> 16 === 0xa9fe;
/** RFC 1918. */
export const isPrivate4 = (address: number): boolean => address >>> 24 === 10 || address >>> 20 === 0xac1 || address >>> 16 === 0xc0a8;

/** What kind of IPv4 address it is (RFC 6890 in small). Limited broadcast only: a directed one needs the prefix. */
export function scope4(address: number): Scope {
  if (address === 0) return 'unspecified';
  if (address === 0xffff_ffff) return 'broadcast';
  if (isLoopback4(address)) return 'loopback';
  if (isPrivate4(address)) return 'private';
  if (in4(address, 0x6440_0000, 10)) return 'shared';
  if (isLinkLocal4(address)) return 'link-local';
  if (isMulticast4(address)) return 'multicast';
  if (in4(address, 0xc000_0200, 24) || in4(address, 0xc633_6400, 24) || in4(address, 0xcb00_7100, 24)) return 'documentation';
  if (in4(address, 0xc612_0000, 15)) return 'benchmark';
  return address >>> 28 === 0xf || address >>> 24 === 0 ? 'reserved' : 'global';
}

export const isMulticast6 = (b: Uint8Array, o = 0): boolean => b[o] === 0xff;
export const isLinkLocal6 = (b: Uint8Array, o = 0): boolean => (u16(b, o) & 0xffc0) === 0xfe80;
export const isLoopback6 = (b: Uint8Array, o = 0): boolean => u48(b, o) === 0 && u48(b, o + 6) === 0 && u32(b, o + 12) === 1;
export const isUnspecified6 = (b: Uint8Array, o = 0): boolean => u48(b, o) === 0 && u48(b, o + 6) === 0 && u32(b, o + 12) === 0;

/** What kind of IPv6 address it is; an IPv4-mapped one is what its IPv4 address is. */
export function scope6(b: Uint8Array, o = 0): Scope {
  if (isUnspecified6(b, o)) return 'unspecified';
  if (isLoopback6(b, o)) return 'loopback';
  if (isIpv4Mapped(b, o)) return scope4(u32(b, o + 12));
  if (isMulticast6(b, o)) return 'multicast';
  if (isLinkLocal6(b, o)) return 'link-local';
  if (((b[o] as number) & 0xfe) === 0xfc) return 'private';
  return u32(b, o) === 0x2001_0db8 ? 'documentation' : 'global';
}

export function scopeOf(a: IpAddress): Scope {
  return a.family === 4 ? scope4(a.value) : scope6(a.bytes);
}
