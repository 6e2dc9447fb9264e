/**
 * When each segment was sent, as long as it was sent once only: what an acknowledgement of it measures is a round trip
 * (Karn's algorithm, RFC 6298 section 3). Segments that were sent again, or whose SACK was seen, are forgotten.
 * @module
 */
import type { Nanos } from '../../base/time.js';

interface Sent {
  readonly start: number;
  readonly end: number;
  readonly at: Nanos;
}

export class SendTimes {
  /** By position, which is also by time. */
  #sent: Sent[] = [];

  /** `[start .. end)` goes out for the first time. */
  first(start: number, end: number, at: Nanos): void {
    this.#sent.push({ start, end, at });
  }

  /** `[start .. end)` goes out again: an acknowledgement of it may be of either copy. */
  again(start: number, end: number): void {
    this.#sent = this.#sent.filter((s) => s.end <= start || s.start >= end);
  }

  forget(): void {
    this.#sent = [];
  }

  /** Everything before `position` is acknowledged: when the last of it was sent, null when nothing of it tells. */
  acknowledged(position: number): Nanos | null {
    let count = 0;
    let at: Nanos | null = null;
    for (const sent of this.#sent) {
      if (sent.end > position) break;
      at = sent.at;
      count += 1;
    }
    this.#sent.splice(0, count);
    return at;
  }

  /** `[start .. end)` was reported by SACK: when the last whole segment of it was sent, null when nothing of it tells. */
  reported(start: number, end: number): Nanos | null {
    let at: Nanos | null = null;
    this.#sent = this.#sent.filter((s) => {
      if (s.start < start || s.end > end) return true;
      at = s.at;
      return false;
    });
    return at;
  }
}
