/**
 * Transmission control block: the variables of one connection, RFC 9293 section 3.3.1, all sequence variables as
 * positions (0 = SYN, 1 = first octet). Data and small derivations only; what acts on it are `output`, `input`,
 * `acknowledge` and `expiry`.
 * @module
 */
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import { ZERO, type Nanos } from '../../base/time.js';
import type { Scheduler } from '../../fabric/scheduler.js';
import type { Addr, IpOutput, Refusal } from '../transport.js';
import { Congestion } from './congestion.js';
import { ReceiveBuffer } from './receive-buffer.js';
import { RttEstimator } from './rtt.js';
import { Scoreboard } from './scoreboard.js';
import { SendTimes } from './send-times.js';
import { SendBuffer } from './send-buffer.js';
import { positionOf, wireSequence } from './sequence.js';
import type { TcpCounters } from './counters.js';
import type { TcpParameters } from './parameters.js';
import { Timers, type TimerKind } from './timers.js';

/** RFC 9293 section 3.3.2. */
export type TcpState =
  | 'closed'
  | 'syn-sent'
  | 'syn-received'
  | 'established'
  | 'fin-wait-1'
  | 'fin-wait-2'
  | 'close-wait'
  | 'closing'
  | 'last-ack'
  | 'time-wait';

/** `unreachable`: ICMP said so, and nothing better came before the attempt ended. */
export type TcpError = 'refused' | 'timeout' | 'reset' | 'unreachable';

export interface ConnectionId {
  readonly local: Addr;
  readonly localPort: number;
  readonly remote: Addr;
  readonly remotePort: number;
}

/** RFC 9293 MUST-15 and RFC 8200: MSS when the peer names none. */
const DEFAULT_MSS = { 4: 536, 6: 1220 } as const;
/** Least segment that Linux sends, whatever the peer or a router claims. */
const MIN_MSS = 48;
const TCP_HEADER = 20;
const IP_HEADER = { 4: 20, 6: 40 } as const;

/** What a connection asks of the TCP that it is one of. */
export interface TcpServices {
  readonly output: IpOutput;
  readonly scheduler: Scheduler;
  readonly parameters: TcpParameters;
  readonly counters: TcpCounters;
  /** A segment is built here. */
  readonly scratch: Uint8Array;
  enter(): void;
  /** The end of a user's own call: what it has caused is told in an event of its own. */
  leaveCall(): void;
  /** The end of an event: sockets hear of what it changed. */
  leave(): void;
  /** Has the socket told, once, when the event is handled. */
  changed(c: Tcb): void;
  /** The segment that is handled now is thrown away without a word, and why. */
  discard(why: Refusal): void;
  /** The connection is gone. */
  forget(c: Tcb): void;
  /** Sends `scratch[0 .. len)`. */
  send(from: Addr, to: Addr, len: number, dscp: number, cause: Cause): void;
  /** RFC 5961 section 7. */
  mayChallenge(): boolean;
}

export class Tcb {
  readonly stack: TcpServices;
  readonly id: ConnectionId;
  readonly passive: boolean;
  readonly dscp: number;
  readonly iss: number;
  readonly timers: Timers;

  state: TcpState = 'closed';
  error: TcpError | null = null;
  /** What a FAIL timer means. */
  failure: TcpError = 'timeout';
  /** An ICMP error that may pass (RFC 5461 section 2). */
  softError = false;
  /** The user has closed it and will read no more. */
  orphan = false;
  onChange: () => void = () => undefined;
  /** Set between establishment and the listener's hearing of it. */
  accept: (() => void) | null = null;
  changePending = false;

  readonly sendBuffer: SendBuffer;
  sndUna = 0;
  sndNxt = 0;
  /** Bytes, scaled. */
  sndWnd = 0;
  sndWl1 = 0;
  sndWl2 = 0;
  /** Largest window that the peer has offered. */
  maxWnd = 0;
  sndScale = 0;
  /** Both ends have sent the window scale option. */
  scaling = false;
  peerMss: number;
  /** Limit learnt from ICMP, Infinity before; holds for the connection's life. */
  mtuLimit = Infinity;
  noDelay: boolean;
  finQueued = false;
  /** A window probe of one octet beyond `sndNxt` is out. */
  probed = false;
  /** The writer was refused space and waits for it. */
  writerWaits = false;

