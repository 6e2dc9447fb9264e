/**
 * A payloader that is not G.711, for tests: another clock, several packets of one timestamp.
 * @module
 */
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import { NEVER, type Nanos } from '../../base/time.js';
import type { Format, Payloader } from './payloader.js';

/** Pictures at a rate, each in so many packets. */
export class Pictures implements Payloader {
  readonly codec = 'x-pictures';
  readonly payloadType: number;
  readonly clockRate = 90_000;
  readonly largest = 1000;
  cause = NO_CAUSE;
  deadline: Nanos = NEVER;
  timestamp = 0;
  marker = false;
  readonly parts: number;
  readonly rate: number;
  #next = 0;
  #part = 0;

  constructor(parts: number, rate: number, payloadType = 96) {
    this.payloadType = payloadType;
    this.parts = parts;
    this.rate = rate;
  }

  start(now: Nanos, timestamp: number): void {
    this.deadline = now;
    this.#next = timestamp;
  }

  stop(): void {
    this.deadline = NEVER;
  }

  fill(out: Uint8Array, at: number): number {
    out.fill(this.#part, at, at + 500);
    this.timestamp = this.#next;
    this.cause = 7 as Cause;
    this.marker = ++this.#part === this.parts;
    if (this.marker) {
      this.#part = 0;
      this.#next += this.clockRate / this.rate;
      this.deadline = (this.deadline + 1e9 / this.rate) as Nanos;
    }
    return 500;
  }
}

/** An m-line's format: 25 pictures a second of three packets each. */
export const PICTURES: Format = { payloadType: 96, name: 'x-pictures', clockRate: 90_000, payloader: (payloadType) => new Pictures(3, 25, payloadType) };
