/**
 * One packet as the rules see it: where its headers are, and how a field is read. Filled once per base chain.
 * @hot
 * @module
 */
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment from '../../wire/ipv6-fragment.js';
import { type AddressBook, keyOf } from '../address-book.js';
import { type Connection, CT_REPLY, CT_STATE, CT_STATUS } from '../conntrack/connection.js';
import type { Tracker } from '../conntrack/tracker.js';
import type { NodeCore } from '../node-core.js';
import { CONNECTION, type Field, FIELDS, KIND, META, NFPROTO_IPV4, NFPROTO_IPV6, TUPLE } from './fields.js';

/** What it needs of its node. */
export interface FieldPorts {
  readonly core: NodeCore;
  readonly book: AddressBook;
}

/** The fields by columns: an object per field would be a look-up more in every rule. */
const column = (of: (field: Field) => number): Int32Array => Int32Array.from(FIELDS, of);
const COLUMN = {
  kind: column((f) => f.kind),
  family: column((f) => f.family),
  protocol: column((f) => f.protocol),
  offset: column((f) => f.offset),
  size: column((f) => f.size),
  shift: column((f) => f.shift),
  mask: column((f) => f.mask),
  typeA: column((f) => f.typeA),
  typeB: column((f) => f.typeB),
} as const;

export class PacketFields {
  readonly #node: FieldPorts;
  readonly #book: AddressBook;
  readonly #tracker: Tracker | null;
  #p: Packet | null = null;
  #b: Uint8Array = new Uint8Array(0);
  /** IP header, transport header, end of the packet, in `#b`. */
  #network = 0;
  #transport = 0;
  #end = 0;
  family: 4 | 6 = 4;
  /** Transport protocol; -1 where there is none. */
  protocol = -1;
  /** False for fragments but the first: what stands there is no header. */
  #hasTransport = false;
  /** Octets of the IP packet. */
  length = 0;
  connection: Connection | null = null;

  constructor(node: FieldPorts, tracker: Tracker | null) {
    this.#node = node;
    this.#book = node.book;
    this.#tracker = tracker;
  }

  set(p: Packet): void {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    this.#p = p;
    this.#b = b;
    this.#network = o;
    this.#end = p.off + p.len;
    this.length = p.len - ethernet.HEADER;
    this.connection = this.#tracker === null ? null : this.#tracker.of(p);
    if ((b[o] as number) >>> 4 === 4) {
      this.family = 4;
      this.protocol = ipv4.protocol(b, o);
      this.#transport = o + ipv4.headerLength(b, o);
      this.#hasTransport = ipv4.fragmentOffset(b, o) === 0;
    } else {
      this.family = 6;
      this.#walk6(b, o);
    }
  }

  /** False: the packet has no such field. */
  read(field: number, words: Int32Array, at: number): boolean {
    const family = COLUMN.family[field] as number;
    if (family !== 0 && family !== this.family) return false;
    switch (COLUMN.kind[field]) {
      case KIND.TRANSPORT:
        return this.#readTransport(field, words, at);
      case KIND.NETWORK:
        words[at] = this.#octets(this.#network + (COLUMN.offset[field] as number), field);
        return true;
      case KIND.ADDRESS6:
        words[at] = this.#book.key6(this.#b, this.#network + (COLUMN.offset[field] as number));
        return true;
      case KIND.STATE:
        words[at] = this.#state();
        return true;
      case KIND.META:
        return this.#readMeta(COLUMN.offset[field] as number, words, at);
      case KIND.CONNECTION:
        return this.#readConnection(COLUMN.offset[field] as number, words, at);
      default:
        return this.#readTuple(field, words, at);
    }
  }

  #readTransport(field: number, words: Int32Array, at: number): boolean {
    const protocol = COLUMN.protocol[field] as number;
    const o = this.#transport + (COLUMN.offset[field] as number);
    if (protocol !== 0 && protocol !== this.protocol) return false;
    if (!this.#hasTransport || o + (COLUMN.size[field] as number) > this.#end) return false;
    const typeA = COLUMN.typeA[field] as number;
    if (typeA !== -1) {
      const type = this.#b[this.#transport] as number;
      if (type !== typeA && type !== COLUMN.typeB[field]) return false;
    }
    words[at] = this.#octets(o, field);
    return true;
  }

