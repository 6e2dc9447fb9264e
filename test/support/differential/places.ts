/**
 * Where in a frame stand what a translation may draw (ports, identifiers of echoes) and the checksums that follow from it,
 * also in what an ICMP error quotes.
 * @module
 */
import { u16 } from '../../../src/wire/bytes.js';
import * as ipv4 from '../../../src/wire/ipv4.js';
import * as ipv6 from '../../../src/wire/ipv6.js';

export interface Places {
  /** Offsets of two octets each. */
  readonly ports: readonly number[];
  readonly sums: readonly number[];
}

const ECHOES: readonly number[] = [0, 8, 128, 129];
const ERRORS4: readonly number[] = [3, 11, 12];

export function placesOf(frame: Uint8Array): Places {
  const places = { ports: [] as number[], sums: [] as number[] };
  const ethertype = u16(frame, 12);
  if (ethertype === 0x0800 || ethertype === 0x86dd) ofPacket(frame, 14, places);
  const inside = (at: number): boolean => at + 2 <= frame.length;
  return { ports: places.ports.filter(inside), sums: places.sums.filter(inside) };
}

function ofPacket(frame: Uint8Array, o: number, into: { ports: number[]; sums: number[] }): void {
  const ip = frame.subarray(o);
  const four = (ip[0] ?? 0) >> 4 === 4;
  if (ip.length < (four ? 20 : 40)) return;
  if (four) {
    if (ipv4.fragmentOffset(ip, 0) === 0) ofTransport(frame, o + ipv4.headerLength(ip, 0), ipv4.protocol(ip, 0), into);
    return;
  }
  const walked = ipv6.transport(ip, 0);
  if (walked >= 0) ofTransport(frame, o + ipv6.walkedTo(walked), ipv6.walkedHeader(walked), into);
}

function ofTransport(frame: Uint8Array, at: number, protocol: number, into: { ports: number[]; sums: number[] }): void {
  switch (protocol) {
    case 6:
    case 17:
    case 136:
      into.ports.push(at, at + 2);
      into.sums.push(at + (protocol === 6 ? 16 : 6));
      return;
    case 132:
      into.ports.push(at, at + 2);
      into.sums.push(at + 8, at + 10);
      return;
    case 1:
    case 58: {
      const type = frame[at] ?? -1;
      into.sums.push(at + 2);
      if (ECHOES.includes(type) && (protocol === 58) === type >= 128) into.ports.push(at + 4);
      else if (protocol === 58 ? type < 128 : ERRORS4.includes(type)) ofPacket(frame, at + 8, into);
      return;
    }
    default:
  }
}
