/**
 * SRTP and SRTCP (RFC 3711, RFC 7714) of one direction, keyed by an SDES line (RFC 4568). A session holds two: one for
 * what it sends, with its own key, one for what it receives, with the peer's.
 *
 * Packets go from `b` to `out`, never in place: received bytes are borrowed, and may be in a capture already.
 * A packet that is not accepted is a number below zero, named by {@link srtpFailure}; nothing throws.
 * @module
 */
import { setU32, u32 } from '../../wire/bytes.js';
import { CHECK } from '../../wire/malformed.js';
import { ReplayWindow, SEEN } from './replay-window.js';
import * as rtp from './rtp.js';
import type { Suite } from './sdes.js';
import { sessionKeys, transformOf, type Transform } from './srtp-cipher.js';

/** Results of `unprotect` that are no length. */
export const FAILURE = { MALFORMED: -1, AUTHENTICATION: -2, REPLAYED: -3, TOO_OLD: -4, UNENCRYPTED: -5 } as const;

export type SrtpFailure = 'malformed' | 'authentication' | 'replayed' | 'too-old' | 'unencrypted';

const FAILURES: readonly SrtpFailure[] = ['malformed', 'authentication', 'replayed', 'too-old', 'unencrypted'];

/** The word for a result below zero, null for a length. */
export function srtpFailure(result: number): SrtpFailure | null {
  return FAILURES[-1 - result] ?? null;
}

const SRTCP_HEADER = 8;
const E_BIT = 0x8000_0000;

/** Roll-over counter and replay list of one SSRC (RFC 3711 3.2.1: part of its cryptographic context). */
class Stream {
  readonly window: ReplayWindow | null;
  #roc = 0;
  /** s_l: the highest sequence number, of the current roll-over; -1 before the first packet. */
  #highest = -1;

  constructor(replayWindow: number) {
    this.window = replayWindow === 0 ? null : new ReplayWindow(replayWindow);
  }

