/**
 * The shell of an ICE agent: carriers below, signalling above, one booked timer. Datagrams are told apart by RFC 7983;
 * what is not STUN passes by the agent.
 * @module
 */
import { must } from '../../base/assert.js';
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import { seconds, type Nanos } from '../../base/time.js';
import { Deadline } from '../../host/deadline.js';
import type { DatagramHandler, Deferred, Endpoint, Host } from '../../host/host.js';
import { demux, KIND } from '../../protocol/demux.js';
import type { IceIn, IceOut, SelectedPair } from '../../protocol/ice/agent-io.js';
import { IceAgent, type IceSnapshot } from '../../protocol/ice/agent.js';
import { describeCandidate, type Candidate, type IceBase, type LocalCandidate } from '../../protocol/ice/candidates/candidate.js';
import { localPreferences } from '../../protocol/ice/candidates/priority.js';
import { ReflexiveGatherer } from '../../protocol/ice/candidates/reflexive-gatherer.js';
import type { IceSettings } from '../../protocol/ice/checks/context.js';
import { looksLikeStun } from '../../protocol/stun/framing.js';
import { formatAddress, type TransportAddress } from '../../protocol/stun/transport-address.js';
import type { Carrier, OpenRelay, Relay } from './carrier.js';
import { bindPorts, type MediaSocket, type PortRange } from './port-pair.js';
import { familyOf } from '../../wire/address.js';

export interface IceTransportOptions {
  readonly host: Host;
  readonly controlling: boolean;
  /** 1 with rtcp-mux, else 2. */
  readonly components: number;
  readonly ports: PortRange;
  readonly stunServers: readonly { readonly address: string; readonly port: number }[];
  /** Relay clients, each with candidates of its own. */
  readonly relays?: readonly OpenRelay[];
  readonly dscp?: number;
  /** Gathering is waited for no longer than this (default 5 s): a silent server must not hold up the call. */
  readonly gatherLimit?: Nanos;
  readonly settings?: Partial<IceSettings>;
}

export interface RemoteIce {
  readonly ufrag: string;
  readonly pwd: string;
  readonly lite?: boolean;
  readonly candidates: readonly Candidate[];
}

/** What the owner hears. Called synchronously, within the event that caused it. */
export interface IceTransportEvents {
  /** hot. All but STUN, with its kind by RFC 7983. Bytes are borrowed. */
  data(kind: number, component: number, buf: Uint8Array, off: number, len: number, local: Endpoint, from: Endpoint, cause: Cause): void;
  /** Data of the component goes this way from now on. */
  path(component: number, local: Endpoint, remote: Endpoint): void;
  failed(why: string): void;
  consentExpired(component: number): void;
}

/** What a socket's handler needs, found without a look-up. */
interface Way {
  transport: IceTransport | null;
  base: IceBase | null;
  carrier: Carrier | null;
}

export class IceTransport {
  readonly #host: Host;
  readonly #events: IceTransportEvents;
  readonly #gatherLimit: Nanos;
  /** Sockets first, then what relays brought. */
  readonly #carriers = new Map<IceBase, Carrier>();
  readonly #relays: readonly Relay[];
  readonly #agent: IceAgent;
  /** By component: where data goes. */
  readonly #out: (Carrier | null)[] = [null, null, null];
  readonly #to: (Endpoint | null)[] = [null, null, null];
  #gathering: Deferred<void> | null = null;
  readonly #deadline: Deadline;
  #closed = false;

  /** Errors: MEDIA_FAILED when no port is free. */
  static async open(options: IceTransportOptions, events: IceTransportEvents): Promise<IceTransport> {
    const ways = new Map<string, Way>();
    const sockets = await bindPorts(options.host, options, (address, component) => {
      const way: Way = { transport: null, base: null, carrier: null };
      ways.set(`${address} ${component}`, way);
      return (buf, off, len, from, cause) => {
        if (way.transport !== null) way.transport.#receive(way, buf, off, len, from, cause);
      };
    });
    return new IceTransport(options, events, sockets, ways);
  }

