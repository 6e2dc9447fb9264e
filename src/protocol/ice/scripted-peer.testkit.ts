/**
 * One agent whose peer is the test: what it sends is read, what the peer sends is written by hand. For rules that two right
 * agents never show to each other: conflicts, wrong answers, strange orders.
 * @module
 */
import { must } from '../../base/assert.js';
import type { Cause } from '../../base/brand.js';
import { randomRoot, type Rng } from '../../base/rng.js';
import { millis, ZERO, type Nanos } from '../../base/time.js';
import { familyOf } from '../../wire/address.js';
import type { StunAttribute } from '../stun/attribute.js';
import { emitStun, isMalformedStun, parseStun, type StunPacket } from '../stun/codec.js';
import { shortTermKey } from '../stun/integrity.js';
import { hasAttribute, hexOf } from '../stun/message.js';
import type { TransportAddress } from '../stun/transport-address.js';
import type { IceIn, IceOut } from './agent-io.js';
import { IceAgent, type IceAgentOptions, type ListSnapshot } from './agent.js';
import type { Candidate, CandidateType, IceBase } from './candidates/candidate.js';
import type { PairSnapshot } from './checks/pair.js';

export const PEER = { ufrag: 'peer', pwd: 'the-password-of-the-peer' } as const;

/** `192.0.2.1`, or with a port: `192.0.2.1 5000`. */
export function at(text: string): TransportAddress {
  const [address = '', port = '50000'] = text.split(' ');
  return { address, port: Number(port), family: familyOf(address) };
}

export function base(text: string, more: Partial<IceBase> = {}): IceBase {
  return { stream: 0, component: 1, transport: 'udp', address: at(text), localPreference: 65535, ...more };
}

/** A candidate of the peer; its foundation is its address, if no other is given. */
export function candidate(text: string, more: Partial<Candidate> = {}): Candidate {
  const type: CandidateType = more.type ?? 'host';
  return { foundation: '1', component: 1, transport: 'udp', priority: 2130706431, address: at(text), type, ...more };
}

/** A STUN message that the agent sent. */
export interface Sent {
  readonly at: number;
  readonly base: IceBase;
  readonly to: TransportAddress;
  readonly packet: StunPacket;
  readonly cause: Cause;
  /** With USE-CANDIDATE. */
  readonly nominates: boolean;
}

export interface Answer {
  readonly mapped?: string;
  readonly from?: TransportAddress;
  readonly base?: IceBase;
  readonly pwd?: string;
  readonly class?: 'success' | 'error';
  readonly attributes?: readonly StunAttribute[];
}

export interface Ask {
  readonly nominate?: boolean;
  readonly username?: string | null;
  /** Null: without integrity. */
  readonly pwd?: string | null;
  readonly priority?: number | null;
  /** The role that it claims, with its tie-breaker; null: none. */
  readonly role?: readonly ['ice-controlling' | 'ice-controlled', string] | null;
  readonly attributes?: readonly StunAttribute[];
  readonly cause?: Cause;
}

export class Scripted {
  readonly agent: IceAgent;
  readonly bases: readonly IceBase[];
  readonly log: { readonly at: number; readonly out: IceOut }[] = [];
  now: Nanos = ZERO;
  #transactions = 0;

  constructor(options: Partial<Omit<IceAgentOptions, 'bases' | 'random'>> & { readonly bases?: readonly IceBase[]; readonly random?: Rng } = {}) {
    this.bases = options.bases ?? [base('192.0.2.1')];
    this.agent = new IceAgent({ controlling: true, random: randomRoot(11).stream('ice'), streams: [1], ...options, bases: this.bases });
  }

  /** One who has gathered. */
  static gathered(options: ConstructorParameters<typeof Scripted>[0] = {}): Scripted {
    const one = new Scripted(options);
    one.in({ kind: 'gather' });
    return one;
  }

  in(input: IceIn): IceOut[] {
    const out: IceOut[] = [];
    this.agent.handle(input, this.now, out);
    return this.#took(out);
  }

  /** The peer's description of a stream. */
  remote(candidates: readonly Candidate[], more: Partial<Extract<IceIn, { kind: 'remote' }>> = {}): IceOut[] {
    return this.in({ kind: 'remote', stream: 0, ...PEER, candidates, ...more });
  }

