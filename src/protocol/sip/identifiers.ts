/**
 * Identifiers that must not repeat: tags, branches, Call-IDs (RFC 3261 sections 8.1.1.4, 8.1.1.7 and 19.3), from the lab's random stream.
 * @module
 */
import type { Rng } from '../../base/rng.js';
import { MAGIC_COOKIE } from './via.js';

/** `octets` random octets in hexadecimal. */
export function randomHex(rng: Rng, octets: number): string {
  const bytes = new Uint8Array(octets);
  rng.fill(bytes, 0, octets);
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** At least 32 bits of randomness (section 19.3). */
export const newTag = (rng: Rng): string => randomHex(rng, 5);

export const newBranch = (rng: Rng): string => `${MAGIC_COOKIE}${randomHex(rng, 8)}`;

export const newCallId = (rng: Rng): string => randomHex(rng, 12);
