/**
 * The TCP of one emulated node: connections, listeners, and what arrives for none of them. Over {@link IpOutput}, with
 * the scheduler's time; no streams, no promises.
 *
 * Not there: urgent data as a signal (it is read as ordinary text), timestamps, ECN, Fast Open, IP options.
 * @module
 */
import { LabError } from '../../base/error.js';
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import { ZERO, type Nanos } from '../../base/time.js';
import type { Rng } from '../../base/rng.js';
import type { Scheduler } from '../../fabric/scheduler.js';
import * as tcp from '../../wire/tcp.js';
import type { Addr, IpOutput, NetError, Refusal, TransportInput } from '../transport.js';
import { ConnectionTable, type ListenerEntry } from './connection-table.js';
import { rejectSegment, sendReset, sendSyn } from './emit.js';
import { expired, pathShrunk } from './expiry.js';
import { segmentArrives, takeSyn } from './input.js';
import { SequenceGenerator } from './isn.js';
import { fail, finish, remove } from './lifecycle.js';
import { startRetransmit } from './output.js';
import { LINUX_PARAMETERS, type TcpParameters } from './parameters.js';
import { REFUSAL } from './refusal.js';
import { ACK, RST, SYN, readSegment, type Segment } from './segment.js';
import { before } from './sequence.js';
import { TcpSocket, type TcpSocketInfo } from './tcp-socket.js';
import type { TcpCounters } from './counters.js';
import { TcpStack } from './stack.js';
import { Tcb, type ConnectionId } from './tcb.js';
import { TIMER } from './timers.js';

/** Dynamic ports of Linux (`ip_local_port_range`). */
const FIRST_DYNAMIC = 32768;
const DYNAMIC_PORTS = 60999 - FIRST_DYNAMIC + 1;
/** The node's own policy by local port decides. */
const DSCP_BY_POLICY = -1;

export interface TcpConnectOptions {
  readonly to: Addr;
  readonly toPort: number;
  /** Without it the routing decides. */
  readonly from?: Addr;
  /** Without it one is drawn. */
  readonly fromPort?: number;
  /** 0..63 */
  readonly dscp?: number;
  /** Ends the attempt with `timeout`; without it the SYN's retries do. */
  readonly timeout?: Nanos;
  readonly cause?: Cause;
}

export interface TcpListenOptions {
  readonly address: Addr;
  readonly port: number;
  /** Half-open connections at a time, `somaxconn` at most, and without it; a SYN beyond is dropped without answer, as Linux does without SYN cookies. */
  readonly backlog?: number;
  readonly dscp?: number;
}

export interface TcpListener {
  /** Ends half-open connections too; established ones live on. */
  close(): void;
}

export interface TcpNetstat {
  readonly listeners: readonly { readonly address: Addr; readonly port: number; readonly halfOpen: number }[];
  readonly connections: readonly TcpSocketInfo[];
  readonly counters: Readonly<TcpCounters>;
}

interface Listener extends ListenerEntry {
  readonly backlog: number;
  readonly dscp: number;
  readonly accept: (socket: TcpSocket) => void;
  readonly halfOpen: Set<Tcb>;
}

export class TcpLayer implements TransportInput {
  readonly #stack: TcpStack;
  readonly #table = new ConnectionTable<Listener>();
  readonly #random: Rng;
  readonly #sequences: SequenceGenerator;

  constructor(deps: { output: IpOutput; scheduler: Scheduler; random: Rng; parameters?: Partial<TcpParameters> }) {
    this.#random = deps.random;
    this.#sequences = new SequenceGenerator(deps.random);
    this.#stack = new TcpStack(deps.output, deps.scheduler, { ...LINUX_PARAMETERS, ...deps.parameters }, (c) => this.#table.remove(c));
  }

