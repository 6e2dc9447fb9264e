/**
 * RTP streams as their receiver got them: count, loss, jitter (RFC 3550 A.3, A.8), as Wireshark's stream analysis
 * counts them. What only looks like RTP is told from what is: a stream is known because a node told its SSRC, or
 * because its sequence numbers make sense (RFC 3550 A.1).
 * @module
 */
import type { FlowId, PacketId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import { DirectionTally } from './direction-tally.js';
import type { Fate } from './direction-tally.js';
import type { RtpHeader } from './payload.js';
import { staticClockRate, staticWorkload } from './told-streams.js';
import type { Told, Workload } from './told-streams.js';

/** Reception at the end of the way; all zero when nothing arrived. */
export interface Reception {
  readonly packets: number;
  /** Highest minus lowest sequence number plus one: what the sender must have sent in between. */
  readonly expected: number;
  /** `expected` minus `packets`: negative when the network made copies. */
  readonly lost: number;
  /** Largest and mean value of the running estimate of interarrival jitter; null where nobody told the clock rate. */
  readonly maxJitter: Nanos | null;
  readonly meanJitter: Nanos | null;
  /** Largest gap between two packets. */
  readonly maxDelta: Nanos;
}

/** Why a packet did not arrive. */
export interface Miss {
  readonly fate: Fate;
  readonly reason: string;
  readonly where: string;
}

/** RFC 3550 A.1: packets in a row that make a source a valid one. */
const MIN_SEQUENTIAL = 2;

export interface StreamOf {
  readonly flow: FlowId;
  readonly ssrc: number;
  readonly payloadType: number;
  readonly from: string;
  readonly to: string;
  /** TURN carries it. */
  readonly wrapped: boolean;
  /** What one of the two told of it. */
  readonly told: Told | null;
}

/** One SSRC in one direction of one flow; its packets by their numbers in the order of sending, from 0. */
export class StreamTally {
  readonly of: StreamOf;
  readonly direction = new DirectionTally();
  /** Times of the first and the last packet sent. */
  first: Nanos = Infinity as Nanos;
  last = 0 as Nanos;
  readonly ids: PacketId[] = [];
  /** Places in the ledger. */
  readonly orders: number[] = [];
  readonly starts: number[] = [];
  readonly sequences: number[] = [];
  readonly #timestamps: number[] = [];
  /** When it arrived; -1 = it did not. */
  readonly arrivals: number[] = [];
  readonly misses = new Map<number, Miss>();
  /** The copy or fragment that arrived, where it was not the packet itself. */
  readonly arrivedAs = new Map<number, PacketId>();
  #inSequence = 1;
  #next = -1;
  #valid: boolean;
  /** What nodes told of this stream where it comes from, or goes on: a relay changes neither. */
  #passed: Told | null = null;

  constructor(of: StreamOf) {
    this.of = of;
    this.#valid = of.told !== null;
  }

  /** True once it cannot be chance that the packets look like RTP. */
  get valid(): boolean {
    return this.#valid;
  }

  /** It is RTP for another reason: somebody passed it on as such. */
  accept(): void {
    this.#valid = true;
  }

  get told(): Told | null {
    return this.of.told ?? this.#passed;
  }

  /** Takes over what was told of the same stream on another leg. True when it knew nothing before. */
  passOn(told: Told | null): boolean {
    if (told === null || this.told !== null) return false;
    this.#passed = told;
    return true;
  }

  get workload(): Workload | null {
    return this.told?.workload ?? staticWorkload(this.of.payloadType);
  }

  /** Timestamp units in a second; null where nobody told. */
  get clockRate(): number | null {
    return this.told?.clockRate ?? staticClockRate(this.of.payloadType);
  }

  /** hot. In the order of sending. Returns the packet's number. @param order its place in the ledger */
  sent(order: number, id: PacketId, at: Nanos, { sequence, timestamp }: Pick<RtpHeader, 'sequence' | 'timestamp'>): number {
    if (at < this.first) this.first = at;
    if (at > this.last) this.last = at;
    this.#inSequence = sequence === this.#next ? this.#inSequence + 1 : 1;
    this.#next = (sequence + 1) & 0xffff;
    if (this.#inSequence >= MIN_SEQUENTIAL) this.#valid = true;
    this.orders.push(order);
    this.ids.push(id);
    this.starts.push(at);
    this.sequences.push(sequence);
    this.#timestamps.push(timestamp);
    return this.arrivals.push(-1) - 1;
  }

  /** hot. Any order. */
  arrived(number: number, at: number): void {
    this.arrivals[number] = at;
  }

  reception(): Reception {
    const [sequence, timestamp, at] = [this.sequences, this.#timestamps, this.arrivals];
    const order = byArrival(at);
    const count = order.length;
    const rate = this.clockRate;
    const none = (rate === null ? null : 0) as Nanos | null;
    if (count === 0) return { packets: 0, expected: 0, lost: 0, maxJitter: none, meanJitter: none, maxDelta: 0 as Nanos };
    let extended = 0;
    let lowest = 0;
    let highest = 0;
    let jitter = 0;
    let sum = 0;
    let maxJitter = 0;
    let maxDelta = 0;
    for (let k = 1; k < count; k++) {
      const i = order[k] ?? 0;
      const before = order[k - 1] ?? 0;
      // 16 and 32 bits that wrap: the nearer way round is meant.
      extended += (((sequence[i] ?? 0) - (sequence[before] ?? 0)) << 16) >> 16;
      lowest = Math.min(lowest, extended);
      highest = Math.max(highest, extended);
      const delta = (at[i] ?? 0) - (at[before] ?? 0);
      maxDelta = Math.max(maxDelta, delta);
      if (rate === null) continue;
      const media = ((((timestamp[i] ?? 0) - (timestamp[before] ?? 0)) | 0) / rate) * 1e9;
      jitter += (Math.abs(delta - media) - jitter) / 16;
      sum += jitter;
      maxJitter = Math.max(maxJitter, jitter);
    }
    const expected = highest - lowest + 1;
    return {
      packets: count,
      expected,
      lost: expected - count,
      maxJitter: none === null ? null : (Math.round(maxJitter) as Nanos),
      meanJitter: none === null ? null : (Math.round(sum / Math.max(1, count - 1)) as Nanos),
      maxDelta: Math.round(maxDelta) as Nanos,
    };
  }
}

/** Numbers of those that arrived, in the order of arrival. */
function byArrival(at: readonly number[]): Uint32Array {
  const order = new Uint32Array(at.length);
  let count = 0;
  let sorted = true;
  let last = -1;
  for (let i = 0; i < at.length; i++) {
    const time = at[i] ?? -1;
    if (time < 0) continue;
    if (time < last) sorted = false;
    last = time;
    order[count++] = i;
  }
  const arrived = order.subarray(0, count);
  return sorted ? arrived : arrived.sort((a, b) => (at[a] ?? 0) - (at[b] ?? 0) || a - b);
}
