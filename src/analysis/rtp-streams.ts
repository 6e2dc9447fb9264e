/**
 * RTP streams as their receiver got them: count, loss, jitter (RFC 3550 A.3, A.8), as Wireshark's stream analysis
 * counts them. What only looks like RTP is told from what is: a stream is known because a node told its SSRC, or
 * because its sequence numbers make sense (RFC 3550 A.1).
 * @module
 */
import type { FlowId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import { DirectionTally } from './direction-tally.js';

/** Reception at the end of the way; all zero when nothing arrived. */
export interface Reception {
  readonly packets: number;
  /** Highest minus lowest sequence number plus one: what the sender must have sent in between. */
  readonly expected: number;
  /** `expected` minus `packets`: negative when the network made copies. */
  readonly lost: number;
  /** Largest and mean value of the running estimate of interarrival jitter. */
  readonly maxJitter: Nanos;
  readonly meanJitter: Nanos;
  /** Largest gap between two packets. */
  readonly maxDelta: Nanos;
}

/** Clock rates of static audio payload types (RFC 3551 table 4) that are not 8 kHz. */
const CLOCK_RATES: Readonly<Record<number, number>> = { 6: 16000, 10: 44100, 11: 44100, 14: 90000, 16: 11025, 17: 22050 };
const USUAL_RATE = 8000;
/** RFC 3550 A.1: packets in a row that make a source a valid one. */
const MIN_SEQUENTIAL = 2;

/** One SSRC in one direction of one flow. */
export class StreamTally {
  readonly flow: FlowId;
  readonly ssrc: number;
  readonly payloadType: number;
  readonly from: string;
  readonly to: string;
  /** A node told of this SSRC. */
  readonly told: boolean;
  readonly direction = new DirectionTally();
  /** Times of the first and the last packet sent. */
  first: Nanos = Infinity as Nanos;
  last = 0 as Nanos;
  readonly #arrivals: { at: number[]; sequence: number[]; timestamp: number[] } = { at: [], sequence: [], timestamp: [] };
  #inSequence = 1;
  #next = -1;
  #valid: boolean;

  constructor(of: {
    readonly flow: FlowId;
    readonly ssrc: number;
    readonly payloadType: number;
    readonly from: string;
    readonly to: string;
    readonly told: boolean;
  }) {
    this.flow = of.flow;
    this.ssrc = of.ssrc;
    this.payloadType = of.payloadType;
    this.from = of.from;
    this.to = of.to;
    this.told = of.told;
    this.#valid = of.told;
  }

  /** True once it cannot be chance that the packets look like RTP. */
  get valid(): boolean {
    return this.#valid;
  }

  /** hot. In the order of sending. */
  sent(at: Nanos, sequence: number): void {
    if (at < this.first) this.first = at;
    if (at > this.last) this.last = at;
    this.#inSequence = sequence === this.#next ? this.#inSequence + 1 : 1;
    this.#next = (sequence + 1) & 0xffff;
    if (this.#inSequence >= MIN_SEQUENTIAL) this.#valid = true;
  }

  /** hot. Any order. */
  arrived(at: number, sequence: number, timestamp: number): void {
    this.#arrivals.at.push(at);
    this.#arrivals.sequence.push(sequence);
    this.#arrivals.timestamp.push(timestamp);
  }

  reception(): Reception {
    const { at, sequence, timestamp } = this.#arrivals;
    const order = byArrival(at);
    const rate = CLOCK_RATES[this.payloadType] ?? USUAL_RATE;
    const count = at.length;
    if (count === 0) return { packets: 0, expected: 0, lost: 0, maxJitter: 0 as Nanos, meanJitter: 0 as Nanos, maxDelta: 0 as Nanos };
    let extended = 0;
    let lowest = 0;
    let highest = 0;
    let jitter = 0;
    let sum = 0;
    let maxJitter = 0;
    let maxDelta = 0;
    for (let k = 1; k < count; k++) {
      const i = order === null ? k : (order[k] ?? 0);
      const before = order === null ? k - 1 : (order[k - 1] ?? 0);
      // 16 and 32 bits that wrap: the nearer way round is meant.
      extended += (((sequence[i] ?? 0) - (sequence[before] ?? 0)) << 16) >> 16;
      lowest = Math.min(lowest, extended);
      highest = Math.max(highest, extended);
      const delta = (at[i] ?? 0) - (at[before] ?? 0);
      const media = ((((timestamp[i] ?? 0) - (timestamp[before] ?? 0)) | 0) / rate) * 1e9;
      jitter += (Math.abs(delta - media) - jitter) / 16;
      sum += jitter;
      maxJitter = Math.max(maxJitter, jitter);
      maxDelta = Math.max(maxDelta, delta);
    }
    const expected = highest - lowest + 1;
    return {
      packets: count,
      expected,
      lost: expected - count,
      maxJitter: Math.round(maxJitter) as Nanos,
      meanJitter: Math.round(sum / Math.max(1, count - 1)) as Nanos,
      maxDelta: Math.round(maxDelta) as Nanos,
    };
  }
}

/** Indices in the order of arrival; null when they are in it already. */
function byArrival(at: readonly number[]): readonly number[] | null {
  let sorted = true;
  for (let i = 1; i < at.length && sorted; i++) sorted = (at[i] ?? 0) >= (at[i - 1] ?? 0);
  return sorted ? null : Array.from(at, (_, i) => i).sort((a, b) => (at[a] ?? 0) - (at[b] ?? 0) || a - b);
}