  irs = 0;
  readonly receive: ReceiveBuffer;
  /** The largest right edge that was offered; never taken back. */
  rcvEdge = 0;
  /** The largest window that was offered. */
  rcvOffered = 0;
  rcvScale = 0;
  /** Position of the peer's FIN, -1 while unknown. */
  peerFin = -1;
  finReceived = false;
  /** Largest text seen: what "full-sized segment" means for delayed ACKs. */
  rcvMss = 536;
  /** RCV.NXT as last acknowledged. */
  acked = 0;
  ackNow = false;
  ackCause: Cause = NO_CAUSE;
  /** Packet that brought the latest text or FIN. */
  lastCause: Cause = NO_CAUSE;

  sack = false;
  readonly scoreboard = new Scoreboard();
  readonly congestion: Congestion;
  readonly rtt: RttEstimator;
  readonly sendTimes = new SendTimes();
  /** When our SYN was sent. */
  synAt: Nanos = ZERO;
  retries = 0;
  /** Window probes since the window closed, for their back-off, and those that nothing has answered. */
  probes = 0;
  unansweredProbes = 0;
  keepAlives = 0;
  lastProgress: Nanos = ZERO;
  /** When text was sent last. */
  lastSent: Nanos = ZERO;
  lastHeard: Nanos = ZERO;
  /** When an ACK last went out for an unacceptable segment without text. */
  lastOddAck = -Infinity;

  constructor(stack: TcpServices, id: ConnectionId, passive: boolean, dscp: number, iss: number, expired: (c: Tcb, kind: TimerKind) => void) {
    const p = stack.parameters;
    this.stack = stack;
    this.id = id;
    this.passive = passive;
    this.dscp = dscp;
    this.iss = iss;
    this.timers = new Timers(stack.scheduler, (kind) => {
      stack.enter();
      expired(this, kind);
      stack.leave();
    });
    this.sendBuffer = new SendBuffer(p.sendBuffer);
    this.receive = new ReceiveBuffer(p.receiveBuffer);
    this.noDelay = p.noDelay;
    this.peerMss = DEFAULT_MSS[this.family];
    this.congestion = new Congestion(this.mss);
    this.rtt = new RttEstimator({ initial: p.initialRto, floor: p.minRto, ceiling: p.maxRto });
  }

  get family(): 4 | 6 {
    return this.stack.output.family(this.id.remote);
  }

  /** Largest TCP segment text that the path takes, options not counted. */
  get pathMss(): number {
    const mtu = Math.min(this.stack.output.pathMtu(this.id.remote), this.mtuLimit);
    return Math.max(MIN_MSS, mtu - IP_HEADER[this.family] - TCP_HEADER);
  }

  /** SMSS of RFC 5681. */
  get mss(): number {
    return Math.max(MIN_MSS, Math.min(this.peerMss, this.pathMss));
  }

  get rcvNxt(): number {
    return this.receive.next + (this.finReceived ? 1 : 0);
  }

  /** Position of our FIN, once it was queued. */
  get finPosition(): number {
    return this.sendBuffer.end;
  }

  get finSent(): boolean {
    return this.finQueued && this.sndNxt > this.finPosition;
  }

  get finAcked(): boolean {
    return this.finQueued && this.sndUna > this.finPosition;
  }

  /** Octets and FIN that were never sent. */
  get unsent(): number {
    return this.sendBuffer.end + (this.finQueued ? 1 : 0) - Math.max(1, this.sndNxt);
  }

  /** Number on the wire of one of our positions. */
  seq(position: number): number {
    return wireSequence(this.iss, position);
  }

  /** Our position that an acknowledgement names. */
  ackPosition(ack: number): number {
    return positionOf(this.iss, ack, this.sndNxt);
  }

  /** The peer's position that a sequence number names. */
  rcvPosition(seq: number): number {
    return positionOf(this.irs, seq, this.rcvNxt);
  }

  /** Octets believed to be in the network (RFC 6675 pipe; FlightSize without SACK). */
  get flight(): number {
    const { congestion: cc, scoreboard, sndUna, sndNxt } = this;
    const { phase } = cc;
    if (phase === 'open' && scoreboard.empty) return sndNxt - sndUna;
    if (phase === 'open') return scoreboard.pipe(sndUna, sndNxt, cc.mss, sndUna, sndUna);
    if (phase === 'recovery' && !this.sack) return sndNxt - sndUna;
    return scoreboard.pipe(sndUna, sndNxt, cc.mss, cc.lostBelow, cc.resent);
  }
}

/** States in which our data or FIN may be (re)sent. */
export function maySend(state: TcpState): boolean {
  return state === 'established' || state === 'close-wait' || state === 'fin-wait-1' || state === 'closing' || state === 'last-ack';
}

/** States in which the peer may still send data. */
export function mayReceive(state: TcpState): boolean {
  return state === 'established' || state === 'fin-wait-1' || state === 'fin-wait-2';
}
