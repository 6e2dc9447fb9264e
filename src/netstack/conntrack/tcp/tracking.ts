/**
 * TCP segments of tracked connections: state, window, timeouts. Behaves as Linux 6.x (nf_conntrack_proto_tcp), with its
 * mercies: what may be right though it looks wrong passes and changes nothing.
 * @module
 */
import type { Nanos } from '../../../base/time.js';
import * as tcp from '../../../wire/tcp.js';
import { CT_STATUS } from '../connection.js';
import type { Entry } from '../entry.js';
import type { Moment } from '../moment.js';
import type { ResolvedSettings } from '../settings.js';
import type { ConnectionTable } from '../table.js';
import { CT_WHY } from '../why.js';
import { isClosing, nextState, SEGMENT, segmentKind, soundFlags, TCP, TCP_IGNORE, TCP_INVALID, TCP_RETRANS, TCP_UNACK } from './states.js';
import { LAST, SIDE, TcpSide, type TcpTrack } from './track.js';
import { atLeastOne, before, IGNORED, IN_WINDOW, readSynOptions, segmentEnd, sequenceOf, TcpWindow } from './window.js';

/** What {@link TcpTracking.packet} says beside a reason of {@link CT_WHY} (positive). */
export const TCP_ACCEPTED = 0;
/** The entry is gone: look the packet up again, it opens a new connection. */
export const TCP_REPEAT = -1;

/** Below this rest an entry that goes out of use is left alone. */
const SHORT_REST = 120_000_000_000;

export class TcpTracking {
  readonly #settings: ResolvedSettings;
  readonly #table: ConnectionTable;
  readonly #moment: Moment;
  readonly #window: TcpWindow;
  readonly #synOptions = new TcpSide();

  constructor(settings: ResolvedSettings, table: ConnectionTable, moment: Moment) {
    this.#moment = moment;
    this.#settings = settings;
    this.#table = table;
    this.#window = new TcpWindow(settings.tcpBeLiberal);
  }

  /** hot. The segment of `n` octets at `at`, whose checksum was judged. @returns see {@link TCP_ACCEPTED} */
  packet(entry: Entry, track: TcpTrack, direction: number, b: Uint8Array, at: number, n: number): number {
    const flags = tcp.flags(b, at);
    if (!soundFlags(flags)) return CT_WHY.FLAGS;
    const kind = segmentKind(flags);
    if (!entry.confirmed) {
      const why = this.#open(track, kind, b, at, n);
      if (why !== 0) return why;
    }
    const old = track.state;
    const next = nextState(direction, kind, old);
    if (next === TCP_INVALID) return CT_WHY.STATE;
    if (next === TCP_IGNORE || (next === TCP.SYN_SENT && old >= TCP.TIME_WAIT)) {
      if (next === TCP.SYN_SENT && reopens(track, direction)) {
        this.#table.remove(entry);
        return TCP_REPEAT;
      }
      if (!answersIgnoredSyn(track, direction, kind, b, at)) {
        this.#remember(track, direction, kind, old, b, at, n);
        return TCP_ACCEPTED;
      }
      resynchronise(track, direction);
      return this.#judged(entry, track, direction, kind, TCP.SYN_SENT, TCP.SYN_RECV, b, at, n);
    }
    if (next === TCP.TIME_WAIT && isChallenge(track, direction, old)) {
      track.lastFlags &= ~LAST.CHALLENGE;
      return TCP_ACCEPTED;
    }
    if (kind === SEGMENT.RST) return this.#reset(entry, track, direction, old, b, at, n);
    let to = next;
    if (next === TCP.SYN_SENT2) track.lastFlags |= LAST.SIMULTANEOUS;
    else if (next === TCP.SYN_RECV && direction === 1 && kind === SEGMENT.ACK && (track.lastFlags & LAST.SIMULTANEOUS) !== 0) to = TCP.ESTABLISHED;
    return this.#judged(entry, track, direction, kind, old, to, b, at, n);
  }

