/**
 * User name fragment and password of one ICE session: RFC 8445 section 5.3. At least 24 and 128 bits of randomness, which
 * 6 bits a character give with 4 and 22 characters; the fragment has 8, so that two sessions of one lab never meet.
 * @module
 */
import type { Rng } from '../../../base/rng.js';

export interface IceCredentials {
  readonly ufrag: string;
  readonly pwd: string;
}

const ICE_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function iceChars(random: Rng, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += ICE_ALPHABET.charAt(random.below(64));
  return text;
}

export function newCredentials(random: Rng): IceCredentials {
  return { ufrag: iceChars(random, 8), pwd: iceChars(random, 24) };
}
