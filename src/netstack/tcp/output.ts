/**
 * What to send next, and when not: windows of peer and network, Nagle and silly-window avoidance (RFC 9293 section
 * 3.8.6.2.1), what is lost before what is new (RFC 6675 section 5).
 * @module
 */
import type { Cause } from '../../base/brand.js';
import { nanos } from '../../base/time.js';
import { optionOctets, sendAck, sendText } from './emit.js';
import { maySend, type Tcb } from './tcb.js';
import { TIMER } from './timers.js';

/** Sends all that may be sent now, then the ACK that is due if nothing carried it. */
export function transmit(c: Tcb, cause: Cause): void {
  if (maySend(c.state)) {
    if (c.mss !== c.congestion.mss) c.congestion.resize(c.mss, false);
    restartAfterIdle(c);
    let sent = true;
    while (sent) sent = sendNext(c, cause);
    armTimers(c);
  }
  if (c.ackNow && c.state !== 'closed') sendAck(c, cause === 0 ? c.ackCause : cause);
}

function restartAfterIdle(c: Tcb): void {
  const { scheduler } = c.stack;
  if (c.sndUna === c.sndNxt && c.sndNxt > 1 && c.unsent > 0 && scheduler.now - c.lastSent > c.rtt.timeout) c.congestion.idle();
}

function sendNext(c: Tcb, cause: Cause): boolean {
  const { congestion: cc } = c;
  if (cc.phase === 'open') return sendNew(c, cause);
  if (resendHole(c, true, cause)) return true;
  // A hole that the window holds back comes before new data.
  if (nextHole(c, true) !== null) return false;
  if (sendNew(c, cause)) return true;
  return cc.phase === 'recovery' && c.sack && resendHole(c, false, cause);
}

function nextHole(c: Tcb, lostOnly: boolean): { start: number; end: number } | null {
  const { congestion: cc, scoreboard } = c;
  const from = Math.max(cc.resent, c.sndUna);
  const limit = lostOnly ? c.sndNxt : Math.min(c.sndNxt, scoreboard.highest);
  return scoreboard.hole(from, limit, cc.mss, cc.lostBelow, lostOnly);
}

function resendHole(c: Tcb, lostOnly: boolean, cause: Cause): boolean {
  const hole = nextHole(c, lostOnly);
  if (hole === null) return false;
  const { flight, congestion: cc } = c;
  const length = Math.min(hole.end - hole.start, textLimit(c));
  if (flight > 0 && cc.cwnd - flight < length) return false;
  resend(c, hole.start, length, cause);
  return true;
}

/** Sends the first unacknowledged segment again, whatever the windows say. */
export function resendHead(c: Tcb, cause: Cause): void {
  const end = Math.min(c.sndUna + textLimit(c), c.sndNxt, c.scoreboard.first);
  if (end > c.sndUna) resend(c, c.sndUna, end - c.sndUna, cause);
}

/** @param octets in sequence space: the last may be FIN */
function resend(c: Tcb, position: number, octets: number, cause: Cause): void {
  const { congestion: cc } = c;
  const text = Math.min(octets, c.sendBuffer.end - position);
  const fin = c.finSent && position + text === c.finPosition;
  const end = position + text + (fin ? 1 : 0);
  cc.resent = Math.max(cc.resent, end);
  // Without SACK the acknowledgement of what lies behind waits for this one, and so measures nothing either.
  if (c.sack) c.sendTimes.again(position, end);
  else c.sendTimes.forget();
  c.stack.counters.retransmitted += 1;
  sendText(c, position, text, fin, cause);
}

function textLimit(c: Tcb): number {
  return c.congestion.mss - optionOctets(c);
}

