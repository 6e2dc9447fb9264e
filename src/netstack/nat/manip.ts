/**
 * Rewrites one end of a packet, and every checksum that covers it, by increments (RFC 1624). Behaves as Linux's
 * nf_nat_proto. Hot.
 * @module
 */
import { setU16, u16 } from '../../wire/bytes.js';
import * as checksum from '../../wire/checksum.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as tcp from '../../wire/tcp.js';
import * as udp from '../../wire/udp.js';
import type { AddressBook } from '../address-book.js';
import { findTransport, TransportPlace } from '../conntrack/packet-tuple.js';
import { icmpAnswer } from '../conntrack/tuple.js';
import { IPPROTO } from '../transport.js';

export const MANIP_SRC = 0;
export const MANIP_DST = 1;
export type Manip = typeof MANIP_SRC | typeof MANIP_DST;

/** RFC 792: an error quotes this much of the transport header at least. */
const QUOTED = 8;
/** Its keys stay, but Linux wants to see them. */
const IPPROTO_GRE = 47;

export class Rewriter {
  readonly #book: AddressBook;
  readonly #place = new TransportPlace();
  readonly #address = new Uint8Array(16);

  constructor(book: AddressBook) {
    this.#book = book;
  }

  /**
   * Gives the source or destination of the packet whose IP header is at `o` another address and port (identifier, for
   * ICMP queries). The packet may be cut short at `end`, as in an ICMP error; a checksum of TCP that is cut off is left.
   * @returns false when even the eight octets that every error quotes (RFC 792) are not there
   */
  rewrite(b: Uint8Array, o: number, end: number, family: 4 | 6, manip: Manip, key: number, port: number): boolean {
    const place = this.#place;
    const found = findTransport(b, o, end, family, place);
    const change =
      family === 4
        ? this.#address4(b, o + (manip === MANIP_SRC ? ipv4.SRC : ipv4.DST), key, o)
        : this.#address6(b, o + (manip === MANIP_SRC ? ipv6.SRC : ipv6.DST), key);
    return !found || transport(b, place.protocol, place.at, end, manip, port, change);
  }

  /** The address and the header's checksum. @returns what the address's change adds to checksums */
  #address4(b: Uint8Array, at: number, key: number, header: number): number {
    const high = key >>> 16;
    const low = key & 0xffff;
    const change = checksum.change16(u16(b, at), high) + checksum.change16(u16(b, at + 2), low);
    setU16(b, at, high);
    setU16(b, at + 2, low);
    checksum.applyChange(b, header + ipv4.CHECKSUM, change);
    return change;
  }

  #address6(b: Uint8Array, at: number, key: number): number {
    const address = this.#address;
    this.#book.writeKey6(key, address, 0);
    let change = 0;
    for (let i = 0; i < 16; i += 2) {
      change += checksum.change16(u16(b, at + i), u16(address, i));
      b[at + i] = address[i] as number;
      b[at + i + 1] = address[i + 1] as number;
    }
    return change;
  }
}

/** @param change of the address @returns false when the header is cut short */
function transport(b: Uint8Array, protocol: number, at: number, end: number, manip: Manip, port: number, change: number): boolean {
  if (!isTranslated(protocol)) return protocol !== IPPROTO_GRE || at + QUOTED <= end;
  if (at + QUOTED > end) return false;
  const field = manip === MANIP_SRC ? at : at + 2;
  switch (protocol) {
    case IPPROTO.UDP:
      checksum.applyChangeUdp(b, at + udp.CHECKSUM, change + checksum.change16(u16(b, field), port));
      setU16(b, field, port);
      return true;
    case IPPROTO.TCP:
      if (at + tcp.HEADER <= end) checksum.applyChange(b, at + tcp.CHECKSUM, change + checksum.change16(u16(b, field), port));
      setU16(b, field, port);
      return true;
    case IPPROTO.ICMP:
      if (icmpAnswer(IPPROTO.ICMP, icmp.type(b, at)) < 0) return true;
      checksum.applyChange(b, at + icmp.CHECKSUM, checksum.change16(icmp.identifier(b, at), port));
      icmp.setIdentifier(b, at, port);
      return true;
    default:
      if (icmpv6.type(b, at) !== icmpv6.TYPES.ECHO_REQUEST && icmpv6.type(b, at) !== icmpv6.TYPES.ECHO_REPLY) {
        checksum.applyChange(b, at + icmpv6.CHECKSUM, change);
        return true;
      }
      checksum.applyChange(b, at + icmpv6.CHECKSUM, change + checksum.change16(icmpv6.identifier(b, at), port));
      icmpv6.setIdentifier(b, at, port);
      return true;
  }
}

function isTranslated(protocol: number): boolean {
  return protocol === IPPROTO.UDP || protocol === IPPROTO.TCP || protocol === IPPROTO.ICMP || protocol === IPPROTO.IPV6_ICMP;
}
