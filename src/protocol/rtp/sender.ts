/**
 * An RTP sender: puts a header before what its payloader made, in its own scratch. It knows no codec. The shell books
 * one timer for `deadline` and sends what `packet` wrote; nothing is allocated per packet.
 * @module
 */
import type { Cause } from '../../base/brand.js';
import type { Rng } from '../../base/rng.js';
import { NEVER, type Nanos } from '../../base/time.js';
import { unitsIn } from './media-clock.js';
import * as ntp from './ntp.js';
import type { Payloader } from './payloader.js';
import type { SenderReport } from './rtcp.js';
import * as rtp from './rtp.js';
import { SRTP_OVERHEAD } from './srtp-overhead.js';

export interface RtpSenderOptions {
  /** SSRC, first sequence number and first timestamp are drawn from it (RFC 3550 5.1, 8.1). */
  readonly random: Rng;
  readonly payloader: Payloader;
  /** A header extension that goes into every packet: profile, length and data (RFC 3550 5.3.1), whole words. */
  readonly extension?: Uint8Array;
  /** In place of a random one, so that tests can wrap soon. */
  readonly firstSequenceNumber?: number;
}

const UNIT = 4_294_967_296;

export class RtpSender {
  readonly ssrc: number;
  readonly payloader: Payloader;
  /** The last packet is `scratch[0 .. n)`, n being what `packet` returned. There is room for SRTP's tag behind it. */
  readonly scratch: Uint8Array;
  /** RTP packets and payload octets sent, modulo 2^32 (RFC 3550 6.4.1). */
  packets = 0;
  octets = 0;

  readonly #header: number;
  readonly #firstTimestamp: number;
  #sequence: number;
  #startedAt: Nanos = NEVER;

  constructor(options: RtpSenderOptions) {
    const { random, payloader, extension } = options;
    this.payloader = payloader;
    this.ssrc = random.u32();
    // Below 2^15, as RFC 3711 3.3.1 asks: else a loss around the first wrap leaves the roll-over counters apart.
    const drawn = random.below(32768);
    this.#sequence = options.firstSequenceNumber ?? drawn;
    this.#firstTimestamp = random.u32();
    this.#header = rtp.HEADER + (extension?.length ?? 0);
    this.scratch = new Uint8Array(this.#header + payloader.largest + SRTP_OVERHEAD);
    if (extension !== undefined) this.scratch.set(extension, rtp.HEADER);
  }

  get payloadType(): number {
    return this.payloader.payloadType;
  }

  get clockRate(): number {
    return this.payloader.clockRate;
  }

  /** When the next packet is due; `NEVER` while stopped. */
  get deadline(): Nanos {
    return this.payloader.deadline;
  }

  /** Of the packet made last. */
  get cause(): Cause {
    return this.payloader.cause;
  }

  /** The first packet is due now. Starting again keeps sequence and timestamp running, the latter by the time that passed. */
  start(now: Nanos): void {
    if (this.deadline !== NEVER) return;
    if (this.#startedAt === NEVER) this.#startedAt = now;
    this.payloader.start(now, this.#unitsSince(now));
  }

  stop(): void {
    this.payloader.stop();
  }

  /** The media clock: what a sample taken now would be stamped with. */
  timestampAt(now: Nanos): number {
    return (this.#firstTimestamp + this.#unitsSince(now)) % UNIT;
  }

  #unitsSince(now: Nanos): number {
    return this.#startedAt === NEVER ? 0 : unitsIn((now - this.#startedAt) as Nanos, this.clockRate);
  }

  /**
   * hot. Makes the packet that is due into `scratch`.
   * @returns octets, or 0 when nothing is due or the source pauses
   */
  packet(now: Nanos): number {
    const { payloader, scratch } = this;
    if (now < payloader.deadline) return 0;
    const header = this.#header;
    const n = payloader.fill(scratch, header, now);
    if (n === 0) return 0;
    const timestamp = (this.#firstTimestamp + payloader.timestamp) % UNIT;
    rtp.writeHeader(scratch, 0, payloader.marker, payloader.payloadType, this.#sequence, timestamp, this.ssrc);
    if (header > rtp.HEADER) rtp.markExtension(scratch, 0);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.packets = (this.packets + 1) % UNIT;
    this.octets = (this.octets + n) % UNIT;
    return header + n;
  }

  /** The sender's part of an SR made now. */
  report(now: Nanos, originSeconds: number): Omit<SenderReport, 'reports'> {
    return {
      type: 'sr',
      ssrc: this.ssrc,
      ntpSeconds: ntp.ntpSeconds(now, originSeconds),
      ntpFraction: ntp.ntpFraction(now),
      rtpTimestamp: this.timestampAt(now),
      packetCount: this.packets,
      octetCount: this.octets,
    };
  }
}