  /** The first segment of an entry. @returns why it cannot be one, or 0 */
  #open(track: TcpTrack, kind: number, b: Uint8Array, at: number, n: number): number {
    const first = nextState(0, kind, TCP.NONE);
    if (first === TCP_INVALID) return CT_WHY.NO_CONNECTION;
    if (first !== TCP.SYN_SENT && !this.#settings.tcpLoose) return CT_WHY.NOT_PICKED_UP;
    const sender = track.side(0);
    const receiver = track.side(1);
    sender.end = segmentEnd(b, at, n);
    sender.maxWindow = atLeastOne(tcp.window(b, at));
    if (first === TCP.SYN_SENT) {
      sender.maxEnd = sender.end;
      readSynOptions(b, at, sender);
    } else {
      sender.maxEnd = (sender.end + sender.maxWindow) | 0;
      // Whether they scale their windows was said in the SYN: so nothing is judged by them.
      sender.flags = receiver.flags = SIDE.SACK | SIDE.LIBERAL;
    }
    return 0;
  }

  /** A segment that passes and changes nothing; the answer to it may tell what it was. */
  #remember(track: TcpTrack, direction: number, kind: number, old: number, b: Uint8Array, at: number, n: number): void {
    track.lastKind = kind;
    track.lastDirection = direction;
    track.lastSequence = sequenceOf(b, at + 4);
    track.lastEnd = segmentEnd(b, at, n);
    track.lastWindow = tcp.window(b, at);
    if (kind === SEGMENT.SYN && direction === 0) {
      const seen = this.#synOptions;
      seen.flags = seen.scale = 0;
      readSynOptions(b, at, seen);
      track.lastFlags = seen.flags;
      track.lastScale = seen.scale;
      // RFC 5961 4.2: the answer may be a challenge ACK, which acknowledges no FIN.
      if (old === TCP.LAST_ACK) track.lastFlags |= LAST.CHALLENGE;
    }
    if (old === TCP.SYN_SENT && kind === SEGMENT.ACK && direction === 1) track.lastAck = sequenceOf(b, at + 8);
  }

  /** An RST: believed when its number fits (RFC 5961 3.2), or when the connection is closing anyway. */
  #reset(entry: Entry, track: TcpTrack, direction: number, old: number, b: Uint8Array, at: number, n: number): number {
    if (isClosing(old)) return this.#accepted(entry, track, direction, SEGMENT.RST, old, TCP.CLOSE);
    const sequence = sequenceOf(b, at + 4);
    const ack = sequenceOf(b, at + 8);
    const other = track.side(1 - direction);
    let to: number = TCP.CLOSE;
    if ((other.flags & SIDE.MAX_ACK) !== 0 && track.lastKind !== SEGMENT.SYN) {
      const established = old === TCP.ESTABLISHED && (entry.status & CT_STATUS.ASSURED) !== 0;
      // Number 0 before the connection is established: the answer to a SYN that was let through.
      if (sequence === 0 && !established) return this.#judged(entry, track, direction, SEGMENT.RST, old, to, b, at, n);
      if (before(sequence, other.maxAck) && !this.#settings.tcpIgnoreInvalidRst) return CT_WHY.OLD_RST;
      const exact = sequence === other.maxAck || (track.lastKind === SEGMENT.ACK && track.lastDirection === direction && sequence === track.lastEnd);
      if (!established || exact) return this.#judged(entry, track, direction, SEGMENT.RST, old, to, b, at, n);
      // Not exact: the receiver may answer by a challenge ACK and go on.
      to = old;
    }
    const answersSyn = (entry.status & CT_STATUS.SEEN_REPLY) !== 0 && track.lastKind === SEGMENT.SYN;
    const answersAck = (entry.status & CT_STATUS.ASSURED) === 0 && track.lastKind === SEGMENT.ACK;
    const answersChallenge = old === TCP.SYN_SENT && track.lastKind === SEGMENT.ACK && track.lastDirection === 1 && sequence === track.lastAck;
    if (((answersSyn || answersAck) && ack === track.lastEnd) || answersChallenge) return this.#accepted(entry, track, direction, SEGMENT.RST, old, to);
    return this.#judged(entry, track, direction, SEGMENT.RST, old, to, b, at, n);
  }

  /** hot. */
  #judged(entry: Entry, track: TcpTrack, direction: number, kind: number, old: number, to: number, b: Uint8Array, at: number, n: number): number {
    const verdict = this.#window.judge(track, direction, kind, b, at, n);
    if (verdict === IN_WINDOW) return this.#accepted(entry, track, direction, kind, old, to);
    if (verdict === IGNORED) return TCP_ACCEPTED;
    this.#outOfWindow(entry, track, direction, kind);
    return verdict;
  }

  /** hot. A segment in the window. */
  #accepted(entry: Entry, track: TcpTrack, direction: number, kind: number, old: number, to: number): number {
    track.lastKind = kind;
    track.lastDirection = direction;
    track.state = to;
    if (to === TCP.FIN_WAIT) track.side(direction).flags |= SIDE.CLOSE_INIT;
    let timeout = this.#timeout(track, kind, to);
    if ((entry.status & CT_STATUS.SEEN_REPLY) === 0) {
      // Only an RST came back: there never was a connection.
      if (kind === SEGMENT.RST) {
        this.#table.remove(entry);
        return TCP_ACCEPTED;
      }
      // A repeated SYN does not keep the entry alive.
      if (kind === SEGMENT.SYN && old === TCP.SYN_SENT) return TCP_ACCEPTED;
      if (to === TCP.ESTABLISHED && this.#longer(timeout, TCP_UNACK)) timeout = TCP_UNACK;
    } else if (to === TCP.ESTABLISHED) {
      entry.status |= CT_STATUS.ASSURED;
    }
    entry.refresh(this.#moment, this.#settings.timeouts, timeout);
    return TCP_ACCEPTED;
  }

  /** hot. The place of the timeout. */
  #timeout(track: TcpTrack, kind: number, state: number): number {
    if (track.retransmissions >= this.#settings.tcpMaxRetrans && this.#longer(state, TCP_RETRANS)) return TCP_RETRANS;
    if (kind === SEGMENT.RST) return TCP.CLOSE;
    if (((track.side(0).flags | track.side(1).flags) & SIDE.UNACKNOWLEDGED) !== 0 && this.#longer(state, TCP_UNACK)) return TCP_UNACK;
    return track.lastWindow === 0 && this.#longer(state, TCP_RETRANS) ? TCP_RETRANS : state;
  }

  /** hot. Whether the timeout at one place is longer than that at another. */
  #longer(place: number, than: number): boolean {
    const { timeouts } = this.#settings;
    return (timeouts[place] as number) > (timeouts[than] as number);
  }

  /** A FIN or RST outside the window, and the other side's answer to it: the connection may well be dead. */
  #outOfWindow(entry: Entry, track: TcpTrack, direction: number, kind: number): void {
    if ((entry.status & CT_STATUS.ASSURED) === 0 || (entry.status & CT_STATUS.FIXED_TIMEOUT) !== 0) return;
    if (kind !== SEGMENT.RST && kind !== SEGMENT.FIN) return;
    if (track.lastDirection === direction || (track.lastKind !== SEGMENT.FIN && track.lastKind !== SEGMENT.RST)) {
      track.lastKind = kind;
      track.lastDirection = direction;
      return;
    }
    const rest = entry.expires - this.#moment.time;
    const timeout = this.#settings.timeouts[TCP_UNACK] as number;
    if (rest >= SHORT_REST && rest > timeout) entry.expires = (this.#moment.time + timeout) as Nanos;
  }
}

