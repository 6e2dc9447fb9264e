/**
 * User agent core (RFC 3261 section 8): registration, calls, requests in and out of dialogs. Events in, commands out;
 * it owns its timers. It never sees a socket: a connection is a number, a target a name.
 *
 * @example
 * const ua = new UserAgent({ aor: 'sip:alice@contoso.example', ... });
 * ua.handle({ kind: 'register', expires: 600 }, now, out); // out: send REGISTER
 * @module
 */
import type { Rng } from '../../../base/rng.js';
import type { Nanos } from '../../../base/time.js';
import type { Machine } from '../../machine.js';
import { nextHop } from '../dialog.js';
import { callId, cseq, fromTag, toTag, vias } from '../fields.js';
import { newCallId, newTag } from '../identifiers.js';
import { header, makeRequest, makeResponse, NO_BODY, type HeaderPairs, type SipRequest, type SipResponse } from '../message.js';
import { formatNameAddr, parseNameAddr, type NameAddr } from '../name-addr.js';
import { quote } from '../syntax.js';
import { cancelledKey, type Hop, type LayerOut } from '../transaction/layer.js';
import type { SipTimers } from '../transaction/timers.js';
import { checkRequest, type UasPolicy } from '../uas.js';
import { ALLOW, Call, contentHeaders, contentOf, type CallOwner } from './call.js';
import type { Content } from '../body.js';
import { FIRST_INCOMING, type UaIn, type UaOut } from './events.js';
import { Registration } from './registration.js';
import { Requests } from './requests.js';

export interface UserAgentOptions {
  /** `sip:alice@contoso.example`. */
  readonly aor: string;
  readonly displayName?: string;
  readonly credentials: { readonly username: string; readonly password: string } | null;
  /** Via sent-by, `10.0.1.5` or `fe1.contoso.example:5061`. */
  readonly sentBy: string;
  /** URI of Contact. */
  readonly contact: string;
  /** `urn:uuid:...`: the contact stands for a flow (RFC 5626), null for one that listens. */
  readonly instance: string | null;
  /** Where every request goes first; null: by Route and Request-URI. After a registration: its registrar. */
  readonly outbound: Hop | null;
  readonly rng: Rng;
  readonly timers?: SipTimers;
  /** Media types that are taken in bodies. */
  readonly accepts?: readonly string[];
  /** Methods out of dialogs that the user answers to (beside INVITE and OPTIONS); 200 is given at once. */
  readonly methods?: readonly string[];
}

export class UserAgent implements Machine<UaIn, UaOut> {
  readonly #options: UserAgentOptions;
  readonly #requests: Requests<UaOut>;
  readonly #registration: Registration;
  readonly #owner: CallOwner;
  readonly #policy: UasPolicy;
  readonly #calls = new Map<number, Call>();
  /** Call-ID and local tag. */
  readonly #byDialog = new Map<string, Call>();
  /** From tag, Call-ID and CSeq of requests in progress: another copy that came by another way is a merged request (8.2.2.2). */
  readonly #merging = new Map<string, string>();
  #nextIncoming = FIRST_INCOMING;

