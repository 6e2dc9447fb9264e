/**
 * Translation of ICMP errors: the packet that they quote gets back the ends that its sender knows, and the error itself
 * looks as if it came from there (Linux's nf_nat_icmp_reply_translation, RFC 5508 section 4).
 * @module
 */
import type { Packet } from '../../fabric/packet.js';
import { setU16 } from '../../wire/bytes.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import { findTransport, TransportPlace } from '../conntrack/packet-tuple.js';
import type { Tuple } from '../conntrack/tuple.js';
import { IPPROTO } from '../transport.js';
import { type Manip, MANIP_DST, MANIP_SRC, type Rewriter } from './manip.js';

export class IcmpErrorTranslation {
  readonly #rewriter: Rewriter;
  readonly #place = new TransportPlace();

  constructor(rewriter: Rewriter) {
    this.#rewriter = rewriter;
  }

  /** Whether a related packet is an ICMP message; its place is noted for the other methods. */
  isError(p: Packet, family: 4 | 6): boolean {
    const protocol = family === 4 ? IPPROTO.ICMP : IPPROTO.IPV6_ICMP;
    return findTransport(p.buf, p.off + ethernet.HEADER, p.off + p.len, family, this.#place) && this.#place.protocol === protocol;
  }

  /** Whether its checksum holds. That of a packet that the node has had for longer is not looked at. */
  sound(p: Packet, family: 4 | 6, arrived: boolean): boolean {
    const { at } = this.#place;
    const n = p.off + p.len - at;
    return !arrived || checksum.verifyView(p.view, at, n, pseudo(p, family, n));
  }

  isRedirect(p: Packet, family: 4 | 6): boolean {
    return family === 4 ? icmp.type(p.buf, this.#place.at) === icmp.TYPES.REDIRECT : icmpv6.type(p.buf, this.#place.at) === icmpv6.TYPES.REDIRECT;
  }

  /**
   * @param other the tuple of the other direction than the error's
   * @param outside false: the error itself keeps its addresses
   * @returns false when the quote is too short to be translated
   */
  translate(p: Packet, family: 4 | 6, other: Tuple, manip: Manip, outside = true): boolean {
    const b = p.buf;
    const end = p.off + p.len;
    const { at } = this.#place;
    const query = other.protocol === IPPROTO.ICMP || other.protocol === IPPROTO.IPV6_ICMP;
    // Inside, where source is destination.
    const inside =
      manip === MANIP_SRC
        ? this.#rewriter.rewrite(b, at + icmp.HEADER, end, family, MANIP_DST, other.dstKey, query ? other.sport : other.dport)
        : this.#rewriter.rewrite(b, at + icmp.HEADER, end, family, MANIP_SRC, other.srcKey, other.sport);
    if (!inside) return false;
    setU16(b, at + icmp.CHECKSUM, 0);
    setU16(b, at + icmp.CHECKSUM, checksum.finish(checksum.sumView(p.view, at, end - at, pseudo(p, family, end - at))));
    if (!outside) return true;
    // Outside: an error has no port, and the identifier is none of its own.
    return this.#rewriter.rewrite(b, p.off + ethernet.HEADER, end, family, manip, manip === MANIP_SRC ? other.dstKey : other.srcKey, 0);
  }
}

function pseudo(p: Packet, family: 4 | 6, n: number): number {
  return family === 4 ? 0 : checksum.pseudo6(p.buf, p.off + ethernet.HEADER, IPPROTO.IPV6_ICMP, n);
}
