/**
 * What a kernel made of a packet's addresses and ports, seen from outside: `10.0.0.5:50000>198.51.100.1:61000`, two pairs
 * where both ends changed. An echo's identifier is the port of both its ends, as in the ledger's flows.
 * @module
 */
import { formatIpv4, formatIpv6, hostPort } from '../../../wire/address.js';
import { u16, u32 } from '../../../wire/bytes.js';
import * as icmp from '../../../wire/icmp.js';
import * as ipv6 from '../../../wire/ipv6.js';
import type { Fingerprint } from './fingerprint.js';

/** @param a the frame as it came in, @param b as it left */
export function translationText(a: Uint8Array, fa: Fingerprint, b: Uint8Array, fb: Fingerprint): string {
  const pairs = ([0, 1] as const).map((end) => [endpoint(a, fa, end), endpoint(b, fb, end)] as const);
  return pairs.flatMap(([from, to]) => (from === to ? [] : [`${from}>${to}`])).join(',');
}

function endpoint(b: Uint8Array, f: Fingerprint, end: 0 | 1): string {
  const at = f.addresses + end * f.addressLength;
  const port = f.ports >= 0 ? u16(b, f.ports + 2 * end) : identifier(b, f);
  const address = f.family === 4 ? formatIpv4(u32(b, at)) : formatIpv6(b, at);
  return port === null ? address : hostPort(address, port);
}

/** Null for what is no echo. */
function identifier(b: Uint8Array, f: Fingerprint): number | null {
  const protocol = f.family === 4 ? icmp.PROTOCOL : ipv6.NEXT.ICMPV6;
  // Of echoes the identifier is skipped, so that the payload begins behind it (see fingerprint.ts).
  return f.protocol === protocol && f.payload === f.transport + 6 ? u16(b, f.transport + 4) : null;
}