/** A SYN on a closed connection (RFC 9293 3.6.1). */
function reopens(track: TcpTrack, direction: number): boolean {
  const closed = ((track.side(0).flags | track.side(1).flags) & SIDE.CLOSE_INIT) !== 0;
  return closed || (track.lastDirection === direction && track.lastKind === SEGMENT.RST);
}

function answersIgnoredSyn(track: TcpTrack, direction: number, kind: number, b: Uint8Array, at: number): boolean {
  return kind === SEGMENT.SYN_ACK && track.lastKind === SEGMENT.SYN && track.lastDirection !== direction && sequenceOf(b, at + 8) === track.lastEnd;
}

/** The ends agree on a connection that we held for another: take over what was noted of its SYN. */
function resynchronise(track: TcpTrack, direction: number): void {
  const asked = track.side(track.lastDirection);
  asked.end = track.lastEnd;
  asked.maxEnd = track.lastEnd;
  asked.maxWindow = atLeastOne(track.lastWindow);
  asked.scale = track.lastScale;
  track.lastFlags &= ~LAST.CHALLENGE;
  asked.flags = track.lastFlags;
  track.side(direction).reset();
}

/** An ACK that would be the last one of the connection. */
function isChallenge(track: TcpTrack, direction: number, old: number): boolean {
  return old === TCP.LAST_ACK && track.lastDirection !== direction && track.lastKind === SEGMENT.SYN && (track.lastFlags & LAST.CHALLENGE) !== 0;
}
