/**
 * How many ICMP errors a node may send (RFC 1812 section 4.3.2.8, RFC 4443 section 2.4 f), with Linux's two token
 * buckets and their defaults: one for the node (`icmp_msgs_per_sec` 1000, `icmp_msgs_burst` 50) and one per receiver
 * (`icmp_ratelimit`: one a second, six at once).
 * @module
 */
import { type Clock, type Nanos, seconds } from '../../base/time.js';
import type { Addr } from '../transport.js';

export const NODE_BURST = 50;
/** Nanoseconds for one token of the node's bucket. */
export const NODE_INTERVAL = 1e6 as Nanos;
export const RECEIVER_BURST = 6;
export const RECEIVER_INTERVAL = seconds(1);

/** A token bucket that counts in time: full when `credit` is `burst * interval`. */
class Bucket {
  #credit: number;
  #at: Nanos;
  readonly #full: number;
  readonly #interval: number;

  constructor(burst: number, interval: number, now: Nanos) {
    this.#full = burst * interval;
    this.#interval = interval;
    this.#credit = this.#full;
    this.#at = now;
  }

  refill(now: Nanos): boolean {
    this.#credit = Math.min(this.#full, this.#credit + (now - this.#at));
    this.#at = now;
    return this.#credit >= this.#interval;
  }

  take(): void {
    this.#credit -= this.#interval;
  }

  isFull(now: Nanos): boolean {
    return this.#credit + (now - this.#at) >= this.#full;
  }
}

/** Receivers that are remembered; above it those whose bucket is full again are forgotten. */
const RECEIVERS = 4096;

export class ErrorRate {
  readonly #clock: Clock;
  readonly #node: Bucket;
  readonly #receivers = new Map<Addr, Bucket>();
  /** Errors that were not sent. */
  suppressed = 0;
  /** False: any number may be sent, as with `icmp_ratelimit=0` and `icmp_msgs_per_sec` out of reach. */
  limits = true;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#node = new Bucket(NODE_BURST, NODE_INTERVAL, clock.now);
  }

  /** True: one error may go to `to` now, and is counted. */
  allow(to: Addr): boolean {
    if (!this.limits) return true;
    const now = this.#clock.now;
    let receiver = this.#receivers.get(to);
    if (receiver === undefined) {
      if (this.#receivers.size >= RECEIVERS) this.#forget(now);
      receiver = new Bucket(RECEIVER_BURST, RECEIVER_INTERVAL, now);
      this.#receivers.set(to, receiver);
    }
    const both = this.#node.refill(now) && receiver.refill(now);
    if (!both) {
      this.suppressed++;
      return false;
    }
    this.#node.take();
    receiver.take();
    return true;
  }

  #forget(now: Nanos): void {
    for (const [to, bucket] of this.#receivers) if (bucket.isFull(now)) this.#receivers.delete(to);
  }
}
