/**
 * Single segments of a connection, put on the wire: SYN, ACK, RST, text.
 * @module
 */
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import * as tcpOptions from '../../wire/tcp-options.js';
import type { TcpOptions } from '../../wire/tcp-options.js';
import type { Addr } from '../transport.js';
import { ACK, FIN, PSH, RST, SYN, segmentLength, writeHeader, type Segment } from './segment.js';
import type { TcpServices } from './tcb.js';
import type { Tcb } from './tcb.js';
import { TIMER } from './timers.js';

/** Most blocks that fit 40 octets of options without timestamps (RFC 2018 section 3). */
const SACK_BLOCKS = 4;
const MAX_WINDOW = 65535;
/** RFC 7323 section 2.3. */
const MAX_SCALE = 14;

/** Least shift with which the whole receive buffer can be offered. */
export function scaleFor(receiveBuffer: number): number {
  let scale = 0;
  while (scale < MAX_SCALE && receiveBuffer > MAX_WINDOW * 2 ** scale) scale += 1;
  return scale;
}

/**
 * The window field of the next segment. The right edge never moves back, moves only in steps worth sending
 * (RFC 9293 section 3.8.6.2.2), and rests while something is missing: a duplicate ACK must repeat the window
 * (RFC 5681 section 2), and the SYN's field is not scaled.
 */
function offerWindow(c: Tcb, syn: boolean): number {
  const next = c.rcvNxt;
  const wished = c.receive.next + c.receive.window;
  const step = Math.min(c.rcvMss, Math.floor(c.stack.parameters.receiveBuffer / 2));
  const rests = c.receive.outOfOrder.length > 0 && c.rcvEdge > next;
  const edge = !rests && wished - c.rcvEdge >= step ? wished : c.rcvEdge;
  const scale = syn ? 0 : c.rcvScale;
  const field = Math.min(MAX_WINDOW, Math.floor(Math.max(0, edge - next) / 2 ** scale));
  c.rcvEdge = Math.max(c.rcvEdge, next + field * 2 ** scale);
  c.rcvOffered = Math.max(c.rcvOffered, field * 2 ** scale);
  return field;
}

function sackOptions(c: Tcb): TcpOptions {
  if (!c.sack || c.receive.outOfOrder.length === 0) return tcpOptions.NO_OPTIONS;
  const wire = (position: number): number => (c.irs + position) >>> 0;
  return { sack: c.receive.recentRanges(SACK_BLOCKS).map((r) => [wire(r.start), wire(r.end)] as const) };
}

/** Octets that options take of each segment just now; RFC 6691: the sender takes them off the text. */
export function optionOctets(c: Tcb): number {
  return tcpOptions.length(sackOptions(c));
}

function emit(c: Tcb, position: number, flags: number, options: TcpOptions, textLength: number, cause: Cause): void {
  const { stack, id } = c;
  const acks = (flags & ACK) !== 0;
  const header = writeHeader(
    {
      srcPort: id.localPort,
      dstPort: id.remotePort,
      seq: c.seq(position),
      ack: acks ? (c.irs + c.rcvNxt) >>> 0 : 0,
      flags,
      window: (flags & RST) !== 0 ? 0 : offerWindow(c, (flags & SYN) !== 0),
      options,
    },
    stack.scratch,
  );
  if (textLength > 0) c.sendBuffer.copy(position, textLength, stack.scratch, header);
  if (acks) {
    c.acked = c.rcvNxt;
    c.ackNow = false;
    c.timers.stop(TIMER.DELAYED_ACK);
  }
  if (textLength > 0) c.lastSent = stack.scheduler.now;
  stack.send(id.local, id.remote, header + textLength, c.dscp, cause);
}

/** SYN, or SYN-ACK once the peer's SYN has come. Offers an option in answer only if the peer did (RFC 7323 section 2.2). */
export function sendSyn(c: Tcb, cause: Cause): void {
  const answers = c.state === 'syn-received';
  const { parameters } = c.stack;
  const offersScale = answers ? c.scaling : parameters.windowScaling;
  const options: TcpOptions = {
    mss: c.pathMss,
    ...((answers ? c.sack : parameters.sack) && { sackPermitted: true }),
    ...(offersScale && { windowScale: scaleFor(parameters.receiveBuffer) }),
  };
  emit(c, 0, answers ? SYN | ACK : SYN, options, 0, cause);
}

/** A pure ACK, with SACK blocks while something is missing. */
export function sendAck(c: Tcb, cause: Cause): void {
  emit(c, c.sndNxt, ACK, sackOptions(c), 0, cause);
}

/** Keep-alive: an ACK of one octet before what the peer expects (RFC 9293 section 3.8.4). */
export function sendKeepAlive(c: Tcb): void {
  emit(c, c.sndNxt - 1, ACK, tcpOptions.NO_OPTIONS, 0, NO_CAUSE);
}

export function sendReset(c: Tcb, cause: Cause): void {
  c.stack.counters.resetsOut += 1;
  emit(c, c.sndNxt, RST | ACK, tcpOptions.NO_OPTIONS, 0, cause);
}

/** Text `[position .. position + len)`, and FIN behind it. PSH where the written bytes end, as Linux does. */
export function sendText(c: Tcb, position: number, len: number, fin: boolean, cause: Cause): void {
  const pushes = len > 0 && position + len === c.sendBuffer.end;
  emit(c, position, ACK | (pushes ? PSH : 0) | (fin ? FIN : 0), sackOptions(c), len, cause);
}

/**
 * RST for a segment that belongs to no connection (RFC 9293 section 3.10.7.1), or whose ACK is wrong in a state that
 * is not synchronized.
 */
export function rejectSegment(stack: TcpServices, local: Addr, remote: Addr, s: Segment, dscp: number): void {
  if ((s.flags & RST) !== 0) return;
  stack.counters.resetsOut += 1;
  const acks = (s.flags & ACK) !== 0;
  const header = writeHeader(
    {
      srcPort: s.dstPort,
      dstPort: s.srcPort,
      seq: acks ? s.ack : 0,
      ack: acks ? 0 : (s.seq + segmentLength(s)) >>> 0,
      flags: acks ? RST : RST | ACK,
      window: 0,
      options: tcpOptions.NO_OPTIONS,
    },
    stack.scratch,
  );
  stack.send(local, remote, header, dscp, s.cause);
}
