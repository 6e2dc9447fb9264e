/**
 * Flows: packets of one 5-tuple, both directions. A translation (`nat=from>to` in a decision, `nat=from>to,from>to`
 * where both ends are translated) gives a flow another name, so that the answer, which is first seen under that name,
 * belongs to the same flow.
 * @module
 */
import { must } from '../../base/assert.js';
import type { FlowId } from '../../base/brand.js';
import { AddressTable, FlowTuple } from './flow-tuple.js';
import { hostPort } from '../../wire/address.js';

/** Later fragments have no ports: they are looked up by the datagram that they were cut from. Bounded. */
const DATAGRAMS = 4096;

interface Key {
  readonly protocol: number;
  readonly a: number;
  readonly aPort: number;
  readonly b: number;
  readonly bPort: number;
  /** The first packet went from a to b. */
  readonly forward: boolean;
}

export interface EndpointPair {
  readonly protocol: number;
  /** Who sent first. */
  readonly a: string;
  readonly b: string;
}

export class FlowTable {
  readonly #addresses = new AddressTable();
  readonly #tuple = new FlowTuple(this.#addresses);
  // Keys by index; a flow is the number of its first key.
  readonly #keys: Key[] = [];
  /** Flow that a key belongs to, before merges. */
  #flowOf = new Int32Array(64);
  #table = new Int32Array(256);
  readonly #byDatagram = new Map<number, number>();
  readonly #translated = new Set<number>();
  readonly #decisions: (readonly (readonly [Endpoint, Endpoint])[] | null)[] = [];

  /** Number of keys; flows are a part of them. */
  get keys(): number {
    return this.#keys.length;
  }

  /**
   * hot, once per packet. The flow of a frame; -1 for a fragment with a cause, of which {@link fragment} knows more.
   * @param cause id of the packet that caused it, 0 = none
   */
  of(buf: Uint8Array, off: number, len: number, cause: number): number {
    const t = this.#tuple;
    t.read(buf, off, len);
    if (t.fragment && cause !== 0) return -1;
    return this.#flow(t.protocol, t.src, t.srcPort, t.dst, t.dstPort);
  }

