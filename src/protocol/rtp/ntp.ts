/**
 * NTP timestamps as RTCP uses them (RFC 3550 section 4), made from lab time: the lab's clock is the wall clock here.
 * @module
 */
import type { Nanos } from '../../base/time.js';

/** Seconds from 1900-01-01 (NTP) to 1970-01-01 (RFC 5905 section 6, figure 4). */
export const NTP_EPOCH_OFFSET = 2_208_988_800;
const UNIT = 4_294_967_296;

/** Integer part, wrapped to 32 bits as the field is. */
export function ntpSeconds(now: Nanos, originSeconds: number): number {
  return (originSeconds + NTP_EPOCH_OFFSET + Math.floor(now / 1e9)) % UNIT;
}

/** Fraction in units of 2^-32 s. */
export function ntpFraction(now: Nanos): number {
  return Math.floor(((now % 1e9) / 1e9) * UNIT);
}

/** "The middle 32 bits out of 64" (RFC 3550 6.4.1): units of 1/65536 s, wrapping every 18 hours. */
export function ntpMiddle(seconds: number, fraction: number): number {
  return (seconds % 65536) * 65536 + Math.floor(fraction / 65536);
}

/** Units of 1/65536 s as lab time. */
export function fromShort(units: number): Nanos {
  return Math.round((units * 1e9) / 65536) as Nanos;
}

/** Lab time as units of 1/65536 s, at most 32 bits. */
export function toShort(t: Nanos): number {
  return Math.min(UNIT - 1, Math.max(0, Math.round((t / 1e9) * 65536)));
}
