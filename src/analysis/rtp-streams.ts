/**
 * RTP streams as seen at one capture point: count, loss, jitter (RFC 3550 A.3, A.8), as Wireshark's stream analysis
 * counts them. An observer's jitter is computed from the arrival times at that point.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import type { Ledger } from '../capture/ledger.js';
import { rtpHeader, udpPayload } from './payload.js';

export interface RtpStream {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly packets: number;
  /** Sequence numbers that never came, of `expected`. */
  readonly lost: number;
  readonly expected: number;
  /** Largest and mean value of the running estimate. */
  readonly maxJitter: Nanos;
  readonly meanJitter: Nanos;
  /** Largest gap between two packets. */
  readonly maxDelta: Nanos;
  readonly first: PacketId;
}

/** Clock rates of static payload types (RFC 3551 table 4); others of the lab are 8 kHz as well. */
const CLOCK_RATE = 8000;

interface State {
  ssrc: number;
  payloadType: number;
  packets: number;
  base: number;
  highest: number;
  cycles: number;
  lastArrival: number;
  lastTimestamp: number;
  jitter: number;
  jitterSum: number;
  maxJitter: number;
  maxDelta: number;
  first: PacketId;
}

/** Streams of the packets with these ids, as they passed the point, in the order of their arrival there. */
export function rtpStreams(ledger: Ledger, point: number, ids: Iterable<number>): readonly RtpStream[] {
  const seen: { at: number; id: PacketId }[] = [];
  for (const id of ids) {
    const at = timeAt(ledger, id as PacketId, point);
    if (at !== null) seen.push({ at, id: id as PacketId });
  }
  seen.sort((a, b) => a.at - b.at || a.id - b.id);
  const states = new Map<number, State>();
  for (const { at, id } of seen) {
    const frame = ledger.bytes(id, point);
    const payload = frame === null ? null : udpPayload(frame);
    if (payload === null || payload.kind !== 'rtp') continue;
    const header = rtpHeader(payload.bytes);
    const state = states.get(header.ssrc);
    if (state === undefined) states.set(header.ssrc, opened(header, at, id));
    else count(state, header.sequence, header.timestamp, at);
  }
  return [...states.values()].map(closed);
}

function timeAt(ledger: Ledger, id: PacketId, point: number): Nanos | null {
  const journey = ledger.journey(id);
  if (journey === null) return null;
  for (const hop of journey.hops) {
    if (hop.point === point) return hop.out;
    if ((hop.point ^ 1) === point) return hop.in;
  }
  return null;
}

function opened(header: { ssrc: number; payloadType: number; sequence: number; timestamp: number }, at: number, id: PacketId): State {
  return {
    ssrc: header.ssrc,
    payloadType: header.payloadType,
    packets: 1,
    base: header.sequence,
    highest: header.sequence,
    cycles: 0,
    lastArrival: at,
    lastTimestamp: header.timestamp,
    jitter: 0,
    jitterSum: 0,
    maxJitter: 0,
    maxDelta: 0,
    first: id,
  };
}

function count(state: State, sequence: number, timestamp: number, at: number): void {
  state.packets += 1;
  const ahead = (sequence - state.highest) & 0xffff;
  if (ahead !== 0 && ahead < 0x8000) {
    if (sequence < state.highest) state.cycles += 0x10000;
    state.highest = sequence;
  }
  const media = (((timestamp - state.lastTimestamp) | 0) / CLOCK_RATE) * 1e9;
  const delta = at - state.lastArrival;
  state.jitter += (Math.abs(delta - media) - state.jitter) / 16;
  state.jitterSum += state.jitter;
  state.maxJitter = Math.max(state.maxJitter, state.jitter);
  state.maxDelta = Math.max(state.maxDelta, delta);
  state.lastArrival = at;
  state.lastTimestamp = timestamp;
}

function closed(state: State): RtpStream {
  const expected = state.cycles + state.highest - state.base + 1;
  return {
    ssrc: state.ssrc,
    payloadType: state.payloadType,
    packets: state.packets,
    lost: expected - state.packets,
    expected,
    maxJitter: Math.round(state.maxJitter) as Nanos,
    meanJitter: Math.round(state.jitterSum / state.packets) as Nanos,
    maxDelta: Math.round(state.maxDelta) as Nanos,
    first: state.first,
  };
}
