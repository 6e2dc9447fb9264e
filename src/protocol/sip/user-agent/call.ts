/**
 * One call of a user agent: INVITE session (RFC 3261 section 13), re-INVITE (14), UPDATE (RFC 3311), BYE (15).
 * The owner finds the call by Call-ID and local tag; forks of an outgoing call share both.
 * @module
 */
import type { Rng } from '../../../base/rng.js';
import { millis, nanos, NEVER, plus, type Nanos } from '../../../base/time.js';
import { Dialog, glareWait, nextHop } from '../dialog.js';
import { callId, cseq, fromTag, toTag } from '../fields.js';
import { header, makeResponse, NO_BODY, type HeaderPairs, type SipMessage, type SipRequest, type SipResponse } from '../message.js';
import type { Hop } from '../transaction/layer.js';
import { TIMERS, wait64, type SipTimers } from '../transaction/timers.js';
import { usableContent, type Content } from '../body.js';
import type { UaOut } from './events.js';
import type { Pending, Requests } from './requests.js';

/** What a call needs of the user agent that it belongs to. */
export interface CallOwner {
  readonly requests: Requests<UaOut>;
  readonly rng: Rng;
  readonly timers?: SipTimers;
  /** Contact value for requests and responses that make or refresh a dialog. */
  readonly contact: string;
  /** What a 200 to OPTIONS says (section 11.2). */
  readonly capabilities: HeaderPairs;
  /** Outbound hop, or null: then requests go where Route or Request-URI say. */
  outbound(): Hop | null;
  respond(transaction: string, response: SipResponse, now: Nanos, out: UaOut[]): void;
}

export type CallState = 'calling' | 'cancelling' | 'ringing' | 'established' | 'ended';

/** A 2xx that is repeated until the ACK comes (section 13.3.1.4). */
interface Unacknowledged {
  readonly transaction: string;
  readonly response: SipResponse;
  readonly sequence: number;
  interval: Nanos;
  again: Nanos;
  readonly end: Nanos;
}

/** An INVITE or UPDATE of the peer that the user has not answered yet. */
interface Asked {
  readonly transaction: string;
  readonly request: SipRequest;
}

export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, MESSAGE, INFO, SERVICE';

/** What a user can use of the body: of a multipart the session description, else the text. */
export function contentOf(message: SipMessage): Content | null {
  if (message.body.length === 0) return null;
  const whole = { type: header(message, 'Content-Type') ?? 'application/octet-stream', bytes: message.body };
  for (const wanted of ['application/sdp', 'text/']) {
    const usable = usableContent(whole, header(message, 'Content-Disposition'), (type) => type.startsWith(wanted));
    if (usable.kind === 'content') return usable.content;
  }
  return whole;
}

export function contentHeaders(content: Content | undefined): HeaderPairs {
  return content === undefined ? [] : [['Content-Type', content.type]];
}

export class Call {
  readonly id: number;
  readonly #owner: CallOwner;
  readonly #timers: SipTimers;
  readonly localTag: string;
  readonly callId: string;
  readonly #outgoing: boolean;
  state: CallState;
  #dialog: Dialog | null = null;
  readonly #early = new Map<string, Dialog>();
  readonly #acks = new Map<string, SipRequest>();
  #invite: Pending<UaOut> | null = null;
  #incoming: Asked | null = null;
  #asked: Asked | null = null;
  #offer: { readonly method: 'INVITE' | 'UPDATE'; readonly content: Content } | null = null;
  #retryOffer: Nanos = NEVER;
  #unacknowledged: Unacknowledged | null = null;

  private constructor(id: number, owner: CallOwner, outgoing: boolean, message: SipRequest, localTag: string) {
    this.id = id;
    this.#owner = owner;
    this.#timers = owner.timers ?? TIMERS;
    this.#outgoing = outgoing;
    this.localTag = localTag;
    this.callId = callId(message);
    this.state = outgoing ? 'calling' : 'ringing';
  }

