/**
 * The ACK field of a segment: RFC 9293 section 3.10.7.4 fifth step, RFC 5961 section 5, RFC 5681, 6582 and 6675.
 * @module
 */
import { nanos, type Nanos } from '../../base/time.js';
import { resendHead, startRetransmit } from './output.js';
import { DUPLICATE_THRESHOLD } from './scoreboard.js';
import { FIN, SYN, type Segment } from './segment.js';
import type { Tcb } from './tcb.js';
import { TIMER } from './timers.js';

/**
 * Takes note of what the segment acknowledges, reports and offers. Sends nothing but a fast retransmission.
 * @returns false when the number is impossible: the segment is to be challenged and dropped
 */
export function acknowledge(c: Tcb, s: Segment): boolean {
  const ack = c.ackPosition(s.ack);
  if (ack > c.sndNxt + (c.probed ? 1 : 0) || ack < c.sndUna - c.maxWnd) return false;
  if (ack > c.sndNxt) takeProbe(c);
  const advance = ack - c.sndUna;
  const sacked = noteSack(c, s);
  const sameWindow = s.window * 2 ** c.sndScale === c.sndWnd;
  // RFC 5681 section 2, definition of a duplicate.
  const duplicate = advance === 0 && s.len === 0 && (s.flags & (SYN | FIN)) === 0 && c.sndNxt > c.sndUna && sameWindow;
  c.unansweredProbes = 0;
  if (advance >= 0) noteWindow(c, s, ack);
  if (advance > 0) newlyAcknowledged(c, ack, advance, s);
  else if (c.sack ? sacked > 0 : duplicate) duplicateAck(c, s);
  return true;
}

/** The octet of a window probe was taken after all. */
function takeProbe(c: Tcb): void {
  c.sndNxt += 1;
  c.probed = false;
  if (!c.finSent) return;
  if (c.state === 'established') c.state = 'fin-wait-1';
  else if (c.state === 'close-wait') c.state = 'last-ack';
  c.stack.changed(c);
}

/** Newly reported octets. Blocks at or below SND.UNA say nothing new (RFC 2883), others beyond SND.NXT are nonsense. */
function noteSack(c: Tcb, s: Segment): number {
  if (!c.sack || s.options.sack === undefined) return 0;
  let octets = 0;
  for (const [left, right] of s.options.sack) {
    const start = c.ackPosition(left);
    const end = c.ackPosition(right);
    if (start <= c.sndUna || start >= end || end > c.sndNxt) continue;
    const fresh = c.scoreboard.add(start, end);
    if (fresh > 0) measure(c, c.sendTimes.reported(start, end));
    octets += fresh;
  }
  return octets;
}

function measure(c: Tcb, sentAt: Nanos | null): void {
  if (sentAt !== null) c.rtt.sample(nanos(c.stack.scheduler.now - sentAt));
}

/** SND.WND from the newest segment only: WL1 and WL2 tell an old one. */
export function noteWindow(c: Tcb, s: Segment, ack: number): void {
  const position = c.rcvPosition(s.seq);
  if (c.sndWl1 > position || (c.sndWl1 === position && c.sndWl2 > ack)) return;
  c.sndWnd = s.window * 2 ** ((s.flags & SYN) !== 0 ? 0 : c.sndScale);
  c.maxWnd = Math.max(c.maxWnd, c.sndWnd);
  c.sndWl1 = position;
  c.sndWl2 = ack;
  if (c.sndWnd > 0) {
    c.probes = 0;
    if (c.sndUna === c.sndNxt) c.timers.stop(TIMER.PERSIST);
  }
}

function newlyAcknowledged(c: Tcb, ack: number, advance: number, s: Segment): void {
  const { congestion: cc, scoreboard } = c;
  const { now } = c.stack.scheduler;
  const limited = c.flight + cc.mss > cc.cwnd;
  c.sndUna = ack;
  c.sendBuffer.release(Math.min(ack, c.sendBuffer.end));
  scoreboard.release(ack);
  cc.resent = Math.max(cc.resent, ack);
  c.retries = 0;
  c.lastProgress = now;
  measure(c, c.sendTimes.acknowledged(ack));
  switch (cc.phase) {
    case 'open':
      cc.duplicates = 0;
      cc.acknowledged(advance, limited);
      break;
    case 'recovery':
      if (ack >= cc.recover) cc.leave(c.sndNxt - ack, c.sack);
      else if (!c.sack) partialAck(c, advance, s);
      break;
    case 'loss':
      cc.acknowledged(advance, true);
      if (ack >= cc.recover) cc.leave(c.sndNxt - ack, c.sack);
      break;
  }
  if (c.sndUna === c.sndNxt) c.timers.stop(TIMER.RETRANSMIT);
  else startRetransmit(c);
  wakeWriter(c);
}

/** RFC 6582 section 3.2 step 3: the next segment is missing too. */
function partialAck(c: Tcb, advance: number, s: Segment): void {
  const { congestion: cc } = c;
  cc.deflate(advance);
  cc.lostBelow = Math.min(c.sndNxt, c.sndUna + cc.mss);
  resendHead(c, s.cause);
}

function duplicateAck(c: Tcb, s: Segment): void {
  const { congestion: cc } = c;
  if (cc.phase === 'recovery' && !c.sack) cc.inflate();
  if (cc.phase !== 'open') return;
  cc.duplicates += 1;
  // RFC 6582 section 3.2 step 2: duplicates that a time-out's own repetitions provoke are none.
  const fresh = c.sack || c.sndUna > cc.recover || cc.recover === 0;
  if (!fresh || (cc.duplicates < DUPLICATE_THRESHOLD && !c.scoreboard.isLost(c.sndUna, cc.mss))) return;
  c.stack.counters.fastRecoveries += 1;
  cc.enterRecovery(c.sndUna, c.sndNxt, c.sack);
  resendHead(c, s.cause);
}

/** Linux tells a writer when a third of its buffer is free. */
function wakeWriter(c: Tcb): void {
  if (!c.writerWaits || 3 * c.sendBuffer.free < c.stack.parameters.sendBuffer) return;
  c.writerWaits = false;
  c.stack.changed(c);
}