  private constructor(options: IceTransportOptions, events: IceTransportEvents, sockets: readonly MediaSocket[], ways: ReadonlyMap<string, Way>) {
    const { host } = options;
    this.#host = host;
    this.#events = events;
    this.#gatherLimit = options.gatherLimit ?? seconds(5);
    const addresses = sockets.filter((s) => s.component === 1).map((s) => s.socket.local);
    const preferences = localPreferences(addresses);
    for (const { socket, component } of sockets) {
      const rank = addresses.findIndex((a) => a.address === socket.local.address);
      const { address, port, family } = socket.local;
      const base: IceBase = {
        stream: 0,
        component,
        transport: 'udp',
        address: { address, port, family },
        localPreference: must(preferences[rank], 'local preference'),
      };
      this.#carriers.set(base, socket);
      const way = must(ways.get(`${address} ${component}`), 'the way of a socket');
      way.transport = this;
      way.base = base;
      way.carrier = socket;
      socket.onError = (error, to) => {
        if (!this.#closed) this.#input({ kind: 'network-error', base, to, error });
      };
    }
    this.#deadline = new Deadline(this.#host, () => {
      this.#tick();
    });
    const bases = [...this.#carriers.keys()];
    const plug = { host, carrier: (base: IceBase) => this.#carrierOf(base), attach: (base: IceBase, carrier: Carrier) => this.#attach(base, carrier) };
    this.#relays = (options.relays ?? []).map((open) => open(plug));
    this.#agent = new IceAgent({
      controlling: options.controlling,
      random: host.random,
      streams: [options.components],
      bases,
      gatherers: [
        ...options.stunServers.map((s) => new ReflexiveGatherer({ address: s.address, port: s.port, family: familyOf(s.address) })),
        ...this.#relays.map((relay) => relay.gatherer),
      ],
      ...(options.settings !== undefined && { settings: options.settings }),
    });
  }

  #carrierOf(base: IceBase): Carrier {
    return must(this.#carriers.get(base), 'the carrier of a base');
  }

  #attach(base: IceBase, carrier: Carrier): DatagramHandler {
    this.#carriers.set(base, carrier);
    const way: Way = { transport: this, base, carrier };
    return (buf, off, len, from, cause) => {
      this.#receive(way, buf, off, len, from, cause);
    };
  }

  get controlling(): boolean {
    return this.#agent.controlling;
  }

  get ufrag(): string {
    return this.#agent.credentials.ufrag;
  }

  get pwd(): string {
    return this.#agent.credentials.pwd;
  }

  get candidates(): readonly LocalCandidate[] {
    return this.#agent.localCandidates;
  }

  selected(component: number): SelectedPair | null {
    return this.#agent.selected(0, component);
  }

  get completed(): boolean {
    return this.#agent.listState(0) === 'completed';
  }

  /** Why the current ICE session has failed, or null. */
  get failure(): string | null {
    return this.#agent.listState(0) === 'failed' ? (this.snapshot().lists[0]?.why ?? '') : null;
  }

  snapshot(): IceSnapshot {
    return this.#agent.snapshot();
  }

  /** Where a peer without ICE should send: relayed before reflexive before host, IPv4 first (RFC 8839 section 4.2.1.2). */
  defaultOf(component: number): TransportAddress {
    const chosen = this.selected(component);
    if (chosen !== null) return chosen.local.address;
    const rank = (c: Candidate): number => (c.type === 'relay' ? 0 : c.type === 'srflx' ? 2 : 4) + (c.address.family === 4 ? 0 : 1);
    const own = this.candidates.filter((c) => c.component === component).sort((a, b) => rank(a) - rank(b));
    return must(own[0] ?? [...this.#carriers.keys()].find((b) => b.component === component), 'a base').address;
  }

  /** Finds the candidates: resolved when all gatherers have ended, or at the limit. What comes later is still used. */
  gather(): Promise<void> {
    this.#input({ kind: 'gather' });
    return this.#gathered();
  }

  /** New credentials and candidates; data goes on by the old pair meanwhile (RFC 8445 section 9). */
  restart(): Promise<void> {
    this.#input({ kind: 'restart' });
    return this.#gathered();
  }

  setRemote(remote: RemoteIce): void {
    this.#input({ kind: 'remote', stream: 0, ...remote });
  }

  /** For a peer without ICE: data of the component goes there, from the first address of the family. */
  setDirect(component: number, remote: TransportAddress): boolean {
    const base = [...this.#carriers.keys()].find((b) => b.component === component && b.address.family === remote.family);
    if (base === undefined) return false;
    this.#setPath(component, base, remote);
    return true;
  }

  hasPath(component: number): boolean {
    return this.#out[component] !== null;
  }

  /** hot. Nothing happens where there is no path. */
  send(component: number, buf: Uint8Array, off: number, len: number, cause: Cause = NO_CAUSE): void {
    const carrier = this.#out[component];
    const to = this.#to[component];
    if (carrier !== null && carrier !== undefined && to !== null && to !== undefined) carrier.send(buf, off, len, to, cause);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#deadline.close();
    this.#gathering?.resolve();
    this.#gathering = null;
    // Allocations before the sockets that reach their server.
    for (const carrier of [...this.#carriers.values()].reverse()) carrier.close();
    this.#out.fill(null);
  }

  /** hot. Everything that arrives at a carrier of ours. */
  #receive(way: Way, buf: Uint8Array, off: number, len: number, from: Endpoint, cause: Cause): void {
    const { base, carrier } = way;
    if (this.#closed || base === null || carrier === null) return;
    for (const relay of this.#relays) if (relay.receive(base, buf, off, len, from, cause)) return;
    const kind = demux(buf, off, len);
    if (kind !== KIND.STUN) this.#events.data(kind, base.component, buf, off, len, carrier.local, from, cause);
    else if (looksLikeStun(buf, off, len)) this.#input({ kind: 'datagram', base, from, bytes: buf.slice(off, off + len), cause });
    else this.#host.discard(cause, 'not-stun');
  }

  #gathered(): Promise<void> {
    if (!this.#agent.gathering) return Promise.resolve();
    const waiting = this.#host.deferred<void>(`${this.#host.name}: ICE candidates`);
    this.#gathering = waiting;
    this.#host.after(this.#gatherLimit, () => {
      if (this.#gathering !== waiting) return;
      this.#gathering = null;
      this.#host.event('ice-gathering-limit', { limit: this.#gatherLimit });
      waiting.resolve();
    });
    return waiting.promise;
  }

  #input(input: IceIn): void {
    const out: IceOut[] = [];
    this.#agent.handle(input, this.#host.clock.now, out);
    this.#act(out);
  }

  #tick(): void {
    const out: IceOut[] = [];
    this.#agent.tick(this.#host.clock.now, out);
    this.#act(out);
  }

  #act(outputs: readonly IceOut[]): void {
    for (const out of outputs) {
      if (this.#closed) return;
      this.#actOn(out);
    }
    this.#deadline.set(this.#agent.deadline);
  }

  #actOn(out: IceOut): void {
    const host = this.#host;
    switch (out.kind) {
      case 'send':
        this.#carriers.get(out.base)?.send(out.bytes, 0, out.bytes.length, host.endpoint(out.to.address, out.to.port), out.cause);
        break;
      case 'gathered':
        this.#gathering?.resolve();
        this.#gathering = null;
        break;
      case 'pair':
        host.event('ice-pair', {
          pair: out.id,
          component: out.component,
          local: describeCandidate(out.local),
          remote: describeCandidate(out.remote),
          state: out.state,
          why: out.why,
        });
        break;
      case 'candidate':
        host.event('ice-candidate', {
          component: out.candidate.component,
          candidate: describeCandidate(out.candidate),
          priority: out.candidate.priority,
          'learned-from': out.candidate.learnedFrom,
        });
        break;
      case 'role':
        host.event('ice-role', { role: out.controlling ? 'controlling' : 'controlled', why: out.why });
        break;
      case 'restarted':
        host.event('ice-restarted', { ufrag: out.ufrag, why: out.why });
        break;
      case 'selected':
        host.event('ice-selected', {
          component: out.component,
          pair: out.pair,
          base: formatAddress(out.base.address),
          local: formatAddress(out.local.address),
          'local-type': out.local.type,
          remote: formatAddress(out.remote.address),
          'remote-type': out.remote.type,
        });
        this.#setPath(out.component, out.base, out.remote.address);
        break;
      case 'failed':
        host.event('ice-failed', { why: out.why });
        this.#events.failed(out.why);
        break;
      case 'consent-expired':
        host.event('ice-consent-expired', { component: out.component, pair: out.pair });
        this.#out[out.component] = null;
        this.#events.consentExpired(out.component);
        break;
      case 'completed':
        break;
      case 'discard':
        host.discard(out.cause, out.why);
        break;
    }
  }

  #setPath(component: number, base: IceBase, remote: TransportAddress): void {
    const carrier = this.#carrierOf(base);
    const to = this.#host.endpoint(remote.address, remote.port);
    this.#out[component] = carrier;
    this.#to[component] = to;
    this.#events.path(component, carrier.local, to);
  }
}