function sendNew(c: Tcb, cause: Cause): boolean {
  if (c.unsent === 0) return false;
  const { congestion: cc, flight } = c;
  const usable = c.sndUna + c.sndWnd - c.sndNxt;
  const text = c.sendBuffer.end - c.sndNxt;
  const limit = textLimit(c);
  const length = Math.max(0, Math.min(text, limit, usable));
  const fin = c.finQueued && length === text && usable > length;
  if (length === 0 && !fin) return false;
  // Limited transmit (RFC 3042): two segments on the first two duplicates. With SACK the pipe shrinks instead.
  const extra = cc.phase === 'open' && !c.sack ? Math.min(cc.duplicates, 2) * cc.mss : 0;
  if (flight > 0 && cc.cwnd + extra - flight < Math.max(1, length)) return false;
  if (length < limit && !fin && !worthSending(c, length, text)) return false;
  sendFresh(c, length, fin, cause);
  return true;
}

/** Less than a full segment: RFC 9293 section 3.8.6.2.1 (2) with Nagle's part switchable, (3) half the largest window. */
function worthSending(c: Tcb, length: number, text: number): boolean {
  if (length === text) return c.noDelay || c.sndUna === c.sndNxt;
  return 2 * length >= c.maxWnd;
}

function sendFresh(c: Tcb, length: number, fin: boolean, cause: Cause): void {
  const { now } = c.stack.scheduler;
  if (c.sndUna === c.sndNxt) c.lastProgress = now;
  const position = c.sndNxt;
  c.sndNxt += length + (fin ? 1 : 0);
  c.probed = false;
  c.sendTimes.first(position, c.sndNxt, now);
  if (fin) finSent(c);
  sendText(c, position, length, fin, cause);
}

/** RFC 9293 section 3.10.4. */
function finSent(c: Tcb): void {
  if (c.state === 'established') c.state = 'fin-wait-1';
  else if (c.state === 'close-wait') c.state = 'last-ack';
  c.stack.changed(c);
}

/**
 * The persist timer has run out: what silly-window avoidance held back goes out in part; with a closed window, one octet
 * that `sndNxt` does not count (RFC 9293 section 3.8.6.1).
 */
export function sendProbe(c: Tcb): void {
  const usable = c.sndUna + c.sndWnd - c.sndNxt;
  const text = c.sendBuffer.end - c.sndNxt;
  if (usable > 0 && text > 0) {
    const length = Math.min(text, usable, textLimit(c));
    sendFresh(c, length, c.finQueued && length === text && usable > length, c.ackCause);
    return;
  }
  c.probed = true;
  sendText(c, c.sndNxt, Math.min(1, text), text === 0, c.ackCause);
}

function armTimers(c: Tcb): void {
  if (c.sndNxt > c.sndUna) {
    c.timers.stop(TIMER.PERSIST);
    if (!c.timers.running(TIMER.RETRANSMIT)) startRetransmit(c);
    return;
  }
  c.timers.stop(TIMER.RETRANSMIT);
  if (c.unsent === 0) c.timers.stop(TIMER.PERSIST);
  else if (!c.timers.running(TIMER.PERSIST)) startPersist(c);
}

/** RFC 6298 rules 5.1 and 5.3; never beyond the end of the user's patience. */
export function startRetransmit(c: Tcb): void {
  const { userTimeout } = c.stack.parameters;
  const left = userTimeout > 0 ? Math.max(0, c.lastProgress + userTimeout - c.stack.scheduler.now) : Infinity;
  c.timers.start(TIMER.RETRANSMIT, nanos(Math.min(c.rtt.timeout, left)));
}

export function startPersist(c: Tcb): void {
  c.timers.start(TIMER.PERSIST, nanos(Math.min(c.rtt.timeout * 2 ** c.probes, c.stack.parameters.maxRto)));
}

/** The reader took something: tells the peer if that opens its window by enough (Linux: at least twofold, and no
 * more than half of the largest window is left). */
export function updateWindow(c: Tcb): void {
  const left = c.rcvEdge - c.rcvNxt;
  const space = c.receive.window;
  const step = Math.min(c.rcvMss, Math.floor(c.stack.parameters.receiveBuffer / 2));
  if (2 * left > c.rcvOffered || space < 2 * left || space - left < step) return;
  c.rcvEdge = c.rcvNxt + space;
  sendAck(c, c.lastCause);
}