  /**
   * Active open. The socket is there at once; whether it gets through is told by `onChange`, never before this returns.
   * Errors: NET_ADDRESS_IN_USE when `fromPort` is taken for that peer, or no dynamic port is left.
   */
  connect(options: TcpConnectOptions): TcpSocket {
    const local = options.from ?? this.#stack.output.sourceFor(options.to);
    // Without a route there is no source address either; the block lives just to say so.
    const from = local ?? options.to;
    const id = { local: from, localPort: options.fromPort ?? this.#dynamicPort(), remote: options.to, remotePort: options.toPort };
    if (this.#table.has(id)) {
      throw new LabError('NET_ADDRESS_IN_USE', `port ${id.localPort} already has a connection to that address and port`);
    }
    const c = this.#block(id, false, options.dscp ?? DSCP_BY_POLICY);
    c.state = 'syn-sent';
    if (local === null) {
      c.failure = 'unreachable';
      c.timers.start(TIMER.FAIL, ZERO);
      return new TcpSocket(c);
    }
    this.#stack.enter();
    if (options.timeout !== undefined) c.timers.start(TIMER.FAIL, options.timeout);
    this.#synchronize(c, options.cause ?? NO_CAUSE);
    this.#stack.leaveCall();
    return new TcpSocket(c);
  }

  /**
   * Passive open.
   * @param accept gets each connection once it is established; data may be there already
   * @returns null when address and port are taken
   */
  listen(options: TcpListenOptions, accept: (socket: TcpSocket) => void): TcpListener | null {
    if (this.#table.listener(options.address, options.port) !== undefined) return null;
    const listener: Listener = {
      address: options.address,
      port: options.port,
      backlog: Math.min(options.backlog ?? Infinity, this.#stack.parameters.somaxconn),
      dscp: options.dscp ?? DSCP_BY_POLICY,
      accept,
      halfOpen: new Set(),
    };
    this.#table.addListener(listener);
    return {
      close: () => {
        this.#table.removeListener(listener);
        this.#stack.enter();
        for (const c of [...listener.halfOpen]) {
          if (c.state !== 'syn-received') continue;
          sendReset(c, NO_CAUSE);
          remove(c);
        }
        this.#stack.leaveCall();
      },
    };
  }

  receive(from: Addr, to: Addr, buf: Uint8Array, off: number, len: number, dscp: number, cause: Cause): Refusal | null {
    // What a node sends itself never crosses a link: nothing of it is recorded, whatever becomes of it.
    if (this.#stack.busy) {
      const copy = buf.slice(off, off + len);
      this.#stack.postpone({ handle: () => this.#segment(from, to, copy, 0, len, dscp, cause) });
      return null;
    }
    this.#stack.enter();
    this.#stack.discarded = null;
    this.#segment(from, to, buf, off, len, dscp, cause);
    const { discarded } = this.#stack;
    this.#stack.leave();
    return discarded;
  }

  error(kind: NetError, mtu: number, from: Addr, to: Addr, buf: Uint8Array, off: number, len: number): boolean {
    if (len < 8) return false;
    const c = this.#table.find(from, tcp.srcPort(buf, off), to, tcp.dstPort(buf, off));
    if (c === undefined) return false;
    const position = c.ackPosition(tcp.seq(buf, off));
    // RFC 5927 section 4.1: only about what is in flight; anything else is old or forged.
    if (position < c.sndUna || position >= Math.max(c.sndNxt, c.sndUna + 1)) return false;
    if (this.#stack.busy) {
      this.#stack.postpone({ handle: () => this.#icmp(c, kind, mtu) });
      return true;
    }
    this.#stack.enter();
    this.#icmp(c, kind, mtu);
    this.#stack.leave();
    return true;
  }

  netstat(): TcpNetstat {
    return {
      listeners: this.#table.listeners().map((l) => ({ address: l.address, port: l.port, halfOpen: this.#halfOpen(l) })),
      connections: this.#table.connections().map((c) => new TcpSocket(c).info()),
      counters: { ...this.#stack.counters },
    };
  }

  #icmp(c: Tcb, kind: NetError, mtu: number): void {
    if (c.state === 'closed') return;
    switch (kind) {
      case 'too-big':
        pathShrunk(c, mtu);
        return;
      case 'port-unreachable':
        // Hard, but RFC 5461 section 4: a synchronized connection is not ended by a message that anyone can send.
        if (c.state === 'syn-sent') fail(c, 'refused');
        else c.softError = true;
        return;
      case 'host-unreachable':
      case 'ttl-exceeded':
        // Soft, but section 4.1 again: before synchronization Linux ends the attempt, so that the user can try elsewhere.
        if (c.state === 'syn-sent') fail(c, 'unreachable');
        else c.softError = true;
        return;
    }
  }

  #segment(from: Addr, to: Addr, buf: Uint8Array, off: number, len: number, dscp: number, cause: Cause): void {
    const s = readSegment(buf, off, len, cause);
    this.#stack.counters.segmentsIn += 1;
    if (s === null) {
      this.#stack.counters.malformed += 1;
      this.#stack.discard(REFUSAL.malformed);
      return;
    }
    const c = this.#table.find(to, s.dstPort, from, s.srcPort);
    if (c !== undefined && !this.#reopens(c, s)) {
      segmentArrives(c, s);
      return;
    }
    const listener = this.#table.listener(to, s.dstPort);
    if (listener !== undefined && (s.flags & (RST | ACK | SYN)) === SYN) this.#passiveOpen(listener, from, s);
    else if ((s.flags & RST) !== 0) this.#stack.discard(REFUSAL.nobody);
    else if (listener !== undefined) rejectSegment(this.#stack, to, from, s, listener.dscp);
    // Linux: in the class that it came in.
    else if (this.#stack.parameters.resetUnknown) rejectSegment(this.#stack, to, from, s, dscp);
    else this.#stack.discard(REFUSAL.nobody);
  }

  /** RFC 9293 section 3.10.7.4: a SYN beyond all that was received may end TIME-WAIT early. */
  #reopens(c: Tcb, s: Segment): boolean {
    const fresh = c.state === 'time-wait' && (s.flags & (SYN | RST | ACK)) === SYN && before((c.irs + c.rcvNxt - 1) >>> 0, s.seq);
    if (!fresh || this.#table.listener(c.id.local, c.id.localPort) === undefined) return false;
    finish(c);
    return true;
  }

  /** RFC 9293 section 3.10.7.2. Text on the SYN is left for the peer to send again, as without Fast Open. */
  #passiveOpen(listener: Listener, from: Addr, s: Segment): void {
    if (this.#halfOpen(listener) >= listener.backlog) {
      this.#stack.counters.backlogFull += 1;
      this.#stack.discard(REFUSAL.backlog);
      return;
    }
    const id = { local: listener.address, localPort: listener.port, remote: from, remotePort: s.srcPort };
    const c = this.#block(id, true, listener.dscp);
    listener.halfOpen.add(c);
    c.accept = () => {
      listener.halfOpen.delete(c);
      listener.accept(new TcpSocket(c));
    };
    takeSyn(c, s);
    c.state = 'syn-received';
    this.#synchronize(c, s.cause);
  }

  #halfOpen(listener: Listener): number {
    for (const c of listener.halfOpen) if (c.state !== 'syn-received') listener.halfOpen.delete(c);
    return listener.halfOpen.size;
  }

  /** Sends the SYN or SYN-ACK and starts its clock. */
  #synchronize(c: Tcb, cause: Cause): void {
    const { now } = this.#stack.scheduler;
    c.synAt = now;
    c.lastProgress = now;
    c.sndNxt = 1;
    sendSyn(c, cause);
    startRetransmit(c);
  }

  #block(id: ConnectionId, passive: boolean, dscp: number): Tcb {
    const { parameters, scheduler } = this.#stack;
    const iss = parameters.initialSequence ?? this.#sequences.initial(scheduler.now, id.local, id.localPort, id.remote, id.remotePort);
    const c = new Tcb(this.#stack, id, passive, dscp, iss, expired);
    this.#table.add(c);
    return c;
  }

  #dynamicPort(): number {
    const start = this.#random.below(DYNAMIC_PORTS);
    for (let i = 0; i < DYNAMIC_PORTS; i++) {
      const port = FIRST_DYNAMIC + ((start + i) % DYNAMIC_PORTS);
      if (this.#table.portFree(port)) return port;
    }
    throw new LabError('NET_ADDRESS_IN_USE', 'no dynamic TCP port is free', { hint: `at most ${DYNAMIC_PORTS} connections can be open at a node` });
  }
}
