/**
 * Timer values of RFC 3261 section 17.1.1.1 and table 4, with RFC 6026.
 * @module
 */
import { millis, nanos, seconds, type Nanos } from '../../../base/time.js';

export interface SipTimers {
  /** Round-trip estimate. */
  readonly t1: Nanos;
  /** Longest interval between retransmissions of non-INVITE requests and INVITE responses. */
  readonly t2: Nanos;
  /** Longest time that a message stays in the network. */
  readonly t4: Nanos;
}

export const TIMERS: SipTimers = { t1: millis(500), t2: seconds(4), t4: seconds(5) };

/** Timers B, F, H, J, L, M and the patience of a UAS core with its 2xx. */
export const wait64 = (timers: SipTimers): Nanos => nanos(64 * timers.t1);

/** Timer D: how long a completed INVITE client transaction over UDP answers with ACK. */
export const TIMER_D = seconds(32);

/** An INVITE server transaction sends 100 by itself when its user has said nothing for this long (section 17.2.1). */
export const TRYING_AFTER = millis(200);
