/**
 * Reads the tuple of a packet, or of the packet that an ICMP error quotes, without making objects.
 * @module
 */
import { u16 } from '../../wire/bytes.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';
import type { AddressBook } from '../address-book.js';
import { IPPROTO } from '../transport.js';
import type { Tuple } from './tuple.js';

/** Scratch: where the transport header of the packet that was read last stands. */
export class TransportPlace {
  protocol = 0;
  /** Offset of the transport header in the buffer. */
  at = 0;
}

/**
 * hot. Finds the transport header of the packet whose IP header is at `o` and whose last octet is before `end`. False
 * when there is none to be found: a later fragment, extension headers that run out of the packet.
 * The IP header itself has been judged.
 */
export function findTransport(b: Uint8Array, o: number, end: number, family: 4 | 6, place: TransportPlace): boolean {
  if (family === 4) {
    if (ipv4.fragmentOffset(b, o) !== 0) return false;
    place.protocol = ipv4.protocol(b, o);
    place.at = o + ipv4.headerLength(b, o);
    return place.at <= end;
  }
  let walked = ipv6.walk(b, o + ipv6.HEADER, end, ipv6.nextHeader(b, o));
  if (walked >= 0 && ipv6.walkedHeader(walked) === ipv6.NEXT.FRAGMENT) {
    const at = ipv6.walkedTo(walked);
    if (at + fragment.HEADER > end || fragment.fragmentOffset(b, at) !== 0) return false;
    walked = ipv6.walk(b, at + fragment.HEADER, end, fragment.nextHeader(b, at));
  }
  if (walked < 0) return false;
  place.protocol = ipv6.walkedHeader(walked);
  place.at = ipv6.walkedTo(walked);
  return true;
}

/** hot. The tuple of the packet at `o`, whose transport header was found. False when that is cut short. */
export function readTuple(b: Uint8Array, o: number, end: number, family: 4 | 6, place: TransportPlace, book: AddressBook, into: Tuple): boolean {
  const { protocol, at } = place;
  into.family = family;
  into.protocol = protocol;
  if (family === 4) {
    into.srcKey = book.key4(b, o + ipv4.SRC);
    into.dstKey = book.key4(b, o + ipv4.DST);
  } else {
    into.srcKey = book.key6(b, o + ipv6.SRC);
    into.dstKey = book.key6(b, o + ipv6.DST);
  }
  switch (protocol) {
    case IPPROTO.UDP:
    case IPPROTO.TCP:
      if (at + 4 > end) return false;
      into.sport = u16(b, at);
      into.dport = u16(b, at + 2);
      return true;
    case IPPROTO.ICMP:
    case IPPROTO.IPV6_ICMP:
      if (at + 8 > end) return false;
      // Identifier, type and code: what a query and its answer have in common.
      into.sport = u16(b, at + 4);
      into.dport = u16(b, at);
      return true;
    default:
      into.sport = 0;
      into.dport = 0;
      return true;
  }
}