  /** Sends the INVITE. */
  static out(id: number, owner: CallOwner, invite: SipRequest, hop: Hop, now: Nanos, out: UaOut[]): Call {
    const call = new Call(id, owner, true, invite, fromTag(invite));
    call.#invite = owner.requests.start(
      invite,
      hop,
      (r, sent, _source, at, o) => call.#inviteResponse(r, sent, at, o),
      () => undefined,
      now,
      out,
    );
    return call;
  }

  /** Takes an INVITE that the owner found fit. */
  static in(id: number, owner: CallOwner, transaction: string, invite: SipRequest, localTag: string): Call {
    const call = new Call(id, owner, false, invite, localTag);
    call.#incoming = { transaction, request: invite };
    call.#dialog = Dialog.ofCallee(invite, localTag);
    return call;
  }

  get dialog(): Dialog | null {
    return this.#dialog;
  }

  get over(): boolean {
    return this.state === 'ended' && this.#unacknowledged === null && (this.#invite === null || !this.#owner.requests.layer.has(this.#invite.transaction));
  }

  get deadline(): Nanos {
    const u = this.#unacknowledged;
    const acks = u === null ? NEVER : u.again < u.end ? u.again : u.end;
    return acks < this.#retryOffer ? acks : this.#retryOffer;
  }

  tick(now: Nanos, out: UaOut[]): void {
    if (now >= this.#retryOffer) {
      // An offer of the peer that came meanwhile goes first.
      this.#retryOffer = this.#asked === null && this.#unacknowledged === null ? NEVER : this.#glare(now);
      if (this.#retryOffer === NEVER && this.#offer !== null) this.#sendOffer(now, out);
    }
    const u = this.#unacknowledged;
    if (u === null) return;
    if (now >= u.end) {
      this.#unacknowledged = null;
      if (this.state === 'established') this.#sayBye('no-ack', now, out);
    } else if (now >= u.again) {
      this.#owner.respond(u.transaction, u.response, now, out);
      u.interval = nanos(u.interval * 2 > this.#timers.t2 ? this.#timers.t2 : u.interval * 2);
      u.again = plus(now, u.interval);
    }
  }

  // ---- the caller's side

  #inviteResponse(response: SipResponse, sent: SipRequest, now: Nanos, out: UaOut[]): void {
    const fork = toTag(response);
    const { status } = response;
    if (status < 200) {
      if (status === 100 || this.state !== 'calling') return;
      if (fork !== '' && !this.#early.has(fork)) {
        const dialog = Dialog.ofCaller(sent, response);
        if (dialog !== null) this.#early.set(fork, dialog);
      }
      out.push({ kind: 'progressed', call: this.id, fork, status, content: contentOf(response) });
      return;
    }
    if (status < 300) {
      this.#success(response, sent, fork, now, out);
      return;
    }
    if (this.state !== 'calling' && this.state !== 'cancelling') return;
    const cancelled = this.state === 'cancelling';
    this.state = 'ended';
    this.#early.clear();
    out.push(
      cancelled ? { kind: 'ended', call: this.id, why: 'cancelled' } : { kind: 'rejected', call: this.id, status, reason: response.reason, message: response },
    );
  }

  #success(response: SipResponse, sent: SipRequest, fork: string, now: Nanos, out: UaOut[]): void {
    const repeated = this.#acks.get(fork);
    if (repeated !== undefined) {
      out.push({ kind: 'send', to: this.#hop(repeated), message: repeated, transaction: '' });
      return;
    }
    const dialog = this.#early.get(fork) ?? Dialog.ofCaller(sent, response);
    if (dialog === null) return;
    // Section 13.2.2.4: the route set is computed anew from the 2xx.
    const confirmed = Dialog.ofCaller(sent, response) ?? dialog;
    const ack = confirmed.ack(sent);
    this.#acks.set(fork, this.#owner.requests.ack(ack, this.#hop(ack), out));
    if (this.state === 'calling') {
      this.state = 'established';
      this.#dialog = confirmed;
      this.#early.clear();
      out.push({ kind: 'answered', call: this.id, fork, content: contentOf(response), message: response });
      return;
    }
    // Another fork answered too, or the CANCEL came too late: that dialog ends at once.
    this.#send(confirmed.request('BYE'), () => undefined, now, out);
    if (this.state === 'cancelling') {
      this.state = 'ended';
      out.push({ kind: 'ended', call: this.id, why: 'cancelled' });
    }
  }

  cancel(now: Nanos, out: UaOut[]): boolean {
    if (this.state !== 'calling' || this.#invite === null) return false;
    this.state = 'cancelling';
    this.#owner.requests.cancel(this.#invite, now, out);
    return true;
  }

  // ---- the callee's side

  progress(status: number, content: Content | undefined, now: Nanos, out: UaOut[]): boolean {
    if (this.#incoming === null) return false;
    this.#reply(this.#incoming, status, content, now, out);
    return true;
  }

  answer(content: Content | undefined, now: Nanos, out: UaOut[]): boolean {
    const incoming = this.#incoming;
    if (incoming === null || this.#dialog === null) return false;
    this.#incoming = null;
    this.state = 'established';
    this.#dialog.confirm();
    this.#awaitAck(incoming, this.#reply(incoming, 200, content, now, out), now);
    return true;
  }

  reject(status: number, reason: string | undefined, now: Nanos, out: UaOut[]): boolean {
    const incoming = this.#incoming;
    if (incoming === null) return false;
    this.#incoming = null;
    this.state = 'ended';
    this.#owner.respond(
      incoming.transaction,
      makeResponse(incoming.request, status, { toTag: this.localTag, ...(reason !== undefined && { reason }) }),
      now,
      out,
    );
    return true;
  }

  /** A CANCEL for the INVITE came (section 9.2); it has been answered by the owner. */
  cancelled(transaction: string, now: Nanos, out: UaOut[]): void {
    if (this.#incoming?.transaction !== transaction) return;
    this.reject(487, undefined, now, out);
    out.push({ kind: 'ended', call: this.id, why: 'cancelled' });
  }

  /** An ACK for a 2xx. */
  acknowledged(ack: SipRequest, out: UaOut[]): void {
    const u = this.#unacknowledged;
    if (u === null || cseq(ack).sequence !== u.sequence) return;
    this.#unacknowledged = null;
    out.push({ kind: 'confirmed', call: this.id, content: contentOf(ack) });
  }

  /** The transaction that carried a response broke. */
  failed(transaction: string, out: UaOut[]): void {
    if (this.#incoming?.transaction !== transaction || this.state === 'ended') return;
    this.#incoming = null;
    this.state = 'ended';
    out.push({ kind: 'ended', call: this.id, why: 'failed' });
  }

  #reply(to: Asked, status: number, content: Content | undefined, now: Nanos, out: UaOut[]): SipResponse {
    const response = makeResponse(to.request, status, {
      toTag: this.localTag,
      headers: [['Contact', this.#owner.contact], ['Allow', ALLOW], ...contentHeaders(content)],
      body: content?.bytes ?? NO_BODY,
    });
    this.#owner.respond(to.transaction, response, now, out);
    return response;
  }

  #awaitAck(asked: Asked, response: SipResponse, now: Nanos): void {
    const { t1 } = this.#timers;
    this.#unacknowledged = {
      transaction: asked.transaction,
      response,
      sequence: cseq(asked.request).sequence,
      interval: t1,
      again: plus(now, t1),
      end: plus(now, wait64(this.#timers)),
    };
  }

  // ---- both sides, within the dialog

  /** A request of the peer within the call. False: this call has no such dialog (481). */
  request(transaction: string, request: SipRequest, now: Nanos, out: UaOut[]): boolean {
    const tag = fromTag(request);
    const dialog = this.#dialog?.remoteTag === tag ? this.#dialog : this.#early.get(tag);
    if (dialog === undefined || this.state === 'ended') return false;
    if (!dialog.accept(request)) {
      this.#owner.respond(transaction, makeResponse(request, 500, { reason: 'CSeq out of order' }), now, out);
      return true;
    }
    switch (request.method) {
      case 'BYE':
        this.#owner.respond(transaction, makeResponse(request, 200), now, out);
        if (this.#incoming !== null) this.reject(487, undefined, now, out);
        this.#end('bye-received', out);
        return true;
      case 'UPDATE':
        // RFC 3311 section 5.2: without an offer it refreshes the target, and is answered without an answer.
        if (contentOf(request) === null) this.#reply({ transaction, request }, 200, undefined, now, out);
        else this.#offered('UPDATE', { transaction, request }, now, out);
        return true;
      case 'OPTIONS':
        this.#owner.respond(transaction, makeResponse(request, 200, { headers: this.#owner.capabilities }), now, out);
        return true;
      case 'INVITE':
        this.#offered('INVITE', { transaction, request }, now, out);
        return true;
      default:
        out.push({
          kind: 'request-received',
          method: request.method,
          call: this.id,
          from: header(request, 'From') ?? '',
          to: header(request, 'To') ?? '',
          content: contentOf(request),
          message: request,
        });
        this.#owner.respond(transaction, makeResponse(request, 200), now, out);
        return true;
    }
  }

  #offered(method: 'INVITE' | 'UPDATE', asked: Asked, now: Nanos, out: UaOut[]): void {
    // Sections 14.2 and RFC 3311 5.2: one offer at a time. Ours is open: 491. Theirs is not answered yet: 500, come again.
    if (this.#offer !== null && this.#retryOffer === NEVER) {
      this.#owner.respond(asked.transaction, makeResponse(asked.request, 491), now, out);
      return;
    }
    if (this.#asked !== null || this.#incoming !== null || this.#unacknowledged !== null) {
      this.#owner.respond(asked.transaction, makeResponse(asked.request, 500, { headers: [['Retry-After', String(this.#owner.rng.below(11))]] }), now, out);
      return;
    }
    this.#asked = asked;
    out.push({ kind: 'offered', call: this.id, method, content: contentOf(asked.request) });
  }

  answerOffer(status: number, content: Content | undefined, now: Nanos, out: UaOut[]): boolean {
    const asked = this.#asked;
    if (asked === null) return false;
    this.#asked = null;
    const response = this.#reply(asked, status, content, now, out);
    if (asked.request.method === 'INVITE' && status < 300) this.#awaitAck(asked, response, now);
    return true;
  }

  /** Sends an offer within the call. False: another one is open. */
  offer(method: 'INVITE' | 'UPDATE', content: Content, now: Nanos, out: UaOut[]): boolean {
    if (this.state !== 'established' || this.#offer !== null || this.#asked !== null || this.#unacknowledged !== null) return false;
    this.#offer = { method, content };
    this.#sendOffer(now, out);
    return true;
  }

  #sendOffer(now: Nanos, out: UaOut[]): void {
    const offer = this.#offer;
    if (this.#dialog === null || offer === null) return;
    const request = this.#dialog.request(
      offer.method,
      [['Contact', this.#owner.contact], ['Allow', ALLOW], ...contentHeaders(offer.content)],
      offer.content.bytes,
    );
    this.#send(request, (response, sent, at, o) => this.#offerResponse(offer.method, response, sent, at, o), now, out);
  }

  #offerResponse(method: 'INVITE' | 'UPDATE', response: SipResponse, sent: SipRequest, now: Nanos, out: UaOut[]): void {
    const { status } = response;
    if (status < 200 || this.#dialog === null) return;
    if (method === 'INVITE' && status < 300) {
      const ack = this.#dialog.ack(sent);
      this.#owner.requests.ack(ack, this.#hop(ack), out);
    }
    if (this.#offer === null) return;
    if (status === 491) {
      this.#retryOffer = this.#glare(now);
      return;
    }
    this.#offer = null;
    if (status < 300) this.#dialog.refresh(response);
    out.push({ kind: 'offer-answered', call: this.id, status, reason: response.reason, content: contentOf(response) });
    // Sections 12.2.1.2 and 14.1: the peer has lost the dialog.
    if (status === 481 || status === 408) this.#sayBye('failed', now, out);
  }

  #glare(now: Nanos): Nanos {
    return plus(now, millis(glareWait(this.#owner.rng, this.#outgoing)));
  }

  /** Any other request within the call. */
  send(
    method: string,
    headers: HeaderPairs,
    content: Content | undefined,
    onFinal: (response: SipResponse, out: UaOut[]) => void,
    now: Nanos,
    out: UaOut[],
  ): boolean {
    if (this.state !== 'established' || this.#dialog === null) return false;
    const request = this.#dialog.request(method, [...headers, ...contentHeaders(content)], content?.bytes ?? NO_BODY);
    this.#send(
      request,
      (response, _sent, _at, o) => {
        if (response.status >= 200) onFinal(response, o);
      },
      now,
      out,
    );
    return true;
  }

  bye(now: Nanos, out: UaOut[]): boolean {
    if (this.state !== 'established') return false;
    this.#sayBye('bye-sent', now, out);
    return true;
  }

  #sayBye(why: 'bye-sent' | 'no-ack' | 'failed', now: Nanos, out: UaOut[]): void {
    if (this.#dialog !== null) this.#send(this.#dialog.request('BYE'), () => undefined, now, out);
    this.#end(why, out);
  }

  #end(why: (UaOut & { kind: 'ended' })['why'], out: UaOut[]): void {
    this.state = 'ended';
    if (this.#dialog !== null) this.#dialog.state = 'terminated';
    this.#offer = null;
    this.#asked = null;
    this.#retryOffer = NEVER;
    this.#unacknowledged = null;
    out.push({ kind: 'ended', call: this.id, why });
  }

  #hop(request: SipRequest): Hop {
    return this.#owner.outbound() ?? nextHop(request) ?? { kind: 'target', host: 'invalid', port: 0 };
  }

  #send(request: SipRequest, on: (response: SipResponse, sent: SipRequest, now: Nanos, out: UaOut[]) => void, now: Nanos, out: UaOut[]): void {
    this.#owner.requests.start(
      request,
      this.#hop(request),
      (response, sent, _source, at, o) => on(response, sent, at, o),
      (sequence) => this.#dialog?.advance(sequence),
      now,
      out,
    );
  }
}
