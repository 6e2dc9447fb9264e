/**
 * Random packets for a router, seeded: flows of UDP and TCP with their answers, retransmissions, resets and numbers at
 * and beyond the edges of windows, ICMP queries, errors that quote what was seen, other protocols, broken checksums.
 * What comes next depends on what came out, since answers go to translated addresses.
 * @module
 */
import { must } from '../../../src/base/assert.js';
import type { Rng } from '../../../src/base/rng.js';
import { dissect, ipOf } from '../../../src/wire/frame.js';
import { formatIpv4, formatIpv6 } from '../../../src/wire/address.js';
import * as tcp from '../../../src/wire/tcp.js';
import type { TcpOptions } from '../../../src/wire/tcp-options.js';
import { echo, icmpPacket, ipPacket, tcpPacket, udpPacket, unreachable } from './frames.js';
import type { CameOut, Wire } from './router.js';

export interface Step {
  readonly wire: Wire;
  readonly packet: Uint8Array;
}

export interface StoryOptions {
  readonly family: 4 | 6;
  /** Only what the outside can see of inside hosts is answered; else anything may come in from there. */
  readonly protocols: readonly ('udp' | 'tcp' | 'icmp' | 'other')[];
  /** Destinations that hosts inside also send to. */
  readonly extraTargets?: readonly string[];
  /** Ports of hosts inside. Few make collisions. */
  readonly ports?: readonly number[];
}

/** One direction of a TCP connection as its sender sees it. */
interface TcpEnd {
  next: number;
}

export class Story {
  readonly #random: Rng;
  readonly #o: StoryOptions;
  /** What came out, newest last: may be answered or quoted. */
  readonly #seen: CameOut[] = [];
  readonly #ends = new Map<string, TcpEnd>();

  constructor(random: Rng, options: StoryOptions) {
    this.#random = random;
    this.#o = options;
  }

  next(): Step {
    const answerable = this.#seen.slice(-12);
    const dice = this.#random.below(10);
    if (answerable.length > 0 && dice < 5) return this.#answer(this.#pick(answerable));
    if (answerable.length > 0 && dice < 6) return this.#error(this.#pick(answerable));
    return this.#fresh();
  }

  cameOut(frames: readonly CameOut[]): void {
    this.#seen.push(...frames);
  }

  #pick<T>(list: readonly T[]): T {
    return must(list[this.#random.below(list.length)], 'choice');
  }

  #chance(percent: number): boolean {
    return this.#random.below(100) < percent;
  }

