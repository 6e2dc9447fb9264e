/**
 * The Internet checksum: RFC 1071 (sum), RFC 1624 (incremental update), and the pseudo-headers of RFC 768/9293
 * (IPv4) and RFC 8200 section 8.1 (IPv6).
 *
 * Sums are kept unfolded between calls, so parts can be added: `finish(sum(b, o, n, pseudo4(...)))`. Each part but the
 * last must have an even number of octets.
 * @module
 */
import { setU16, u16, u32 } from './bytes.js';

/** Adds `n` octets as 16-bit words to `initial`; an odd last octet is padded with zero. Exact for any frame length. */
export function sum(b: Uint8Array, o: number, n: number, initial = 0): number {
  let acc = initial;
  const end = o + (n & ~1);
  for (let i = o; i < end; i += 2) acc += ((b[i] as number) << 8) | (b[i + 1] as number);
  if ((n & 1) === 1) acc += (b[end] as number) << 8;
  return acc;
}

/** As {@link sum} by 32-bit words, three times as fast: for the hot path, whose buffers have a view. */
export function sumView(v: DataView, o: number, n: number, initial = 0): number {
  let acc = initial;
  const end = o + (n & ~3);
  for (let i = o; i < end; i += 4) {
    const word = v.getInt32(i);
    acc += (word >>> 16) + (word & 0xffff);
  }
  if ((n & 2) !== 0) acc += v.getUint16(end);
  return (n & 1) === 0 ? acc : acc + (v.getUint8(o + n - 1) << 8);
}

/** As {@link verify}, by {@link sumView}. */
export function verifyView(v: DataView, o: number, n: number, initial = 0): boolean {
  return fold(sumView(v, o, n, initial)) === 0xffff;
}

/** One's complement sum in 16 bits (end-around carry). */
export function fold(acc: number): number {
  // Below 2^32 for any frame (32768 words of 16 bits), so that shifts will do.
  let v = acc;
  while (v > 0xffff) v = (v & 0xffff) + (v >>> 16);
  return v;
}

/** The checksum field's value for a sum. */
export function finish(acc: number): number {
  return ~fold(acc) & 0xffff;
}

/** As {@link finish}, for UDP: "an all zero transmitted checksum value means that the transmitter generated no checksum". */
export function finishUdp(acc: number): number {
  const v = finish(acc);
  return v === 0 ? 0xffff : v;
}

/** Checksum of a range whose checksum field is zero. */
export function compute(b: Uint8Array, o: number, n: number, initial = 0): number {
  return finish(sum(b, o, n, initial));
}

/** True when a range that includes its checksum field adds up. */
export function verify(b: Uint8Array, o: number, n: number, initial = 0): boolean {
  return fold(sum(b, o, n, initial)) === 0xffff;
}

/** Pseudo-header sum from the IPv4 header at `ip`. @param length octets of the transport header and its data */
export function pseudo4(b: Uint8Array, ip: number, protocol: number, length: number): number {
  return u16(b, ip + 12) + u16(b, ip + 14) + u16(b, ip + 16) + u16(b, ip + 18) + protocol + length;
}

/** Pseudo-header sum from two IPv4 addresses as numbers. */
export function pseudo4Of(src: number, dst: number, protocol: number, length: number): number {
  return (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + protocol + length;
}

/** Pseudo-header sum from the IPv6 header at `ip`; without a routing header its destination is the final one. */
export function pseudo6(b: Uint8Array, ip: number, protocol: number, length: number): number {
  return sum(b, ip + 8, 32, (length >>> 16) + (length & 0xffff) + protocol);
}

/** Pseudo-header sum from two IPv6 addresses (16 octets each). */
export function pseudo6Of(src: Uint8Array, dst: Uint8Array, protocol: number, length: number): number {
  return sum(dst, 0, 16, sum(src, 0, 16, (length >>> 16) + (length & 0xffff) + protocol));
}

/** RFC 1624 equation 3: HC' = ~(~HC + ~m + m'). */
export function adjusted16(hc: number, from: number, to: number): number {
  return ~fold((~hc & 0xffff) + (~from & 0xffff) + to) & 0xffff;
}

/**
 * The checksum at `b[at]` after a 16-bit word that it covers went from `from` to `to`. The word must lie at an even
 * offset of the covered range.
 */
export function adjust16(b: Uint8Array, at: number, from: number, to: number): void {
  setU16(b, at, adjusted16(u16(b, at), from, to));
}

/** As {@link adjust16}, for a 32-bit field (an IPv4 address, a TCP sequence number). */
export function adjust32(b: Uint8Array, at: number, from: number, to: number): void {
  const hc = u16(b, at);
  const acc = (~hc & 0xffff) + (~(from >>> 16) & 0xffff) + (~from & 0xffff) + (to >>> 16) + (to & 0xffff);
  setU16(b, at, ~fold(acc) & 0xffff);
}

/** {@link adjust16} for UDP: no checksum (0) stays none, and a result of 0 is written as 0xffff (RFC 768). */
export function adjustUdp16(b: Uint8Array, at: number, from: number, to: number): void {
  if (u16(b, at) === 0) return;
  adjust16(b, at, from, to);
  if (u16(b, at) === 0) setU16(b, at, 0xffff);
}

/** {@link adjust32} for UDP. */
export function adjustUdp32(b: Uint8Array, at: number, from: number, to: number): void {
  if (u16(b, at) === 0) return;
  adjust32(b, at, from, to);
  if (u16(b, at) === 0) setU16(b, at, 0xffff);
}

/** {@link adjust32} for each word of a range of `n` octets (a multiple of 4), `to` being what replaced `from`. */
export function adjustRange(b: Uint8Array, at: number, from: Uint8Array, fromOffset: number, to: Uint8Array, toOffset: number, n: number): void {
  for (let i = 0; i < n; i += 4) adjust32(b, at, u32(from, fromOffset + i), u32(to, toOffset + i));
}

/**
 * hot. What a 16-bit word that went from `from` to `to` adds to a checksum, for {@link applyChange}. Changes of several
 * words add up (RFC 1624 equation 3), so one sum serves every checksum that covers them.
 */
export function change16(from: number, to: number): number {
  return (~from & 0xffff) + to;
}

/** hot. The checksum at `b[at]` after the changes that `sum` is the sum of. */
export function applyChange(b: Uint8Array, at: number, sum: number): void {
  setU16(b, at, ~fold((~u16(b, at) & 0xffff) + sum) & 0xffff);
}

/** hot. {@link applyChange} for UDP: no checksum (0) stays none, and a result of 0 is written as 0xffff (RFC 768). */
export function applyChangeUdp(b: Uint8Array, at: number, sum: number): void {
  if (u16(b, at) === 0) return;
  applyChange(b, at, sum);
  if (u16(b, at) === 0) setU16(b, at, 0xffff);
}
