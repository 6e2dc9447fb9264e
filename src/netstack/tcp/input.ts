/**
 * SEGMENT ARRIVES for a connection: RFC 9293 section 3.10.7.3 (SYN-SENT) and 3.10.7.4 (all others), with RFC 5961.
 * @module
 */
import { millis } from '../../base/time.js';
import { acknowledge, noteWindow } from './acknowledge.js';
import { rejectSegment, scaleFor, sendAck, sendReset, sendSyn } from './emit.js';
import { startKeepAlive } from './expiry.js';
import { enterFinWait2, enterTimeWait, fail, finish, remove, setState, startTimeWait } from './lifecycle.js';
import { startRetransmit, transmit } from './output.js';
import { REFUSAL } from './refusal.js';
import { ACK, FIN, RST, SYN, segmentLength, type Segment } from './segment.js';
import { mayReceive, type Tcb } from './tcb.js';
import { TIMER } from './timers.js';

/** Linux `tcp_invalid_ratelimit`: two ends that disagree must not answer each other for ever. */
const ODD_ACK_INTERVAL = millis(500);
/** RFC 7323 section 2.3. */
const MAX_SCALE = 14;

export function segmentArrives(c: Tcb, s: Segment): void {
  c.lastHeard = c.stack.scheduler.now;
  c.keepAlives = 0;
  if ((s.flags & RST) !== 0) c.stack.counters.resetsIn += 1;
  if (c.state === 'syn-sent') synSent(c, s);
  else if (!repeatsSyn(c, s)) synchronized(c, withoutSyn(c, s));
}

/** Takes over what the peer's SYN says; also the listener's part of 3.10.7.2. */
export function takeSyn(c: Tcb, s: Segment): void {
  const { parameters } = c.stack;
  const { mss, windowScale, sackPermitted } = s.options;
  c.irs = s.seq;
  c.rcvEdge = 1;
  if (mss !== undefined) c.peerMss = mss;
  if (windowScale !== undefined && parameters.windowScaling) {
    c.sndScale = Math.min(windowScale, MAX_SCALE);
    c.rcvScale = scaleFor(parameters.receiveBuffer);
    c.scaling = true;
  }
  c.sack = sackPermitted === true && parameters.sack;
  c.congestion.resize(c.mss, true);
  noteWindow(c, s, 0);
}

function synSent(c: Tcb, s: Segment): void {
  const acks = (s.flags & ACK) !== 0;
  const ack = c.ackPosition(s.ack);
  if (acks && ack !== 1) {
    if ((s.flags & RST) !== 0) c.stack.discard(REFUSAL.reset);
    rejectSegment(c.stack, c.id.local, c.id.remote, s, c.dscp);
    return;
  }
  if ((s.flags & RST) !== 0) {
    if (acks) fail(c, 'refused');
    else c.stack.discard(REFUSAL.reset);
    return;
  }
  if ((s.flags & SYN) === 0) {
    c.stack.discard(REFUSAL.noSyn);
    return;
  }
  takeSyn(c, s);
  if (!acks) {
    // Simultaneous open: the peer's SYN crossed ours.
    setState(c, 'syn-received');
    sendSyn(c, s.cause);
    startRetransmit(c);
    return;
  }
  establish(c, s);
  c.ackNow = true;
  c.ackCause = s.cause;
  takeText(c, s, 1);
  takeFin(c, s, 1);
  transmit(c, s.cause);
}

/** Our SYN is acknowledged. */
function establish(c: Tcb, s: Segment): void {
  const { now } = c.stack.scheduler;
  c.sndUna = 1;
  c.timers.stop(TIMER.RETRANSMIT);
  c.timers.stop(TIMER.FAIL);
  if (c.retries === 0) {
    c.rtt.sample((now - c.synAt) as typeof now);
  } else {
    c.rtt.restart(c.stack.parameters.rtoAfterSynLoss);
    c.congestion.synLost();
  }
  c.retries = 0;
  c.softError = false;
  c.lastProgress = now;
  c.lastSent = now;
  noteWindow(c, s, 1);
  setState(c, 'established');
  startKeepAlive(c);
}

/**
 * The peer's SYN once more: our SYN-ACK was lost, or it is the SYN-ACK of a simultaneous open that came a second time.
 * Answered by the SYN-ACK as Linux does; the bare ACK of 3.10.7.4 would not help a peer in SYN-SENT.
 */
function repeatsSyn(c: Tcb, s: Segment): boolean {
  if (c.state !== 'syn-received' || (s.flags & (SYN | ACK | RST)) !== SYN || s.seq !== c.irs) return false;
  sendSyn(c, s.cause);
  return true;
}

/** RFC 9293 figure 8: the SYN-ACK that ends a simultaneous open repeats a SYN already taken. */
function withoutSyn(c: Tcb, s: Segment): Segment {
  if (c.state !== 'syn-received' || (s.flags & SYN) === 0 || s.seq !== c.irs) return s;
  return { ...s, seq: (s.seq + 1) >>> 0, flags: s.flags & ~SYN };
}

