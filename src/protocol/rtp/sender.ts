/**
 * An RTP sender: packetises a G.711 source every 20 ms (RFC 3551 section 4.5.14) into its own scratch. The shell books
 * one timer for `deadline` and sends what `packet` wrote; nothing is allocated per packet.
 * @module
 */
import type { Rng } from '../../base/rng.js';
import { NEVER, plus, type Nanos } from '../../base/time.js';
import * as g711 from './g711.js';
import * as ntp from './ntp.js';
import type { SenderReport } from './rtcp.js';
import * as rtp from './rtp.js';
import { SAMPLE_RATE, type AudioSource } from './speech.js';

export interface RtpSenderOptions {
  /** SSRC, first sequence number and first timestamp are drawn from it (RFC 3550 5.1, 8.1). */
  readonly random: Rng;
  readonly source: AudioSource;
  readonly law?: g711.Law;
  /** Default: the law's static type. */
  readonly payloadType?: number;
  /** Milliseconds of sound in a packet, default 20. */
  readonly packetTime?: number;
  /** Send nothing while the source pauses. Off by default: a lab wants to see every interval. */
  readonly silenceSuppression?: boolean;
  /** In place of a random one, so that tests can wrap soon. */
  readonly firstSequenceNumber?: number;
}

export class RtpSender {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly law: g711.Law;
  /** The last packet is `scratch[0 .. n)`, n being what `packet` returned. There is room for SRTP's tag behind it. */
  readonly scratch: Uint8Array;
  /** RTP packets and payload octets sent, modulo 2^32 (RFC 3550 6.4.1). */
  packets = 0;
  octets = 0;
  /** When the next packet is due; `NEVER` while stopped. */
  deadline: Nanos = NEVER;

  readonly #source: AudioSource;
  readonly #samples: Int16Array;
  readonly #interval: Nanos;
  readonly #suppress: boolean;
  readonly #firstTimestamp: number;
  #sequence: number;
  #timestamp: number;
  #startedAt: Nanos = NEVER;
  #talking = false;

  constructor(options: RtpSenderOptions) {
    const { random } = options;
    const packetTime = options.packetTime ?? 20;
    this.law = options.law ?? 'PCMU';
    this.payloadType = options.payloadType ?? rtp.PAYLOAD_TYPE[this.law];
    this.ssrc = random.u32();
    // Below 2^15, as RFC 3711 3.3.1 asks: else a loss around the first wrap leaves the roll-over counters apart.
    const drawn = random.below(32768);
    this.#sequence = options.firstSequenceNumber ?? drawn;
    this.#timestamp = this.#firstTimestamp = random.u32();
    this.#source = options.source;
    this.#samples = new Int16Array((packetTime * SAMPLE_RATE) / 1000);
    this.#interval = (packetTime * 1e6) as Nanos;
    this.#suppress = options.silenceSuppression ?? false;
    this.scratch = new Uint8Array(rtp.HEADER + this.#samples.length + 32);
  }

  /** The first packet is due now. Starting again keeps sequence and timestamp running, the latter by the time that passed. */
  start(now: Nanos): void {
    if (this.deadline !== NEVER) return;
    if (this.#startedAt === NEVER) this.#startedAt = now;
    else this.#timestamp = this.timestampAt(now);
    this.#talking = false;
    this.deadline = now;
  }

  stop(): void {
    this.deadline = NEVER;
  }

  /** The media clock: what a sample taken now would be stamped with. */
  timestampAt(now: Nanos): number {
    const since = this.#startedAt === NEVER ? 0 : Math.floor((now - this.#startedAt) / (1e9 / SAMPLE_RATE));
    return (this.#firstTimestamp + since) % 4294967296;
  }

  /**
   * hot. Makes the packet that is due into `scratch` and moves the deadline on by one packet time.
   * @returns octets, or 0 when nothing is due or the source pauses
   */
  packet(now: Nanos): number {
    if (now < this.deadline) return 0;
    this.deadline = plus(this.deadline, this.#interval);
    const n = this.#samples.length;
    const timestamp = this.#timestamp;
    const voiced = this.#sound(n);
    this.#timestamp = (timestamp + n) % 4294967296;
    if (this.#suppress && !voiced) {
      this.#talking = false;
      return 0;
    }
    // RFC 3551 4.1: the marker is set on "the first packet of a talkspurt, that is, the first packet after a silence
    // period during which packets have not been transmitted contiguously".
    rtp.writeHeader(this.scratch, 0, !this.#talking, this.payloadType, this.#sequence, timestamp, this.ssrc);
    this.#talking = true;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.packets = (this.packets + 1) % 4294967296;
    this.octets = (this.octets + n) % 4294967296;
    return rtp.HEADER + n;
  }

  /** hot. The next `n` octets of sound, behind where the header goes. False in a pause. */
  #sound(n: number): boolean {
    if (this.#source.encode !== undefined) return this.#source.encode(this.law, n, this.scratch, rtp.HEADER);
    const voiced = this.#source.fill(this.#samples);
    g711.encode(this.law, this.#samples, n, this.scratch, rtp.HEADER);
    return voiced;
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
