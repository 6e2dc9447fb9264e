/**
 * ICMP errors name the packet that they are about: its IP header and at least eight octets more (RFC 792, RFC 4443).
 * @module
 */
import { DROP, type DropCode } from '../../../base/drop.js';
import * as bytes from '../../../wire/bytes.js';
import * as icmp from '../../../wire/icmp.js';
import * as icmpv6 from '../../../wire/icmpv6.js';
import * as ipv6 from '../../../wire/ipv6.js';
import type { Fingerprint } from './fingerprint.js';

export interface Quote {
  /** Offset of the quoted IP header. */
  readonly at: number;
  /** What the error says became of the packet; NONE when it was not dropped for that. */
  readonly drop: DropCode;
}

/** What the frame quotes, or null when it is no ICMP error. */
export function quoteOf(b: Uint8Array, print: Fingerprint): Quote | null {
  const { transport } = print;
  const room = print.end - transport - icmp.HEADER;
  if (print.family === 4 && print.protocol === icmp.PROTOCOL && room >= 28 && icmp.isError(icmp.type(b, transport))) {
    return { at: transport + icmp.HEADER, drop: drop4(icmp.type(b, transport), icmp.code(b, transport)) };
  }
  if (print.family === 6 && print.protocol === ipv6.NEXT.ICMPV6 && room >= ipv6.HEADER + 8 && icmp.type(b, transport) < 128) {
    return { at: transport + icmp.HEADER, drop: drop6(icmp.type(b, transport), icmp.code(b, transport)) };
  }
  return null;
}

function drop4(type: number, code: number): DropCode {
  if (type === icmp.TYPES.TIME_EXCEEDED) return code === icmp.EXCEEDED.TTL ? DROP.TTL : DROP.REASSEMBLY;
  if (type !== icmp.TYPES.DESTINATION_UNREACHABLE) return DROP.NONE;
  switch (code) {
    case icmp.UNREACHABLE.NET:
      return DROP.NO_ROUTE;
    case icmp.UNREACHABLE.HOST:
      return DROP.NO_NEIGHBOUR;
    case icmp.UNREACHABLE.FRAGMENTATION_NEEDED:
      return DROP.MTU_DF;
    default:
      return DROP.UNEXPLAINED;
  }
}

function drop6(type: number, code: number): DropCode {
  switch (type) {
    case icmpv6.TYPES.PACKET_TOO_BIG:
      return DROP.MTU_DF;
    case icmpv6.TYPES.TIME_EXCEEDED:
      return code === 0 ? DROP.TTL : DROP.REASSEMBLY;
    case icmpv6.TYPES.DESTINATION_UNREACHABLE:
      return code === 0 ? DROP.NO_ROUTE : code === 3 ? DROP.NO_NEIGHBOUR : DROP.UNEXPLAINED;
    default:
      return DROP.NONE;
  }
}

/** Is the packet the one that is quoted? By addresses, protocol, identification and the first eight octets above IP. */
export function quotes(quote: Uint8Array, at: number, b: Uint8Array, print: Fingerprint): boolean {
  if ((quote[at] as number) >>> 4 !== print.family) return false;
  const addresses = at + (print.addresses - print.ip);
  if (!bytes.equal(quote, addresses, b, print.addresses, 2 * print.addressLength)) return false;
  if (print.family === 4 && !bytes.equal(quote, at + 4, b, print.ip + 4, 2)) return false;
  const transport = at + (print.transport - print.ip);
  return bytes.equal(quote, transport, b, print.transport, Math.min(8, print.end - print.transport));
}