  constructor(options: UserAgentOptions) {
    this.#options = options;
    this.#requests = new Requests<UaOut>(options, (send, out) => out.push(send));
    const contact = contactOf(options);
    this.#registration = new Registration({ aor: options.aor, contact, rng: options.rng }, this.#requests);
    this.#policy = {
      methods: [...new Set(['INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'UPDATE', ...(options.methods ?? ['MESSAGE', 'INFO'])])],
      extensions: ['outbound', 'path'],
      accepts: options.accepts ?? ['application/sdp', 'text/*', 'application/xml', 'application/msrtc-media-relay-auth+xml'],
    };
    const own = formatNameAddr({ ...contact, params: [] });
    this.#owner = {
      requests: this.#requests,
      rng: options.rng,
      ...(options.timers !== undefined && { timers: options.timers }),
      contact: own,
      capabilities: [
        ['Contact', own],
        ['Allow', this.#policy.methods.join(', ')],
        ['Accept', this.#policy.accepts.join(', ')],
        ['Supported', this.#policy.extensions.join(', ')],
      ],
      outbound: () => this.#outbound(),
      respond: (transaction, response, now, out) => this.#respond(transaction, response, now, out),
    };
  }

  get deadline(): Nanos {
    let first = this.#requests.deadline;
    if (this.#registration.deadline < first) first = this.#registration.deadline;
    for (const call of this.#calls.values()) if (call.deadline < first) first = call.deadline;
    return first;
  }

  handle(input: UaIn, now: Nanos, out: UaOut[]): void {
    switch (input.kind) {
      case 'received':
        // Section 8.1.3.3: a response with another Via was not for us.
        if (input.message.kind === 'response' && vias(input.message).length > 1) break;
        this.#layer((made) => this.#requests.layer.received(input.message, input.source, now, made), now, out);
        break;
      case 'transport-error':
        this.#layer((made) => this.#requests.layer.transportError(input.transaction, input.detail, now, made), now, out);
        break;
      case 'connection-closed':
        this.#registration.connectionClosed(input.connection, out);
        break;
      case 'register': {
        const hop = input.registrar ?? this.#options.outbound;
        if (hop === null) out.push({ kind: 'register-failed', status: 503, reason: 'no registrar is known' });
        else this.#registration.register(input.expires, hop, now, out);
        break;
      }
      case 'unregister':
        this.#registration.unregister(now, out);
        break;
      case 'request':
        this.#request(input, now, out);
        break;
      default:
        this.#callCommand(input, now, out);
    }
    this.#sweep();
  }

  tick(now: Nanos, out: UaOut[]): void {
    if (this.#requests.layer.deadline <= now) this.#layer((made) => this.#requests.layer.tick(now, made), now, out);
    this.#requests.tick(now, out);
    this.#registration.tick(now, out);
    for (const call of [...this.#calls.values()]) call.tick(now, out);
    this.#sweep();
  }

  /** Calls that are not over. */
  get calls(): number {
    return this.#calls.size;
  }

  #callCommand(
    input: Exclude<UaIn, { kind: 'received' | 'transport-error' | 'connection-closed' | 'register' | 'unregister' | 'request' }>,
    now: Nanos,
    out: UaOut[],
  ): void {
    if (input.kind === 'invite') {
      this.#invite(input.call, input.to, input.content, input.headers ?? [], now, out);
      return;
    }
    const call = this.#calls.get(input.call);
    const done = call !== undefined && this.#steer(call, input, now, out);
    if (done) return;
    // The call moved on while the command was on its way: an answer to an offer or a request says so, the rest is moot.
    if (input.kind === 'offer')
      out.push({ kind: 'offer-answered', call: input.call, status: call === undefined ? 481 : 491, reason: 'the call takes no offer now', content: null });
    if (input.kind === 'request-in-call') out.push({ kind: 'request-answered', id: input.id, status: 481, reason: 'no such call', content: null });
  }

  #steer(
    call: Call,
    input: Exclude<UaIn, { kind: 'received' | 'transport-error' | 'connection-closed' | 'register' | 'unregister' | 'request' | 'invite' }>,
    now: Nanos,
    out: UaOut[],
  ): boolean {
    switch (input.kind) {
      case 'progress':
        return call.progress(input.status, input.content, now, out);
      case 'answer':
        return call.answer(input.content, now, out);
      case 'reject':
        return call.reject(input.status, input.reason, now, out);
      case 'cancel':
        return call.cancel(now, out);
      case 'bye':
        return call.bye(now, out);
      case 'offer':
        return call.offer(input.method, input.content, now, out);
      case 'answer-offer':
        return call.answerOffer(input.status, input.content, now, out);
      case 'request-in-call':
        return call.send(input.method, input.headers ?? [], input.content, (response, o) => answered(input.id, response, o), now, out);
    }
  }

  // ---- requests of this side

  #outbound(): Hop | null {
    return this.#registration.home ?? this.#options.outbound;
  }

  #newRequest(method: string, to: string, headers: HeaderPairs, content: Content | undefined): SipRequest {
    const { aor, displayName, rng } = this.#options;
    const from = formatNameAddr({ display: displayName ?? null, uri: parseNameAddr(`<${aor}>`).uri, params: [{ name: 'tag', value: newTag(rng) }] });
    return makeRequest(
      method,
      to,
      [['Max-Forwards', '70'], ['From', from], ['To', `<${to}>`], ['Call-ID', newCallId(rng)], ['CSeq', `1 ${method}`], ...headers, ...contentHeaders(content)],
      content?.bytes ?? NO_BODY,
    );
  }

  #request(input: UaIn & { kind: 'request' }, now: Nanos, out: UaOut[]): void {
    const request = this.#newRequest(input.method, input.to, input.headers ?? [], input.content);
    const hop = this.#outbound() ?? nextHop(request);
    if (hop === null) {
      out.push({ kind: 'request-answered', id: input.id, status: 416, reason: 'not a SIP URI', content: null });
      return;
    }
    this.#requests.start(
      request,
      hop,
      (response, _sent, _source, _at, o) => {
        if (response.status >= 200) answered(input.id, response, o);
      },
      () => undefined,
      now,
      out,
    );
  }

  #invite(id: number, to: string, content: Content | undefined, headers: HeaderPairs, now: Nanos, out: UaOut[]): void {
    const invite = this.#newRequest('INVITE', to, [['Contact', this.#owner.contact], ['Allow', ALLOW], ...headers], content);
    const hop = this.#outbound() ?? nextHop(invite);
    if (hop === null) {
      out.push({ kind: 'rejected', call: id, status: 416, reason: 'not a SIP URI', message: makeResponse(invite, 416) });
      return;
    }
    this.#remember(Call.out(id, this.#owner, invite, hop, now, out));
  }

  // ---- requests of others

  #layer(step: (made: LayerOut[]) => void, now: Nanos, out: UaOut[]): void {
    const made: LayerOut[] = [];
    step(made);
    for (const o of this.#requests.settle(made, now, out)) {
      if (o.kind === 'request') this.#received(o.transaction, o.request, now, out);
      else if (o.kind === 'ack') this.#find(o.request)?.acknowledged(o.request, out);
      else if (o.kind === 'failed') for (const call of this.#calls.values()) call.failed(o.transaction, out);
      else if (o.kind === 'ended') for (const [key, transaction] of this.#merging) if (transaction === o.transaction) this.#merging.delete(key);
    }
  }

  #received(transaction: string, request: SipRequest, now: Nanos, out: UaOut[]): void {
    if (request.method === 'CANCEL') {
      this.#cancel(transaction, request, now, out);
      return;
    }
    const refusal = checkRequest(request, this.#policy, newTag(this.#options.rng));
    if (refusal !== null) {
      this.#respond(transaction, refusal, now, out);
      return;
    }
    if (toTag(request) !== '') {
      if (this.#find(request)?.request(transaction, request, now, out) !== true) this.#respond(transaction, makeResponse(request, 481), now, out);
      return;
    }
    const merged = `${fromTag(request)} ${callId(request)} ${cseq(request).sequence} ${request.method}`;
    if (this.#merging.has(merged)) {
      this.#respond(transaction, makeResponse(request, 482, { toTag: newTag(this.#options.rng) }), now, out);
      return;
    }
    this.#merging.set(merged, transaction);
    this.#fresh(transaction, request, now, out);
  }

  /** A request outside dialogs that is fit. */
  #fresh(transaction: string, request: SipRequest, now: Nanos, out: UaOut[]): void {
    const tag = newTag(this.#options.rng);
    const [from, to] = [header(request, 'From') ?? '', header(request, 'To') ?? ''];
    switch (request.method) {
      case 'INVITE': {
        const id = this.#nextIncoming++;
        this.#remember(Call.in(id, this.#owner, transaction, request, tag));
        out.push({ kind: 'incoming', call: id, from, to, callId: callId(request), content: contentOf(request), message: request });
        return;
      }
      // Each belongs to a dialog; of INFO, RFC 6086 section 4 says so.
      case 'BYE':
      case 'UPDATE':
      case 'INFO':
        this.#respond(transaction, makeResponse(request, 481, { toTag: tag }), now, out);
        return;
      case 'OPTIONS':
        this.#respond(transaction, makeResponse(request, 200, { toTag: tag, headers: this.#owner.capabilities }), now, out);
        return;
      default:
        out.push({ kind: 'request-received', method: request.method, call: null, from, to, content: contentOf(request), message: request });
        this.#respond(transaction, makeResponse(request, 200, { toTag: tag }), now, out);
    }
  }

  /** Section 9.2. */
  #cancel(transaction: string, cancel: SipRequest, now: Nanos, out: UaOut[]): void {
    const key = cancelledKey(cancel);
    const known = this.#requests.layer.has(key);
    this.#respond(transaction, makeResponse(cancel, known ? 200 : 481, { toTag: newTag(this.#options.rng) }), now, out);
    if (this.#requests.layer.unanswered(key) === null) return;
    for (const call of this.#calls.values()) call.cancelled(key, now, out);
  }

  #respond(transaction: string, response: SipResponse, now: Nanos, out: UaOut[]): void {
    this.#layer((made) => this.#requests.layer.respond(transaction, response, now, made), now, out);
  }

  #find(request: SipRequest): Call | undefined {
    return this.#byDialog.get(`${callId(request)} ${toTag(request)}`);
  }

  #remember(call: Call): void {
    this.#calls.set(call.id, call);
    this.#byDialog.set(`${call.callId} ${call.localTag}`, call);
  }

  #sweep(): void {
    for (const call of this.#calls.values()) {
      if (!call.over) continue;
      this.#calls.delete(call.id);
      this.#byDialog.delete(`${call.callId} ${call.localTag}`);
    }
  }
}

function answered(id: number, response: SipResponse, out: UaOut[]): void {
  out.push({ kind: 'request-answered', id, status: response.status, reason: response.reason, content: contentOf(response) });
}

function contactOf(options: UserAgentOptions): NameAddr {
  const { uri } = parseNameAddr(`<${options.contact}>`);
  if (options.instance === null) return { display: null, uri, params: [] };
  return {
    display: null,
    uri,
    params: [
      { name: '+sip.instance', value: quote(`<${options.instance}>`) },
      { name: 'reg-id', value: '1' },
    ],
  };
}
