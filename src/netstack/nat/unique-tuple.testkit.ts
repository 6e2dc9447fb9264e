/**
 * Asks for tuples as the translator does, with a table in which what the test wants is taken and random numbers that the
 * test says.
 * @module
 */
import { must } from '../../base/assert.js';
import type { Rng } from '../../base/rng.js';
import { seconds } from '../../base/time.js';
import { type SimRouter, simRouter } from '../../../test/support/router/router.js';
import { keyOf } from '../address-book.js';
import { CT_STATUS } from '../conntrack/connection.js';
import { Entry } from '../conntrack/entry.js';
import { TCP } from '../conntrack/tcp/states.js';
import type { NatRange } from '../conntrack/tracker.js';
import { Tuple } from '../conntrack/tuple.js';
import { IPPROTO } from '../transport.js';
import { type Manip, MANIP_SRC } from './manip.js';
import { SourceTable } from './sources.js';
import { UniqueTuples } from './unique-tuple.js';

export type Protocol = 'udp' | 'tcp' | 'icmp' | 'icmp6' | 'esp';
const PROTOCOLS: Readonly<Record<Protocol, number>> = { udp: IPPROTO.UDP, tcp: IPPROTO.TCP, icmp: IPPROTO.ICMP, icmp6: IPPROTO.IPV6_ICMP, esp: 50 };
/** Type and code of an echo request, where others have the destination's port. */
const REQUEST: Partial<Record<Protocol, number>> = { icmp: 8 << 8, icmp6: 128 << 8 };

/** `10.0.1.1 5000 > 10.0.2.1 9`; for queries the identifier stands first, and what follows the destination is left out. */
export type Ends = string;

export interface Allowed {
  readonly addresses?: readonly [string, string];
  readonly ports?: readonly [number, number];
  readonly flags?: readonly ('random' | 'fully-random' | 'persistent')[];
}

/** What a TCP connection in the table has seen. */
export interface TcpSeen {
  readonly state?: number;
  /** After the highest sequence number of its beginner. */
  readonly end?: number;
}

/** The same offset each time is 0. */
class Draws implements Rng {
  used = 0;
  readonly #offsets: readonly number[];

  constructor(offsets: readonly number[]) {
    this.#offsets = offsets;
  }

  below(n: number): number {
    return must(this.#offsets[this.used++], 'offset') % n;
  }

  u32(): number {
    throw new Error('only offsets are drawn');
  }

  float(): number {
    return this.u32();
  }

  fill(): void {
    this.u32();
  }
}

const router: SimRouter = simRouter();
let lastId = 0;

export class Choosing {
  readonly tracker = router.tracker;
  readonly #sources = new SourceTable();
  readonly #protocol: Protocol;

  constructor(protocol: Protocol = 'udp') {
    this.#protocol = protocol;
    this.tracker.flush();
    this.tracker.moment.take();
  }

  /** How often a tuple was found taken, since before. */
  get found(): number {
    return this.tracker.stats.found;
  }

  get connections(): number {
    return this.tracker.table.count;
  }

  /** A connection in the table. @param as what it looks like when it is translated */
  taken(ends: Ends, as: Ends = ends, seen: TcpSeen = {}): Entry {
    const entry = this.#entry(ends, as, seen);
    if (as !== ends) entry.status |= CT_STATUS.SNAT;
    this.tracker.table.insert(entry);
    this.#sources.add(entry);
    return entry;
  }

  /** Those ports of `as` are taken towards `to`, by a host that nobody asks about. */
  takenPorts(as: string, ports: Iterable<number>, to: string, seen: TcpSeen = {}): void {
    for (const port of ports) this.taken(`10.0.1.9 ${port} > ${to}`, `${as} ${port} > ${to}`, seen);
  }

  /** What a new connection gets, and how many offsets were drawn for it. */
  choose(ends: Ends, allowed: Allowed, manip: Manip = MANIP_SRC, offsets: readonly number[] = [], seen: TcpSeen = {}): string {
    const draws = new Draws(offsets);
    const unique = new UniqueTuples(this.tracker, this.#sources, draws);
    const tuple = this.#tuple(ends);
    unique.choose(tuple, this.#range(allowed, tuple.family), this.#entry(ends, ends, { state: TCP.SYN_SENT, ...seen }), manip);
    const { book } = this.tracker.node;
    const dport = REQUEST[this.#protocol] === undefined ? ` ${tuple.dport}` : '';
    return `${book.text(tuple.src)} ${tuple.sport} > ${book.text(tuple.dst)}${dport}${draws.used === 0 ? '' : ` (${draws.used})`}`;
  }

  #entry(ends: Ends, as: Ends, seen: TcpSeen): Entry {
    const reply = new Tuple();
    reply.setInverse(this.#tuple(as));
    const entry = new Entry(++lastId, this.#tuple(ends), reply);
    entry.expires = seconds(100);
    if (entry.tcp !== null) {
      entry.tcp.state = seen.state ?? TCP.ESTABLISHED;
      entry.tcp.side(0).end = (seen.end ?? 0) | 0;
    }
    return entry;
  }

  #tuple(ends: Ends): Tuple {
    const [from, sport, , to, dport] = ends.split(' ');
    const t = new Tuple();
    t.family = ends.includes(':') ? 6 : 4;
    t.protocol = PROTOCOLS[this.#protocol];
    t.srcKey = this.#key(from);
    t.dstKey = this.#key(to);
    t.sport = Number(sport);
    t.dport = REQUEST[this.#protocol] ?? Number(dport);
    return t;
  }

  #range({ addresses, ports, flags = [] }: Allowed, family: 4 | 6): NatRange {
    const address = (text: string) => must(this.tracker.node.book.parse(text), text);
    return {
      family,
      addresses: addresses === undefined ? null : { from: address(addresses[0]), to: address(addresses[1]) },
      ports: ports === undefined ? null : { from: ports[0], to: ports[1] },
      random: flags.includes('random'),
      fullyRandom: flags.includes('fully-random'),
      persistent: flags.includes('persistent'),
    };
  }

  #key(text: string | undefined): number {
    return keyOf(must(this.tracker.node.book.parse(must(text, 'address')), text ?? ''));
  }
}

export const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);
