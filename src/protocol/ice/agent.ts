/**
 * An ICE agent: gathers, checks, nominates, keeps consent, restarts. Full implementation of RFC 8445, trickle by RFC 8838,
 * consent by RFC 7675, patience by RFC 8863. Sans-I/O: the shell carries datagrams and signalling and books `deadline`.
 *
 * Supported: several streams of one or two components, IPv4 and IPv6, host and server-reflexive candidates, whatever a
 * {@link Gatherer} brings (relayed candidates with a base of their own), peer-reflexive discovery, regular nomination,
 * role conflicts, lite peers, restarts. TCP candidates are paired by RFC 6544; their connections are the shell's.
 * Not supported: aggressive nomination, being lite, names in place of addresses.
 *
 * @example
 * const agent = new IceAgent({ controlling: true, random, streams: [1], bases, gatherers: [new ReflexiveGatherer(server)] });
 * agent.handle({ kind: 'gather' }, now, out);
 * agent.handle({ kind: 'remote', stream: 0, ufrag, pwd, candidates }, now, out);
 * @module
 */
import { assertInvariant, must, unreachable } from '../../base/assert.js';
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import type { Rng } from '../../base/rng.js';
import { NEVER, type Nanos } from '../../base/time.js';
import type { Machine } from '../machine.js';
import { checkFingerprint, isMalformedStun, parseStun } from '../stun/codec.js';
import { STUN_METHOD } from '../stun/message.js';
import type { TransportAddress } from '../stun/transport-address.js';
import type { IceIn, IceOut, SelectedPair } from './agent-io.js';
import { formatCandidate, type IceBase, type LocalCandidate } from './candidates/candidate.js';
import { CheckList, type CheckListState, type PrunedPair } from './checks/check-list.js';
import type { ConsentSnapshot } from './checks/consent.js';
import { DEFAULT_SETTINGS, IceContext, type IceSettings } from './checks/context.js';
import { newCredentials, type IceCredentials } from './candidates/credentials.js';
import type { Gatherer, GathererOut, GatherNote } from './candidates/gatherer.js';
import { LocalCandidates } from './candidates/local-candidates.js';
import { Pacer } from './candidates/pacer.js';
import { snapshotPair, type PairSnapshot } from './checks/pair.js';
import { addressedUfrag, refuseCheck } from './checks/server-checks.js';
import { IceSession } from './checks/session.js';

export interface IceAgentOptions {
  readonly controlling: boolean;
  readonly random: Rng;
  /** Components of each data stream: 1 with rtcp-mux, else 2. */
  readonly streams: readonly number[];
  /** One for each socket of each component of each stream. */
  readonly bases: readonly IceBase[];
  readonly gatherers?: readonly Gatherer[];
  readonly ta?: Nanos;
  readonly settings?: Partial<IceSettings>;
}

export interface ListSnapshot {
  readonly stream: number;
  readonly state: CheckListState;
  readonly why: string;
  readonly remoteCandidates: readonly string[];
  readonly remoteEnded: boolean;
  /** Highest priority first; valid pairs that a check discovered at the end. */
  readonly pairs: readonly PairSnapshot[];
  readonly pruned: readonly PrunedPair[];
}

/** All that the agent knows, as plain data. */
export interface IceSnapshot {
  readonly controlling: boolean;
  readonly ufrag: string;
  readonly restarts: number;
  readonly gathering: boolean;
  readonly localCandidates: readonly { readonly line: string; readonly stream: number; readonly learnedFrom: string }[];
  readonly gatherers: readonly { readonly name: string; readonly done: boolean; readonly notes: readonly GatherNote[] }[];
  readonly lists: readonly ListSnapshot[];
  readonly consents: readonly ConsentSnapshot[];
}

export class IceAgent implements Machine<IceIn, IceOut> {
  readonly #options: IceAgentOptions;
  readonly #settings: IceSettings;
  readonly #pacer: Pacer;
  readonly #gatherers: readonly Gatherer[];
  #pairs = 0;
  #restarts = 0;
  #session: IceSession;
  /** The session whose pairs carry data until the restarted one has its own. */
  #previous: IceSession | null = null;
  #gathered = false;
  #released = false;

  constructor(options: IceAgentOptions) {
    for (const base of options.bases) {
      assertInvariant(base.component >= 1 && base.component <= (options.streams[base.stream] ?? 0), 'every base belongs to a component of a stream');
    }
    this.#options = options;
    this.#settings = { ...DEFAULT_SETTINGS, ...options.settings };
    this.#pacer = new Pacer(options.ta);
    this.#gatherers = options.gatherers ?? [];
    this.#session = this.#newSession(options.controlling);
  }

