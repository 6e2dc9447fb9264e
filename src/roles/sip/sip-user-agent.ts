/**
 * A SIP user agent on a Host: the one shell round the user agent core. Clients use it, and servers that take part in
 * calls (conferencing, mediation). What has one outcome is a promise, all else an event. What the network refuses is an
 * outcome: nothing here rejects for it.
 *
 * @example
 * const sip = new SipUserAgent(host, { aor: 'sip:alice@contoso.example', credentials, outbound: null }, onEvent);
 * const registered = await sip.register(600, { kind: 'target', host: 'sip.contoso.example', port: 5061 });
 * const { id, outcome } = sip.call('sip:bob@contoso.example', { type: 'application/sdp', bytes });
 * if ((await outcome).kind === 'answered') await sip.hangUp(id);
 * sip.close();
 * @module
 */
import { LabError } from '../../base/error.js';
import type { Deferred, Host } from '../../host/host.js';
import { MachineRunner } from '../../host/machine-runner.js';
import type { HeaderPairs, SipMessage } from '../../protocol/sip/message.js';
import type { Hop, Send } from '../../protocol/sip/transaction/layer.js';
import type { Content } from '../../protocol/sip/body.js';
import type { UaIn, UaOut } from '../../protocol/sip/user-agent/events.js';
import { UserAgent, type UserAgentOptions } from '../../protocol/sip/user-agent/user-agent.js';
import { bracketed, hostPort } from '../../wire/address.js';
import { deviceId } from './device-id.js';
import { SipTransport, type TransportOptions } from './transport.js';

export type SipEvent =
  | Exclude<UaOut, Send>
  /** What was to be sent did not go out; the outcome that it has for a request comes beside it. */
  | { readonly kind: 'transport-failed'; readonly error: LabError };

export interface SipUserAgentOptions {
  /** `sip:alice@contoso.example`. */
  readonly aor: string;
  readonly displayName?: string;
  /** Null: answers no challenge. */
  readonly credentials: UserAgentOptions['credentials'];
  /** Where requests go before a registration says otherwise; null: by Route and Request-URI. */
  readonly outbound: Hop | null;
  /** Listens there, and is reached by its Contact; absent: over the connection that it registered on (RFC 5626). */
  readonly listens?: { readonly host: string; readonly port: number };
  readonly accepts?: readonly string[];
  readonly methods?: readonly string[];
  readonly transport?: TransportOptions;
}

/** A final response. `error` is what the transport said when nothing came from the peer. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly content: Content | null;
  readonly error: LabError | null;
}

export type Registered =
  /** @param expires seconds; @param registrar the home, after redirections */
  | { readonly kind: 'registered'; readonly expires: number; readonly registrar: Hop }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly error: LabError | null };

export type CallOutcome =
  | { readonly kind: 'answered'; readonly fork: string; readonly reason: string; readonly content: Content | null; readonly message: SipMessage }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly error: LabError | null }
  | { readonly kind: 'cancelled' };

export interface OutgoingCall {
  readonly id: number;
  readonly outcome: Promise<CallOutcome>;
}

export class SipUserAgent {
  readonly #host: Host;
  readonly #transport: SipTransport;
  readonly #runner: MachineRunner<UaIn, UaOut>;
  readonly #onEvent: (event: SipEvent) => void;
  readonly #aor: string;
  readonly #phases = new Map<number, 'calling' | 'ringing' | 'talking'>();
  readonly #calls = new Map<number, Deferred<CallOutcome>>();
  readonly #offers = new Map<number, Deferred<Answer>>();
  readonly #requests = new Map<number, Deferred<Answer>>();
  readonly #endings = new Map<number, Deferred<null>>();
  #registering: Deferred<Registered> | null = null;
  #unregistering: Deferred<Registered | null> | null = null;
  /** What the transport said, while the core works on it. */
  #failure: LabError | null = null;
  #next = 1;
  #closed = false;