  /** Big-endian, shifted and masked. */
  #octets(o: number, field: number): number {
    const b = this.#b;
    const size = COLUMN.size[field] as number;
    let v = b[o] as number;
    if (size >= 2) v = (v << 8) | (b[o + 1] as number);
    if (size === 4) v = (v << 16) | ((b[o + 2] as number) << 8) | (b[o + 3] as number);
    return (v >>> (COLUMN.shift[field] as number)) & (COLUMN.mask[field] as number);
  }

  /** Before anybody has looked (priority below -200, or no tracking at all) it is "invalid" (nft_ct_get_eval). */
  #state(): number {
    const state = (this.#p as Packet).ctinfo & 255;
    return state === 0 ? CT_STATE.INVALID : state;
  }

  #readMeta(which: number, words: Int32Array, at: number): boolean {
    const p = this.#p as Packet;
    switch (which) {
      case META.IIF:
        words[at] = p.iif;
        return true;
      case META.OIF:
        words[at] = p.oif;
        return true;
      case META.MARK:
        words[at] = p.mark;
        return true;
      case META.L4PROTO:
        words[at] = this.protocol;
        return this.protocol >= 0;
      case META.NFPROTO:
        words[at] = this.family === 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
        return true;
      case META.PROTOCOL:
        words[at] = this.family === 4 ? ethernet.ETHERTYPE.IPV4 : ethernet.ETHERTYPE.IPV6;
        return true;
      case META.LENGTH:
        words[at] = this.length;
        return true;
      default:
        words[at] = this.#packetType(p);
        return true;
    }
  }

  /** PACKET_HOST 0, BROADCAST 1, MULTICAST 2: what the frame says; of what the node itself sent, HOST. */
  #packetType(p: Packet): number {
    const b = this.#b;
    if (p.iif <= 0 || !ethernet.isGroup(b, p.off)) return 0;
    for (let i = 0; i < 6; i++) if (b[p.off + i] !== 0xff) return 2;
    return 1;
  }

  #readConnection(which: number, words: Int32Array, at: number): boolean {
    const connection = this.connection;
    if (connection === null) return false;
    switch (which) {
      case CONNECTION.STATUS:
        words[at] = connection.status;
        return true;
      case CONNECTION.MARK:
        words[at] = connection.mark;
        return true;
      case CONNECTION.DIRECTION:
        words[at] = ((this.#p as Packet).ctinfo & CT_REPLY) === 0 ? 0 : 1;
        return true;
      default:
        // In milliseconds, as the kernel compares it; before it is in the table a connection has no time to run out.
        words[at] = (connection.status & CT_STATUS.CONFIRMED) === 0 ? 0 : Math.max(0, Math.floor((connection.expires - this.#node.core.scheduler.now) / 1e6));
        return true;
    }
  }

  #readTuple(field: number, words: Int32Array, at: number): boolean {
    const connection = this.connection;
    if (connection === null) return false;
    const tuple = COLUMN.size[field] === 0 ? connection.original : connection.reply;
    switch (COLUMN.offset[field]) {
      case TUPLE.SADDR:
        words[at] = keyOf(tuple.src);
        return true;
      case TUPLE.DADDR:
        words[at] = keyOf(tuple.dst);
        return true;
      case TUPLE.PROTOCOL:
        words[at] = tuple.protocol;
        return true;
      case TUPLE.PROTO_SRC:
        words[at] = tuple.sport;
        return true;
      default:
        words[at] = tuple.dport;
        return true;
    }
  }

  /** As ipv6_find_hdr does: of fragments but the first the protocol is known, and nothing else. */
  #walk6(b: Uint8Array, o: number): void {
    let walked = ipv6.transport(b, o);
    this.#hasTransport = true;
    if (walked >= 0 && ipv6.walkedHeader(walked) === ipv6.NEXT.FRAGMENT) {
      const at = ipv6.walkedTo(walked);
      if (at + fragment.HEADER > this.#end) walked = -1;
      else if (fragment.fragmentOffset(b, at) === 0) walked = ipv6.walk(b, at + fragment.HEADER, this.#end, fragment.nextHeader(b, at));
      else {
        this.#hasTransport = false;
        this.protocol = fragment.nextHeader(b, at);
        return;
      }
    }
    this.protocol = walked < 0 ? -1 : ipv6.walkedHeader(walked);
    this.#transport = walked < 0 ? this.#end : ipv6.walkedTo(walked);
    if (walked < 0) this.#hasTransport = false;
  }
}
