/**
 * Which priority band a frame belongs to, by the differentiated services code point (RFC 2474) of its IP header:
 * EF (RFC 3246) first, then AF4x, CS3 and AF2x, AF1x (RFC 2597), all others last. The one place where a link looks
 * into a frame.
 * @module
 */
export const BANDS = 5;
const REST = BANDS - 1;

const BAND_OF = new Uint8Array(64).fill(REST);
BAND_OF[46] = 0; // EF: voice
for (const af4 of [34, 36, 38]) BAND_OF[af4] = 1; // video
for (const cs3af2 of [24, 18, 20, 22]) BAND_OF[cs3af2] = 2; // signalling, application sharing
for (const af1 of [10, 12, 14]) BAND_OF[af1] = 3; // file transfer

const ETHERNET_HEADER = 14;

/** hot. Band of the frame `b[o .. o + n)`, 0 = first. Frames that are not IP, or cut short, go last. */
export function bandOf(b: Uint8Array, o: number, n: number): number {
  if (n < ETHERNET_HEADER + 2) return REST;
  const etherType = ((b[o + 12] as number) << 8) | (b[o + 13] as number);
  const second = b[o + 15] as number;
  // IPv4: second octet. IPv6: traffic class, four bits of the first and four of the second octet (RFC 8200 section 3).
  if (etherType === 0x0800) return BAND_OF[second >> 2] as number;
  if (etherType === 0x86dd) return BAND_OF[(((b[o + 14] as number) & 0x0f) << 2) | (second >> 6)] as number;
  return REST;
}