  /** The estimate of RFC 3711 3.3.1 (figure in appendix A), 48 bits. Below zero for what was before the first packet. */
  index(seq: number): number {
    if (this.#highest < 0) return seq;
    let roc = this.#roc;
    if (this.#highest < 32768) {
      if (seq - this.#highest > 32768) roc--;
    } else if (this.#highest - 32768 > seq) roc++;
    return roc * 65536 + seq;
  }

  /** After a packet of that index was sent, or authenticated. */
  accept(index: number): void {
    if (index <= this.#roc * 65536 + this.#highest) return;
    this.#roc = Math.floor(index / 65536);
    this.#highest = index % 65536;
  }
}

export interface SrtpOptions {
  /** Indices remembered, a multiple of 32; 0 = replays are let through (for a capture's reader). */
  readonly replayWindow?: number;
}

/** One direction's cryptographic contexts. */
export class SrtpContext {
  readonly suite: Suite;
  readonly #rtp: Transform;
  readonly #rtcp: Transform;
  readonly #replayWindow: number;
  readonly #streams = new Map<number, Stream>();
  readonly #rtcpWindows = new Map<number, ReplayWindow>();
  readonly #rtcpNext = new Map<number, number>();
  readonly #trailer = new Uint8Array(4);

  /** @param key master key and salt, as `a=crypto` has them inline */
  constructor(suite: Suite, key: Uint8Array, options: SrtpOptions = {}) {
    this.suite = suite;
    this.#rtp = transformOf(suite, sessionKeys(suite, key, false), false);
    this.#rtcp = transformOf(suite, sessionKeys(suite, key, true), true);
    this.#replayWindow = options.replayWindow ?? 128;
  }

  #stream(ssrc: number): Stream {
    let stream = this.#streams.get(ssrc);
    if (stream === undefined) this.#streams.set(ssrc, (stream = new Stream(this.#replayWindow)));
    return stream;
  }

  /** Octets that a protected RTP packet is longer. */
  get rtpOverhead(): number {
    return this.#rtp.tagLength;
  }

  /**
   * Protects an RTP packet of ours.
   * @returns octets written to `out` at `at`, or `FAILURE.MALFORMED`
   */
  protectRtp(b: Uint8Array, o: number, n: number, out: Uint8Array, at: number): number {
    if (rtp.check(b, o, n) !== CHECK.OK) return FAILURE.MALFORMED;
    const ssrc = rtp.ssrc(b, o);
    const stream = this.#stream(ssrc);
    const index = stream.index(rtp.sequenceNumber(b, o));
    if (index < 0) return FAILURE.MALFORMED;
    setU32(this.#trailer, 0, Math.floor(index / 65536));
    this.#rtp.seal(b, o, rtp.headerLength(b, o), n, ssrc, index, this.#trailer, out, at);
    stream.accept(index);
    return n + this.#rtp.tagLength;
  }

  /** @returns octets of the plain packet written to `out` at `at`, or a {@link FAILURE} */
  unprotectRtp(b: Uint8Array, o: number, n: number, out: Uint8Array, at: number): number {
    const length = n - this.#rtp.tagLength;
    if (length < rtp.HEADER) return FAILURE.MALFORMED;
    const header = this.#clearHeader(b, o, length);
    if (header < 0) return FAILURE.MALFORMED;
    const ssrc = rtp.ssrc(b, o);
    // A context is made when a packet proves authentic, so that forged SSRCs leave nothing behind.
    const known = this.#streams.get(ssrc);
    const stream = known ?? new Stream(this.#replayWindow);
    const index = stream.index(rtp.sequenceNumber(b, o));
    if (index < 0) return FAILURE.TOO_OLD;
    const seen = stream.window?.look(index) ?? SEEN.NEW;
    if (seen !== SEEN.NEW) return seen === SEEN.REPLAYED ? FAILURE.REPLAYED : FAILURE.TOO_OLD;
    setU32(this.#trailer, 0, Math.floor(index / 65536));
    if (!this.#rtp.open(b, o, header, length, o + length, ssrc, index, this.#trailer, out, at)) return FAILURE.AUTHENTICATION;
    stream.window?.mark(index);
    stream.accept(index);
    if (known === undefined) this.#streams.set(ssrc, stream);
    return rtp.check(out, at, length) === CHECK.OK ? length : FAILURE.MALFORMED;
  }

  /** Length of the header that stays clear, -1 when impossible. The padding count is still encrypted: not judged. */
  #clearHeader(b: Uint8Array, o: number, n: number): number {
    if ((b[o] as number) >>> 6 !== 2) return -1;
    const fixed = rtp.HEADER + rtp.csrcCount(b, o) * 4;
    if (fixed + (((b[o] as number) & 0x10) === 0 ? 0 : 4) > n) return -1;
    const header = rtp.headerLength(b, o);
    return header > n ? -1 : header;
  }

  /** Protects a compound packet of ours. The E bit and index follow it; the tag is last, or before them with AEAD. */
  protectRtcp(b: Uint8Array, o: number, n: number, out: Uint8Array, at: number): number {
    if (n < SRTCP_HEADER) return FAILURE.MALFORMED;
    const ssrc = u32(b, o + 4);
    const index = this.#rtcpNext.get(ssrc) ?? 0;
    this.#rtcpNext.set(ssrc, (index + 1) % E_BIT);
    setU32(this.#trailer, 0, index + E_BIT);
    this.#rtcp.seal(b, o, SRTCP_HEADER, n, ssrc, index, this.#trailer, out, at);
    const tag = this.#rtcp.tagLength;
    if (this.suite !== 'AEAD_AES_128_GCM') out.copyWithin(at + n + 4, at + n, at + n + tag);
    out.set(this.#trailer, this.suite === 'AEAD_AES_128_GCM' ? at + n + tag : at + n);
    return n + 4 + tag;
  }

  /** As {@link unprotectRtp}, for RTCP. Packets that are authenticated but not encrypted (E = 0) are refused. */
  unprotectRtcp(b: Uint8Array, o: number, n: number, out: Uint8Array, at: number): number {
    const tag = this.#rtcp.tagLength;
    const length = n - 4 - tag;
    if (length < SRTCP_HEADER || (b[o] as number) >>> 6 !== 2) return FAILURE.MALFORMED;
    const aead = this.suite === 'AEAD_AES_128_GCM';
    const word = u32(b, aead ? o + n - 4 : o + length);
    if (word < E_BIT) return FAILURE.UNENCRYPTED;
    const index = word - E_BIT;
    const ssrc = u32(b, o + 4);
    const known = this.#rtcpWindows.get(ssrc);
    const seen = this.#replayWindow === 0 ? SEEN.NEW : (known?.look(index) ?? SEEN.NEW);
    if (seen !== SEEN.NEW) return seen === SEEN.REPLAYED ? FAILURE.REPLAYED : FAILURE.TOO_OLD;
    setU32(this.#trailer, 0, word);
    const tagAt = aead ? o + length : o + length + 4;
    if (!this.#rtcp.open(b, o, SRTCP_HEADER, length, tagAt, ssrc, index, this.#trailer, out, at)) return FAILURE.AUTHENTICATION;
    if (this.#replayWindow > 0) {
      const window = known ?? new ReplayWindow(this.#replayWindow);
      window.mark(index);
      if (known === undefined) this.#rtcpWindows.set(ssrc, window);
    }
    return length;
  }
}
