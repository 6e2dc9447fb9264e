/**
 * The name of a device, by which its registrar knows it again (`+sip.instance`, RFC 5626 section 4.1).
 * @module
 */
import type { Rng } from '../../base/rng.js';

/** A UUID of version 4 (RFC 9562 section 5.4) as a URN, from the device's own random numbers. */
export function deviceId(rng: Rng): string {
  const bytes = new Uint8Array(16);
  rng.fill(bytes, 0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
