/**
 * A user agent on a Host, with promises for what has one outcome and events for the rest. Clients and servers that take
 * part in calls (conferencing, mediation) use the same.
 *
 * @example
 * const sip = new SipClient(host, { aor: 'sip:alice@contoso.example', credentials, instance, outbound }, onEvent);
 * await sip.register(3600);
 * const { outcome } = sip.call('sip:bob@contoso.example', { type: 'application/sdp', bytes });
 * const answer = await outcome;
 * @module
 */
import { LabError } from '../../base/error.js';
import type { Deferred, Host } from '../../host/host.js';
import { randomHex } from '../../protocol/sip/identifiers.js';
import type { HeaderPairs, SipMessage } from '../../protocol/sip/message.js';
import type { Hop, Send } from '../../protocol/sip/transaction/layer.js';
import type { Content, UaIn, UaOut } from '../../protocol/sip/user-agent/events.js';
import { UserAgent, type UserAgentOptions } from '../../protocol/sip/user-agent/user-agent.js';
import { MachineRunner } from '../../host/machine-runner.js';
import { SipTransport, type TransportOptions } from './transport.js';

export type SipEvent = Exclude<UaOut, Send>;

export interface SipClientOptions {
  /** `sip:alice@contoso.example`. */
  readonly aor: string;
  readonly displayName?: string;
  readonly credentials: UserAgentOptions['credentials'];
  /** Where requests go before a registration says otherwise; null: by Route and Request-URI. */
  readonly outbound: Hop | null;
  /** Listens and is reached by Contact; absent: reached over the connection that it registered on. */
  readonly listens?: { readonly host: string; readonly port: number };
  readonly accepts?: readonly string[];
  readonly methods?: readonly string[];
  readonly transport?: TransportOptions;
}

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly content: Content | null;
}

export type CallOutcome =
  | { readonly kind: 'answered'; readonly fork: string; readonly content: Content | null; readonly message: SipMessage }
  /** @param error what the transport said, when nothing came from the peer */
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly error: LabError | null }
  | { readonly kind: 'cancelled' };

export interface OutgoingCall {
  readonly id: number;
  readonly outcome: Promise<CallOutcome>;
}

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address);

export class SipClient {
  readonly #host: Host;
  readonly #transport: SipTransport;
  readonly #runner: MachineRunner<UaIn, UaOut>;
  readonly #onEvent: (event: SipEvent) => void;
  readonly #aor: string;
  readonly #calls = new Map<number, Deferred<CallOutcome>>();
  readonly #requests = new Map<number, Deferred<Answer>>();
  readonly #offers = new Map<number, Deferred<Answer>>();
  #registering: Deferred<{ readonly expires: number; readonly registrar: Hop }> | null = null;
  #unregistering: Deferred<null> | null = null;
  /** Of the input that is being worked on. */
  #failure: LabError | null = null;
  #nextCall = 1;
  #nextRequest = 1;

