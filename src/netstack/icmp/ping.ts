/**
 * Echo requests of a node, with their answers: for tools and tests (RFC 792, RFC 4443 section 4).
 *
 * @example
 * node.ping.send({ to, hopLimit: 1 }, (result) => { ... }); // the first step of a traceroute
 * @module
 */
import { NO_CAUSE, type TimerId } from '../../base/brand.js';
import { type Nanos, plus, seconds } from '../../base/time.js';
import type { Target } from '../../fabric/scheduler.js';
import * as icmp from '../../wire/icmp.js';
import * as icmpv6 from '../../wire/icmpv6.js';
import type { NodeCore } from '../node-core.js';
import type { AddressBook } from '../address-book.js';
import type { DatagramOutput } from '../ports.js';
import { DEFAULT_TTL } from '../ip/output.js';
import { type Addr, IPPROTO, type NetError } from '../transport.js';

/** What it needs of its node. */
interface Ports {
  readonly core: NodeCore;
  readonly book: AddressBook;
  readonly output: DatagramOutput;
}

export interface PingOptions {
  readonly to: Addr;
  readonly from?: Addr;
  /** Octets of data after the ICMP header, 56 unless given (as ping(8)). */
  readonly size?: number;
  /** TTL or hop limit, 1..255, 64 unless given. */
  readonly hopLimit?: number;
  readonly dontFragment?: boolean;
  readonly dscp?: number;
  /** Ten seconds unless given (`LINGER` of ping(8)). */
  readonly timeout?: Nanos;
}

export type PingResult =
  | { readonly kind: 'reply'; readonly from: Addr; readonly hopLimit: number; readonly size: number; readonly roundTrip: Nanos }
  /** @property by who sent the ICMP error @property mtu for `too-big` */
  | { readonly kind: 'error'; readonly error: NetError; readonly by: Addr; readonly mtu: number; readonly roundTrip: Nanos }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'no-route' };

interface Probe {
  readonly sentAt: Nanos;
  readonly timer: TimerId;
  readonly done: (result: PingResult) => void;
}

export class Ping implements Target {
  readonly #node: Ports;
  readonly #identifier: number;
  #sequence = 0;
  readonly #waiting = new Map<number, Probe>();

  constructor(node: Ports) {
    this.#node = node;
    this.#identifier = node.core.random.below(65536);
  }

  /** Calls `done` once, never before it returns (but for `no-route`). */
  send(options: PingOptions, done: (result: PingResult) => void): void {
    const { output, book, core } = this.#node;
    const from = options.from ?? output.sourceFor(options.to);
    if (from === null) {
      done({ kind: 'no-route' });
      return;
    }
    const v4 = book.family(options.to) === 4;
    const sequence = (this.#sequence = (this.#sequence + 1) & 0xffff);
    const now = core.scheduler.now;
    const timer = core.scheduler.at(plus(now, options.timeout ?? seconds(10)), this, sequence, null);
    this.#waiting.set(sequence, { sentAt: now, timer, done });
    const size = options.size ?? 56;
    const message = new Uint8Array(icmp.HEADER + size);
    icmp.setType(message, 0, v4 ? icmp.TYPES.ECHO_REQUEST : icmpv6.TYPES.ECHO_REQUEST);
    icmp.setIdentifier(message, 0, this.#identifier);
    icmp.setSequence(message, 0, sequence);
    for (let i = 0; i < size; i++) message[icmp.HEADER + i] = i;
    const protocol = v4 ? IPPROTO.ICMP : IPPROTO.IPV6_ICMP;
    const tos = (options.dscp ?? 0) << 2;
    output.datagram(protocol, from, options.to, message, 0, message.length, tos, options.hopLimit ?? DEFAULT_TTL, options.dontFragment ?? false, NO_CAUSE);
  }

  reply(from: Addr, identifier: number, sequence: number, hopLimit: number, size: number): void {
    const probe = this.#take(identifier, sequence);
    probe?.done({ kind: 'reply', from, hopLimit, size, roundTrip: this.#since(probe) });
  }

  error(error: NetError, mtu: number, by: Addr, identifier: number, sequence: number): void {
    const probe = this.#take(identifier, sequence);
    probe?.done({ kind: 'error', error, by, mtu, roundTrip: this.#since(probe) });
  }

  /** The timeout of the probe with sequence number `op`. */
  fire(op: number): void {
    const probe = this.#waiting.get(op);
    this.#waiting.delete(op);
    probe?.done({ kind: 'timeout' });
  }

  #take(identifier: number, sequence: number): Probe | null {
    if (identifier !== this.#identifier) return null;
    const probe = this.#waiting.get(sequence);
    if (probe === undefined) return null;
    this.#waiting.delete(sequence);
    this.#node.core.scheduler.cancel(probe.timer);
    return probe;
  }

  #since(probe: Probe): Nanos {
    return (this.#node.core.scheduler.now - probe.sentAt) as Nanos;
  }
}
