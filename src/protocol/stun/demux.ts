/**
 * Who a datagram on a media port is for, by its first octet (RFC 7983 section 7, figure 3). The STUN answer looks
 * further: two zero bits, the length rule and the magic cookie (RFC 8489 section 5).
 * @module
 */
import { MAGIC_COOKIE, STUN_HEADER } from './message.js';

export type DatagramClass = 'stun' | 'zrtp' | 'dtls' | 'turn-channel' | 'rtp' | 'unknown';

export function classifyDatagram(buf: Uint8Array, off: number, len: number): DatagramClass {
  if (len === 0) return 'unknown';
  const first = buf[off] ?? 0;
  if (first <= 3) return 'stun';
  if (first >= 16 && first <= 19) return 'zrtp';
  if (first >= 20 && first <= 63) return 'dtls';
  if (first >= 64 && first <= 79) return 'turn-channel';
  if (first >= 128 && first <= 191) return 'rtp';
  return 'unknown';
}

/** True when the octets can only be STUN of RFC 8489: zero bits, magic cookie, a length that is whole and fits. Allocates nothing. */
export function looksLikeStun(buf: Uint8Array, off: number, len: number): boolean {
  if (len < STUN_HEADER || ((buf[off] ?? 0) & 0xc0) !== 0) return false;
  const body = ((buf[off + 2] ?? 0) << 8) | (buf[off + 3] ?? 0);
  if ((body & 3) !== 0 || body + STUN_HEADER !== len) return false;
  const cookie = (((buf[off + 4] ?? 0) << 24) | ((buf[off + 5] ?? 0) << 16) | ((buf[off + 6] ?? 0) << 8) | (buf[off + 7] ?? 0)) >>> 0;
  return cookie === MAGIC_COOKIE;
}
