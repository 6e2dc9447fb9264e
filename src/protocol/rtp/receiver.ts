/**
 * Reception statistics of one source: sequence validation (RFC 3550 A.1), loss (A.3), interarrival jitter (A.8),
 * reordering in the sense of RFC 4737, and duplicates, which A.1 cannot tell from reordering.
 * @module
 */
import { ZERO, type Nanos } from '../../base/time.js';
import { CHECK } from '../../wire/malformed.js';
import { timeOf, unitsIn } from './media-clock.js';
import * as ntp from './ntp.js';
import { ReplayWindow, SEEN } from './replay-window.js';
import type { ReportBlock, SenderReport } from './rtcp.js';
import * as rtp from './rtp.js';

/** What became of a packet. */
export const RECEIVED = { ACCEPTED: 0, PROBATION: 1, DUPLICATE: 2, BAD_SEQUENCE: 3, MALFORMED: 4, PAYLOAD_TYPE: 5 } as const;

const SEQ_MOD = 65536;
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;

/** State of one SSRC. All counters are since validation, as RFC 3550 A.1 has them. */
export class RtpSource {
  readonly ssrc: number;
  /** Hertz of its timestamps. */
  readonly clockRate: number;
  /** Packets received, late ones and duplicates included: RFC 3550's "received". */
  received = 0;
  duplicates = 0;
  /** Packets with a sequence number below the highest seen. */
  reordered = 0;
  /** Packets whose number jumped too far. */
  bad = 0;
  /** Payload octets. */
  octets = 0;
  lastArrival: Nanos = ZERO;
  saidBye = false;

  #maxSeq: number;
  #cycles = 0;
  #baseSeq = 0;
  #badSeq = SEQ_MOD + 1;
  readonly #minSequential: number;
  #probation: number;
  #seen = new ReplayWindow(128);
  #expectedPrior = 0;
  #receivedPrior = 0;
  #transit = NaN;
  /** 16 times the estimate, an integer (A.8). */
  #jitter16 = 0;
  #lastSr = 0;
  #lastSrAt: Nanos = ZERO;

  /** @param minSequential packets in a row that make a source valid (RFC 3550: 2); 1 trusts the first */
  constructor(ssrc: number, seq: number, clockRate: number, minSequential: number) {
    this.ssrc = ssrc;
    this.clockRate = clockRate;
    this.#minSequential = minSequential;
    this.#probation = minSequential;
    this.#maxSeq = (seq - 1) & 0xffff;
  }

  get valid(): boolean {
    return this.#probation === 0;
  }

  /** Extended: cycles in the upper 16 bits. */
  get highestSequence(): number {
    return this.#cycles + this.#maxSeq;
  }

  /** Packets that should have come by the highest number. */
  get expected(): number {
    return this.valid ? this.highestSequence - this.#baseSeq + 1 : 0;
  }

  /** RFC 3550 A.3: expected less received; duplicates make it smaller, down to below zero. */
  get lost(): number {
    return this.expected - this.received;
  }

  /** In timestamp units. */
  get jitter(): number {
    return this.#jitter16 >>> 4;
  }

  get jitterTime(): Nanos {
    return timeOf(this.#jitter16 / 16, this.clockRate);
  }

  #restart(seq: number): void {
    this.#baseSeq = seq;
    this.#maxSeq = seq;
    this.#badSeq = SEQ_MOD + 1;
    this.#cycles = 0;
    this.received = 0;
    this.duplicates = 0;
    this.reordered = 0;
    this.octets = 0;
    this.#receivedPrior = 0;
    this.#expectedPrior = 0;
    this.#seen = new ReplayWindow(128);
    this.#transit = NaN;
    this.#jitter16 = 0;
  }

