/**
 * Requests of a user agent client: Via, authentication (RFC 3261 section 22.2 and 22.3), failures as responses
 * (section 8.1.3.1), CANCEL (section 9.1).
 * @module
 */
import type { Rng } from '../../../base/rng.js';
import { NEVER, plus, type Nanos } from '../../../base/time.js';
import { DigestClient } from '../digest.js';
import { cseq } from '../fields.js';
import { newBranch } from '../identifiers.js';
import { canonicalName, headerValues, makeRequest, makeResponse, withHeader, withTop, type SipRequest, type SipResponse } from '../message.js';
import type { Hop, Send, Source } from '../transaction/layer.js';
import { TransactionLayer, type LayerOut } from '../transaction/layer.js';
import { TIMERS, wait64, type SipTimers } from '../transaction/timers.js';

/**
 * What becomes of a request. A timeout comes as 408, a broken connection as 503, both made here.
 * @param sent the request that was answered, with its credentials and last CSeq
 * @param source null for a response made here
 */
export type OnResponse<Out> = (response: SipResponse, sent: SipRequest, source: Source | null, now: Nanos, out: Out[]) => void;

/** One request of the user, over as many transactions as authentication needs. */
export interface Pending<Out> {
  request: SipRequest;
  readonly hop: Hop;
  readonly onResponse: OnResponse<Out>;
  /** Called when a challenge makes the request go again with a higher CSeq. */
  readonly onResent: (sequence: number) => void;
  transaction: string;
  challenged: number;
  provisional: boolean;
  cancel: 'no' | 'wanted' | 'sent';
  /** When a cancelled INVITE that gets no final response counts as over. */
  giveUp: Nanos;
  over: boolean;
}

export interface RequestOptions {
  readonly rng: Rng;
  /** Via sent-by: `host` or `host:port`. */
  readonly sentBy: string;
  readonly credentials: { readonly username: string; readonly password: string } | null;
  readonly timers?: SipTimers;
}

/** More challenges than this mean that the password is wrong. */
const CHALLENGES = 2;

export class Requests<Out> {
  readonly layer: TransactionLayer;
  readonly #rng: Rng;
  readonly #sentBy: string;
  readonly #timers: SipTimers;
  readonly #digest: DigestClient | null;
  readonly #pending = new Map<string, Pending<Out>>();
  readonly #push: (send: Send, out: Out[]) => void;

