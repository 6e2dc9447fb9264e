/**
 * Elements of RTP header extensions (RFC 8285): the one-byte form is written, one-byte and two-byte forms are read.
 * @module
 */
import { setU16, u16 } from '../../wire/bytes.js';
import * as rtp from './rtp.js';

/** URI of the element that names the m-line of a packet (RFC 9143 section 15.2). */
export const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid';

const ONE_BYTE = 0xbede;
const TWO_BYTE = 0x100;
/** Profile and length. */
const PREFIX = 4;

/**
 * A whole extension of one element: profile, length and data, padded to words.
 * @param id 1..14 @param value 1..16 octets
 */
export function oneByteExtension(id: number, value: Uint8Array): Uint8Array {
  const words = Math.ceil((1 + value.length) / 4);
  const out = new Uint8Array(PREFIX + words * 4);
  setU16(out, 0, ONE_BYTE);
  setU16(out, 2, words);
  out[PREFIX] = (id << 4) | (value.length - 1);
  out.set(value, PREFIX + 1);
  return out;
}

/** hot. Whether the element `id` of a packet that `rtp.check` took is there, and where: `offset * 256 + length`, or -1. */
export function findElement(b: Uint8Array, o: number, id: number): number {
  if (((b[o] as number) & 0x10) === 0) return -1;
  const start = o + rtp.HEADER + rtp.csrcCount(b, o) * 4;
  const profile = u16(b, start);
  const two = profile >>> 4 === TWO_BYTE;
  if (!two && profile !== ONE_BYTE) return -1;
  const end = start + PREFIX + u16(b, start + 2) * 4;
  let at = start + PREFIX;
  while (at < end) {
    const first = b[at] as number;
    if (first === 0) {
      at += 1;
      continue;
    }
    const element = two ? first : first >>> 4;
    // "ID 15 ... processing of the entire extension MUST be terminated" (RFC 8285 section 4.2).
    if (!two && element === 15) return -1;
    if (two && at + 1 >= end) return -1;
    const length = two ? (b[at + 1] as number) : (first & 0x0f) + 1;
    const value = at + (two ? 2 : 1);
    if (value + length > end) return -1;
    if (element === id) return value * 256 + length;
    at = value + length;
  }
  return -1;
}