  /** hot. RFC 3550 A.1 `update_seq`, with duplicates told apart. @returns a code of {@link RECEIVED} */
  update(seq: number, timestamp: number, octets: number, now: Nanos): number {
    if (this.#probation > 0) {
      const inOrder = seq === ((this.#maxSeq + 1) & 0xffff);
      this.#maxSeq = seq;
      if (!inOrder) {
        // This packet is the first of a new run.
        this.#probation = Math.max(1, this.#minSequential - 1);
        return RECEIVED.PROBATION;
      }
      if (--this.#probation > 0) return RECEIVED.PROBATION;
      this.#restart(seq);
      return this.#count(this.highestSequence, timestamp, octets, now);
    }
    const delta = (seq - this.#maxSeq) & 0xffff;
    if (delta > 0 && delta < MAX_DROPOUT) {
      if (seq < this.#maxSeq) this.#cycles += SEQ_MOD;
      this.#maxSeq = seq;
      return this.#count(this.highestSequence, timestamp, octets, now);
    }
    if (delta > 0 && delta <= SEQ_MOD - MAX_MISORDER) {
      this.bad++;
      if (seq !== this.#badSeq) {
        this.#badSeq = (seq + 1) & 0xffff;
        return RECEIVED.BAD_SEQUENCE;
      }
      // "Two sequential packets -- assume that the other side restarted without telling us".
      this.#restart(seq);
      return this.#count(this.highestSequence, timestamp, octets, now);
    }
    return this.#late(delta === 0 ? 0 : SEQ_MOD - delta, timestamp, octets, now);
  }

  /** @param behind how far below the highest number */
  #late(behind: number, timestamp: number, octets: number, now: Nanos): number {
    const extended = this.highestSequence - behind;
    // Older than the first packet counted: it was not expected, so it must not hide a loss.
    if (extended < this.#baseSeq) {
      this.bad++;
      return RECEIVED.BAD_SEQUENCE;
    }
    if (this.#seen.look(extended) !== SEEN.NEW) {
      this.received++;
      this.duplicates++;
      return RECEIVED.DUPLICATE;
    }
    this.reordered++;
    return this.#count(extended, timestamp, octets, now);
  }

  #count(extended: number, timestamp: number, octets: number, now: Nanos): number {
    this.#seen.mark(extended);
    this.received++;
    this.octets += octets;
    this.lastArrival = now;
    this.saidBye = false;
    // A.8, in integers: the difference of transit times, modulo 2^32 as timestamps are.
    const transit = (unitsIn(now, this.clockRate) - timestamp) | 0;
    if (!Number.isNaN(this.#transit)) {
      const d = Math.abs((transit - this.#transit) | 0);
      this.#jitter16 += d - ((this.#jitter16 + 8) >>> 4);
    }
    this.#transit = transit;
    return RECEIVED.ACCEPTED;
  }

  senderReport(report: SenderReport, now: Nanos): void {
    this.#lastSr = ntp.ntpMiddle(report.ntpSeconds, report.ntpFraction);
    this.#lastSrAt = now;
  }

  /** The report block for the interval since the last call (A.3). Moves the interval on. */
  reportBlock(now: Nanos): ReportBlock {
    const expected = this.expected;
    const expectedInterval = expected - this.#expectedPrior;
    const lostInterval = expectedInterval - (this.received - this.#receivedPrior);
    this.#expectedPrior = expected;
    this.#receivedPrior = this.received;
    const fraction = expectedInterval === 0 || lostInterval <= 0 ? 0 : Math.floor((lostInterval * 256) / expectedInterval);
    return {
      ssrc: this.ssrc,
      fractionLost: Math.min(255, fraction),
      cumulativeLost: Math.max(-0x800000, Math.min(0x7fffff, this.lost)),
      highestSequence: this.highestSequence % 4294967296,
      jitter: this.jitter,
      lastSr: this.#lastSr,
      delaySinceLastSr: this.#lastSr === 0 ? 0 : ntp.toShort((now - this.#lastSrAt) as Nanos),
    };
  }
}

export interface RtpReceiverOptions {
  /** What is taken: payload types and the Hertz of their timestamps. Others are refused before they count. */
  readonly formats: readonly { readonly payloadType: number; readonly clockRate: number }[];
  /** RFC 3550's MIN_SEQUENTIAL, default 2. */
  readonly minSequential?: number;
}

/** The sources that send to one port. */
export class RtpReceiver {
  readonly #options: RtpReceiverOptions;
  readonly #sources: RtpSource[] = [];
  /** Packets that were no RTP, or of a payload type that was not agreed. */
  malformed = 0;
  unknownPayloadType = 0;

  constructor(options: RtpReceiverOptions) {
    this.#options = options;
  }

  get payloadTypes(): readonly number[] {
    return this.#options.formats.map((format) => format.payloadType);
  }

  /** In order of appearance. */
  get sources(): readonly RtpSource[] {
    return this.#sources;
  }

  source(ssrc: number): RtpSource | null {
    for (const source of this.#sources) if (source.ssrc === ssrc) return source;
    return null;
  }

  /** hot. Takes the RTP packet `b[o .. o + n)`, deciphered. @returns a code of {@link RECEIVED} */
  handle(b: Uint8Array, o: number, n: number, now: Nanos): number {
    if (rtp.check(b, o, n) !== CHECK.OK) {
      this.malformed++;
      return RECEIVED.MALFORMED;
    }
    const clockRate = this.clockRate(rtp.payloadType(b, o));
    if (clockRate === 0) {
      this.unknownPayloadType++;
      return RECEIVED.PAYLOAD_TYPE;
    }
    const ssrc = rtp.ssrc(b, o);
    const seq = rtp.sequenceNumber(b, o);
    const source = this.source(ssrc) ?? this.#add(ssrc, seq, clockRate);
    return source.update(seq, rtp.timestamp(b, o), rtp.payloadLength(b, o, n), now);
  }

  /** hot. Hertz of a payload type; 0 when it is not taken. */
  clockRate(payloadType: number): number {
    for (const format of this.#options.formats) if (format.payloadType === payloadType) return format.clockRate;
    return 0;
  }

  /** A source keeps the clock of its first packet: RFC 7160 section 4.1 asks senders to keep to one. */
  #add(ssrc: number, seq: number, clockRate: number): RtpSource {
    const source = new RtpSource(ssrc, seq, clockRate, this.#options.minSequential ?? 2);
    this.#sources.push(source);
    return source;
  }

  /** Blocks for every valid source that has not said BYE, at most 31 (the count has five bits). */
  reportBlocks(now: Nanos): ReportBlock[] {
    return this.#sources
      .filter((s) => s.valid && !s.saidBye)
      .slice(0, 31)
      .map((s) => s.reportBlock(now));
  }
}

/** Round trip of RFC 3550 6.4.1: A - LSR - DLSR. Null without an SR of ours, or when a clock ran backwards. */
export function roundTrip(block: ReportBlock, now: Nanos, originSeconds: number): Nanos | null {
  if (block.lastSr === 0) return null;
  const arrival = ntp.ntpMiddle(ntp.ntpSeconds(now, originSeconds), ntp.ntpFraction(now));
  const units = (arrival - block.lastSr - block.delaySinceLastSr) | 0;
  return units < 0 ? null : ntp.fromShort(units);
}
