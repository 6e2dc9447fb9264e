/**
 * A little network in virtual time for tests of agents: sites with private addresses, NATs of RFC 4787's kinds, loss,
 * delay, blocked ways, a STUN server at 203.0.113.1 and 2001:db8:ff::1. Addresses of 10/8 are private to their site.
 * @module
 */
import { must } from '../../base/assert.js';
import { randomRoot, type Rng } from '../../base/rng.js';
import { millis, type Nanos } from '../../base/time.js';
import { isMalformedStun, parseStun } from '../stun/codec.js';
import { errorOf, hasAttribute } from '../stun/message.js';
import { BindingServer, type BindingServerOut } from '../stun/binding-server.js';
import { formatAddress, sameAddress, type TransportAddress } from '../stun/transport-address.js';
import type { IceIn, IceOut } from './agent-io.js';
import { IceAgent, type IceAgentOptions } from './agent.js';
import type { IceBase } from './candidates/candidate.js';
import type { PairSnapshot } from './checks/pair.js';
import { localPreferences } from './candidates/priority.js';
import { ReflexiveGatherer } from './candidates/reflexive-gatherer.js';
import { familyOf } from '../../wire/address.js';

export const STUN4: TransportAddress = { address: '203.0.113.1', port: 3478, family: 4 };
export const STUN6: TransportAddress = { address: '2001:db8:ff::1', port: 3478, family: 6 };

export interface NatSpec {
  readonly address: string;
  readonly mapping: 'endpoint-independent' | 'address-and-port-dependent';
  readonly filtering: 'endpoint-independent' | 'address-dependent';
}

export interface PeerSpec {
  readonly addresses: readonly string[];
  readonly site?: string;
  readonly nat?: NatSpec;
  readonly stun?: readonly TransportAddress[];
  readonly options?: Partial<IceAgentOptions> & { readonly controlling: boolean };
}

export interface NetSpec {
  readonly seed?: number;
  readonly delay?: Nanos;
  readonly jitter?: Nanos;
  readonly loss?: number;
  /** Asked with addresses as the sending host and the addressed host write them, NAT not applied. */
  readonly blocked?: (from: string, to: string, now: Nanos) => boolean;
}

interface Mapping {
  readonly inside: TransportAddress;
  readonly outside: TransportAddress;
  readonly key: string;
  readonly allowed: Set<string>;
}

const isPrivate = (address: string): boolean => address.startsWith('10.');

export class Peer {
  readonly name: string;
  readonly spec: PeerSpec;
  readonly agent: IceAgent;
  readonly bases: readonly IceBase[];
  readonly log: { readonly at: Nanos; readonly out: IceOut }[] = [];
  readonly mappings: Mapping[] = [];

  constructor(name: string, spec: PeerSpec, random: Rng) {
    this.name = name;
    this.spec = spec;
    const streams = spec.options?.streams ?? [1];
    const addresses = spec.addresses.map((address) => ({ address, family: familyOf(address) }));
    const preferences = localPreferences(addresses);
    this.bases = streams.flatMap((components, stream) =>
      Array.from({ length: components }, (_, c) =>
        addresses.map(
          (a, i): IceBase => ({
            stream,
            component: c + 1,
            transport: 'udp',
            address: { ...a, port: 50000 + 100 * stream + c },
            localPreference: must(preferences[i], 'preference'),
          }),
        ),
      ).flat(),
    );
    this.agent = new IceAgent({
      controlling: false,
      random,
      streams,
      bases: this.bases,
      gatherers: (spec.stun ?? []).map((s) => new ReflexiveGatherer(s)),
      ...spec.options,
    });
  }

  outputs<K extends IceOut['kind']>(kind: K): { readonly at: number; readonly out: Extract<IceOut, { kind: K }> }[] {
    return this.log.flatMap(({ at, out }) => (out.kind === kind ? [{ at: at / 1e6, out: out as Extract<IceOut, { kind: K }> }] : []));
  }

  pairs(stream = 0): readonly PairSnapshot[] {
    return must(this.agent.snapshot().lists[stream], 'list').pairs;
  }
}

/** What crossed the wire, for those who look at single packets. */
export interface Crossing {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly bytes: Uint8Array;
  readonly fate: 'delivered' | 'lost' | 'blocked' | 'filtered' | 'nobody';
}

