/**
 * The session timer of one call (RFC 4028): who refreshes, when, and when a call that nobody refreshes is over. It asks
 * for nothing by itself; a peer or a proxy that wants timers gets them.
 * @module
 */
import { NEVER, plus, seconds, type Nanos } from '../../../base/time.js';
import type { HeaderPairs, SipMessage, SipRequest, SipResponse } from '../message.js';
import { knowsTimers, MIN_SE, minSe, sessionExpires } from '../session-expires.js';

/** Seconds. Longer ones count as this: no lab runs for 11 days. */
const LONGEST = 1_000_000;

interface Running {
  /** Seconds. */
  readonly interval: number;
  readonly own: boolean;
}

export class SessionTimer {
  #running: Running | null = null;
  #refresh: Nanos = NEVER;
  #end: Nanos = NEVER;
  #least = MIN_SE;

  get deadline(): Nanos {
    return this.#refresh < this.#end ? this.#refresh : this.#end;
  }

  /** This side is to refresh now; the next time is told by {@link answered}. */
  refreshDue(now: Nanos): boolean {
    if (now < this.#refresh) return false;
    this.#refresh = NEVER;
    return true;
  }

  /** Nobody has refreshed in time. */
  over(now: Nanos): boolean {
    return now >= this.#end;
  }

  /** What a request that may refresh says (section 7.4). */
  get requestHeaders(): HeaderPairs {
    const timer = this.#running;
    if (timer === null) return [['Supported', 'timer']];
    return [
      ['Supported', 'timer'],
      ['Session-Expires', `${timer.interval};refresher=${timer.own ? 'uac' : 'uas'}`],
      ...(this.#least > MIN_SE ? ([['Min-SE', String(this.#least)]] as const) : []),
    ];
  }

  /** Takes what the peer asks for in an INVITE or UPDATE that gets a 2xx; what that says (section 9). */
  asked(request: SipRequest, now: Nanos): HeaderPairs {
    const asked = sessionExpires(request);
    if (asked === null) {
      this.stop();
      return [];
    }
    const peerKnows = knowsTimers(request);
    // Without the option the request's sender cannot refresh: this side does, for the proxy that put the field there.
    const refresher = peerKnows ? (asked.refresher ?? 'uac') : 'uas';
    const interval = Math.max(asked.interval, MIN_SE);
    this.#start(interval, refresher === 'uas', now);
    return [['Session-Expires', `${interval};refresher=${refresher}`], ...(refresher === 'uac' ? ([['Require', 'timer']] as const) : [])];
  }

  /** Takes the 2xx of an INVITE or UPDATE of this side (section 7.2). */
  answered(response: SipResponse, now: Nanos): void {
    const granted = sessionExpires(response);
    if (granted === null) this.stop();
    else this.#start(Math.max(granted.interval, 1), granted.refresher !== 'uas', now);
  }

  /** A 422 (section 7.3): the interval to ask for. False: it was not too short. */
  tooShort(response: SipMessage, now: Nanos): boolean {
    const timer = this.#running;
    const least = minSe(response);
    if (timer === null || least <= timer.interval) return false;
    this.#least = Math.min(least, LONGEST);
    this.#running = { ...timer, interval: this.#least };
    // The end stays where it was: nothing was refreshed.
    this.#refresh = now;
    return true;
  }

  stop(): void {
    this.#running = null;
    this.#refresh = NEVER;
    this.#end = NEVER;
  }

  #start(asked: number, own: boolean, now: Nanos): void {
    const interval = Math.min(asked, LONGEST);
    this.#running = { interval, own };
    // Section 10: half of the time; who waits ends it a third, or 32 s, before its end.
    this.#refresh = own ? plus(now, seconds(interval / 2)) : NEVER;
    this.#end = plus(now, seconds(interval - Math.min(32, interval / 3)));
  }
}
