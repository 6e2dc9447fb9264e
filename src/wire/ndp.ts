/**
 * Neighbour Solicitation and Advertisement (RFC 4861 sections 4.3, 4.4) with the link-layer address options (4.6.1),
 * from the ICMPv6 header on. Router discovery and redirects are not read here.
 * @module
 */
import { formatIpv6, formatMac } from './address.js';
import { copy, setU48, u48 } from './bytes.js';
import * as icmpv6 from './icmpv6.js';
import { CHECK, malformed, type Malformed } from './malformed.js';

const FLAGS = 4;
/** Offset of the target address, 16 octets, from the ICMPv6 header on. */
export const TARGET = 8;
export const HEADER = 24;

export const OPTION = { SOURCE_LINK_LAYER: 1, TARGET_LINK_LAYER: 2 } as const;
/** Octets of a link-layer address option for Ethernet. */
export const LINK_LAYER_OPTION = 8;

const ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;

/** Refuses what RFC 4861 7.1 has a node discard, as far as the message itself shows it: bad code, options of length 0. */
export function check(b: Uint8Array, o: number, n: number): number {
  if (n < HEADER) return CHECK.TRUNCATED;
  const type = icmpv6.type(b, o);
  if (type !== icmpv6.TYPES.NEIGHBOR_SOLICITATION && type !== icmpv6.TYPES.NEIGHBOR_ADVERTISEMENT) return CHECK.VERSION;
  if (icmpv6.code(b, o) !== 0) return CHECK.VERSION;
  let at = o + HEADER;
  const end = o + n;
  while (at < end) {
    const length = at + 2 > end ? 0 : (b[at + 1] as number) * 8;
    if (length === 0 || at + length > end) return CHECK.OPTIONS;
    at += length;
  }
  return CHECK.OK;
}

export function isRouter(b: Uint8Array, o: number): boolean {
  return ((b[o + FLAGS] as number) & ROUTER) !== 0;
}
export function isSolicited(b: Uint8Array, o: number): boolean {
  return ((b[o + FLAGS] as number) & SOLICITED) !== 0;
}
export function isOverride(b: Uint8Array, o: number): boolean {
  return ((b[o + FLAGS] as number) & OVERRIDE) !== 0;
}
/** The MAC of the first option of that type, or -1. */
export function linkLayerAddress(b: Uint8Array, o: number, n: number, option: number): number {
  for (let at = o + HEADER; at < o + n; at += (b[at + 1] as number) * 8) {
    if (b[at] === option && b[at + 1] === 1) return u48(b, at + 2);
  }
  return -1;
}

export type Ndp =
  | {
      readonly kind: 'neighbor-solicitation';
      readonly target: Uint8Array /** The asker's MAC; none when it has no address yet. */;
      readonly sourceMac?: number;
    }
  | {
      readonly kind: 'neighbor-advertisement';
      readonly target: Uint8Array;
      readonly router: boolean;
      readonly solicited: boolean;
      readonly override: boolean;
      readonly targetMac?: number;
    };

/** Does not judge the checksum: see `icmpv6.checksumOk`. */
export function parse(b: Uint8Array, o: number, n: number): Ndp | Malformed {
  const code = check(b, o, n);
  if (code !== CHECK.OK) return malformed('ndp', o, code);
  const target = b.subarray(o + TARGET, o + TARGET + 16);
  if (icmpv6.type(b, o) === icmpv6.TYPES.NEIGHBOR_SOLICITATION) {
    const mac = linkLayerAddress(b, o, n, OPTION.SOURCE_LINK_LAYER);
    return { kind: 'neighbor-solicitation', target, ...(mac >= 0 && { sourceMac: mac }) };
  }
  const mac = linkLayerAddress(b, o, n, OPTION.TARGET_LINK_LAYER);
  return {
    kind: 'neighbor-advertisement',
    target,
    router: isRouter(b, o),
    solicited: isSolicited(b, o),
    override: isOverride(b, o),
    ...(mac >= 0 && { targetMac: mac }),
  };
}

/** Leaves the checksum zero: see `icmpv6.fillChecksum`. */
export function emit(v: Ndp, b: Uint8Array, o: number): number {
  const solicitation = v.kind === 'neighbor-solicitation';
  icmpv6.setType(b, o, solicitation ? icmpv6.TYPES.NEIGHBOR_SOLICITATION : icmpv6.TYPES.NEIGHBOR_ADVERTISEMENT);
  icmpv6.setCode(b, o, 0);
  icmpv6.setChecksum(b, o, 0);
  icmpv6.setRest(b, o, 0);
  if (v.kind === 'neighbor-advertisement') {
    b[o + FLAGS] = (v.router ? ROUTER : 0) | (v.solicited ? SOLICITED : 0) | (v.override ? OVERRIDE : 0);
  }
  copy(v.target, 0, b, o + TARGET, 16);
  const mac = v.kind === 'neighbor-solicitation' ? v.sourceMac : v.targetMac;
  if (mac === undefined) return HEADER;
  b[o + HEADER] = solicitation ? OPTION.SOURCE_LINK_LAYER : OPTION.TARGET_LINK_LAYER;
  b[o + HEADER + 1] = 1;
  setU48(b, o + HEADER + 2, mac);
  return HEADER + LINK_LAYER_OPTION;
}

export function format(v: Ndp): string {
  const target = formatIpv6(v.target);
  if (v.kind === 'neighbor-solicitation') return `ndp who-has ${target}${v.sourceMac === undefined ? '' : ` from ${formatMac(v.sourceMac)}`}`;
  const flags = `${v.router ? 'R' : ''}${v.solicited ? 'S' : ''}${v.override ? 'O' : ''}`;
  return `ndp ${target}${v.targetMac === undefined ? '' : ` is-at ${formatMac(v.targetMac)}`}${flags === '' ? '' : ` [${flags}]`}`;
}
