/**
 * A NAT's mappings: an endpoint inside, the one that it has outside, and with whom it speaks.
 * @module
 */
import { type DecisionId, NO_DECISION } from '../../base/brand.js';
import { type Nanos, UNSET } from '../../base/time.js';
import type { Moment } from '../conntrack/moment.js';
import { IPPROTO } from '../transport.js';

/** Protocols that are translated, as small numbers; ICMP queries have their identifier for a port. */
export const SLOT = { UDP: 0, TCP: 1, ICMP: 2, NONE: -1 } as const;

export function slotOf(protocol: number): number {
  switch (protocol) {
    case IPPROTO.UDP:
      return SLOT.UDP;
    case IPPROTO.TCP:
      return SLOT.TCP;
    case IPPROTO.ICMP:
      return SLOT.ICMP;
    default:
      return SLOT.NONE;
  }
}

/** What a mapping has with one endpoint outside: it lets that one in, and of TCP it is the connection. */
export class Session {
  expires: Nanos = UNSET;
  /** Bits of {@link SEEN}. */
  seen = 0;
  /** Who rewrites what it carries keeps what follows from that here. Opaque. */
  attached: object | null = null;
}

/** Of a TCP connection: bit of what the inside sent, shifted left by one for the outside. */
export const SEEN = { SYN: 1, FIN: 4, RST: 16 } as const;
export const BOTH_SYNS = SEEN.SYN | (SEEN.SYN << 1);
export const BOTH_FINS = SEEN.FIN | (SEEN.FIN << 1);

export class Mapping {
  readonly slot: number;
  readonly insideKey: number;
  readonly insidePort: number;
  readonly outsideKey: number;
  readonly outsidePort: number;
  /** For whom it is, as far as the mapping behaviour tells endpoints outside apart; else 0. */
  readonly remoteKey: number;
  readonly remotePort: number;
  created: Nanos = UNSET;
  /** When the inside sent last. */
  usedAt: Nanos = UNSET;
  expires: Nanos = UNSET;
  gone = false;
  /** By address and port of the endpoint outside. */
  readonly sessions = new Map<number, Map<number, Session>>();
  /** What is written on packets, by direction (0 out, 1 in): the decision that the translation is added to, and the sum. */
  readonly base: [DecisionId, DecisionId] = [UNTOLD, UNTOLD];
  readonly told: [DecisionId, DecisionId] = [NO_DECISION, NO_DECISION];

  constructor(
    slot: number,
    inside: readonly [key: number, port: number],
    outside: readonly [key: number, port: number],
    remote: readonly [key: number, port: number],
  ) {
    this.slot = slot;
    [this.insideKey, this.insidePort] = inside;
    [this.outsideKey, this.outsidePort] = outside;
    [this.remoteKey, this.remotePort] = remote;
  }

  /** hot. */
  session(key: number, port: number): Session | null {
    return this.sessions.get(key)?.get(port) ?? null;
  }

  open(key: number, port: number): Session {
    let ports = this.sessions.get(key);
    if (ports === undefined) this.sessions.set(key, (ports = new Map()));
    let session = ports.get(port);
    if (session === undefined) ports.set(port, (session = new Session()));
    return session;
  }

  /** A mapping of TCP lives as long as one of its connections. */
  alive(moment: Moment): boolean {
    if (this.gone) return false;
    if (this.expires > moment.time) return true;
    if (this.slot !== SLOT.TCP) return false;
    for (const ports of this.sessions.values()) for (const session of ports.values()) if (session.expires > moment.time) return true;
    return false;
  }

  /** hot. Has the inside spoken to that address of late? */
  knows(key: number, moment: Moment): boolean {
    const ports = this.sessions.get(key);
    if (ports === undefined) return false;
    for (const session of ports.values()) if (session.expires > moment.time) return true;
    return false;
  }
}

const UNTOLD = -1 as DecisionId;

type ByPort = Map<number, Map<number, Map<number, Mapping>>>;

