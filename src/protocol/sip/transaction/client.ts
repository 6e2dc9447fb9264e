/**
 * Client transactions (RFC 3261 section 17.1; RFC 6026 for the Accepted state of INVITE).
 * @module
 */
import { NEVER, nanos, plus, type Nanos } from '../../../base/time.js';
import { must } from '../../../base/assert.js';
import type { Machine } from '../../machine.js';
import { canonicalName, header, type HeaderField, type SipRequest, type SipResponse } from '../message.js';
import { cseq } from '../fields.js';
import { TIMER_D, TIMERS, wait64, type SipTimers } from './timers.js';

export type ClientIn =
  | { readonly kind: 'start' }
  | { readonly kind: 'response'; readonly response: SipResponse }
  | { readonly kind: 'transport-error'; readonly detail: string };

export type Failure = 'timeout' | 'transport';

export type ClientOut =
  | { readonly kind: 'send'; readonly message: SipRequest }
  | { readonly kind: 'response'; readonly response: SipResponse }
  | { readonly kind: 'failed'; readonly why: Failure; readonly detail: string }
  | { readonly kind: 'ended' };

export type ClientState = 'calling' | 'trying' | 'proceeding' | 'accepted' | 'completed' | 'terminated';

export interface TransactionOptions {
  /** True on TCP and TLS: no retransmissions, no time spent to absorb them. */
  readonly reliable: boolean;
  readonly timers?: SipTimers;
}

/** ACK for a final response other than 2xx (section 17.1.1.3): same branch, Route as in the INVITE, To of the response. */
export function ackFor(invite: SipRequest, response: SipResponse): SipRequest {
  const kept = new Set(['call-id', 'from', 'route', 'max-forwards']);
  const headers: HeaderField[] = [
    must(
      invite.headers.find((h) => canonicalName(h.name) === 'via'),
      'Via',
    ),
  ];
  headers.push(...invite.headers.filter((h) => kept.has(canonicalName(h.name))));
  headers.push({ name: 'To', value: must(header(response, 'To'), 'To') }, { name: 'CSeq', value: `${cseq(invite).sequence} ACK` });
  return { kind: 'request', method: 'ACK', uri: invite.uri, version: 'SIP/2.0', headers, body: new Uint8Array(0) };
}

export class ClientTransaction implements Machine<ClientIn, ClientOut> {
  readonly request: SipRequest;
  readonly invite: boolean;
  readonly #reliable: boolean;
  readonly #timers: SipTimers;
  #state: ClientState;
  /** Timer A or E. */
  #again: Nanos = NEVER;
  #interval: Nanos;
  /** Timer B or F, then D, K or M. */
  #end: Nanos = NEVER;
  #ack: SipRequest | null = null;

  constructor(request: SipRequest, options: TransactionOptions) {
    this.request = request;
    this.invite = request.method === 'INVITE';
    this.#reliable = options.reliable;
    this.#timers = options.timers ?? TIMERS;
    this.#interval = this.#timers.t1;
    this.#state = this.invite ? 'calling' : 'trying';
  }

  get state(): ClientState {
    return this.#state;
  }

  get deadline(): Nanos {
    return this.#again < this.#end ? this.#again : this.#end;
  }

  handle(input: ClientIn, now: Nanos, out: ClientOut[]): void {
    if (this.#state === 'terminated') return;
    switch (input.kind) {
      case 'start':
        out.push({ kind: 'send', message: this.request });
        this.#end = plus(now, wait64(this.#timers));
        if (!this.#reliable) this.#again = plus(now, this.#interval);
        return;
      case 'transport-error':
        this.#terminate(out, { kind: 'failed', why: 'transport', detail: input.detail });
        return;
      case 'response':
        if (this.invite) this.#inviteResponse(input.response, now, out);
        else this.#otherResponse(input.response, now, out);
    }
  }

  tick(now: Nanos, out: ClientOut[]): void {
    if (now >= this.#end) {
      const failed = this.#state === 'calling' || this.#state === 'trying' || (!this.invite && this.#state === 'proceeding');
      this.#terminate(out, failed ? { kind: 'failed', why: 'timeout', detail: `no final answer within 64*T1 (timer ${this.invite ? 'B' : 'F'})` } : null);
      return;
    }
    if (now < this.#again) return;
    out.push({ kind: 'send', message: this.request });
    this.#interval = nanos(this.#state === 'proceeding' ? this.#timers.t2 : this.#interval * 2);
    // Timer A doubles without bound, timer E up to T2.
    if (!this.invite && this.#interval > this.#timers.t2) this.#interval = this.#timers.t2;
    this.#again = plus(now, this.#interval);
  }

  #inviteResponse(response: SipResponse, now: Nanos, out: ClientOut[]): void {
    const { status } = response;
    if (this.#state === 'completed') {
      if (status >= 300 && this.#ack !== null) out.push({ kind: 'send', message: this.#ack });
      return;
    }
    if (this.#state === 'accepted') {
      if (status >= 200 && status < 300) out.push({ kind: 'response', response });
      return;
    }
    this.#again = NEVER;
    if (status < 200) {
      this.#state = 'proceeding';
      // Timer B ends here: how long a phone may ring is its user's matter (proxies have timer C).
      this.#end = NEVER;
      out.push({ kind: 'response', response });
    } else if (status < 300) {
      this.#state = 'accepted';
      this.#end = plus(now, wait64(this.#timers));
      out.push({ kind: 'response', response });
    } else {
      this.#state = 'completed';
      this.#ack = ackFor(this.request, response);
      out.push({ kind: 'response', response }, { kind: 'send', message: this.#ack });
      this.#linger(now, TIMER_D, out);
    }
  }

  #otherResponse(response: SipResponse, now: Nanos, out: ClientOut[]): void {
    if (this.#state === 'completed') return;
    out.push({ kind: 'response', response });
    if (response.status < 200) {
      this.#state = 'proceeding';
      return;
    }
    this.#state = 'completed';
    this.#again = NEVER;
    this.#linger(now, this.#timers.t4, out);
  }

  #linger(now: Nanos, unreliable: Nanos, out: ClientOut[]): void {
    if (this.#reliable) this.#terminate(out, null);
    else this.#end = plus(now, unreliable);
  }

  #terminate(out: ClientOut[], last: ClientOut | null): void {
    this.#state = 'terminated';
    this.#again = NEVER;
    this.#end = NEVER;
    if (last !== null) out.push(last);
    out.push({ kind: 'ended' });
  }
}