  constructor(options: RequestOptions, push: (send: Send, out: Out[]) => void) {
    this.#rng = options.rng;
    this.#sentBy = options.sentBy;
    this.#timers = options.timers ?? TIMERS;
    this.layer = new TransactionLayer({ timers: this.#timers });
    this.#digest = options.credentials === null ? null : new DigestClient(options.credentials.username, options.credentials.password, options.rng);
    this.#push = push;
  }

  get deadline(): Nanos {
    let first = this.layer.deadline;
    for (const p of this.#pending.values()) if (p.giveUp < first) first = p.giveUp;
    return first;
  }

  /** The caller runs {@link TransactionLayer.tick} itself and feeds what comes to {@link settle}. */
  tick(now: Nanos, out: Out[]): void {
    for (const p of [...this.#pending.values()]) {
      if (p.giveUp > now) continue;
      p.giveUp = NEVER;
      this.#finish(p, makeResponse(p.request, 487), null, now, out);
    }
  }

  /** Puts the topmost Via on. */
  dress(request: SipRequest): SipRequest {
    return withTop(request, 'Via', `SIP/2.0/TLS ${this.#sentBy};branch=${newBranch(this.#rng)};rport`);
  }

  start(request: SipRequest, hop: Hop, onResponse: OnResponse<Out>, onResent: (sequence: number) => void, now: Nanos, out: Out[]): Pending<Out> {
    const pending: Pending<Out> = {
      request: this.dress(request),
      hop,
      onResponse,
      onResent,
      transaction: '',
      challenged: 0,
      provisional: false,
      cancel: 'no',
      giveUp: NEVER,
      over: false,
    };
    this.#go(pending, now, out);
    return pending;
  }

  #go(pending: Pending<Out>, now: Nanos, out: Out[]): void {
    const made: LayerOut[] = [];
    pending.transaction = this.layer.request(pending.request, pending.hop, now, made);
    this.#pending.set(pending.transaction, pending);
    this.settle(made, now, out);
  }

  /** A request outside transactions: the ACK for a 2xx. */
  ack(request: SipRequest, hop: Hop, out: Out[]): SipRequest {
    const dressed = this.dress(request);
    this.#push({ kind: 'send', to: hop, message: dressed, transaction: '' }, out);
    return dressed;
  }

  /** Gives up an INVITE. Nothing is sent before a provisional response came (section 9.1). */
  cancel(pending: Pending<Out>, now: Nanos, out: Out[]): void {
    if (pending.over || pending.cancel === 'sent') return;
    if (!pending.provisional) {
      pending.cancel = 'wanted';
      return;
    }
    pending.cancel = 'sent';
    pending.giveUp = plus(now, wait64(this.#timers));
    const made: LayerOut[] = [];
    this.layer.request(cancelFor(pending.request), pending.hop, now, made);
    this.settle(made, now, out);
  }

  /** Takes the outputs that concern requests of this side; gives the others back. */
  settle(made: readonly LayerOut[], now: Nanos, out: Out[]): LayerOut[] {
    const others: LayerOut[] = [];
    for (const o of made) {
      const pending = 'transaction' in o ? this.#pending.get(o.transaction) : undefined;
      if (o.kind === 'send') this.#push(o, out);
      else if (o.kind === 'response') {
        if (pending !== undefined) this.#response(pending, o.response, o.source, now, out);
      } else if (o.kind === 'failed') {
        if (pending === undefined) others.push(o);
        else this.#finish(pending, makeResponse(pending.request, o.why === 'timeout' ? 408 : 503, { reason: o.detail }), null, now, out);
      } else if (o.kind === 'ended') {
        this.#pending.delete(o.transaction);
        others.push(o);
      } else others.push(o);
    }
    return others;
  }

  #response(pending: Pending<Out>, response: SipResponse, source: Source, now: Nanos, out: Out[]): void {
    if (response.status < 200) {
      pending.provisional = true;
      if (pending.cancel === 'wanted') this.cancel(pending, now, out);
      pending.onResponse(response, pending.request, source, now, out);
      return;
    }
    if ((response.status === 401 || response.status === 407) && pending.cancel === 'no' && this.#authenticate(pending, response, now, out)) return;
    this.#finish(pending, response, source, now, out);
  }

  #finish(pending: Pending<Out>, response: SipResponse, source: Source | null, now: Nanos, out: Out[]): void {
    // Further 2xx of a forked INVITE come after the first final response.
    if (pending.over && response.status >= 300) return;
    pending.over = true;
    pending.giveUp = NEVER;
    pending.onResponse(response, pending.request, source, now, out);
  }

  #authenticate(pending: Pending<Out>, response: SipResponse, now: Nanos, out: Out[]): boolean {
    const proxy = response.status === 407;
    const challenges = headerValues(response, proxy ? 'Proxy-Authenticate' : 'WWW-Authenticate');
    const { request } = pending;
    const credentials = pending.challenged >= CHALLENGES ? null : (this.#digest?.answer(challenges, request.method, request.uri) ?? null);
    if (credentials === null) return false;
    pending.challenged++;
    const sequence = cseq(request).sequence + 1;
    pending.onResent(sequence);
    const bare: SipRequest = { ...request, headers: request.headers.filter((h) => canonicalName(h.name) !== 'via') };
    pending.request = this.dress(
      withHeader(withHeader(bare, 'CSeq', `${sequence} ${request.method}`), proxy ? 'Proxy-Authorization' : 'Authorization', credentials),
    );
    this.#go(pending, now, out);
    return true;
  }
}

/** Section 9.1: Request-URI, Call-ID, To, From, Route and the topmost Via of the request; CSeq with the method CANCEL. */
export function cancelFor(invite: SipRequest): SipRequest {
  const via = headerValues(invite, 'Via')[0] ?? '';
  const kept = new Set(['from', 'to', 'call-id', 'route', 'max-forwards']);
  const cancel = makeRequest('CANCEL', invite.uri, [
    ['Via', via],
    ['CSeq', `${cseq(invite).sequence} CANCEL`],
  ]);
  return { ...cancel, headers: [...cancel.headers, ...invite.headers.filter((h) => kept.has(canonicalName(h.name)))] };
}
