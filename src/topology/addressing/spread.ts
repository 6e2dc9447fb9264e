/**
 * Places by name: a name's number depends on the name alone, so that adding one thing does not move another, but where
 * two names hash to the same place.
 * @module
 */
import { createHash } from 'node:crypto';

/** The first `bits` (at most 48) of SHA-256 of the name. */
export function spread(name: string, bits: number): number {
  return createHash('sha256').update(name).digest().readUIntBE(0, 6) % 2 ** bits;
}
