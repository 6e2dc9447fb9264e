/**
 * Registration of one contact (RFC 3261 section 10.2; RFC 5626 for the flow that it stands for): refresh, Min-Expires,
 * redirection to the user's home.
 * @module
 */
import type { Rng } from '../../../base/rng.js';
import { NEVER, plus, seconds, type Nanos } from '../../../base/time.js';
import { contacts, parseExpires } from '../fields.js';
import { newCallId, newTag } from '../identifiers.js';
import { header, makeRequest, type SipRequest, type SipResponse } from '../message.js';
import { formatNameAddr, type NameAddr } from '../name-addr.js';
import { param } from '../syntax.js';
import type { Hop, Source } from '../transaction/layer.js';
import { hopTo } from '../dialog.js';
import { parseUri, sameUri } from '../uri.js';
import type { UaOut } from './events.js';
import type { Pending, Requests } from './requests.js';

export interface RegistrationOptions {
  /** `sip:alice@contoso.example`. */
  readonly aor: string;
  /** Value of Contact, with `+sip.instance` and `reg-id` when flows are kept. */
  readonly contact: NameAddr;
  readonly rng: Rng;
}

/** More redirections than this are a loop. */
const REDIRECTIONS = 5;

/** A refresh goes out after this share of the granted time. */
const REFRESH = 0.75;

export class Registration {
  readonly #options: RegistrationOptions;
  readonly #requests: Requests<UaOut>;
  readonly #callId: string;
  readonly #tag: string;
  #sequence = 0;
  #wanted = 0;
  #hop: Hop | null = null;
  #redirections = 0;
  #pending: Pending<UaOut> | null = null;
  #connection: number | null = null;
  /** What is under way keeps a registration; nobody has asked for it. */
  #refreshing = false;
  /** When to refresh. */
  deadline: Nanos = NEVER;

  constructor(options: RegistrationOptions, requests: Requests<UaOut>) {
    this.#options = options;
    this.#requests = requests;
    this.#callId = newCallId(options.rng);
    this.#tag = newTag(options.rng);
  }

  /** Where the user is registered, and so where requests go; null before. */
  get home(): Hop | null {
    return this.#hop;
  }

  register(expires: number, hop: Hop, now: Nanos, out: UaOut[]): void {
    this.#wanted = expires;
    this.#hop = hop;
    this.#redirections = 0;
    this.#refreshing = false;
    this.#send(now, out);
  }

  unregister(now: Nanos, out: UaOut[]): void {
    if (this.#hop === null) {
      out.push({ kind: 'unregistered' });
      return;
    }
    this.#wanted = 0;
    this.#refreshing = false;
    this.#send(now, out);
  }

  tick(now: Nanos, out: UaOut[]): void {
    if (now < this.deadline) return;
    this.#redirections = 0;
    this.#refreshing = true;
    this.#send(now, out);
  }

  connectionClosed(connection: number, out: UaOut[]): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.deadline = NEVER;
    out.push({ kind: 'registration-lost', refused: null });
  }

  #send(now: Nanos, out: UaOut[]): void {
    const { aor, contact } = this.#options;
    const uri = parseUri(aor);
    if (this.#hop === null || uri?.kind !== 'sip') return;
    this.deadline = NEVER;
    const request = makeRequest('REGISTER', `sip:${uri.host}`, [
      ['Max-Forwards', '70'],
      ['From', `<${aor}>;tag=${this.#tag}`],
      ['To', `<${aor}>`],
      ['Call-ID', this.#callId],
      ['CSeq', `${++this.#sequence} REGISTER`],
      ['Contact', formatNameAddr(contact)],
      ['Expires', String(this.#wanted)],
      ['Supported', 'outbound, path'],
    ]);
    const mine = this.#requests.start(
      request,
      this.#hop,
      (response, sent, source, at, o) => {
        if (this.#pending === mine) this.#response(response, sent, source, at, o);
      },
      (sequence) => {
        this.#sequence = sequence;
      },
      now,
      out,
    );
    this.#pending = mine;
  }

  #response(response: SipResponse, sent: SipRequest, source: Source | null, now: Nanos, out: UaOut[]): void {
    const { status } = response;
    if (status < 200) return;
    if (status < 300) {
      this.#accepted(response, sent, source, now, out);
      return;
    }
    const shorter = status === 423 ? parseExpires(header(response, 'Min-Expires') ?? '') : null;
    if (shorter !== null && shorter > this.#wanted && this.#wanted > 0) {
      this.#wanted = shorter;
      this.#send(now, out);
      return;
    }
    const elsewhere = status === 301 || status === 302 ? redirection(response) : null;
    if (elsewhere !== null && this.#redirections < REDIRECTIONS) {
      this.#redirections++;
      this.#hop = elsewhere;
      out.push({ kind: 'redirected', to: elsewhere });
      this.#send(now, out);
      return;
    }
    const { reason } = response;
    // A connection that closed while the refresh was under way has told it already.
    const lost = this.#refreshing && this.#connection !== null;
    this.#connection = null;
    out.push(lost ? { kind: 'registration-lost', refused: { status, reason } } : { kind: 'register-failed', status, reason });
  }

  #accepted(response: SipResponse, sent: SipRequest, source: Source | null, now: Nanos, out: UaOut[]): void {
    const hop = this.#hop;
    if (hop === null) return;
    if (this.#wanted === 0) {
      this.#connection = null;
      this.#hop = null;
      out.push({ kind: 'unregistered' });
      return;
    }
    const expires =
      grantedTo(this.#options.contact, response) ?? parseExpires(header(response, 'Expires') ?? '') ?? parseExpires(header(sent, 'Expires') ?? '') ?? 3600;
    this.#connection = source?.connection ?? null;
    this.deadline = plus(now, seconds(expires * REFRESH));
    out.push({ kind: 'registered', expires, registrar: hop });
  }
}

/** Seconds that the registrar granted to this contact. */
function grantedTo(contact: NameAddr, response: SipResponse): number | null {
  const listed = contacts(response);
  if (listed === '*') return null;
  const instance = param(contact.params, '+sip.instance');
  const mine = listed.find((c) => (instance !== undefined && param(c.params, '+sip.instance') === instance) || sameUri(c.uri, contact.uri));
  return mine === undefined ? null : parseExpires(param(mine.params, 'expires') ?? '');
}

/** Where a 301 or 302 points to. */
export function redirection(response: SipResponse): Hop | null {
  const listed = contacts(response);
  return listed === '*' ? null : hopTo(listed[0]?.uri);
}