  /** Lets time pass until so many milliseconds since the start; all that came on the way. */
  until(ms: number): IceOut[] {
    const end = millis(ms);
    const all: IceOut[] = [];
    while (this.agent.deadline <= end) {
      this.now = Math.max(this.now, this.agent.deadline) as Nanos;
      const out: IceOut[] = [];
      this.agent.tick(this.now, out);
      if (this.agent.deadline <= this.now) throw new Error('a tick leaves a deadline behind that is due');
      all.push(...this.#took(out));
    }
    this.now = end;
    return all;
  }

  /** One tick at that time, though deadlines stood before it. */
  late(ms: number): IceOut[] {
    this.now = millis(ms);
    const out: IceOut[] = [];
    this.agent.tick(this.now, out);
    return this.#took(out);
  }

  answer(sent: Sent, how: Answer = {}): IceOut[] {
    const attributes = how.attributes ?? [{ name: 'xor-mapped-address', address: how.mapped === undefined ? sent.base.address : at(how.mapped) }];
    const message = { class: how.class ?? 'success', method: 1, transaction: sent.packet.transaction, attributes } as const;
    const bytes = emitStun(message, { integrity: shortTermKey(how.pwd ?? PEER.pwd), fingerprint: true });
    return this.in({ kind: 'datagram', base: how.base ?? sent.base, from: how.from ?? sent.to, bytes });
  }

  refuse(sent: Sent, code: number, reason: string): IceOut[] {
    return this.answer(sent, { class: 'error', attributes: [{ name: 'error-code', code, reason }] });
  }

  /** A check of the peer. */
  ask(from: string, how: Ask = {}, to: IceBase = must(this.bases[0], 'base')): IceOut[] {
    const { ufrag, pwd } = this.agent.credentials;
    const attributes: StunAttribute[] = [];
    if (how.username !== null) attributes.push({ name: 'username', text: how.username ?? `${ufrag}:${PEER.ufrag}` });
    const role = how.role === undefined ? ([this.agent.controlling ? 'ice-controlled' : 'ice-controlling', '7'.repeat(16)] as const) : how.role;
    if (role !== null) attributes.push({ name: role[0], hex: role[1] });
    if (how.priority !== null) attributes.push({ name: 'priority', value: how.priority ?? 1862270975 });
    if (how.nominate === true) attributes.push({ name: 'use-candidate' });
    attributes.push(...(how.attributes ?? []));
    const transaction = (this.#transactions += 1).toString(16).padStart(24, '0');
    const key = how.pwd === null ? {} : { integrity: shortTermKey(how.pwd ?? pwd) };
    const bytes = emitStun({ class: 'request', method: 1, transaction, attributes }, { ...key, fingerprint: true });
    return this.in({ kind: 'datagram', base: to, from: at(from), bytes, ...(how.cause !== undefined && { cause: how.cause }) });
  }

  /** All STUN messages so far, or those among some outputs. */
  sent(outs: readonly IceOut[] = this.log.map((l) => l.out)): Sent[] {
    return outs.flatMap((out) => {
      if (out.kind !== 'send') return [];
      const packet = parseStun(out.bytes, 0, out.bytes.length);
      if (isMalformedStun(packet)) throw new Error(packet.why);
      const when = this.log.find((l) => l.out === out)?.at ?? -1;
      return [
        { at: when, base: out.base, to: out.to, packet, cause: out.cause, nominates: packet.class === 'request' && hasAttribute(packet, 'use-candidate') },
      ];
    });
  }

  /** The checks so far, or those among some outputs. */
  checks(outs?: readonly IceOut[]): Sent[] {
    return this.sent(outs).filter((s) => s.packet.class === 'request');
  }

  /** The newest check to that address. */
  check(to = ''): Sent {
    return must(
      this.checks().findLast((s) => to === '' || sameText(s.to, to)),
      `a check to ${to}`,
    );
  }

  /** The answer among some outputs. */
  reply(outs: readonly IceOut[]): StunPacket {
    return must(
      this.sent(outs).find((s) => s.packet.class === 'success' || s.packet.class === 'error'),
      'an answer',
    ).packet;
  }

  /** Of its newest check, in hex. */
  get tieBreaker(): string {
    const { packet } = this.check();
    return must(hexOf(packet, 'ice-controlling') ?? hexOf(packet, 'ice-controlled'), 'tie-breaker');
  }

  list(stream = 0): ListSnapshot {
    return must(this.agent.snapshot().lists[stream], 'list');
  }

  pair(id: number): PairSnapshot {
    const all = this.agent.snapshot().lists.flatMap((l) => l.pairs);
    return must(
      all.find((p) => p.id === id),
      `pair ${id}`,
    );
  }

  /** `in-progress check started`, line by line. */
  story(id: number): string[] {
    return this.pair(id).history.map((h) => `${h.state}: ${h.why}`);
  }

  outputs<K extends IceOut['kind']>(kind: K): (Extract<IceOut, { kind: K }> & { readonly at: number })[] {
    return this.log.flatMap(({ at: when, out }) => (out.kind === kind ? [{ ...(out as Extract<IceOut, { kind: K }>), at: when }] : []));
  }

  #took(out: IceOut[]): IceOut[] {
    for (const one of out) this.log.push({ at: this.now / 1e6, out: one });
    return out;
  }
}

function sameText(address: TransportAddress, text: string): boolean {
  const wanted = at(text);
  return address.address === wanted.address && address.port === wanted.port;
}

/** What came out, in short: `pair 1 succeeded`, `send`, `selected`. */
export function kinds(outs: readonly IceOut[]): string[] {
  return outs.map((o) => (o.kind === 'pair' ? `pair ${o.id} ${o.state}` : o.kind));
}
