/**
 * What a connection does when one of its deadlines passes (RFC 9293 section 3.10.8, RFC 6298 section 5).
 * @module
 */
import { unreachable } from '../../base/assert.js';
import { NO_CAUSE } from '../../base/brand.js';
import { nanos, type Nanos } from '../../base/time.js';
import { sendAck, sendKeepAlive, sendReset, sendSyn } from './emit.js';
import { fail, finish, remove } from './lifecycle.js';
import { resendHead, sendProbe, startPersist, startRetransmit, transmit } from './output.js';
import type { Tcb } from './tcb.js';
import { TIMER, type TimerKind } from './timers.js';

export function expired(c: Tcb, kind: TimerKind): void {
  switch (kind) {
    case TIMER.RETRANSMIT:
      retransmit(c);
      return;
    case TIMER.PERSIST:
      persist(c);
      return;
    case TIMER.DELAYED_ACK:
      sendAck(c, c.ackCause);
      return;
    case TIMER.TIME_WAIT:
      finish(c);
      return;
    case TIMER.KEEP_ALIVE:
      keepAlive(c);
      return;
    case TIMER.FAIL:
      fail(c, c.softError && c.failure === 'timeout' ? 'unreachable' : c.failure);
      return;
    default:
      unreachable(kind, 'timer');
  }
}

function giveUp(c: Tcb): void {
  fail(c, c.softError ? 'unreachable' : 'timeout');
}

function impatient(c: Tcb): boolean {
  const { userTimeout } = c.stack.parameters;
  return userTimeout > 0 && c.stack.scheduler.now - c.lastProgress >= userTimeout;
}

function retransmit(c: Tcb): void {
  const { parameters, counters } = c.stack;
  const handshake = c.state === 'syn-sent' || c.state === 'syn-received';
  const limit = !handshake ? parameters.dataRetries : c.passive ? parameters.synAckRetries : parameters.synRetries;
  // A peer that has closed its window over what is out, and says so, is alive (Linux does not count this either).
  const alive = !handshake && c.sndWnd === 0 && c.stack.scheduler.now - c.lastHeard <= parameters.maxRto;
  if (!alive) c.retries += 1;
  if (c.retries > limit || impatient(c)) {
    // Nobody has heard of a connection that a listener has not accepted yet.
    if (c.state === 'syn-received' && c.passive) remove(c);
    else giveUp(c);
    return;
  }
  counters.timeouts += 1;
  c.rtt.backOff();
  if (handshake) {
    counters.retransmitted += 1;
    sendSyn(c, NO_CAUSE);
  } else {
    // A block at SND.UNA would have been acknowledged: the peer has reneged (RFC 2018 section 8).
    if (c.scoreboard.first <= c.sndUna) c.scoreboard.clear();
    c.congestion.timeout(c.sndUna, c.sndNxt, c.retries > 1);
    resendHead(c, NO_CAUSE);
  }
  startRetransmit(c);
}

function persist(c: Tcb): void {
  if (c.sndUna !== c.sndNxt || c.unsent === 0) return;
  if (c.unansweredProbes >= c.stack.parameters.dataRetries || (c.unansweredProbes > 0 && impatient(c))) {
    giveUp(c);
    return;
  }
  if (c.unansweredProbes === 0) c.lastProgress = c.stack.scheduler.now;
  sendProbe(c);
  if (c.sndUna !== c.sndNxt) {
    startRetransmit(c);
    return;
  }
  c.probes += 1;
  c.unansweredProbes += 1;
  startPersist(c);
}

/** Starts the idle clock, if keep-alive is on. */
export function startKeepAlive(c: Tcb): void {
  const { keepAliveIdle } = c.stack.parameters;
  c.lastHeard = c.stack.scheduler.now;
  if (keepAliveIdle > 0) c.timers.start(TIMER.KEEP_ALIVE, keepAliveIdle);
}

function keepAlive(c: Tcb): void {
  const { parameters, scheduler } = c.stack;
  const idle = scheduler.now - c.lastHeard;
  // Data in flight asks the same question.
  if (idle < parameters.keepAliveIdle || c.sndNxt > c.sndUna || c.unsent > 0) {
    c.keepAlives = 0;
    c.timers.start(TIMER.KEEP_ALIVE, (idle < parameters.keepAliveIdle ? parameters.keepAliveIdle - idle : parameters.keepAliveIdle) as Nanos);
    return;
  }
  if (c.keepAlives >= parameters.keepAliveProbes) {
    sendReset(c, NO_CAUSE);
    giveUp(c);
    return;
  }
  c.keepAlives += 1;
  sendKeepAlive(c);
  c.timers.start(TIMER.KEEP_ALIVE, nanos(parameters.keepAliveInterval));
}

/** A packet was too big: what is out is cut anew and sent again, without blame on the network's load (RFC 1191 section 6.5). */
export function pathShrunk(c: Tcb, mtu: number): void {
  const before = c.congestion.mss;
  if (mtu > 0) c.mtuLimit = Math.min(c.mtuLimit, mtu);
  if (c.mss >= before) return;
  c.congestion.resize(c.mss, false);
  if (c.state === 'syn-sent' || c.state === 'syn-received' || c.sndNxt === c.sndUna) return;
  c.congestion.resegment(c.sndUna, c.sndNxt);
  transmit(c, NO_CAUSE);
}
