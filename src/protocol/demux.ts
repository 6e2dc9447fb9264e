/**
 * What a datagram on a media port is, by its first octets: RFC 7983 section 7 for STUN, DTLS, TURN channels and RTP;
 * RFC 5761 section 4 for RTCP on the same port as RTP.
 * @module
 */

/** Codes of {@link demux}. */
export const KIND = { UNKNOWN: 0, STUN: 1, ZRTP: 2, DTLS: 3, TURN_CHANNEL: 4, RTP: 5, RTCP: 6, EMPTY: 7 } as const;

export type KindName = 'unknown' | 'stun' | 'zrtp' | 'dtls' | 'turn-channel' | 'rtp' | 'rtcp' | 'empty';

const NAMES: readonly KindName[] = ['unknown', 'stun', 'zrtp', 'dtls', 'turn-channel', 'rtp', 'rtcp', 'empty'];

export function kindName(kind: number): KindName {
  return NAMES[kind] ?? 'unknown';
}

/**
 * hot. RFC 7983: 0-3 STUN, 16-19 ZRTP, 20-63 DTLS, 64-79 TURN channel, 128-191 RTP and RTCP. Of the latter, a second
 * octet of 192-223 is RTCP: an RTP payload type of 64-95 with or without marker, which RFC 5761 has RTP avoid.
 */
export function demux(b: Uint8Array, o: number, n: number): number {
  if (n === 0) return KIND.EMPTY;
  const first = b[o] as number;
  if (first <= 3) return KIND.STUN;
  if (first >= 128 && first <= 191) {
    if (n < 2) return KIND.UNKNOWN;
    const second = b[o + 1] as number;
    return second >= 192 && second <= 223 ? KIND.RTCP : KIND.RTP;
  }
  if (first >= 20 && first <= 63) return KIND.DTLS;
  if (first >= 64 && first <= 79) return KIND.TURN_CHANNEL;
  if (first >= 16 && first <= 19) return KIND.ZRTP;
  return KIND.UNKNOWN;
}