  constructor(host: Host, options: SipClientOptions, onEvent: (event: SipEvent) => void) {
    this.#host = host;
    this.#onEvent = onEvent;
    this.#aor = options.aor;
    this.#transport = new SipTransport(
      host,
      {
        received: (message, source) => {
          this.#runner.input({ kind: 'received', message, source });
        },
        failed: (transaction, error) => {
          this.#failure = error;
          this.#runner.input({ kind: 'transport-error', transaction, detail: error.message });
          this.#failure = null;
        },
        closed: (connection) => {
          this.#runner.input({ kind: 'connection-closed', connection });
        },
      },
      options.transport,
    );
    this.#runner = new MachineRunner(host, new UserAgent(userAgentOptions(host, options)), (out) => {
      this.#out(out);
    });
  }

  /** Errors: NET_ADDRESS_IN_USE, NET_ADDRESS_NOT_MINE. */
  listen(address: string, port: number): Promise<void> {
    return this.#transport.listen(address, port);
  }

  /**
   * Registers and keeps the registration fresh. A registrar that is not the user's home redirects; that is followed.
   * Errors: SIP_REFUSED, SIP_TIMEOUT, and what connecting says (NET_*, DNS_*, TLS_HANDSHAKE).
   * @param expires seconds
   */
  register(expires: number, registrar?: Hop): Promise<{ readonly expires: number; readonly registrar: Hop }> {
    this.#registering?.reject(new LabError('SIP_REFUSED', 'another registration took its place'));
    const done = this.#host.deferred<{ readonly expires: number; readonly registrar: Hop }>(`registration of ${this.#aor}`);
    this.#registering = done;
    this.#runner.input({ kind: 'register', expires, ...(registrar !== undefined && { registrar }) });
    return done.promise;
  }

  /** Errors: as of register. */
  unregister(): Promise<null> {
    const done = this.#host.deferred<null>(`end of the registration of ${this.#aor}`);
    this.#unregistering = done;
    this.#runner.input({ kind: 'unregister' });
    return done.promise;
  }

  /** Sends an INVITE. Provisional answers come as events `progressed`. The outcome never rejects. */
  call(to: string, content?: Content, headers?: HeaderPairs): OutgoingCall {
    const id = this.#nextCall++;
    const done = this.#host.deferred<CallOutcome>(`answer of ${to}`);
    this.#calls.set(id, done);
    this.#runner.input({ kind: 'invite', call: id, to, ...(content !== undefined && { content }), ...(headers !== undefined && { headers }) });
    return { id, outcome: done.promise };
  }

  cancel(call: number): void {
    this.#runner.input({ kind: 'cancel', call });
  }

  bye(call: number): void {
    this.#runner.input({ kind: 'bye', call });
  }

  progress(call: number, status: number, content?: Content): void {
    this.#runner.input({ kind: 'progress', call, status, ...(content !== undefined && { content }) });
  }

  answer(call: number, content?: Content): void {
    this.#runner.input({ kind: 'answer', call, ...(content !== undefined && { content }) });
  }

  reject(call: number, status: number, reason?: string): void {
    this.#runner.input({ kind: 'reject', call, status, ...(reason !== undefined && { reason }) });
  }

  /** A new offer within the call. Status 491: another offer is open. One at a time per call. */
  offer(call: number, method: 'INVITE' | 'UPDATE', content: Content): Promise<Answer> {
    const done = this.#host.deferred<Answer>(`answer to an offer in call ${call}`);
    if (this.#offers.has(call)) done.resolve({ status: 491, reason: 'an offer is open', content: null });
    else {
      this.#offers.set(call, done);
      this.#runner.input({ kind: 'offer', call, method, content });
    }
    return done.promise;
  }

  answerOffer(call: number, status: number, content?: Content): void {
    this.#runner.input({ kind: 'answer-offer', call, status, ...(content !== undefined && { content }) });
  }

  /** A request outside calls (MESSAGE, SERVICE, OPTIONS ...). Never rejects: no answer is status 408, no way 503. */
  request(method: string, to: string, content?: Content, headers?: HeaderPairs): Promise<Answer> {
    const { id, promise } = this.#asked(`answer to ${method} ${to}`);
    this.#runner.input({ kind: 'request', id, method, to, ...(content !== undefined && { content }), ...(headers !== undefined && { headers }) });
    return promise;
  }

  requestInCall(method: string, call: number, content?: Content, headers?: HeaderPairs): Promise<Answer> {
    const { id, promise } = this.#asked(`answer to ${method} in call ${call}`);
    this.#runner.input({ kind: 'request-in-call', id, method, call, ...(content !== undefined && { content }), ...(headers !== undefined && { headers }) });
    return promise;
  }

  /** Closes connections and timers; what waits is refused. */
  close(): void {
    this.#transport.close();
    this.#runner.stop();
    const closed = new LabError('NET_CLOSED', 'the user agent was closed');
    this.#registering?.reject(closed);
    this.#unregistering?.reject(closed);
    for (const done of this.#calls.values()) done.resolve({ kind: 'refused', status: 503, reason: closed.message, error: closed });
    for (const done of [...this.#requests.values(), ...this.#offers.values()]) done.resolve({ status: 503, reason: closed.message, content: null });
  }

  #asked(what: string): { id: number; promise: Promise<Answer> } {
    const id = this.#nextRequest++;
    const done = this.#host.deferred<Answer>(what);
    this.#requests.set(id, done);
    return { id, promise: done.promise };
  }

  #out(out: UaOut): void {
    if (out.kind === 'send') {
      this.#transport.send(out);
      return;
    }
    this.#settle(out);
    this.#onEvent(out);
  }

  #settle(event: SipEvent): void {
    switch (event.kind) {
      case 'registered':
        this.#registering?.resolve({ expires: event.expires, registrar: event.registrar });
        this.#registering = null;
        return;
      case 'register-failed': {
        const error = this.#refusal(event.status, event.reason, `registration of ${this.#aor}`);
        this.#registering?.reject(error);
        this.#registering = null;
        this.#unregistering?.reject(error);
        this.#unregistering = null;
        return;
      }
      case 'unregistered':
        this.#unregistering?.resolve(null);
        this.#unregistering = null;
        return;
      case 'answered':
        this.#outcome(event.call, { kind: 'answered', fork: event.fork, content: event.content, message: event.message });
        return;
      case 'rejected':
        this.#outcome(event.call, { kind: 'refused', status: event.status, reason: event.reason, error: this.#failure });
        return;
      case 'ended':
        this.#outcome(event.call, { kind: 'cancelled' });
        take(this.#offers, event.call)?.resolve({ status: 481, reason: 'the call has ended', content: null });
        return;
      case 'offer-answered':
        take(this.#offers, event.call)?.resolve({ status: event.status, reason: event.reason, content: event.content });
        return;
      case 'request-answered':
        take(this.#requests, event.id)?.resolve({ status: event.status, reason: event.reason, content: event.content });
        return;
      default:
        return;
    }
  }

  #outcome(call: number, outcome: CallOutcome): void {
    take(this.#calls, call)?.resolve(outcome);
  }

  #refusal(status: number, reason: string, what: string): LabError {
    if (this.#failure !== null) return this.#failure;
    if (status === 408) return new LabError('SIP_TIMEOUT', `${what}: ${reason}`);
    return new LabError('SIP_REFUSED', `${what}: ${status} ${reason}`);
  }
}

function take<T>(map: Map<number, T>, key: number): T | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}

function userAgentOptions(host: Host, options: SipClientOptions): UserAgentOptions {
  const address = host.addresses[0] ?? '127.0.0.1';
  const at = options.listens === undefined ? bracketed(address) : `${bracketed(options.listens.host)}:${options.listens.port}`;
  const user = /^sips?:(?:([^@]+)@)?/.exec(options.aor)?.[1];
  return {
    aor: options.aor,
    ...(options.displayName !== undefined && { displayName: options.displayName }),
    credentials: options.credentials,
    sentBy: at,
    contact: `sip:${user === undefined ? '' : `${user}@`}${at};transport=tls`,
    instance: options.listens === undefined ? newInstance(host) : null,
    outbound: options.outbound,
    rng: host.random,
    ...(options.accepts !== undefined && { accepts: options.accepts }),
    ...(options.methods !== undefined && { methods: options.methods }),
  };
}

/** RFC 5626 section 4.1: a UUID of the device (RFC 9562, random). */
function newInstance(host: Host): string {
  const hex = randomHex(host.random, 16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** How long a registration is asked for when nobody says otherwise. */
export const REGISTRATION_SECONDS = 3600;