function synchronized(c: Tcb, s: Segment): void {
  const position = c.rcvPosition(s.seq);
  if (!acceptable(c, s, position)) {
    refuse(c, s);
    return;
  }
  if ((s.flags & RST) !== 0) {
    takeReset(c, s, position);
    return;
  }
  if ((s.flags & SYN) !== 0) {
    challenge(c, s);
    return;
  }
  if ((s.flags & ACK) === 0) {
    c.stack.discard(REFUSAL.noAck);
    return;
  }
  if (c.state === 'syn-received') {
    if (c.ackPosition(s.ack) !== 1) {
      rejectSegment(c.stack, c.id.local, c.id.remote, s, c.dscp);
      return;
    }
    establish(c, s);
  }
  if (!acknowledge(c, s)) {
    challenge(c, s);
    return;
  }
  afterAcknowledgement(c);
  if (c.state === 'closed') return;
  takeText(c, s, position);
  takeFin(c, s, position);
  transmit(c, s.cause);
}

/**
 * RFC 9293 section 3.4, table 6. With a closed window ACK, RST and FIN are still taken where text would begin:
 * "special allowance should be made to accept valid ACKs, URGs, and RSTs".
 */
function acceptable(c: Tcb, s: Segment, position: number): boolean {
  const next = c.rcvNxt;
  const length = segmentLength(s);
  const window = c.rcvEdge - next;
  if (window <= 0) return position === next;
  if (position >= next && position < next + window) return true;
  const last = position + length - 1;
  return length > 0 && last >= next && last < next + window;
}

function refuse(c: Tcb, s: Segment): void {
  const { now } = c.stack.scheduler;
  if ((s.flags & RST) !== 0) {
    c.stack.discard(REFUSAL.reset);
    return;
  }
  if (segmentLength(s) === 0) {
    if (now - c.lastOddAck < ODD_ACK_INTERVAL) {
      c.stack.discard(REFUSAL.limited);
      return;
    }
    c.lastOddAck = now;
  }
  // The peer's FIN again: our ACK of it was lost, so the wait begins anew.
  if (c.state === 'time-wait' && (s.flags & FIN) !== 0) startTimeWait(c);
  sendAck(c, s.cause);
}

/** RFC 5961 section 4. */
function challenge(c: Tcb, s: Segment): void {
  if (c.stack.mayChallenge()) sendAck(c, s.cause);
  else c.stack.discard(REFUSAL.limited);
}

/** RFC 5961 section 3: only the exact number resets; a guess in the window is challenged. */
function takeReset(c: Tcb, s: Segment, position: number): void {
  if (position !== c.rcvNxt) {
    challenge(c, s);
    return;
  }
  switch (c.state) {
    case 'syn-received':
      // A passive open goes back to LISTEN: nobody has heard of it.
      if (c.passive) remove(c);
      else fail(c, 'refused');
      return;
    case 'closing':
    case 'last-ack':
    case 'time-wait':
      finish(c);
      return;
    default:
      fail(c, 'reset');
  }
}

/** Fifth step: our FIN may be acknowledged now. */
function afterAcknowledgement(c: Tcb): void {
  if (!c.finAcked) return;
  if (c.state === 'fin-wait-1') enterFinWait2(c);
  else if (c.state === 'closing') enterTimeWait(c);
  else if (c.state === 'last-ack') finish(c);
}

/** Seventh step. RFC 5681 section 4.2: what is out of order, or fills a gap, is acknowledged at once. */
function takeText(c: Tcb, s: Segment, position: number): void {
  if (s.len === 0) return;
  if (!mayReceive(c.state) || c.finReceived) {
    c.stack.discard(REFUSAL.afterFin);
    return;
  }
  if (c.orphan && position + s.len > c.rcvNxt) {
    // Nobody will read it, and the peer should know (RFC 9293 section 3.6.1).
    sendReset(c, s.cause);
    remove(c);
    return;
  }
  const room = Math.min(s.len, c.rcvEdge - position);
  const gap = c.receive.outOfOrder.length > 0;
  const taken = room > 0 ? c.receive.insert(position, s.buf, s.off, room) : 0;
  c.rcvMss = Math.max(c.rcvMss, s.len);
  c.ackCause = s.cause;
  if (taken === 0 || gap || room < s.len) c.ackNow = true;
  if (taken === 0) return;
  c.lastCause = s.cause;
  c.stack.changed(c);
  // RFC 9293 section 3.8.6.3: at least every second full-sized segment, and within half a second.
  if (c.receive.next - c.acked > c.rcvMss) c.ackNow = true;
  else if (!c.timers.running(TIMER.DELAYED_ACK)) c.timers.start(TIMER.DELAYED_ACK, c.stack.parameters.delayedAck);
}

/** Eighth step. A FIN that came before the text in front of it is remembered by its position. */
function takeFin(c: Tcb, s: Segment, position: number): void {
  if (c.state === 'closed') return;
  if ((s.flags & FIN) !== 0 && mayReceive(c.state)) c.peerFin = position + s.len;
  if (c.peerFin < 0 || c.finReceived || c.receive.next !== c.peerFin) return;
  c.finReceived = true;
  c.ackNow = true;
  c.ackCause = s.cause;
  c.lastCause = s.cause;
  if (c.state === 'established') setState(c, 'close-wait');
  else if (c.state === 'fin-wait-1') setState(c, 'closing');
  else if (c.state === 'fin-wait-2') enterTimeWait(c);
}
