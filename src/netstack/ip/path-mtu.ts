/**
 * What path MTU discovery found (RFC 1191, RFC 8201): the largest packet per destination, forgotten after ten minutes
 * as in Linux (`mtu_expires`).
 * @module
 */
import { type Clock, type Nanos, plus, seconds } from '../../base/time.js';
import { keyOf } from '../address-book.js';
import type { Addr } from '../transport.js';

export const EXPIRY = seconds(600);
/** RFC 791: every link carries 68 octets. */
export const MINIMUM4 = 68;
/** RFC 8200 section 5. */
export const MINIMUM6 = 1280;

/** RFC 1191 section 7.1: where a router tells no MTU, the next plateau below the packet that was too big. */
const PLATEAUS = [32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296] as const;

interface Entry {
  mtu: number;
  until: Nanos;
}

export class PathMtu {
  readonly #clock: Clock;
  readonly #known4 = new Map<number, Entry>();
  readonly #known6 = new Map<number, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** hot. The MTU known for an address key, or `limit` (the interface's) when that is smaller or nothing is known. */
  of(family: 4 | 6, key: number, limit: number): number {
    const known = family === 4 ? this.#known4 : this.#known6;
    if (known.size === 0) return limit;
    const entry = known.get(key);
    if (entry === undefined) return limit;
    if (entry.until <= this.#clock.now) {
      known.delete(key);
      return limit;
    }
    return Math.min(limit, entry.mtu);
  }

  /**
   * A router said "too big". The MTU only ever falls by this.
   * @param said next-hop MTU of the message; 0 = it did not say
   * @param size length of the packet that was too big
   * @returns what is believed now
   */
  learn(family: 4 | 6, to: Addr, said: number, size: number): number {
    const known = family === 4 ? this.#known4 : this.#known6;
    const guess = said === 0 ? (PLATEAUS.find((plateau) => plateau < size) ?? MINIMUM4) : said;
    const now = this.#clock.now;
    const before = known.get(keyOf(to));
    const old = before !== undefined && before.until > now ? before.mtu : Infinity;
    const mtu = Math.min(old, Math.max(guess, family === 4 ? MINIMUM4 : MINIMUM6));
    known.set(keyOf(to), { mtu, until: plus(now, EXPIRY) });
    return mtu;
  }

  forget(): void {
    this.#known4.clear();
    this.#known6.clear();
  }
}