  #host(wire: Wire): string {
    const net = wire === 'in' ? 1 : 2;
    const host = 1 + this.#random.below(2);
    return this.#o.family === 4 ? `10.0.${net}.${host}` : `2001:db8:${net}::${host}`;
  }

  /** A packet of a flow that may be new. */
  #fresh(): Step {
    const wire: Wire = this.#chance(75) ? 'in' : 'out';
    const from = this.#host(wire);
    const extra = this.#o.extraTargets ?? [];
    const to = extra.length > 0 && this.#chance(30) ? this.#pick(extra) : this.#host(wire === 'in' ? 'out' : 'in');
    const ports = this.#o.ports ?? [5000, 5001, 600, 80];
    return { wire, packet: this.#packet(this.#pick(this.#o.protocols), from, to, this.#pick(ports), this.#pick([80, 53, 5000])) };
  }

  #packet(protocol: 'udp' | 'tcp' | 'icmp' | 'other', from: string, to: string, sport: number, dport: number): Uint8Array {
    const ends = { from, to, sport, dport, badChecksum: this.#chance(4) };
    switch (protocol) {
      case 'udp':
        return udpPacket({ ...ends, noChecksum: !ends.badChecksum && this.#chance(5) }, new Uint8Array(this.#random.below(40)));
      case 'tcp':
        return this.#segment(ends);
      case 'icmp':
        // Timestamp requests are answered by Linux hosts, and by no emulated one.
        return this.#chance(90)
          ? echo(ends, this.#chance(15), 1 + this.#random.below(3))
          : icmpPacket(ends, this.#random.below(from.includes(':') ? 256 : 13), 0, 7, new Uint8Array(20));
      case 'other':
        return ipPacket(from, to, this.#pick([47, 50, 99]), new Uint8Array(16));
    }
  }

  #segment(ends: { readonly from: string; readonly to: string; readonly sport: number; readonly dport: number; readonly badChecksum: boolean }): Uint8Array {
    const mine = this.#end(`${ends.from} ${ends.sport} ${ends.to} ${ends.dport}`);
    const theirs = this.#end(`${ends.to} ${ends.dport} ${ends.from} ${ends.sport}`);
    const flags = this.#pick([
      tcp.SYN,
      tcp.SYN,
      tcp.SYN | tcp.ACK_FLAG,
      tcp.ACK_FLAG,
      tcp.ACK_FLAG,
      tcp.ACK_FLAG,
      tcp.ACK_FLAG | tcp.PSH,
      tcp.FIN | tcp.ACK_FLAG,
      tcp.RST,
      tcp.RST | tcp.ACK_FLAG,
      tcp.FIN | tcp.SYN,
      0,
    ]);
    const syn = (flags & tcp.SYN) !== 0;
    const length = syn ? 0 : this.#pick([0, 0, 0, 1, 100, 1000]);
    const edge = (): number => (this.#chance(75) ? 0 : this.#pick([-1, 1, -100, 100, 8192, 8193, 65535, 66001, -66001, -70000, 0x40000000, -0x40000000]));
    const seq = (mine.next + edge()) >>> 0;
    const ack = (flags & tcp.ACK_FLAG) === 0 && this.#chance(90) ? 0 : (theirs.next + edge()) >>> 0;
    const options: TcpOptions = syn
      ? {
          ...(this.#chance(60) && { windowScale: this.#random.below(16) }),
          ...(this.#chance(60) && { sackPermitted: true }),
          ...(this.#chance(50) && { mss: 1460 }),
        }
      : this.#chance(15)
        ? { sack: [[(theirs.next + 100) >>> 0, (theirs.next + 200 + edge()) >>> 0]] }
        : {};
    if (seq === mine.next) mine.next = (seq + length + (syn ? 1 : 0) + ((flags & tcp.FIN) !== 0 ? 1 : 0)) >>> 0;
    return tcpPacket({ ...ends, flags, seq, ack, length, window: this.#pick([0, 1, 100, 8192, 8192, 65535]), options });
  }

  #end(key: string): TcpEnd {
    let end = this.#ends.get(key);
    if (end === undefined) this.#ends.set(key, (end = { next: this.#random.u32() }));
    return end;
  }

  /** From the receiver of what came out back to its sender. */
  #answer({ wire, frame }: CameOut): Step {
    const ip = must(ipOf(dissect(frame, 0, frame.length)), 'IP packet');
    const [from, to] = ip.kind === 'ipv4' ? [formatIpv4(ip.header.dst), formatIpv4(ip.header.src)] : [formatIpv6(ip.header.dst), formatIpv6(ip.header.src)];
    const t = ip.transport;
    if ('malformed' in t) return this.#fresh();
    switch (t.kind) {
      case 'udp':
        return { wire, packet: this.#packet('udp', from, to, t.dstPort, this.#chance(95) ? t.srcPort : 5003) };
      case 'tcp': {
        this.#end(`${to} ${t.header.srcPort} ${from} ${t.header.dstPort}`).next =
          (t.header.seq + t.payload.length + ((t.header.flags & (tcp.SYN | tcp.FIN)) !== 0 ? 1 : 0)) >>> 0;
        const likely = t.header.flags === tcp.SYN && this.#chance(70);
        const ends = { from, to, sport: t.header.dstPort, dport: t.header.srcPort, badChecksum: false };
        if (!likely) return { wire, packet: this.#segment(ends) };
        const mine = this.#end(`${from} ${ends.sport} ${to} ${ends.dport}`);
        const packet = tcpPacket({ ...ends, flags: tcp.SYN | tcp.ACK_FLAG, seq: mine.next, ack: t.header.seq + 1, options: t.header.options });
        mine.next = (mine.next + 1) >>> 0;
        return { wire, packet };
      }
      case 'icmp':
      case 'icmpv6':
        return t.message.kind === 'echo-request' ? { wire, packet: echo({ from, to }, true, t.message.identifier) } : this.#fresh();
      default:
        return { wire, packet: ipPacket(from, to, ip.protocol, new Uint8Array(12)) };
    }
  }

  /** An ICMP error about what came out, from its receiver or from a router on the way. */
  #error({ wire, frame }: CameOut): Step {
    const ip = must(ipOf(dissect(frame, 0, frame.length)), 'IP packet');
    const [dst, src] = ip.kind === 'ipv4' ? [formatIpv4(ip.header.dst), formatIpv4(ip.header.src)] : [formatIpv6(ip.header.dst), formatIpv6(ip.header.src)];
    const from = this.#chance(50) ? dst : this.#host(wire);
    const to = this.#chance(90) ? src : this.#host(wire === 'in' ? 'out' : 'in');
    const header = ip.kind === 'ipv4' ? 20 : 40;
    return {
      wire,
      packet: unreachable({ from, to, badChecksum: this.#chance(4) }, frame.slice(14), this.#pick([1000, 1000, header + 8, header + 4, header - 2])),
    };
  }
}
