/**
 * Congestion window: slow start and avoidance of RFC 5681, NewReno of RFC 6582, initial window of RFC 6928. Where the
 * peer sends SACK the window is not inflated; the pipe of RFC 6675 (score-board) takes that part.
 * @module
 */

/** `recovery`: fast recovery until `recover` is acknowledged. `loss`: the same after a time-out, in slow start. */
export type CongestionPhase = 'open' | 'recovery' | 'loss';

/** IW of RFC 6928 section 2: min (10*MSS, max (2*MSS, 14600)). */
export function initialWindow(mss: number): number {
  return Math.min(10 * mss, Math.max(2 * mss, 14600));
}

export class Congestion {
  mss: number;
  cwnd: number;
  ssthresh = Infinity;
  phase: CongestionPhase = 'open';
  /** Position that ends `recovery` or `loss` when it is acknowledged. */
  recover = 0;
  /** Everything unacknowledged below this position counts as lost. */
  lostBelow = 0;
  /** HighRxt: what was sent again in this phase lies below it. */
  resent = 0;
  duplicates = 0;
  #counted = 0;

  constructor(mss: number) {
    this.mss = mss;
    this.cwnd = initialWindow(mss);
  }

  /** Segment size found or changed. `fresh`: nothing was sent yet, so the initial window follows it. */
  resize(mss: number, fresh: boolean): void {
    this.mss = mss;
    this.cwnd = fresh ? initialWindow(mss) : Math.max(this.cwnd, mss);
  }

  /** RFC 5681 section 3.1: "if the SYN or SYN/ACK is lost" the first window is one segment. */
  synLost(): void {
    this.cwnd = this.mss;
  }

  /** RFC 5681 section 4.1, restart window after an idle time of one RTO. */
  idle(): void {
    this.cwnd = Math.min(this.cwnd, initialWindow(this.mss));
  }

  /**
   * New data was acknowledged outside fast recovery.
   * @param limited the window was what held the sender back; else there is no reason to widen it (RFC 7661 section 1)
   */
  acknowledged(bytes: number, limited: boolean): void {
    if (!limited) return;
    if (this.cwnd < this.ssthresh) {
      this.cwnd += Math.min(bytes, this.mss);
      return;
    }
    // "The RECOMMENDED way to increase cwnd during congestion avoidance is to count the number of bytes".
    this.#counted += bytes;
    if (this.#counted >= this.cwnd) {
      this.#counted -= this.cwnd;
      this.cwnd += this.mss;
    }
  }

  /** RFC 5681 section 3.2 steps 2 and 3; RFC 6675 section 5 step 4 when `sack`. */
  enterRecovery(una: number, next: number, sack: boolean): void {
    this.#halve(next - una);
    this.cwnd = sack ? this.ssthresh : this.ssthresh + 3 * this.mss;
    this.#begin('recovery', una, next);
    this.lostBelow = Math.min(next, una + this.mss);
  }

  /** Step 4: one more segment has left the network. */
  inflate(): void {
    this.cwnd += this.mss;
  }

  /** RFC 6582 section 3.2 step 3, partial acknowledgement. */
  deflate(bytes: number): void {
    this.cwnd = Math.max(this.mss, this.cwnd - bytes + (bytes >= this.mss ? this.mss : 0));
  }

  /** `recover` was acknowledged. RFC 6582 section 3.2 step 3 option 1; RFC 6675 keeps the window. */
  leave(flight: number, sack: boolean): void {
    if (this.phase === 'recovery' && !sack) this.cwnd = Math.min(this.ssthresh, Math.max(flight, this.mss) + this.mss);
    this.phase = 'open';
    this.duplicates = 0;
    this.#counted = 0;
  }

  /** RFC 5681 section 3.1 (4). `again`: the segment had already been sent again by the timer; ssthresh is held. */
  timeout(una: number, next: number, again: boolean): void {
    if (!again) this.#halve(next - una);
    this.cwnd = this.mss;
    this.#begin('loss', una, next);
    this.lostBelow = next;
  }

  /** Lost to a path that takes smaller packets only, which says nothing about congestion. */
  resegment(una: number, next: number): void {
    this.#begin('loss', una, next);
    this.lostBelow = next;
  }

  #halve(flight: number): void {
    this.ssthresh = Math.max(Math.floor(flight / 2), 2 * this.mss);
  }

  #begin(phase: CongestionPhase, una: number, next: number): void {
    this.phase = phase;
    this.recover = next;
    this.resent = una;
    this.duplicates = 0;
    this.#counted = 0;
  }
}
