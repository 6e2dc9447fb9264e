/**
 * What knows a codec: it makes RTP payloads out of a source, and says when each is due and what it is stamped with.
 * Sender and session carry any of them.
 *
 * @example
 * const payloader = new G711Payloader({ law: 'PCMA', payloadType: 8, source: new Speech(random) });
 * const sender = new RtpSender({ random, payloader });
 * @module
 */
import type { Cause } from '../../base/brand.js';
import type { Nanos } from '../../base/time.js';

export interface Payloader {
  /** Encoding name, as in `a=rtpmap`. */
  readonly codec: string;
  readonly payloadType: number;
  /** Hertz of the timestamps. */
  readonly clockRate: number;
  /** No payload has more octets. */
  readonly largest: number;
  /** When the next payload is due; `NEVER` while stopped. */
  readonly deadline: Nanos;
  /** Of the payload written last: units of the media clock, counted from where the sender began. May pass 2^32. */
  readonly timestamp: number;
  /** Of the payload written last: the marker bit, as the codec's payload format has it. */
  readonly marker: boolean;
  /** Of the payload written last: what made it. `NO_CAUSE` for a source of one's own, what was heard for a mixer. */
  readonly cause: Cause;
  /** The first payload is due now. @param timestamp of the media clock, now */
  start(now: Nanos, timestamp: number): void;
  stop(): void;
  /**
   * hot. Writes the payload that is due to `out` at `at`, and moves the deadline on.
   * @returns octets; 0 when the source has nothing to send now
   */
  fill(out: Uint8Array, at: number, now: Nanos): number;
}

/** One way to send and to hear a stream: a line of `a=rtpmap`, and who packs it. */
export interface Format {
  readonly payloadType: number;
  /** Encoding name. */
  readonly name: string;
  /** Hz. */
  readonly clockRate: number;
  readonly fmtp?: string;
  /** @param payloadType what both sides agreed on, which the offer's may replace */
  payloader(payloadType: number): Payloader;
}