export class IceNet {
  now = 0 as Nanos;
  readonly peers: Peer[] = [];
  readonly crossings: Crossing[] = [];
  /** Called with every packet on its way; may change it, or drop it by returning null. */
  meddle: (bytes: Uint8Array, from: TransportAddress, to: TransportAddress) => Uint8Array | null = (bytes) => bytes;
  blocked: (from: string, to: string, now: Nanos) => boolean;
  loss: number;
  readonly #spec: NetSpec;
  readonly #random: Rng;
  readonly #root;
  readonly #queue: { at: Nanos; seq: number; go: () => void }[] = [];
  #seq = 0;
  #ports = 40000;

  constructor(spec: NetSpec = {}) {
    this.#spec = spec;
    this.#root = randomRoot(spec.seed ?? 1);
    this.#random = this.#root.stream('net');
    this.blocked = spec.blocked ?? (() => false);
    this.loss = spec.loss ?? 0;
  }

  add(name: string, spec: PeerSpec): Peer {
    const peer = new Peer(name, spec, this.#root.stream(name));
    this.peers.push(peer);
    return peer;
  }

  input(peer: Peer, input: IceIn): void {
    const out: IceOut[] = [];
    peer.agent.handle(input, this.now, out);
    this.#take(peer, out);
  }

  /** Gathers on both sides, then tells each the other's description after the given signalling delays. */
  connect(a: Peer, b: Peer, toB: Nanos = millis(0), toA: Nanos = millis(0)): void {
    for (const peer of [a, b]) this.input(peer, { kind: 'gather' });
    this.until(() => !a.agent.gathering && !b.agent.gathering, 60_000);
    this.after(toB, () => this.describe(a, b));
    this.after(toA, () => this.describe(b, a));
  }

  describe(from: Peer, to: Peer, more: { readonly lite?: boolean; readonly complete?: boolean } = {}): void {
    from.spec.options?.streams?.forEach((_, stream) => this.#describeStream(from, to, stream, more));
    if (from.spec.options?.streams === undefined) this.#describeStream(from, to, 0, more);
  }

  #describeStream(from: Peer, to: Peer, stream: number, more: object): void {
    this.input(to, {
      kind: 'remote',
      stream,
      ...from.agent.credentials,
      candidates: from.agent.localCandidates.filter((c) => c.base.stream === stream),
      ...more,
    });
  }

  after(delay: Nanos, go: () => void): void {
    this.#queue.push({ at: (this.now + delay) as Nanos, seq: (this.#seq += 1), go });
  }

  /** Runs for so many milliseconds. */
  run(ms: number): void {
    this.until(() => false, ms);
  }

  until(done: () => boolean, ms: number): void {
    const end = (this.now + millis(ms)) as Nanos;
    while (!done()) {
      this.#queue.sort((x, y) => x.at - y.at || x.seq - y.seq);
      const peer = [...this.peers].sort((x, y) => x.agent.deadline - y.agent.deadline)[0];
      const head = this.#queue[0];
      const next = Math.min(head?.at ?? Infinity, peer?.agent.deadline ?? Infinity);
      if (next > end) {
        this.now = end;
        return;
      }
      this.now = Math.max(this.now, next) as Nanos;
      if (head !== undefined && head.at <= next) {
        this.#queue.shift();
        head.go();
      } else if (peer !== undefined) {
        const out: IceOut[] = [];
        peer.agent.tick(this.now, out);
        if (out.length === 0 && peer.agent.deadline <= this.now) throw new Error(`${peer.name} asks for the same tick again and again`);
        this.#take(peer, out);
      }
    }
  }

  #take(peer: Peer, out: readonly IceOut[]): void {
    for (const one of out) {
      peer.log.push({ at: this.now, out: one });
      if (one.kind === 'send') this.#send(peer, one.base.address, one.to, one.bytes);
    }
  }

