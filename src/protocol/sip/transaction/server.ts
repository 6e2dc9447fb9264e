/**
 * Server transactions (RFC 3261 section 17.2; RFC 6026 for the Accepted state of INVITE).
 * @module
 */
import { NEVER, nanos, plus, type Nanos } from '../../../base/time.js';
import type { Machine } from '../../machine.js';
import { header, makeResponse, withHeader, type SipRequest, type SipResponse } from '../message.js';
import type { Failure, TransactionOptions } from './client.js';
import { TIMERS, TRYING_AFTER, wait64, type SipTimers } from './timers.js';

export type ServerIn =
  | { readonly kind: 'start' }
  /** A retransmission, or the ACK. */
  | { readonly kind: 'request'; readonly request: SipRequest }
  | { readonly kind: 'respond'; readonly response: SipResponse }
  | { readonly kind: 'transport-error'; readonly detail: string };

export type ServerOut =
  | { readonly kind: 'send'; readonly message: SipResponse }
  /** An ACK came to a transaction that was accepted: its user's matter (RFC 6026 section 7.1). */
  | { readonly kind: 'ack'; readonly request: SipRequest }
  | { readonly kind: 'failed'; readonly why: Failure; readonly detail: string }
  | { readonly kind: 'ended' };

export type ServerState = 'trying' | 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

export class ServerTransaction implements Machine<ServerIn, ServerOut> {
  readonly request: SipRequest;
  readonly invite: boolean;
  readonly #reliable: boolean;
  readonly #timers: SipTimers;
  #state: ServerState;
  #last: SipResponse | null = null;
  /** Timer G, or the moment of the automatic 100. */
  #again: Nanos = NEVER;
  #interval: Nanos;
  /** Timer H, then I; J; L. */
  #end: Nanos = NEVER;

  constructor(request: SipRequest, options: TransactionOptions) {
    this.request = request;
    this.invite = request.method === 'INVITE';
    this.#reliable = options.reliable;
    this.#timers = options.timers ?? TIMERS;
    this.#interval = this.#timers.t1;
    this.#state = this.invite ? 'proceeding' : 'trying';
  }

  get state(): ServerState {
    return this.#state;
  }

  /** Whether a final response has been given. */
  get answered(): boolean {
    return this.#last !== null && this.#last.status >= 200;
  }

  get deadline(): Nanos {
    return this.#again < this.#end ? this.#again : this.#end;
  }

  handle(input: ServerIn, now: Nanos, out: ServerOut[]): void {
    if (this.#state === 'terminated') return;
    switch (input.kind) {
      case 'start':
        if (this.invite) this.#again = plus(now, TRYING_AFTER);
        return;
      case 'request':
        this.#request(input.request, now, out);
        return;
      case 'respond':
        this.#respond(input.response, now, out);
        return;
      case 'transport-error':
        this.#terminate(out, { kind: 'failed', why: 'transport', detail: input.detail });
    }
  }

  tick(now: Nanos, out: ServerOut[]): void {
    if (now >= this.#end) {
      const failed = this.#state === 'completed' && this.invite;
      this.#terminate(out, failed ? { kind: 'failed', why: 'timeout', detail: 'no ACK within 64*T1 (timer H)' } : null);
      return;
    }
    if (now < this.#again) return;
    if (this.#last === null) {
      this.#again = NEVER;
      this.#last = trying(this.request);
      out.push({ kind: 'send', message: this.#last });
      return;
    }
    out.push({ kind: 'send', message: this.#last });
    this.#interval = nanos(this.#interval * 2 > this.#timers.t2 ? this.#timers.t2 : this.#interval * 2);
    this.#again = plus(now, this.#interval);
  }

  #request(request: SipRequest, now: Nanos, out: ServerOut[]): void {
    if (request.method === 'ACK') {
      if (this.#state === 'accepted') out.push({ kind: 'ack', request });
      if (this.#state !== 'completed' || !this.invite) return;
      this.#state = 'confirmed';
      this.#again = NEVER;
      if (this.#reliable) this.#terminate(out, null);
      else this.#end = plus(now, this.#timers.t4);
      return;
    }
    // RFC 6026 section 7.1: in Accepted a retransmitted INVITE is absorbed, the core repeats the 2xx.
    if (this.#last !== null && (this.#state === 'proceeding' || this.#state === 'completed')) out.push({ kind: 'send', message: this.#last });
  }

  #respond(response: SipResponse, now: Nanos, out: ServerOut[]): void {
    const { status } = response;
    if (this.#state === 'accepted') {
      if (status >= 200 && status < 300) out.push({ kind: 'send', message: response });
      return;
    }
    if (this.#state !== 'trying' && this.#state !== 'proceeding') return;
    this.#last = response;
    this.#again = NEVER;
    out.push({ kind: 'send', message: response });
    if (status < 200) {
      this.#state = 'proceeding';
      return;
    }
    if (this.invite && status < 300) {
      this.#state = 'accepted';
      this.#end = plus(now, wait64(this.#timers));
      return;
    }
    this.#state = 'completed';
    if (this.invite) {
      this.#end = plus(now, wait64(this.#timers));
      if (!this.#reliable) this.#again = plus(now, this.#interval);
    } else if (this.#reliable) this.#terminate(out, null);
    else this.#end = plus(now, wait64(this.#timers));
  }

  #terminate(out: ServerOut[], last: ServerOut | null): void {
    this.#state = 'terminated';
    this.#again = NEVER;
    this.#end = NEVER;
    if (last !== null) out.push(last);
    out.push({ kind: 'ended' });
  }
}

/** The automatic 100; its Timestamp says how long it took (section 8.2.6.1). */
function trying(request: SipRequest): SipResponse {
  const response = makeResponse(request, 100);
  const stamp = header(response, 'Timestamp');
  return stamp === undefined ? response : withHeader(response, 'Timestamp', `${stamp.split(/[ \t]/)[0] ?? ''} ${TRYING_AFTER / 1e9}`);
}
