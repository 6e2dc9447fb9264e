/**
 * `limit rate`: the token bucket of nf_tables, which counts in nanoseconds.
 * @see net/netfilter/nft_limit.c
 * @hot
 * @module
 */
import { unreachable } from '../../base/assert.js';
import type { Clock } from '../../base/time.js';
import type { Limit } from '../../nft/ruleset.js';

/** What the kernel makes of `burst 0 packets` (NFT_LIMIT_PKT_BURST_DEFAULT). */
const DEFAULT_PACKETS = 5;

export class Limiter {
  readonly limit: Limit;
  readonly #clock: Clock;
  readonly #over: boolean;
  readonly #bytes: boolean;
  readonly #rate: number;
  /** Nanoseconds per packet or byte, whole and rest: `unit / rate`. */
  readonly #whole: number;
  readonly #rest: number;
  readonly #most: number;
  #tokens: number;
  #last: number;

  /** Full at the start. */
  constructor(limit: Limit, clock: Clock) {
    const unit = secondsOf(limit.unit) * 1e9;
    this.limit = limit;
    this.#clock = clock;
    this.#over = limit.over;
    this.#bytes = limit.what === 'bytes';
    this.#rate = limit.amount;
    this.#whole = Math.floor(unit / limit.amount);
    this.#rest = unit % limit.amount;
    const burst = !this.#bytes && limit.burst === 0 ? DEFAULT_PACKETS : limit.burst;
    // For bytes the bucket holds one unit's rate beside the burst. The product passes 2^53.
    this.#most = this.#bytes ? Number((BigInt(unit) * BigInt(limit.amount + burst)) / BigInt(limit.amount)) : this.#whole * burst;
    this.#tokens = this.#most;
    this.#last = clock.now;
  }

  /** hot. True: the rule goes on. @param length octets of the packet */
  passes(length: number): boolean {
    const now = this.#clock.now;
    let tokens = this.#tokens + (now - this.#last);
    if (tokens > this.#most) tokens = this.#most;
    this.#last = now;
    const cost = this.#bytes ? this.#whole * length + Math.floor((this.#rest * length) / this.#rate) : this.#whole;
    const within = tokens >= cost;
    this.#tokens = within ? tokens - cost : tokens;
    return within !== this.#over;
  }
}

function secondsOf(unit: Limit['unit']): number {
  switch (unit) {
    case 'second':
      return 1;
    case 'minute':
      return 60;
    case 'hour':
      return 3600;
    case 'day':
      return 86400;
    case 'week':
      return 604800;
    default:
      return unreachable(unit);
  }
}