  /** For the description to the peer: valid from the start, new after a restart. */
  get credentials(): IceCredentials {
    return this.#session.ctx.credentials;
  }

  get controlling(): boolean {
    return this.#session.ctx.controlling;
  }

  get localCandidates(): readonly LocalCandidate[] {
    return this.#session.ctx.local.all.filter((c) => c.type !== 'prflx');
  }

  /** A gatherer is still at work, or none was started. */
  get gathering(): boolean {
    return !this.#gathered;
  }

  listState(stream: number): CheckListState {
    return must(this.#session.ctx.lists[stream], `stream ${stream}`).state;
  }

  selected(stream: number, component: number): SelectedPair | null {
    const pair = must(this.#session.ctx.lists[stream], `stream ${stream}`).selected.get(component);
    return pair === undefined ? null : { pair: pair.id, stream, component, base: pair.local.base, local: pair.local, remote: pair.remote };
  }

  get deadline(): Nanos {
    let next: number = Math.min(this.#session.deadline, this.#previous?.deadline ?? NEVER);
    for (const gatherer of this.#gatherers) next = Math.min(next, gatherer.deadline);
    return next as Nanos;
  }

  handle(input: IceIn, now: Nanos, out: IceOut[]): void {
    switch (input.kind) {
      case 'gather':
        this.#gather(now, out);
        break;
      case 'datagram':
        this.#datagram(input.base, input.from, input.bytes, input.cause ?? NO_CAUSE, now, out);
        break;
      case 'remote':
        this.#remote(input, now, out);
        break;
      case 'remote-candidate':
        this.#session.addRemoteCandidate(this.#list(input.stream), input.candidate, now, out);
        break;
      case 'end-of-candidates':
        this.#list(input.stream).remoteEnded = true;
        break;
      case 'network-error':
        this.#session.noteError(input.base, input.to, input.error, now);
        this.#previous?.noteError(input.base, input.to, input.error, now);
        for (const gatherer of this.#gatherers) gatherer.fault(input.base, input.to, input.error, now);
        break;
      case 'restart':
        this.#restart('asked for', now, out);
        break;
      default:
        unreachable(input);
    }
    this.#run(now, out);
  }

  tick(now: Nanos, out: IceOut[]): void {
    this.#run(now, out);
  }

  snapshot(): IceSnapshot {
    const ctx = this.#session.ctx;
    return {
      controlling: ctx.controlling,
      ufrag: ctx.credentials.ufrag,
      restarts: this.#restarts,
      gathering: this.gathering,
      localCandidates: ctx.local.all.map((c) => ({ line: formatCandidate(c), stream: c.base.stream, learnedFrom: c.learnedFrom })),
      gatherers: this.#gatherers.map((g) => ({ name: g.name, done: g.done, notes: [...g.notes] })),
      lists: ctx.lists.map((l) => ({
        stream: l.stream,
        state: l.state,
        why: l.why,
        remoteCandidates: l.remoteCandidates.map(formatCandidate),
        remoteEnded: l.remoteEnded,
        pairs: [...l.pairs, ...l.discovered].map(snapshotPair),
        pruned: [...l.pruned],
      })),
      consents: [...this.#session.consents.values(), ...(this.#previous?.consents.values() ?? [])].map((c) => c.snapshot()),
    };
  }

  #list(stream: number): CheckList {
    return must(this.#session.ctx.lists[stream], `stream ${stream}`);
  }

  #newSession(controlling: boolean): IceSession {
    return new IceSession(
      new IceContext({
        options: this.#settings,
        random: this.#options.random,
        pacer: this.#pacer,
        credentials: newCredentials(this.#options.random),
        local: new LocalCandidates(),
        lists: this.#options.streams.map((components, stream) => new CheckList(stream, components)),
        nextPairId: () => (this.#pairs += 1),
        controlling,
      }),
    );
  }

  #gather(now: Nanos, out: IceOut[]): void {
    this.#gathered = false;
    this.#released = false;
    for (const base of this.#options.bases) this.#addCandidate({ type: 'host', base, address: base.address, learnedFrom: null }, now, out);
    for (const gatherer of this.#gatherers) {
      this.#withGatherer(now, out, (found) => {
        gatherer.start({ bases: this.#options.bases, pacer: this.#pacer, random: this.#options.random }, now, found);
      });
    }
  }

  #addCandidate(c: Parameters<LocalCandidates['add']>[0], now: Nanos, out: IceOut[]): void {
    const { candidate, fresh } = this.#session.ctx.local.add(c);
    if (!fresh) return;
    out.push({ kind: 'candidate', candidate });
    this.#session.addLocal(candidate, now, out);
  }

  #withGatherer(now: Nanos, out: IceOut[], work: (found: GathererOut[]) => void): void {
    const found: GathererOut[] = [];
    work(found);
    for (const one of found) {
      if (one.kind === 'send') out.push(one);
      else this.#addCandidate(one.candidate, now, out);
    }
  }

  #remote(input: Extract<IceIn, { kind: 'remote' }>, now: Nanos, out: IceOut[]): void {
    const known = this.#list(input.stream).remote;
    if (known !== null && (known.ufrag !== input.ufrag || known.pwd !== input.pwd)) this.#restart('the peer has new credentials', now, out);
    const list = this.#list(input.stream);
    if (list.state !== 'running') return;
    const remote = { ufrag: input.ufrag, pwd: input.pwd, lite: input.lite ?? false };
    this.#session.setRemote(list, remote, input.candidates, input.complete ?? true, now, out);
  }

  /** RFC 8445 section 9: new credentials, all candidates anew, the roles stay. */
  #restart(why: string, now: Nanos, out: IceOut[]): void {
    if (this.#session.ctx.lists.some((l) => l.selected.size > 0)) this.#previous = this.#session;
    this.#session = this.#newSession(this.#session.ctx.controlling);
    this.#restarts += 1;
    out.push({ kind: 'restarted', ...this.credentials, why });
    this.#gather(now, out);
  }

  #datagram(base: IceBase, from: TransportAddress, bytes: Uint8Array, cause: Cause, now: Nanos, out: IceOut[]): void {
    const packet = parseStun(bytes, 0, bytes.length);
    if (isMalformedStun(packet) || checkFingerprint(packet) === 'wrong') {
      out.push({ kind: 'discard', why: isMalformedStun(packet) ? 'stun-malformed' : 'stun-fingerprint', cause });
      return;
    }
    for (const gatherer of this.#gatherers) {
      let taken = false;
      this.#withGatherer(now, out, (found) => {
        taken = gatherer.receive(base, from, packet, now, found);
      });
      if (taken) return;
    }
    if (packet.method !== STUN_METHOD.BINDING) {
      out.push({ kind: 'discard', why: 'stun-method', cause });
      return;
    }
    if (packet.class === 'request') {
      const ufrag = addressedUfrag(packet);
      const previous = this.#previous;
      if (ufrag !== undefined && ufrag !== this.credentials.ufrag && ufrag !== previous?.ctx.credentials.ufrag)
        refuseCheck({ base, from, packet, cause }, 401, 'Unauthorized', null, out);
      else (previous !== null && ufrag === previous.ctx.credentials.ufrag ? previous : this.#session).handleRequest(base, from, packet, cause, now, out);
      return;
    }
    // A keepalive: it has done its work on the way.
    if (packet.class === 'indication') return;
    const answered = this.#session.handleResponse(base, from, packet, now, out) || (this.#previous?.handleResponse(base, from, packet, now, out) ?? false);
    if (!answered) out.push({ kind: 'discard', why: 'stun-no-transaction', cause });
  }

  #run(now: Nanos, out: IceOut[]): void {
    for (const gatherer of this.#gatherers) {
      if (gatherer.deadline > now) continue;
      this.#withGatherer(now, out, (found) => {
        gatherer.tick(now, found);
      });
    }
    const ctx = this.#session.ctx;
    if (ctx.local.all.length > 0) ctx.pathsMayCome = this.#gatherers.some((g) => g.opensPaths && !g.done);
    if (!this.#gathered && ctx.local.all.length > 0 && this.#gatherers.every((g) => g.done)) {
      this.#gathered = true;
      out.push({ kind: 'gathered' });
    }
    this.#session.run(now, out);
    this.#previous?.run(now, out);
    if (this.#session.completed) this.#conclude(now, out);
  }

  #conclude(now: Nanos, out: IceOut[]): void {
    this.#previous = null;
    if (this.#released) return;
    this.#released = true;
    const inUse = this.#session.ctx.lists.flatMap((l) => [...l.selected.values()].map((p) => p.local.base));
    for (const gatherer of this.#gatherers) {
      this.#withGatherer(now, out, (found) => {
        gatherer.release(inUse, now, found);
      });
    }
  }
}