/** A table of mappings by both of their faces. Mappings whose time is over stay until they are replaced or swept out. */
export class MappingTable {
  readonly #moment: Moment;
  /** Inside address, protocol and port, then address and port of the remote endpoint. */
  readonly #inside = new Map<number, ByPort>();
  /** Outside address, then protocol and port. */
  readonly #outside = new Map<number, Map<number, Mapping>>();
  #count = 0;
  #sweepAt = 256;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  /** hot. The living mapping of an endpoint inside, towards a remote one as far as that matters. */
  find(slot: number, insideKey: number, insidePort: number, remoteKey: number, remotePort: number): Mapping | null {
    const mapping = this.#inside.get(insideKey)?.get(place(slot, insidePort))?.get(remoteKey)?.get(remotePort);
    return mapping !== undefined && mapping.alive(this.#moment) ? mapping : null;
  }

  /** hot. The mapping that has that endpoint outside, alive or not any more. */
  at(slot: number, outsideKey: number, outsidePort: number): Mapping | null {
    return this.#outside.get(outsideKey)?.get(place(slot, outsidePort)) ?? null;
  }

  /** Any living mapping of that endpoint inside. */
  anyOf(slot: number, insideKey: number, insidePort: number): Mapping | null {
    for (const ports of this.#inside.get(insideKey)?.get(place(slot, insidePort))?.values() ?? []) {
      for (const mapping of ports.values()) if (mapping.alive(this.#moment)) return mapping;
    }
    return null;
  }

  free(slot: number, outsideKey: number, outsidePort: number): boolean {
    return this.at(slot, outsideKey, outsidePort)?.alive(this.#moment) !== true;
  }

  add(mapping: Mapping): void {
    const before = this.at(mapping.slot, mapping.outsideKey, mapping.outsidePort);
    if (before !== null) this.remove(before);
    if (this.#count >= this.#sweepAt) {
      this.sweep();
      this.#sweepAt = Math.max(256, this.#count * 2);
    }
    const { slot, insideKey, insidePort, outsideKey, outsidePort, remoteKey, remotePort } = mapping;
    const known = this.#inside.get(insideKey)?.get(place(slot, insidePort))?.get(remoteKey)?.get(remotePort);
    if (known !== undefined) this.remove(known);
    into(into(into(this.#inside, insideKey), place(slot, insidePort)), remoteKey).set(remotePort, mapping);
    into(this.#outside, outsideKey).set(place(slot, outsidePort), mapping);
    this.#count++;
  }

  remove(mapping: Mapping): void {
    if (mapping.gone) return;
    mapping.gone = true;
    this.#count--;
    const { slot, insideKey, insidePort, outsideKey, outsidePort, remoteKey, remotePort } = mapping;
    const endpoint = this.#inside.get(insideKey)?.get(place(slot, insidePort));
    const remote = endpoint?.get(remoteKey);
    if (remote?.get(remotePort) === mapping) remote.delete(remotePort);
    if (remote?.size === 0) endpoint?.delete(remoteKey);
    if (endpoint?.size === 0) this.#inside.get(insideKey)?.delete(place(slot, insidePort));
    const outside = this.#outside.get(outsideKey);
    if (outside?.get(place(slot, outsidePort)) === mapping) outside.delete(place(slot, outsidePort));
  }

  sweep(): void {
    for (const mapping of this.#all()) if (!mapping.alive(this.#moment)) this.remove(mapping);
  }

  /** Those that are alive, by outside address and the order in which they were made. */
  list(): Mapping[] {
    return [...this.#all()].filter((mapping) => mapping.alive(this.#moment));
  }

  /** Ports in use of an address. */
  used(slot: number, outsideKey: number): number {
    let count = 0;
    for (const mapping of this.#outside.get(outsideKey)?.values() ?? []) if (mapping.slot === slot && mapping.alive(this.#moment)) count++;
    return count;
  }

  *#all(): Iterable<Mapping> {
    for (const ports of this.#outside.values()) yield* ports.values();
  }
}

function place(slot: number, port: number): number {
  return slot * 65536 + port;
}

function into<V>(map: Map<number, Map<number, V>>, key: number): Map<number, V> {
  let inner = map.get(key);
  if (inner === undefined) map.set(key, (inner = new Map()));
  return inner;
}