  /** Draws random numbers: who wants the same run for the same seed makes it at the same moment. */
  constructor(host: Host, options: SipUserAgentOptions, onEvent: (event: SipEvent) => void) {
    this.#host = host;
    this.#onEvent = onEvent;
    this.#aor = options.aor;
    this.#runner = new MachineRunner(host, new UserAgent(coreOptions(host, options)), (out) => {
      this.#out(out);
    });
    this.#transport = new SipTransport(
      host,
      {
        received: (message, source) => {
          this.#runner.input({ kind: 'received', message, source });
        },
        failed: (transaction, error) => {
          this.#failed(transaction, error);
        },
        closed: (connection) => {
          this.#runner.input({ kind: 'connection-closed', connection });
        },
      },
      options.transport,
    );
  }

  /** Errors: NET_ADDRESS_IN_USE, NET_ADDRESS_NOT_MINE. */
  listen(address: string, port: number): Promise<void> {
    return this.#transport.listen(address, port);
  }

  // ---- registration

  /**
   * Registers and keeps the registration fresh. A registrar that is not the user's home redirects; that is followed.
   * @param expires seconds
   * @param registrar default: the outbound hop
   */
  register(expires: number, registrar?: Hop): Promise<Registered> {
    this.#registering?.resolve({ kind: 'refused', status: 503, reason: 'another registration took its place', error: null });
    const done = this.#host.deferred<Registered>(`the registration of ${this.#aor}`);
    this.#registering = done;
    this.#runner.input({ kind: 'register', expires, ...(registrar !== undefined && { registrar }) });
    return done.promise;
  }

  /** Null: the registration is gone. */
  unregister(): Promise<Registered | null> {
    const done = this.#host.deferred<Registered | null>(`the end of the registration of ${this.#aor}`);
    this.#unregistering = done;
    this.#runner.input({ kind: 'unregister' });
    return done.promise;
  }

  // ---- calls

  /** Sends an INVITE. Provisional answers come as events `progressed`. */
  call(to: string, content?: Content, headers?: HeaderPairs): OutgoingCall {
    const id = this.#next++;
    const done = this.#host.deferred<CallOutcome>(`an answer of ${to}`);
    this.#calls.set(id, done);
    this.#phases.set(id, 'calling');
    this.#runner.input({ kind: 'invite', call: id, to, ...(content !== undefined && { content }), ...(headers !== undefined && { headers }) });
    return { id, outcome: done.promise };
  }

  /**
   * Ends a call, whatever it has come to: CANCEL while the other side rings (the outcome is `cancelled` then), a refusal
   * while it rings here, BYE later. Resolved when it has ended.
   */
  hangUp(call: number): Promise<null> {
    const ended = this.#endings.get(call) ?? this.#host.deferred<null>(`the end of call ${call} of ${this.#aor}`);
    const phase = this.#phases.get(call);
    if (phase === 'calling' || phase === 'talking') {
      this.#endings.set(call, ended);
      this.#runner.input({ kind: phase === 'calling' ? 'cancel' : 'bye', call });
      return ended.promise;
    }
    if (phase === 'ringing') this.reject(call, 480);
    ended.resolve(null);
    return ended.promise;
  }

  /** A provisional answer to an incoming call: 180, or 183 with a description. */
  progress(call: number, status: number, content?: Content): void {
    this.#runner.input({ kind: 'progress', call, status, ...(content !== undefined && { content }) });
  }

  answer(call: number, content?: Content): void {
    if (this.#phases.has(call)) this.#phases.set(call, 'talking');
    this.#runner.input({ kind: 'answer', call, ...(content !== undefined && { content }) });
  }

  reject(call: number, status: number, reason?: string): void {
    this.#phases.delete(call);
    this.#runner.input({ kind: 'reject', call, status, ...(reason !== undefined && { reason }) });
  }

  /** A new offer within the call. Status 491: another offer is open. One at a time per call. */
  offer(call: number, method: 'INVITE' | 'UPDATE', content: Content): Promise<Answer> {
    const done = this.#host.deferred<Answer>(`the answer to an offer in call ${call} of ${this.#aor}`);
    if (this.#offers.has(call)) done.resolve({ status: 491, reason: 'an offer is open', content: null, error: null });
    else {
      this.#offers.set(call, done);
      this.#runner.input({ kind: 'offer', call, method, content });
    }
    return done.promise;
  }

  /** Answers an event `offered`. */
  answerOffer(call: number, status: number, content?: Content): void {
    this.#runner.input({ kind: 'answer-offer', call, status, ...(content !== undefined && { content }) });
  }

  // ---- other requests

  /** A request outside calls (MESSAGE, SERVICE, OPTIONS ...). No answer is status 408, no way 503. */
  request(method: string, to: string, content?: Content, headers?: HeaderPairs): Promise<Answer> {
    const { id, promise } = this.#asked(`the answer to ${method} ${to}`);
    this.#runner.input({ kind: 'request', id, method, to, ...(content !== undefined && { content }), ...(headers !== undefined && { headers }) });
    return promise;
  }

  /** Status 481: there is no such call. */
  requestInCall(method: string, call: number, content?: Content, headers?: HeaderPairs): Promise<Answer> {
    const { id, promise } = this.#asked(`the answer to ${method} in call ${call}`);
    this.#runner.input({ kind: 'request-in-call', id, method, call, ...(content !== undefined && { content }), ...(headers !== undefined && { headers }) });
    return promise;
  }

  /** Closes connections and timers, and says nothing more; what waits is refused. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#runner.stop();
    this.#transport.close();
    const error = new LabError('NET_CLOSED', 'the user agent was closed');
    const refused = { status: 503, reason: error.message, error };
    this.#registering?.resolve({ kind: 'refused', ...refused });
    this.#unregistering?.resolve({ kind: 'refused', ...refused });
    for (const done of this.#calls.values()) done.resolve({ kind: 'refused', ...refused });
    for (const done of [...this.#requests.values(), ...this.#offers.values()]) done.resolve({ ...refused, content: null });
    for (const done of this.#endings.values()) done.resolve(null);
  }

  #asked(what: string): { readonly id: number; readonly promise: Promise<Answer> } {
    const id = this.#next++;
    const done = this.#host.deferred<Answer>(what);
    this.#requests.set(id, done);
    return { id, promise: done.promise };
  }

  // ---- what transport and core say

  #failed(transaction: string, error: LabError): void {
    if (this.#closed) return;
    this.#onEvent({ kind: 'transport-failed', error });
    this.#failure = error;
    this.#runner.input({ kind: 'transport-error', transaction, detail: error.message });
    this.#failure = null;
  }

  #out(out: UaOut): void {
    if (out.kind === 'send') {
      this.#transport.send(out);
      return;
    }
    this.#settle(out);
    this.#onEvent(out);
  }

  #settle(event: Exclude<UaOut, Send>): void {
    switch (event.kind) {
      case 'registered':
        this.#registering?.resolve(event);
        this.#registering = null;
        return;
      case 'register-failed':
        this.#registrationFailed(event.status, event.reason);
        return;
      case 'unregistered':
        this.#unregistering?.resolve(null);
        this.#unregistering = null;
        return;
      case 'answered': {
        const { fork, content, message } = event;
        this.#phases.set(event.call, 'talking');
        take(this.#calls, event.call)?.resolve({ kind: 'answered', fork, reason: message.kind === 'response' ? message.reason : '', content, message });
        return;
      }
      case 'rejected':
        this.#phases.delete(event.call);
        take(this.#calls, event.call)?.resolve({ kind: 'refused', status: event.status, reason: event.reason, error: this.#failure });
        return;
      case 'ended':
        this.#phases.delete(event.call);
        take(this.#calls, event.call)?.resolve({ kind: 'cancelled' });
        take(this.#offers, event.call)?.resolve({ status: 481, reason: 'the call has ended', content: null, error: this.#failure });
        take(this.#endings, event.call)?.resolve(null);
        return;
      case 'offer-answered':
        take(this.#offers, event.call)?.resolve(this.#answer(event));
        return;
      case 'request-answered':
        take(this.#requests, event.id)?.resolve(this.#answer(event));
        return;
      case 'incoming':
        this.#phases.set(event.call, 'ringing');
        return;
      case 'redirected':
      case 'registration-lost':
      case 'progressed':
      case 'confirmed':
      case 'offered':
      case 'request-received':
    }
  }

  /** A REGISTER that removes the registration fails as one that makes it. */
  #registrationFailed(status: number, reason: string): void {
    const refused = { kind: 'refused', status, reason, error: this.#failure } as const;
    this.#registering?.resolve(refused);
    this.#registering = null;
    this.#unregistering?.resolve(refused);
    this.#unregistering = null;
  }

  #answer({ status, reason, content }: UaOut & { kind: 'offer-answered' | 'request-answered' }): Answer {
    return { status, reason, content, error: this.#failure };
  }
}

function take<T>(map: Map<number, T>, key: number): T | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

function coreOptions(host: Host, options: SipUserAgentOptions): UserAgentOptions {
  const { aor, displayName, credentials, outbound, listens, accepts, methods } = options;
  const address = host.addresses[0] ?? '127.0.0.1';
  const at = listens === undefined ? bracketed(address) : hostPort(listens.host, listens.port);
  const user = /^sips?:(?:([^@]+)@)?/.exec(aor)?.[1];
  return {
    aor,
    ...(displayName !== undefined && { displayName }),
    credentials,
    sentBy: at,
    contact: `sip:${user === undefined ? '' : `${user}@`}${at};transport=tls`,
    instance: listens === undefined ? deviceId(host.random) : null,
    outbound,
    rng: host.random,
    ...(accepts !== undefined && { accepts }),
    ...(methods !== undefined && { methods }),
  };
}