  #send(peer: Peer, from: TransportAddress, to: TransportAddress, bytes: Uint8Array): void {
    const cross = (fate: Crossing['fate']): void => {
      this.crossings.push({ at: this.now / 1e6, from: formatAddress(from), to: formatAddress(to), bytes, fate });
    };
    if (this.blocked(from.address, to.address, this.now)) return cross('blocked');
    if (this.loss > 0 && this.#random.float() < this.loss) return cross('lost');
    const meddled = this.meddle(bytes, from, to);
    if (meddled === null) return cross('lost');
    const seen = isPrivate(from.address) && !isPrivate(to.address) ? this.#translate(peer, from, to) : from;
    const delay = (this.#spec.delay ?? millis(10)) + Math.round((this.#spec.jitter ?? 0) * this.#random.float());
    cross('delivered');
    this.after(delay as Nanos, () => this.#arrive(peer, seen, to, meddled));
  }

  #translate(peer: Peer, from: TransportAddress, to: TransportAddress): TransportAddress {
    const nat = peer.spec.nat;
    if (nat === undefined) return from;
    const key = `${formatAddress(from)}${nat.mapping === 'endpoint-independent' ? '' : ` ${formatAddress(to)}`}`;
    let mapping = peer.mappings.find((m) => m.key === key);
    if (mapping === undefined) {
      mapping = { inside: from, key, outside: { address: nat.address, port: (this.#ports += 1), family: 4 }, allowed: new Set() };
      peer.mappings.push(mapping);
    }
    mapping.allowed.add(to.address);
    return mapping.outside;
  }

  #arrive(sender: Peer, from: TransportAddress, to: TransportAddress, bytes: Uint8Array): void {
    if (sameAddress(to, STUN4) || sameAddress(to, STUN6)) {
      const out: BindingServerOut[] = [];
      new BindingServer().handle({ kind: 'datagram', local: to, from, bytes }, this.now, out);
      for (const one of out) if (one.kind === 'send') this.after(this.#spec.delay ?? millis(10), () => this.#arrive(sender, to, from, one.bytes));
      return;
    }
    for (const peer of this.peers) {
      const mapping = peer.mappings.find((m) => sameAddress(m.outside, to));
      if (mapping !== undefined) {
        const open = peer.spec.nat?.filtering === 'endpoint-independent' || mapping.allowed.has(from.address);
        if (open) this.#deliver(peer, mapping.inside, from, bytes);
        return;
      }
      if (isPrivate(to.address) && peer.spec.site !== sender.spec.site) continue;
      if (peer.bases.some((b) => sameAddress(b.address, to))) return this.#deliver(peer, to, from, bytes);
    }
  }

  #deliver(peer: Peer, at: TransportAddress, from: TransportAddress, bytes: Uint8Array): void {
    const base = peer.bases.find((b) => sameAddress(b.address, at));
    if (base !== undefined) this.input(peer, { kind: 'datagram', base, from, bytes });
  }
}

/** The selected pair as the wire sees it from this side: `base > destination`. */
export function selectedText(peer: Peer, component = 1, stream = 0): string {
  const s = peer.agent.selected(stream, component);
  return s === null ? '-' : `${formatAddress(s.base.address)} as ${formatAddress(s.local.address)} > ${formatAddress(s.remote.address)}`;
}

/** True when both sides send to where the other one listens, by the same pair. */
export function symmetric(a: Peer, b: Peer, component = 1, stream = 0): boolean {
  const x = a.agent.selected(stream, component);
  const y = b.agent.selected(stream, component);
  if (x === null || y === null) return false;
  return sameAddress(x.local.address, y.remote.address) && sameAddress(y.local.address, x.remote.address);
}

/** The first pair whose text has that in it. */
export function pairOf(peer: Peer, text: string): PairSnapshot {
  return must(
    peer.pairs().find((p) => p.text.includes(text)),
    `pair ${text} among ${peer
      .pairs()
      .map((p) => p.text)
      .join('; ')}`,
  );
}

/** The STUN messages that were sent, read. */
export function messages(net: IceNet): (Crossing & { readonly nominates: boolean; readonly code: number })[] {
  return net.crossings.flatMap((c) => {
    const p = parseStun(c.bytes, 0, c.bytes.length);
    return isMalformedStun(p) ? [] : [{ ...c, nominates: p.class === 'request' && hasAttribute(p, 'use-candidate'), code: errorOf(p)?.code ?? 0 }];
  });
}
