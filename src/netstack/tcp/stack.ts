/**
 * What the connections of one node share: the way out, the clock, parameters, and the order of things. Whatever comes
 * from outside is an *entry*; segments that come back while one is handled (a node that talks to itself) wait, and
 * sockets hear of changes only when the event is handled in full, never within a call of their user.
 * @module
 */
import { assertInvariant } from '../../base/assert.js';
import type { Cause, TimerId } from '../../base/brand.js';
import type { Scheduler, Target } from '../../fabric/scheduler.js';
import { IPPROTO, type Addr, type IpOutput, type Refusal } from '../transport.js';
import type { TcpParameters } from './parameters.js';
import type { Tcb, TcpServices } from './tcb.js';
import type { TcpCounters } from './counters.js';

/** Largest TCP segment that an IPv4 datagram takes. */
const SCRATCH = 65535;

/** A datagram or ICMP error that came while another was handled; owns its bytes. */
interface Waiting {
  handle(): void;
}

export class TcpStack implements TcpServices, Target {
  readonly output: IpOutput;
  readonly scheduler: Scheduler;
  readonly parameters: TcpParameters;
  /** A segment is built here; `IpOutput.send` copies it. */
  readonly scratch = new Uint8Array(SCRATCH);
  readonly counters: TcpCounters = {
    segmentsIn: 0,
    segmentsOut: 0,
    retransmitted: 0,
    timeouts: 0,
    fastRecoveries: 0,
    resetsIn: 0,
    resetsOut: 0,
    challengeAcks: 0,
    malformed: 0,
    backlogFull: 0,
  };
  /** Why the segment that is handled now is thrown away, if it is. */
  discarded: Refusal | null = null;
  readonly #closed: (c: Tcb) => void;
  #depth = 0;
  #draining = false;
  #booked: TimerId | null = null;
  readonly #changed: Tcb[] = [];
  readonly #inbox: Waiting[] = [];
  #challengeSecond = -1;
  #challenges = 0;

  constructor(output: IpOutput, scheduler: Scheduler, parameters: TcpParameters, closed: (c: Tcb) => void) {
    this.output = output;
    this.scheduler = scheduler;
    this.parameters = parameters;
    this.#closed = closed;
  }

  get busy(): boolean {
    return this.#depth > 0;
  }

  postpone(waiting: Waiting): void {
    this.#inbox.push(waiting);
  }

  enter(): void {
    this.#depth += 1;
  }

  /** The end of a user's own call: what it has caused is told in an event of its own, never within the call. */
  leaveCall(): void {
    this.#depth -= 1;
    assertInvariant(this.#depth >= 0, 'left TCP more often than entered');
    if (this.#depth > 0 || this.#draining || this.#booked !== null || !this.#pending) return;
    this.#booked = this.scheduler.at(this.scheduler.now, this, 0, null);
  }

  fire(): void {
    this.#booked = null;
    this.enter();
    this.leave();
  }

  get #pending(): boolean {
    return this.#inbox.length > 0 || this.#changed.length > 0;
  }

  /** The end of an event: sockets hear of what it changed. */
  leave(): void {
    this.#depth -= 1;
    assertInvariant(this.#depth >= 0, 'left TCP more often than entered');
    if (this.#depth > 0 || this.#draining) return;
    if (this.#booked !== null) this.scheduler.cancel(this.#booked);
    this.#booked = null;
    this.#draining = true;
    try {
      while (this.#pending) this.#drainOne();
    } finally {
      this.#draining = false;
    }
  }

  #drainOne(): void {
    const waiting = this.#inbox.shift();
    if (waiting !== undefined) {
      this.#depth += 1;
      waiting.handle();
      this.#depth -= 1;
      return;
    }
    const c = this.#changed.shift();
    if (c === undefined) return;
    c.changePending = false;
    const accept = c.accept;
    c.accept = null;
    accept?.();
    c.onChange();
  }

  /** Has the socket told, once, when the event is handled. */
  changed(c: Tcb): void {
    if (c.changePending) return;
    c.changePending = true;
    this.#changed.push(c);
  }

  discard(why: Refusal): void {
    this.discarded = why;
  }

  /** The connection is gone. */
  forget(c: Tcb): void {
    this.#closed(c);
  }

  /** Sends `scratch[0 .. len)`. */
  send(from: Addr, to: Addr, len: number, dscp: number, cause: Cause): void {
    this.counters.segmentsOut += 1;
    this.output.send(IPPROTO.TCP, from, to, this.scratch, 0, len, dscp, true, cause);
  }

  /** RFC 5961 section 7: ACK throttling, per node and second. */
  mayChallenge(): boolean {
    const second = Math.floor(this.scheduler.now / 1e9);
    if (second !== this.#challengeSecond) {
      this.#challengeSecond = second;
      this.#challenges = 0;
    }
    if (this.#challenges >= this.parameters.challengeAcks) return false;
    this.#challenges += 1;
    this.counters.challengeAcks += 1;
    return true;
  }
}
