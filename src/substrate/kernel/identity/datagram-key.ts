/**
 * What a UDP datagram is called between a role, which sees payload and endpoints, and the tap of its node, which sees
 * frames: a number made of both endpoints and all octets of the payload. 52 bits, so that a number holds it: two
 * different datagrams of the same endpoints within seconds do not share one in any lab.
 * @module
 */
import * as ethernet from '../../../wire/ethernet.js';
import * as ipv4 from '../../../wire/ipv4.js';
import * as ipv6 from '../../../wire/ipv6.js';
import * as udp from '../../../wire/udp.js';

/** No key: the frame is no whole UDP datagram. */
export const NO_KEY = -1;

/** One end of a datagram: the address is `bytes[at .. at + length)`. */
export interface DatagramEnd {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly length: number;
  readonly port: number;
}

export function datagramKey(from: DatagramEnd, to: DatagramEnd, buf: Uint8Array, off: number, len: number): number {
  const sum = new Sum();
  sum.end(from);
  sum.end(to);
  sum.octets(buf, off, len);
  return sum.key(len);
}

/** {@link NO_KEY} for a fragment too: the role sees the whole datagram only. */
export function keyOfFrame(b: Uint8Array, off: number, len: number): number {
  const ip = off + ethernet.HEADER;
  const left = len - ethernet.HEADER;
  if (left <= 0) return NO_KEY;
  switch (ethernet.type(b, off)) {
    case ethernet.ETHERTYPE.IPV4: {
      if (ipv4.check(b, ip, left) !== 0 || ipv4.protocol(b, ip) !== udp.PROTOCOL || ipv4.isFragment(b, ip)) return NO_KEY;
      return keyOfUdp(b, ip + ipv4.SRC, ip + ipv4.DST, 4, ip + ipv4.headerLength(b, ip), ip + ipv4.totalLength(b, ip));
    }
    case ethernet.ETHERTYPE.IPV6: {
      if (ipv6.check(b, ip, left) !== 0 || ipv6.nextHeader(b, ip) !== udp.PROTOCOL) return NO_KEY;
      return keyOfUdp(b, ip + ipv6.SRC, ip + ipv6.DST, 16, ip + ipv6.HEADER, ip + ipv6.HEADER + ipv6.payloadLength(b, ip));
    }
    default:
      return NO_KEY;
  }
}

function keyOfUdp(b: Uint8Array, src: number, dst: number, length: number, at: number, end: number): number {
  if (udp.check(b, at, end - at) !== 0) return NO_KEY;
  const from = { bytes: b, at: src, length, port: udp.srcPort(b, at) };
  const to = { bytes: b, at: dst, length, port: udp.dstPort(b, at) };
  return datagramKey(from, to, b, at + udp.HEADER, udp.length(b, at) - udp.HEADER);
}

/** FNV-1a twice, from two beginnings and by two primes. */
class Sum {
  #a = 0x811c_9dc5;
  #b = 0x9747_b28c;

  end({ bytes, at, length, port }: DatagramEnd): void {
    this.octets(bytes, at, length);
    this.#octet(port >>> 8);
    this.#octet(port & 0xff);
  }

  octets(bytes: Uint8Array, at: number, length: number): void {
    let a = this.#a;
    let b = this.#b;
    for (let i = at, end = at + length; i < end; i++) {
      const octet = bytes[i] as number;
      a = Math.imul(a ^ octet, 0x0100_0193);
      b = Math.imul(b ^ octet, 0x85eb_ca6b);
      b ^= b >>> 15;
    }
    this.#a = a;
    this.#b = b;
  }

  key(length: number): number {
    this.#octet(length >>> 8);
    this.#octet(length & 0xff);
    return (this.#a >>> 0) * 0x10_0000 + ((this.#b >>> 12) & 0xf_ffff);
  }

  #octet(octet: number): void {
    this.#a = Math.imul(this.#a ^ octet, 0x0100_0193);
    this.#b = Math.imul(this.#b ^ octet, 0x85eb_ca6b);
    this.#b ^= this.#b >>> 15;
  }
}
