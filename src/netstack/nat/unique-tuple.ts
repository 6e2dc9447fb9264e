/**
 * Finds a tuple for a connection within what a rule allows, that no other connection has: Linux's choice
 * (get_unique_tuple and nf_nat_l4proto_unique_tuple). Ports are kept where they are free, else sought from a random one
 * on, within their class (below 512, below 1024, the rest) where the rule names none.
 * @module
 */
import type { Rng } from '../../base/rng.js';
import { compare } from '../../wire/bytes.js';
import type { Conntrack } from '../conntrack/conntrack.js';
import { CT_STATUS } from '../conntrack/connection.js';
import type { Entry } from '../conntrack/entry.js';
import { TCP } from '../conntrack/tcp/states.js';
import type { TcpTrack } from '../conntrack/tcp/track.js';
import type { NatRange } from '../conntrack/tracker.js';
import { Tuple } from '../conntrack/tuple.js';
import { keyOf } from '../address-book.js';
import { type Addr, IPPROTO } from '../transport.js';
import { type Manip, MANIP_DST, MANIP_SRC } from './manip.js';
import type { SourceTable } from './sources.js';
import { addressOfPool } from './spread.js';

/** NF_NAT_MAX_ATTEMPTS: ports that are tried from one random start. */
const ATTEMPTS = 128;
/** In the last of them a connection that is closed gives way. */
const HARDER = ATTEMPTS / 4;
const FEWEST_ATTEMPTS = 16;

export class UniqueTuples {
  readonly #conntrack: Conntrack;
  readonly #sources: SourceTable;
  readonly #random: Rng;
  readonly #reply = new Tuple();

  constructor(conntrack: Conntrack, sources: SourceTable, random: Rng) {
    this.#conntrack = conntrack;
    this.#sources = sources;
    this.#random = random;
  }

