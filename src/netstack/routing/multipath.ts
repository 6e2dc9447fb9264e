/**
 * Equal-cost multipath: which next hop a flow takes. As Linux's hash-threshold (net/ipv4/fib_semantics.c): the flow's
 * hash falls into one of as many ranges as there are next hops that are up, each as wide as its weight says; so a flow
 * keeps its way, and when a next hop goes only the ranges move.
 *
 * What is hashed is Linux's too (fib_multipath_hash_policy 0 and 1); the hash function is not, since a kernel draws its
 * key at boot: which next hop a flow gets tells nothing about another kernel. Hot: nothing is allocated per packet.
 * @module
 */
import type { Packet } from '../../fabric/packet.js';
import * as ethernet from '../../wire/ethernet.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import * as ipv4 from '../../wire/ipv4.js';
import * as ipv6 from '../../wire/ipv6.js';
import { IPPROTO } from '../transport.js';
import type { Destination, Members } from './destination.js';

/** RFC 4960 and RFC 4340 keep their ports where TCP and UDP have them. */
const SCTP = 132;
const DCCP = 33;

/** The largest hash of each next hop in a space of 31 bits. */
export function hashBounds(weights: readonly number[]): Int32Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  return Int32Array.from(weights, (weight) => {
    sum += weight;
    return Math.round((sum * 0x8000_0000) / total) - 1;
  });
}

/** hot. */
export function memberFor(members: Members, hash: number): Destination {
  const { bounds, destinations } = members;
  const last = bounds.length - 1;
  let i = 0;
  while (i < last && hash > (bounds[i] as number)) i++;
  return destinations[i] as Destination;
}

export class FlowHash {
  readonly #seed: number;
  readonly #ports: boolean;

  /** @param ports policy 1 (layer 4): ports count; else policy 0, addresses alone */
  constructor(seed: number, ports: boolean) {
    this.#seed = seed | 0;
    this.#ports = ports;
  }

  /** hot. 31 bits. The frame's IPv4 header has been checked. */
  of4(p: Packet): number {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (!this.#ports) {
      const inner = quotedBy4(p, o);
      return finish(mix(mix(this.#seed, word(b, inner + ipv4.SRC)), word(b, inner + ipv4.DST)));
    }
    let h = mix(mix(this.#seed, word(b, o + ipv4.SRC)), word(b, o + ipv4.DST));
    const protocol = ipv4.protocol(b, o);
    h = mix(h, protocol);
    // Later fragments have no ports, so the first one's don't count either: all take one way.
    const at = o + ipv4.headerLength(b, o);
    if (hasPorts(protocol) && !ipv4.isFragment(b, o) && at + 4 <= p.off + p.len) h = mix(h, word(b, at));
    return finish(h);
  }

  /** hot. As {@link of4}. */
  of6(p: Packet): number {
    const b = p.buf;
    const o = p.off + ethernet.HEADER;
    if (!this.#ports) {
      const inner = quotedBy6(p, o);
      return finish(mix(mix(addresses6(b, inner, this.#seed), word(b, inner) & 0xfffff), b[inner + 6] as number));
    }
    let h = addresses6(b, o, this.#seed);
    const walked = ipv6.transport(b, o);
    if (walked < 0) return finish(h);
    const protocol = ipv6.walkedHeader(walked);
    const at = ipv6.walkedTo(walked);
    h = mix(h, protocol);
    if (hasPorts(protocol) && at + 4 <= p.off + p.len) h = mix(h, word(b, at));
    return finish(h);
  }
}

function hasPorts(protocol: number): boolean {
  return protocol === IPPROTO.UDP || protocol === IPPROTO.TCP || protocol === SCTP || protocol === DCCP;
}

/** Policy 0: an ICMP error goes the way of what it is about, by the header that it quotes. */
function quotedBy4(p: Packet, o: number): number {
  const b = p.buf;
  if (ipv4.protocol(b, o) !== IPPROTO.ICMP || ipv4.fragmentOffset(b, o) !== 0) return o;
  const at = o + ipv4.headerLength(b, o);
  const quote = at + icmp.HEADER;
  return quote + ipv4.HEADER <= p.off + p.len && icmp.isError(icmp.type(b, at)) ? quote : o;
}

function quotedBy6(p: Packet, o: number): number {
  const b = p.buf;
  if (b[o + 6] !== IPPROTO.IPV6_ICMP) return o;
  const at = o + ipv6.HEADER;
  const quote = at + icmpv6.HEADER;
  return quote + ipv6.HEADER <= p.off + p.len && icmpv6.isError(icmpv6.type(b, at)) ? quote : o;
}

function addresses6(b: Uint8Array, o: number, seed: number): number {
  let h = seed;
  for (let i = 0; i < 32; i += 4) h = mix(h, word(b, o + ipv6.SRC + i));
  return h;
}

function word(b: Uint8Array, o: number): number {
  return ((b[o] as number) << 24) | ((b[o + 1] as number) << 16) | ((b[o + 2] as number) << 8) | (b[o + 3] as number);
}

/** MurmurHash3's round for 32 bits (Austin Appleby, public domain). */
function mix(h: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  const x = h ^ Math.imul(k, 0x1b873593);
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) | 0;
}

/** Its end, as 31 bits. */
function finish(h: number): number {
  let x = h;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 1;
}