  /**
   * The flow of the fragment that {@link of} was asked for last.
   * @param causeFlow flow of the packet that caused it, or -1
   */
  fragment(cause: number, causeFlow: number): number {
    const t = this.#tuple;
    if (causeFlow >= 0 && must(this.#keys[causeFlow], 'flow').protocol === t.protocol) return causeFlow;
    // A sender that fragments sends the pieces only: the whole was never on a link.
    const known = this.#byDatagram.get(cause);
    if (t.laterFragment && known !== undefined) return known;
    const flow = this.#flow(t.protocol, t.src, t.srcPort, t.dst, t.dstPort);
    if (!t.laterFragment) {
      if (this.#byDatagram.size === DATAGRAMS) this.#byDatagram.clear();
      this.#byDatagram.set(cause, flow);
    }
    return flow;
  }

  /** Forgets all flows; decisions keep their numbers. */
  reset(): void {
    this.#keys.length = 0;
    this.#table.fill(0);
    this.#byDatagram.clear();
    this.#translated.clear();
  }

  #flow(protocol: number, src: number, srcPort: number, dst: number, dstPort: number): number {
    const forward = src < dst || (src === dst && srcPort <= dstPort);
    const key = forward ? this.#find(protocol, src, srcPort, dst, dstPort, true) : this.#find(protocol, dst, dstPort, src, srcPort, false);
    return this.root(this.#flowOf[key] as number);
  }

  #find(protocol: number, a: number, aPort: number, b: number, bPort: number, forward: boolean): number {
    const table = this.#table;
    const mask = table.length - 1;
    for (let at = mix(protocol, a, aPort, b, bPort) & mask; ; at = (at + 1) & mask) {
      const found = (table[at] as number) - 1;
      if (found < 0) return this.#add({ protocol, a, aPort, b, bPort, forward }, at);
      const k = this.#keys[found] as Key;
      if (k.a === a && k.b === b && k.aPort === aPort && k.bPort === bPort && k.protocol === protocol) return found;
    }
  }

  #add(key: Key, at: number): number {
    const index = this.#keys.length;
    this.#keys.push(key);
    if (index === this.#flowOf.length) {
      const grown = new Int32Array(index * 2);
      grown.set(this.#flowOf);
      this.#flowOf = grown;
    }
    this.#flowOf[index] = index;
    this.#table[at] = index + 1;
    if (this.#keys.length * 2 > this.#table.length) {
      this.#table = new Int32Array(this.#table.length * 2);
      const mask = this.#table.length - 1;
      for (const [i, k] of this.#keys.entries()) {
        let free = mix(k.protocol, k.a, k.aPort, k.b, k.bPort) & mask;
        while (this.#table[free] !== 0) free = (free + 1) & mask;
        this.#table[free] = i + 1;
      }
    }
    return index;
  }

  /** The flow that this one was merged into, or itself: the smaller number wins. */
  root(flow: number): number {
    let f = flow;
    while (this.#flowOf[f] !== f) f = this.#flowOf[f] as number;
    return f;
  }

  /** Tells of a decision's text when it gets its number. */
  decision(number: number, nat: string | undefined): void {
    this.#decisions[number] = nat === undefined ? null : this.#translation(nat);
  }

  /** hot. Whether {@link met} has anything to do with that decision. */
  translates(decision: number): boolean {
    const translation = this.#decisions[decision];
    return translation !== null && translation !== undefined;
  }

  /** A packet of the flow met that decision. */
  met(flow: number, decision: number): void {
    const translation = this.#decisions[decision];
    if (translation === null || translation === undefined) return;
    const pair = flow * 0x100000 + (decision % 0x100000);
    if (this.#translated.has(pair)) return;
    this.#translated.add(pair);
    // One end after the other: where both are translated, the second pair meets the name that the first one gave.
    for (const [from, to] of translation) {
      for (const key of this.#keysOf(flow)) {
        if (key.a === from.address && key.aPort === from.port) this.#alias(flow, key, to, { address: key.b, port: key.bPort });
        if (key.b === from.address && key.bPort === from.port) this.#alias(flow, key, { address: key.a, port: key.aPort }, to);
      }
    }
  }

  /** `a` and `b` are the ends of `key`, one of them by its other name. */
  #alias(flow: number, key: Key, a: Endpoint, b: Endpoint): void {
    const [from, to] = key.forward ? [a, b] : [b, a];
    const other = this.#flow(key.protocol, from.address, from.port, to.address, to.port);
    const mine = this.root(flow);
    if (other !== mine) this.#flowOf[Math.max(other, mine)] = Math.min(other, mine);
  }

  #keysOf(flow: number): readonly Key[] {
    const root = this.root(flow);
    return this.#keys.filter((_, i) => this.root(i) === root);
  }

  #translation(nat: string): readonly (readonly [Endpoint, Endpoint])[] | null {
    const pairs: (readonly [Endpoint, Endpoint])[] = [];
    for (const pair of nat.split(',')) {
      const [from, to] = pair.split('>').map((end) => this.#endpoint(end));
      if (!from || !to) return null;
      pairs.push([from, to]);
    }
    return pairs;
  }

  #endpoint(text: string): Endpoint | null {
    const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
    const address = this.#addresses.ofText(match?.[1] ?? match?.[2] ?? '');
    return match === null || address === undefined ? null : { address, port: Number(match[3] ?? 0) };
  }

  /** cold. Names of all flows: the first is what it was seen as first, the rest are what translations gave it. */
  names(): ReadonlyMap<FlowId, readonly EndpointPair[]> {
    const names = new Map<FlowId, EndpointPair[]>();
    for (const [i, key] of this.#keys.entries()) {
      const root = this.root(i) as FlowId;
      const [a, b] = [this.#endpointText(key.a, key.aPort), this.#endpointText(key.b, key.bPort)];
      const name = { protocol: key.protocol, a: key.forward ? a : b, b: key.forward ? b : a };
      const known = names.get(root);
      if (known === undefined) names.set(root, [name]);
      else known.push(name);
    }
    return names;
  }

  #endpointText(address: number, port: number): string {
    const text = this.#addresses.text(address);
    if (port === 0) return text;
    return hostPort(text, port);
  }
}

interface Endpoint {
  readonly address: number;
  readonly port: number;
}

function mix(protocol: number, a: number, aPort: number, b: number, bPort: number): number {
  let h = Math.imul(a | 0, 0x9e3779b1) ^ Math.imul(b | 0, 0x85ebca6b) ^ Math.imul((aPort << 16) | bPort, 0xc2b2ae35) ^ protocol;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  // Signed, since the upper half of the unsigned ones is beyond 31 bits; only low bits are used.
  return h ^ (h >>> 12);
}
