/**
 * Which m-line an RTP packet belongs to where several share a transport (BUNDLE): by its MID, by its SSRC, by its
 * payload type, in the order of RFC 9143 section 9.2.
 * @module
 */
import { findElement } from './header-extension.js';
import * as rtp from './rtp.js';

export interface BundledStream {
  readonly mid: string;
  /** Payload types that its m-line may receive. */
  readonly payloadTypes: readonly number[];
}

const NONE = -1;

export class BundleDemux {
  readonly #extension: number;
  readonly #mids: readonly Uint8Array[];
  readonly #ofType: readonly number[];
  readonly #ofSource = new Map<number, number>();

  /** @param extension id of the MID header extension, 0 when none was agreed on */
  constructor(streams: readonly BundledStream[], extension: number) {
    this.#extension = extension;
    const text = new TextEncoder();
    this.#mids = streams.map((s) => text.encode(s.mid));
    // A type that two m-lines share tells nothing.
    this.#ofType = Array.from({ length: 128 }, (_, type) => {
      const users = streams.flatMap((s, i) => (s.payloadTypes.includes(type) ? [i] : []));
      return users.length === 1 ? (users[0] ?? NONE) : NONE;
    });
  }

  /** hot. Of a packet that `rtp.check` took, in the clear. @returns index of the stream, -1 when it belongs to none */
  streamOf(b: Uint8Array, o: number): number {
    const ssrc = rtp.ssrc(b, o);
    const element = this.#extension === 0 ? NONE : findElement(b, o, this.#extension);
    if (element >= 0) {
      const stream = this.#named(b, Math.floor(element / 256), element & 0xff);
      // "If the packet has a MID and that MID is not in the table ... the packet MUST be dropped"; a known one moves the SSRC.
      if (stream >= 0) this.#ofSource.set(ssrc, stream);
      return stream;
    }
    const known = this.#ofSource.get(ssrc);
    if (known !== undefined) return known;
    const stream = this.#ofType[rtp.payloadType(b, o)] ?? NONE;
    if (stream >= 0) this.#ofSource.set(ssrc, stream);
    return stream;
  }

  #named(b: Uint8Array, at: number, length: number): number {
    for (let i = 0; i < this.#mids.length; i++) {
      const mid = this.#mids[i] as Uint8Array;
      let same = mid.length === length;
      for (let k = 0; same && k < length; k++) same = mid[k] === b[at + k];
      if (same) return i;
    }
    return NONE;
  }
}
