/**
 * When a request over UDP is sent again and when its sender gives up: RFC 8489 section 6.2.1.
 * With RTO 500 ms, Rc 7, Rm 16: sent at 0, 500, 1500, 3500, 7500, 15500, 31500 ms, given up at 39500 ms.
 * @module
 */
import { millis, NEVER, plus, type Nanos } from '../../base/time.js';

export interface RetransmissionOptions {
  /** First interval; doubles after every transmission. */
  readonly rto: Nanos;
  /** Requests sent at most. */
  readonly rc: number;
  /** Wait after the last one, in RTOs. */
  readonly rm: number;
  /** Given up at the latest this long after the first transmission. */
  readonly patience: Nanos;
}

export const DEFAULT_RTO = millis(500);
export const DEFAULT_RC = 7;
export const DEFAULT_RM = 16;
/** Over TCP and TLS a request is sent once and waited for this long (RFC 8489 section 6.2.2). */
export const RELIABLE_TIMEOUT = millis(39_500);

export class Retransmission {
  readonly startedAt: Nanos;
  readonly rto: Nanos;
  readonly #rc: number;
  readonly #rm: number;
  readonly #giveUpBy: Nanos;
  #sent = 0;
  #lastSentAt: Nanos;
  #next: Nanos;
  #stopped = false;

  constructor(now: Nanos, options: Partial<RetransmissionOptions> = {}) {
    this.startedAt = now;
    this.rto = options.rto ?? DEFAULT_RTO;
    this.#rc = options.rc ?? DEFAULT_RC;
    this.#rm = options.rm ?? DEFAULT_RM;
    this.#giveUpBy = plus(now, options.patience ?? NEVER);
    this.#lastSentAt = now;
    this.#next = now;
  }

  /** Transmissions so far. */
  get sent(): number {
    return this.#sent;
  }

  get lastSentAt(): Nanos {
    return this.#lastSentAt;
  }

  /** Next time at which `step` has something to say. */
  get deadline(): Nanos {
    return this.#next;
  }

  /** No more transmissions, but still waiting for an answer to those under way (RFC 8445 section 7.3.1.4). */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const wait = this.#rm * this.rto;
    this.#next = Math.min(this.#giveUpBy, this.#lastSentAt + wait) as Nanos;
  }

  /** What is due at `now`: nothing, one transmission, or the end. */
  step(now: Nanos): 'wait' | 'send' | 'timeout' {
    if (now < this.#next) return 'wait';
    if (this.#stopped || this.#sent >= this.#rc || now >= this.#giveUpBy) {
      this.#next = NEVER;
      return 'timeout';
    }
    // 2^sent without a shift: an Rc above 31 must not wrap.
    let interval: number = this.rto;
    for (let i = 0; i < this.#sent; i++) interval *= 2;
    this.#sent += 1;
    this.#lastSentAt = now;
    const wait = this.#sent === this.#rc ? this.#rm * this.rto : interval;
    this.#next = Math.min(now + wait, this.#giveUpBy) as Nanos;
    return 'send';
  }
}
