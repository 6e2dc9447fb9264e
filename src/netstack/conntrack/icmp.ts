/**
 * ICMP and ICMPv6 messages that are tracked otherwise than by their own tuple: errors belong to the connection that they
 * quote a packet of, neighbour discovery and group management to none.
 * @module
 */
import type { Packet } from '../../fabric/packet.js';
import * as checksum from '../../wire/checksum.js';
import * as ethernet from '../../wire/ethernet.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import type { AddressBook } from '../address-book.js';
import { IPPROTO } from '../transport.js';
import { CT_REPLIED, CT_REPLY, CT_STATE } from './connection.js';
import type { Entry } from './entry.js';
import { findTransport, readTuple, TransportPlace } from './packet-tuple.js';
import type { ResolvedSettings } from './settings.js';
import type { ConnectionTable } from './table.js';
import { Tuple } from './tuple.js';
import { CT_WHY } from './why.js';

/** What it needs of its node. */
interface Ports {
  readonly book: AddressBook;
}

/** The highest type that Linux knows (NR_ICMP_TYPES); what is above is invalid. */
const LAST_TYPE = 18;
/** Multicast listener and neighbour discovery, multicast router discovery: never tracked. */
const UNTRACKED6: ReadonlySet<number> = new Set([130, 131, 132, 133, 134, 135, 136, 143, 151, 152]);
/** RFC 4861 4.5 and 4.6.3: the message before its options, and the option before the packet that it quotes. */
const REDIRECT = 40;
const REDIRECTED_HEADER = 4;

export class IcmpTracking {
  readonly #node: Ports;
  readonly #table: ConnectionTable;
  readonly #settings: ResolvedSettings;
  readonly #inner = new TransportPlace();
  readonly #quoted = new Tuple();
  readonly #inverse = new Tuple();

  constructor(node: Ports, table: ConnectionTable, settings: ResolvedSettings) {
    this.#node = node;
    this.#table = table;
    this.#settings = settings;
  }

  /**
   * Sets `ctinfo` (and `ct`) of an error or of what is never tracked; leaves it 0 for a query or its answer.
   * @returns why the message is invalid, or 0
   */
  error(p: Packet, family: 4 | 6, place: TransportPlace, end: number, arrived: boolean): number {
    if (family === 4) return place.protocol === IPPROTO.ICMP ? this.#error4(p, place.at, end, arrived) : 0;
    return place.protocol === IPPROTO.IPV6_ICMP ? this.#error6(p, place.at, end, arrived) : 0;
  }

  #error4(p: Packet, at: number, end: number, arrived: boolean): number {
    const b = p.buf;
    if (icmp.check(b, at, end - at) !== 0) return CT_WHY.MALFORMED;
    if (arrived && this.#settings.checksum && !checksum.verifyView(p.view, at, end - at)) return CT_WHY.CHECKSUM;
    const type = icmp.type(b, at);
    if (type > LAST_TYPE) return CT_WHY.ICMP_UNASKED;
    if (!icmp.isError(type)) return 0;
    const to = this.#node.book.key4(b, p.off + ethernet.HEADER + ipv4.DST);
    const o = at + icmp.HEADER;
    if (o + ipv4.HEADER > end) return CT_WHY.MALFORMED;
    return this.#related(p, o, end, 4, to);
  }

  #error6(p: Packet, at: number, end: number, arrived: boolean): number {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (icmpv6.check(b, at, end - at) !== 0) return CT_WHY.MALFORMED;
    if (arrived && this.#settings.checksum && !checksum.verifyView(p.view, at, end - at, checksum.pseudo6(b, o, IPPROTO.IPV6_ICMP, end - at)))
      return CT_WHY.CHECKSUM;
    const type = icmpv6.type(b, at);
    if (UNTRACKED6.has(type)) {
      p.ctinfo = CT_STATE.UNTRACKED;
      return 0;
    }
    if (type === icmpv6.TYPES.REDIRECT) return this.#redirect6(p, at, end);
    if (!icmpv6.isError(type)) return 0;
    const quote = at + icmpv6.HEADER;
    if (quote + ipv6.HEADER > end) return CT_WHY.MALFORMED;
    return this.#related(p, quote, end, 6, this.#node.book.key6(b, o + ipv6.DST));
  }

  /** RFC 4861 8.1: comes from a neighbour. */
  #redirect6(p: Packet, at: number, end: number): number {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (at + REDIRECT > end) return CT_WHY.MALFORMED;
    if (icmpv6.code(b, at) !== 0) return 0;
    if (ipv6.hopLimit(b, o) !== 255 || b[o + ipv6.SRC] !== 0xfe || ((b[o + ipv6.SRC + 1] as number) & 0xc0) !== 0x80) return CT_WHY.ERROR_TO_OTHER;
    const option = at + REDIRECT;
    if (option + 2 > end || b[option + 1] === 0) return CT_WHY.MALFORMED;
    if (b[option] !== REDIRECTED_HEADER) return 0;
    if (option + 8 + ipv6.HEADER > end) return CT_WHY.MALFORMED;
    return this.#related(p, option + 8, end, 6, this.#node.book.key6(b, o + ipv6.DST));
  }

  /** The connection of the packet quoted at `o`. @param to whom the error goes to */
  #related(p: Packet, o: number, end: number, family: 4 | 6, to: number): number {
    const { book } = this.#node;
    if (!findTransport(p.buf, o, end, family, this.#inner)) return CT_WHY.MALFORMED;
    if (!readTuple(p.buf, o, end, family, this.#inner, book, this.#quoted)) return CT_WHY.MALFORMED;
    if (!this.#inverse.setInverse(this.#quoted)) return CT_WHY.ICMP_UNASKED;
    const found = this.#table.find(this.#inverse);
    if (found === null) return CT_WHY.ERROR_WITHOUT_CONNECTION;
    // The error goes to whom the quoted packet came from.
    if (found.dstKey !== to) return CT_WHY.ERROR_TO_OTHER;
    p.ct = found.entry as Entry;
    p.ctinfo = CT_STATE.RELATED | (found.direction === CT_REPLIED ? CT_REPLY : 0);
    return 0;
  }
}
