/**
 * All transactions of one element: matching (RFC 3261 sections 17.1.3 and 17.2.3), one deadline, and the way that
 * messages go. A connection is an opaque number that the shell gave out.
 * @module
 */
import { NEVER, type Nanos } from '../../../base/time.js';
import { callId, cseq, fromTag, topVia } from '../fields.js';
import { withTopReplaced, type SipMessage, type SipRequest, type SipResponse } from '../message.js';
import { branchOf, formatVia, sentBy, stampVia } from '../via.js';
import { ClientTransaction, type ClientOut, type Failure } from './client.js';
import { ServerTransaction, type ServerOut } from './server.js';
import { TIMERS, type SipTimers } from './timers.js';

/** Where a message came from. */
export interface Source {
  readonly connection: number;
  readonly address: string;
  readonly port: number;
  /** The listening endpoint that took the connection; null on a connection that was opened from here. */
  readonly local: { readonly address: string; readonly port: number } | null;
  /** DNS names that the peer proved by its certificate; absent: none. */
  readonly names?: readonly string[];
}

/** Where a message goes: back over a connection, or to a host by name (a connection to it is reused). */
export type Hop = { readonly kind: 'connection'; readonly connection: number } | { readonly kind: 'target'; readonly host: string; readonly port: number };

export interface Send {
  readonly kind: 'send';
  readonly to: Hop;
  readonly message: SipMessage;
  /** To be named when sending fails. */
  readonly transaction: string;
}

export type LayerOut =
  | Send
  | { readonly kind: 'request'; readonly transaction: string; readonly request: SipRequest; readonly source: Source }
  /** ACK for a 2xx: belongs to a dialog, not to a transaction. */
  | { readonly kind: 'ack'; readonly request: SipRequest; readonly source: Source }
  | { readonly kind: 'response'; readonly transaction: string; readonly response: SipResponse; readonly source: Source }
  /** A response that matches nothing. */
  | { readonly kind: 'stray'; readonly response: SipResponse; readonly source: Source }
  | { readonly kind: 'failed'; readonly transaction: string; readonly why: Failure; readonly detail: string }
  | { readonly kind: 'ended'; readonly transaction: string };

type Entry =
  | { readonly side: 'client'; readonly machine: ClientTransaction; readonly hop: Hop }
  | { readonly side: 'server'; readonly machine: ServerTransaction; readonly hop: Hop };

export interface LayerOptions {
  readonly timers?: SipTimers;
  /** TLS and TCP are; the lab speaks TLS only. */
  readonly reliable?: boolean;
}

/** Section 17.1.3. */
export function clientKey(message: SipMessage): string {
  return `c ${branchOf(topVia(message)) ?? ''} ${cseq(message).method}`;
}

/** Section 17.2.3, for RFC 2543 elements by the values that it lists. */
export function serverKey(request: SipRequest): string {
  const via = topVia(request);
  const method = request.method === 'ACK' ? 'INVITE' : request.method;
  const branch = branchOf(via);
  if (branch !== null) return `s ${branch} ${sentBy(via)} ${method}`;
  return `s2543 ${request.uri} ${fromTag(request)} ${callId(request)} ${cseq(request).sequence} ${sentBy(via)} ${method}`;
}

/** Key of the INVITE that a CANCEL is about (section 9.2). */
export function cancelledKey(cancel: SipRequest): string {
  return serverKey({ ...cancel, method: 'INVITE' });
}

export class TransactionLayer {
  readonly #entries = new Map<string, Entry>();
  readonly #timers: SipTimers;
  readonly #reliable: boolean;
  #deadline: Nanos | null = NEVER;

  constructor(options: LayerOptions = {}) {
    this.#timers = options.timers ?? TIMERS;
    this.#reliable = options.reliable ?? true;
  }

  get size(): number {
    return this.#entries.size;
  }

