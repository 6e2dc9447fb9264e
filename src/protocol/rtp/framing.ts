/**
 * RTP, RTCP and STUN over a connection (RFC 4571 section 2; RFC 6544 section 3 for ICE): each packet after its length in
 * 16 bits. A length of 0 is a frame without a packet: keepalive, nothing to hand on.
 * @module
 */
import { setU16, u16 } from '../../wire/bytes.js';

/** Octets before each packet. */
export const FRAME_HEADER = 2;
/** Longest packet. */
export const FRAME_LIMIT = 65_535;

/** hot. Writes a frame to `out` at `at`; none for a packet that is too long. @returns octets written, or 0 */
export function writeFrame(b: Uint8Array, o: number, n: number, out: Uint8Array, at: number): number {
  if (n > FRAME_LIMIT) return 0;
  setU16(out, at, n);
  for (let i = 0; i < n; i++) out[at + FRAME_HEADER + i] = b[o + i] as number;
  return FRAME_HEADER + n;
}

/** Finds the packets in a byte stream that comes in pieces of any size. */
export class FrameReader {
  readonly #deliver: (b: Uint8Array, o: number, n: number) => void;
  /** What is left of pieces before: less than a frame. */
  #rest = new Uint8Array(0);

  /** @param deliver gets every packet; bytes are borrowed */
  constructor(deliver: (b: Uint8Array, o: number, n: number) => void) {
    this.#deliver = deliver;
  }

  /** Octets of a frame that has begun. */
  get pending(): number {
    return this.#rest.length;
  }

  push(piece: Uint8Array): void {
    const b = this.#rest.length === 0 ? piece : joined(this.#rest, piece);
    let at = 0;
    while (b.length - at >= FRAME_HEADER) {
      const n = u16(b, at);
      if (b.length - at - FRAME_HEADER < n) break;
      if (n > 0) this.#deliver(b, at + FRAME_HEADER, n);
      at += FRAME_HEADER + n;
    }
    // A copy: the piece is borrowed.
    this.#rest = b.slice(at);
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.length + b.length);
  out.set(a, 0);
  out.set(b, a.length);
  return out;
}
