/**
 * The 5-tuple of a frame, read into scratch without making objects. Addresses are numbers: below 2^32 the IPv4 address
 * itself as a signed number (unsigned ones from 128.0.0.0 on are beyond 31 bits and cost a box each), from 2^32 on an
 * interned IPv6 address.
 * @module
 */
import { formatIpv4, formatIpv6, parseAddress } from '../../wire/address.js';
import * as arp from '../../wire/arp.js';
import { u16, u32 } from '../../wire/bytes.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import * as fragment6 from '../../wire/ipv6-fragment.js';

/** Protocol number of a flow that is not IP: this plus the EtherType. */
export const NOT_IP = 0x10000;
const PROTOCOL = { ICMP: 1, TCP: 6, UDP: 17, DCCP: 33, ICMPV6: 58, SCTP: 132 } as const;
const V6 = 4294967296;

/** IPv6 addresses as numbers, found by their words. */
export class AddressTable {
  #words = new Int32Array(4 * 64);
  #size = 0;
  #table = new Int32Array(256);

  /** hot. The number of the address at `b[o ..]`. */
  of(b: Uint8Array, o: number): number {
    const w0 = u32(b, o) | 0;
    const w1 = u32(b, o + 4) | 0;
    const w2 = u32(b, o + 8) | 0;
    const w3 = u32(b, o + 12) | 0;
    const mask = this.#table.length - 1;
    const words = this.#words;
    let at = (Math.imul(w3 ^ (w1 << 7), 0x9e3779b1) ^ Math.imul(w2, 0x85ebca6b) ^ Math.imul(w0, 0xc2b2ae35)) >>> 7;
    for (at &= mask; ; at = (at + 1) & mask) {
      const found = (this.#table[at] as number) - 1;
      if (found < 0) return this.#add(w0, w1, w2, w3, at);
      const k = found * 4;
      if (words[k] === w0 && words[k + 1] === w1 && words[k + 2] === w2 && words[k + 3] === w3) return V6 + found;
    }
  }

  /** The number of an address as text. */
  ofText(text: string): number | undefined {
    const address = parseAddress(text);
    if (address === undefined) return undefined;
    return address.family === 4 ? address.value | 0 : this.of(address.bytes, 0);
  }

  text(address: number): string {
    if (address < V6) return formatIpv4(address >>> 0);
    const bytes = new DataView(new ArrayBuffer(16));
    const k = (address - V6) * 4;
    for (let i = 0; i < 4; i++) bytes.setInt32(i * 4, this.#words[k + i] as number);
    return formatIpv6(new Uint8Array(bytes.buffer));
  }

  #add(w0: number, w1: number, w2: number, w3: number, at: number): number {
    const index = this.#size++;
    if (index * 4 === this.#words.length) {
      const words = new Int32Array(this.#words.length * 2);
      words.set(this.#words);
      this.#words = words;
    }
    const k = index * 4;
    this.#words[k] = w0;
    this.#words[k + 1] = w1;
    this.#words[k + 2] = w2;
    this.#words[k + 3] = w3;
    this.#table[at] = index + 1;
    if (this.#size * 2 > this.#table.length) this.#rehash();
    return V6 + index;
  }

  #rehash(): void {
    this.#table = new Int32Array(this.#table.length * 2);
    const mask = this.#table.length - 1;
    for (let i = 0; i < this.#size; i++) {
      const [w0, w1, w2, w3] = this.#words.subarray(i * 4, i * 4 + 4) as unknown as readonly [number, number, number, number];
      let at = (Math.imul(w3 ^ (w1 << 7), 0x9e3779b1) ^ Math.imul(w2, 0x85ebca6b) ^ Math.imul(w0, 0xc2b2ae35)) >>> 7;
      for (at &= mask; this.#table[at] !== 0; ) at = (at + 1) & mask;
      this.#table[at] = i + 1;
    }
  }
}

/** Scratch: what {@link FlowTuple.read} found in the frame that it read last. */
export class FlowTuple {
  protocol = 0;
  src = 0;
  dst = 0;
  srcPort = 0;
  dstPort = 0;
  /** A fragment of an IP datagram; a later one has no ports. */
  fragment = false;
  laterFragment = false;
  readonly #addresses: AddressTable;

  constructor(addresses: AddressTable) {
    this.#addresses = addresses;
  }

  /** hot. Never fails: what cannot be read stays 0. */
  read(b: Uint8Array, o: number, n: number): void {
    this.src = this.dst = this.srcPort = this.dstPort = 0;
    this.fragment = this.laterFragment = false;
    if (n < ethernet.HEADER) {
      this.protocol = NOT_IP;
      return;
    }
    const type = ethernet.type(b, o);
    const at = o + ethernet.HEADER;
    const left = n - ethernet.HEADER;
    if (type === ethernet.ETHERTYPE.IPV4 && ipv4.checkHeader(b, at, left) === 0) this.#ipv4(b, at, left);
    else if (type === ethernet.ETHERTYPE.IPV6 && ipv6.checkHeader(b, at, left) === 0) this.#ipv6(b, at, left);
    else {
      this.protocol = NOT_IP + type;
      if (type === ethernet.ETHERTYPE.ARP && arp.check(b, at, left) === 0) {
        this.src = arp.senderProtocol(b, at) | 0;
        this.dst = arp.targetProtocol(b, at) | 0;
      }
    }
  }

  #ipv4(b: Uint8Array, at: number, left: number): void {
    this.src = ipv4.src(b, at) | 0;
    this.dst = ipv4.dst(b, at) | 0;
    this.protocol = ipv4.protocol(b, at);
    this.fragment = ipv4.isFragment(b, at);
    this.laterFragment = ipv4.fragmentOffset(b, at) !== 0;
    const header = ipv4.headerLength(b, at);
    if (!this.laterFragment) this.#ports(b, at + header, left - header);
  }

  #ipv6(b: Uint8Array, at: number, left: number): void {
    this.src = this.#addresses.of(b, at + ipv6.SRC);
    this.dst = this.#addresses.of(b, at + ipv6.DST);
    const end = at + left;
    let walked = ipv6.walk(b, at + ipv6.HEADER, end, ipv6.nextHeader(b, at));
    const p = ipv6.walkedTo(walked);
    if (walked >= 0 && ipv6.walkedHeader(walked) === ipv6.NEXT.FRAGMENT && p + fragment6.HEADER <= end) {
      this.fragment = !fragment6.isAtomic(b, p);
      this.laterFragment = fragment6.fragmentOffset(b, p) !== 0;
      if (this.laterFragment) {
        this.protocol = fragment6.nextHeader(b, p);
        return;
      }
      walked = ipv6.walk(b, p + fragment6.HEADER, end, fragment6.nextHeader(b, p));
    }
    if (walked < 0) {
      this.protocol = ipv6.nextHeader(b, at);
      return;
    }
    this.protocol = ipv6.walkedHeader(walked);
    this.#ports(b, ipv6.walkedTo(walked), end - ipv6.walkedTo(walked));
  }

  #ports(b: Uint8Array, p: number, left: number): void {
    if (left < 8) return;
    switch (this.protocol) {
      case PROTOCOL.UDP:
      case PROTOCOL.TCP:
      case PROTOCOL.DCCP:
      case PROTOCOL.SCTP:
        this.srcPort = u16(b, p);
        this.dstPort = u16(b, p + 2);
        return;
      case PROTOCOL.ICMP:
        // Echo and its reply are told apart by their identifier (RFC 792).
        if (b[p] === 8 || b[p] === 0) this.srcPort = this.dstPort = u16(b, p + 4);
        return;
      case PROTOCOL.ICMPV6:
        if (b[p] === 128 || b[p] === 129) this.srcPort = this.dstPort = u16(b, p + 4);
        return;
      default:
        return;
    }
  }
}