  /**
   * Writes into `tuple`, which is what the connection looks like so far in its original direction, what it is to look
   * like. At worst it is one that is taken; then the packet finds no place in the table when it leaves.
   */
  choose(tuple: Tuple, range: NatRange, entry: Entry, manip: Manip): void {
    const random = range.random || range.fullyRandom;
    if (manip === MANIP_SRC && !random && this.#asBefore(tuple, range, entry)) return;
    this.#address(tuple, range, manip);
    if (!random) {
      if (range.ports === null) {
        if (!this.#taken(tuple, entry)) return;
      } else if (portInRange(tuple, range.ports, manip) && (range.ports.from === range.ports.to || !this.#taken(tuple, entry))) return;
    }
    this.#port(tuple, range, entry, manip, random);
  }

  /** The tuple as it is, if that is allowed; else what the same source is translated to already. */
  #asBefore(tuple: Tuple, range: NatRange, entry: Entry): boolean {
    if (this.#inRange(tuple, range)) return !this.#taken(tuple, entry);
    const candidate = new Tuple();
    for (const other of this.#sources.of(tuple, this.#conntrack.moment.time)) {
      candidate.setInverse(other.reply);
      candidate.dstKey = tuple.dstKey;
      candidate.dport = tuple.dport;
      if (!this.#inRange(candidate, range)) continue;
      if (this.#taken(candidate, entry)) return false;
      tuple.set(candidate);
      return true;
    }
    return false;
  }

  #inRange(tuple: Tuple, range: NatRange): boolean {
    if (range.addresses !== null) {
      const { from, to } = range.addresses;
      if (tuple.family === 4 ? !(tuple.src >= from && tuple.src <= to) : !this.#between6(tuple.src, from, to)) return false;
    }
    return range.ports === null || portInRange(tuple, range.ports, MANIP_SRC);
  }

  #between6(addr: Addr, from: Addr, to: Addr): boolean {
    const { book } = this.#conntrack.node;
    const bytes = book.bytes(addr);
    return compare(bytes, book.bytes(from)) >= 0 && compare(bytes, book.bytes(to)) <= 0;
  }

  #address(tuple: Tuple, range: NatRange, manip: Manip): void {
    if (range.addresses === null) return;
    const { from, to } = range.addresses;
    const { book } = this.#conntrack.node;
    let key = keyOf(from);
    if (from !== to) {
      const chosen = addressOfPool(book.bytes(from), book.bytes(to), book.bytes(tuple.src), book.bytes(tuple.dst), range.persistent);
      key = tuple.family === 4 ? book.key4(chosen, 0) : book.key6(chosen, 0);
    }
    if (manip === MANIP_SRC) tuple.srcKey = key;
    else tuple.dstKey = key;
  }

  #port(tuple: Tuple, range: NatRange, entry: Entry, manip: Manip, random: boolean): void {
    const query = tuple.protocol === IPPROTO.ICMP || tuple.protocol === IPPROTO.IPV6_ICMP;
    if (!query && tuple.protocol !== IPPROTO.UDP && tuple.protocol !== IPPROTO.TCP) return;
    // The identifier of a query is the same in both directions.
    const source = query || manip === MANIP_SRC;
    if (!query && range.ports === null && manip === MANIP_DST) return;
    const [first, last] = portsFor(source ? tuple.sport : tuple.dport, range, query);
    const size = last - first + 1;
    let offset = random || manip === MANIP_SRC ? this.#random.below(65536) : 0;
    for (let attempts = Math.min(size, ATTEMPTS); ; ) {
      for (let i = 0; i < attempts; i++, offset = (offset + 1) & 0xffff) {
        const port = first + (offset % size);
        if (source) tuple.sport = port;
        else tuple.dport = port;
        if (!this.#takenHarder(tuple, entry, attempts - i)) return;
      }
      if (attempts >= size || attempts < FEWEST_ATTEMPTS) return;
      attempts = Math.floor(attempts / 2);
      offset = this.#random.below(65536);
    }
  }

  #taken(tuple: Tuple, entry: Entry): boolean {
    this.#reply.setInverse(tuple);
    return this.#conntrack.taken(this.#reply, entry);
  }

  /** In the last attempts a new TCP connection may take the place of one that is over, if its numbers go on from there. */
  #takenHarder(tuple: Tuple, entry: Entry, left: number): boolean {
    if (left > HARDER || entry.tcp === null || entry.tcp.state !== TCP.SYN_SENT) return this.#taken(tuple, entry);
    this.#reply.setInverse(tuple);
    const { table } = this.#conntrack;
    const found = table.find(this.#reply);
    if (found === null) return false;
    const other = found.entry as Entry;
    const over = other.tcp as TcpTrack;
    if (found === other.original || over.state < TCP.TIME_WAIT || (other.status & CT_STATUS.SNAT) === 0) return true;
    if (((entry.tcp.side(0).end - over.side(0).end) | 0) <= 0) return true;
    table.remove(other);
    return false;
  }
}

/** Ports that may be chosen: the rule's, else those of the class that the port is of. */
function portsFor(port: number, range: NatRange, query: boolean): readonly [number, number] {
  if (range.ports !== null) return [Math.min(range.ports.from, range.ports.to), Math.max(range.ports.from, range.ports.to)];
  if (query) return [0, 65535];
  if (port < 512) return [1, 511];
  return port < 1024 ? [600, 1023] : [1024, 65535];
}

function portInRange(tuple: Tuple, ports: { readonly from: number; readonly to: number }, manip: Manip): boolean {
  switch (tuple.protocol) {
    case IPPROTO.ICMP:
    case IPPROTO.IPV6_ICMP:
      return tuple.sport >= ports.from && tuple.sport <= ports.to;
    case IPPROTO.UDP:
    case IPPROTO.TCP: {
      const port = manip === MANIP_SRC ? tuple.sport : tuple.dport;
      return port >= ports.from && port <= ports.to;
    }
    default:
      return true;
  }
}
