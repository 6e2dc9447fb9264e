/**
 * Whether a datagram on a shared port can only be STUN: two zero bits, the length rule and the magic cookie
 * (RFC 8489 section 5). What else may share a media port is told apart by `protocol/demux`.
 * @module
 */
import { MAGIC_COOKIE, STUN_HEADER } from './message.js';

/** hot. Allocates nothing. */
export function looksLikeStun(buf: Uint8Array, off: number, len: number): boolean {
  if (!isFramedAsStun(buf, off, len)) return false;
  const cookie = (((buf[off + 4] ?? 0) << 24) | ((buf[off + 5] ?? 0) << 16) | ((buf[off + 6] ?? 0) << 8) | (buf[off + 7] ?? 0)) >>> 0;
  return cookie === MAGIC_COOKIE;
}

/** hot. The length rule and the two bits, which is all that RFC 3489 has: too little to tell it from other traffic on a shared port. */
export function isFramedAsStun(buf: Uint8Array, off: number, len: number): boolean {
  if (len < STUN_HEADER || ((buf[off] ?? 0) & 0xc0) !== 0) return false;
  const body = ((buf[off + 2] ?? 0) << 8) | (buf[off + 3] ?? 0);
  return (body & 3) === 0 && body + STUN_HEADER === len;
}