  get deadline(): Nanos {
    if (this.#deadline === null) {
      let first: Nanos = NEVER;
      for (const { machine } of this.#entries.values()) if (machine.deadline < first) first = machine.deadline;
      this.#deadline = first;
    }
    return this.#deadline;
  }

  tick(now: Nanos, out: LayerOut[]): void {
    this.#deadline = null;
    for (const [key, entry] of [...this.#entries]) {
      if (entry.machine.deadline > now) continue;
      if (entry.side === 'client') this.#client(key, entry, (o) => entry.machine.tick(now, o), out, null);
      else this.#server(key, entry, (o) => entry.machine.tick(now, o), out, null);
    }
  }

  /** A message from the wire. Stamps the topmost Via of a request with where it came from. */
  received(message: SipMessage, source: Source, now: Nanos, out: LayerOut[]): void {
    this.#deadline = null;
    if (message.kind === 'response') {
      const key = clientKey(message);
      const entry = this.#entries.get(key);
      if (entry?.side !== 'client') out.push({ kind: 'stray', response: message, source });
      else this.#client(key, entry, (o) => entry.machine.handle({ kind: 'response', response: message }, now, o), out, source);
      return;
    }
    const key = serverKey(message);
    const request = withTopReplaced(message, 'Via', formatVia(stampVia(topVia(message), source)));
    const entry = this.#entries.get(key);
    if (entry?.side === 'server') {
      this.#server(key, entry, (o) => entry.machine.handle({ kind: 'request', request }, now, o), out, source);
      return;
    }
    if (request.method === 'ACK') {
      out.push({ kind: 'ack', request, source });
      return;
    }
    const machine = new ServerTransaction(request, { reliable: this.#reliable, timers: this.#timers });
    const made: Entry = { side: 'server', machine, hop: { kind: 'connection', connection: source.connection } };
    this.#entries.set(key, made);
    this.#server(key, made, (o) => machine.handle({ kind: 'start' }, now, o), out, source);
    out.push({ kind: 'request', transaction: key, request, source });
  }

  /** Starts a client transaction; the request has its Via. Returns the transaction's name. */
  request(request: SipRequest, hop: Hop, now: Nanos, out: LayerOut[]): string {
    this.#deadline = null;
    const key = clientKey(request);
    const machine = new ClientTransaction(request, { reliable: this.#reliable, timers: this.#timers });
    const entry: Entry = { side: 'client', machine, hop };
    this.#entries.set(key, entry);
    this.#client(key, entry, (o) => machine.handle({ kind: 'start' }, now, o), out, null);
    return key;
  }

  respond(transaction: string, response: SipResponse, now: Nanos, out: LayerOut[]): void {
    this.#deadline = null;
    const entry = this.#entries.get(transaction);
    if (entry?.side !== 'server') return;
    this.#server(transaction, entry, (o) => entry.machine.handle({ kind: 'respond', response }, now, o), out, null);
  }

  /** The shell could not send: the connection broke, or none came about. */
  transportError(transaction: string, detail: string, now: Nanos, out: LayerOut[]): void {
    this.#deadline = null;
    const entry = this.#entries.get(transaction);
    if (entry?.side === 'client') this.#client(transaction, entry, (o) => entry.machine.handle({ kind: 'transport-error', detail }, now, o), out, null);
    else if (entry?.side === 'server') this.#server(transaction, entry, (o) => entry.machine.handle({ kind: 'transport-error', detail }, now, o), out, null);
  }

  /** The request of a server transaction that has no final response yet. */
  unanswered(transaction: string): SipRequest | null {
    const entry = this.#entries.get(transaction);
    return entry?.side === 'server' && !entry.machine.answered ? entry.machine.request : null;
  }

  has(transaction: string): boolean {
    return this.#entries.has(transaction);
  }

  hopOf(transaction: string): Hop | null {
    return this.#entries.get(transaction)?.hop ?? null;
  }

  #client(key: string, entry: Entry, step: (out: ClientOut[]) => void, out: LayerOut[], source: Source | null): void {
    const made: ClientOut[] = [];
    step(made);
    for (const o of made) {
      if (o.kind === 'send') out.push({ kind: 'send', to: entry.hop, message: o.message, transaction: key });
      else if (o.kind === 'response') {
        if (source !== null) out.push({ kind: 'response', transaction: key, response: o.response, source });
      } else this.#over(key, o, out);
    }
  }

  #server(key: string, entry: Entry, step: (out: ServerOut[]) => void, out: LayerOut[], source: Source | null): void {
    const made: ServerOut[] = [];
    step(made);
    for (const o of made) {
      if (o.kind === 'send') out.push({ kind: 'send', to: entry.hop, message: o.message, transaction: key });
      else if (o.kind === 'ack') {
        if (source !== null) out.push({ kind: 'ack', request: o.request, source });
      } else this.#over(key, o, out);
    }
  }

  #over(key: string, o: { readonly kind: 'failed'; readonly why: Failure; readonly detail: string } | { readonly kind: 'ended' }, out: LayerOut[]): void {
    if (o.kind === 'failed') out.push({ kind: 'failed', transaction: key, why: o.why, detail: o.detail });
    else {
      this.#entries.delete(key);
      out.push({ kind: 'ended', transaction: key });
    }
  }
}
