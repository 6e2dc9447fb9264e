/**
 * Which endpoint outside a new mapping gets (RFC 4787 section 4). No two mappings ever share one: "port overloading" is
 * forbidden by REQ-3.
 * @module
 */
import { must } from '../../base/assert.js';
import type { Rng } from '../../base/rng.js';
import type { NatBehaviour } from './behaviour.js';
import { type Mapping, type MappingTable, SLOT } from './mapping.js';

export type Endpoint = readonly [key: number, port: number];

export class PortAssignment {
  readonly #behaviour: NatBehaviour;
  /** Address keys of the pool. */
  readonly #pool: readonly number[];
  readonly #table: MappingTable;
  readonly #random: Rng;
  /** Of a host inside: its place in the pool. */
  readonly #paired = new Map<number, number>();
  #nextAddress = 0;
  readonly #nextPort = new Map<number, number>();

  constructor(behaviour: NatBehaviour, pool: readonly number[], table: MappingTable, random: Rng) {
    this.#behaviour = behaviour;
    this.#pool = pool;
    this.#table = table;
    this.#random = random;
  }

  /**
   * A free endpoint for one inside, or null when the pool is exhausted.
   * @param instead the mapping that it is to replace: another port than that is wanted
   */
  choose(slot: number, insideKey: number, insidePort: number, instead: Mapping | null): Endpoint | null {
    const first = this.#addressOf(insideKey);
    const tries = this.#behaviour.pooling === 'paired' ? 1 : this.#pool.length;
    for (let i = 0; i < tries; i++) {
      const key = must(this.#pool[(first + i) % this.#pool.length], 'address of the pool');
      const port = this.#portOn(key, slot, insideKey, insidePort, instead);
      if (port !== null) return [key, port];
    }
    return null;
  }

  #addressOf(insideKey: number): number {
    const paired = this.#behaviour.pooling === 'paired' ? this.#paired.get(insideKey) : undefined;
    if (paired !== undefined) return paired;
    const index = this.#nextAddress;
    this.#nextAddress = (this.#nextAddress + 1) % this.#pool.length;
    this.#paired.set(insideKey, index);
    return index;
  }

  #portOn(key: number, slot: number, insideKey: number, insidePort: number, instead: Mapping | null): number | null {
    const { ports, parity, contiguity } = this.#behaviour;
    const [from, to] = this.#rangeFor(slot, insidePort);
    const fits = (port: number): boolean => port >= from && port <= to && port !== instead?.outsidePort && this.#table.free(slot, key, port);
    if (contiguity && instead === null) {
      const neighbour = this.#follower(key, slot, insideKey, insidePort);
      if (neighbour !== null && fits(neighbour)) return neighbour;
    }
    if (ports === 'preservation' && instead === null && fits(insidePort)) return insidePort;
    if (this.#table.used(slot, key) > to - from) return null;
    const size = to - from + 1;
    const start = ports === 'sequential' ? (this.#nextPort.get(key) ?? from) - from : this.#random.below(size);
    for (let i = 0; i < size; i++) {
      const port = from + ((start + i) % size);
      if ((parity && ((port ^ insidePort) & 1) !== 0) || !fits(port)) continue;
      // The one above is left for the port above.
      if (contiguity && (insidePort & 1) === 0 && ((port & 1) !== 0 || !this.#table.free(slot, key, port + 1))) continue;
      if (ports === 'sequential') this.#nextPort.set(key, port === to ? from : port + 1);
      return port;
    }
    return null;
  }

  /** RFC 4787 REQ-3a: ports below 1024 stay below. Identifiers of queries have no classes. */
  #rangeFor(slot: number, insidePort: number): readonly [number, number] {
    const { portRange } = this.#behaviour;
    if (slot === SLOT.ICMP) return [0, 65535];
    if (portRange !== null) return [portRange.from, portRange.to];
    return insidePort < 1024 ? [1, 1023] : [1024, 65535];
  }

  /** For an odd port: the one after what the even port below it has on that address. */
  #follower(key: number, slot: number, insideKey: number, insidePort: number): number | null {
    if ((insidePort & 1) === 0) return null;
    const below = this.#table.anyOf(slot, insideKey, insidePort - 1);
    return below !== null && below.outsideKey === key && (below.outsidePort & 1) === 0 ? below.outsidePort + 1 : null;
  }
}
