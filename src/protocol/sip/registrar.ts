/**
 * Registrar (RFC 3261 section 10.3): authenticates, binds contacts to flows, redirects users whose home is elsewhere.
 * @module
 */
import type { Rng } from '../../base/rng.js';
import { plus, seconds, type Nanos } from '../../base/time.js';
import { type DigestAlgorithm, DigestServer, parseCredentials } from './digest.js';
import { callId, contacts, cseq, parseExpires, to } from './fields.js';
import { newTag } from './identifiers.js';
import { header, headerList, headerValues, makeResponse, type HeaderPairs, type SipRequest, type SipResponse } from './message.js';
import { formatNameAddr, type NameAddr } from './name-addr.js';
import { Location, type Binding } from './location.js';
import { param, withoutParam, withParam } from './syntax.js';
import type { Source } from './transaction/layer.js';
import { addressOf } from './uri.js';

/** What the registrar knows of an address of record. */
export type Home =
  | { readonly kind: 'here'; readonly password: string }
  /** @param contact SIP URI of the element where the user is homed */
  | { readonly kind: 'elsewhere'; readonly contact: string }
  | { readonly kind: 'unknown' };

export interface RegistrarOptions {
  readonly realm: string;
  readonly rng: Rng;
  readonly home: (address: string) => Home;
  /** Digest algorithms, in order of preference; default SHA-256, MD5. */
  readonly algorithms?: readonly DigestAlgorithm[];
  /** Seconds since 1970 at which the clock began; without it responses have no Date. */
  readonly originSeconds?: number;
  /** Seconds. */
  readonly minExpires?: number;
  readonly maxExpires?: number;
}

export interface Registered {
  readonly response: SipResponse;
  /** Set when bindings changed: of whom, and whether any are left. */
  readonly changed: { readonly address: string; readonly bound: boolean } | null;
}

interface Wish {
  readonly contact: NameAddr;
  /** Seconds, 0 = remove. */
  readonly expires: number;
  readonly flow: string | null;
  readonly present: Binding | undefined;
}

/** RFC 3261 section 20.19: what cannot be read counts as 3600. */
const DEFAULT_EXPIRES = 3600;
const EXTENSIONS = new Set(['outbound', 'path']);

export class Registrar {
  readonly location = new Location();
  readonly digest: DigestServer;
  readonly #options: RegistrarOptions;
  readonly #min: number;
  readonly #max: number;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.digest = new DigestServer({ realm: options.realm, rng: options.rng, ...(options.algorithms !== undefined && { algorithms: options.algorithms }) });
    this.#min = options.minExpires ?? 60;
    this.#max = options.maxExpires ?? 3600;
  }

  register(request: SipRequest, source: Source, now: Nanos): Registered {
    const refuse = (status: number, ...headers: HeaderPairs): Registered => ({
      response: makeResponse(request, status, { toTag: newTag(this.#options.rng), headers }),
      changed: null,
    });
    const unsupported = headerList(request, 'Require').filter((tag) => !EXTENSIONS.has(tag.toLowerCase()));
    if (unsupported.length > 0) return refuse(420, ['Unsupported', unsupported.join(', ')]);
    const { uri } = to(request);
    // Section 10.2: To holds the address of record, which is a SIP or SIPS URI.
    if (uri.kind !== 'sip') return refuse(400);
    const address = addressOf(uri);
    const home = this.#options.home(address);
    if (home.kind === 'unknown') return refuse(404);
    if (home.kind === 'elsewhere') return refuse(301, ['Contact', `<${home.contact}>`]);
    const verdict = this.authenticate(request, 'Authorization', address, home.password, now);
    if (verdict === 'stale' || verdict === 'none')
      return refuse(401, ...this.digest.challenge(now, verdict === 'stale').map((c) => ['WWW-Authenticate', c] as const));
    if (verdict === 'wrong') return refuse(403);
    return this.#bind(request, address, source, now, refuse);
  }

  /** Judges the credentials for this realm in a request; `none` = there are none that can be read. */
  authenticate(
    request: SipRequest,
    field: 'Authorization' | 'Proxy-Authorization',
    address: string,
    password: string,
    now: Nanos,
  ): 'ok' | 'none' | 'stale' | 'wrong' {
    const credentials = headerValues(request, field)
      .map(parseCredentials)
      .find((c) => c?.realm === this.digest.realm);
    if (credentials === undefined || credentials === null) return 'none';
    const user = address.split('@')[0] ?? '';
    if (credentials.username !== address && credentials.username !== user) return 'wrong';
    const verdict = this.digest.verify(credentials, request.method, request.uri, password, now);
    return verdict === 'ok' ? 'ok' : verdict === 'stale' || verdict === 'replayed' ? 'stale' : 'wrong';
  }

  #bind(request: SipRequest, address: string, source: Source, now: Nanos, refuse: (status: number, ...headers: HeaderPairs) => Registered): Registered {
    const listed = contacts(request);
    const common = header(request, 'Expires');
    const [id, { sequence }] = [callId(request), cseq(request)];
    if (listed === '*' && parseExpires(common ?? '') !== 0) return refuse(400);
    const wishes: Wish[] =
      listed === '*'
        ? this.location.lookup(address, now).map((b) => ({ contact: { display: null, uri: b.uri, params: b.params }, expires: 0, flow: b.flow, present: b }))
        : listed.map((contact) => this.#wish(contact, address, common, now));
    if (wishes.some((w) => w.expires > 0 && w.expires < this.#min)) return refuse(423, ['Min-Expires', String(this.#min)]);
    // Step 7: an older request of the same Call-ID changes nothing, not even in part.
    if (wishes.some((w) => w.present !== undefined && w.present.callId === id && sequence <= w.present.sequence)) return refuse(500);
    for (const wish of wishes) {
      if (wish.expires > 0) this.location.put(bindingOf(wish, address, id, sequence, source.connection, now), wish.present);
      else if (wish.present !== undefined) this.location.remove(wish.present);
    }
    const bound = this.location.lookup(address, now);
    const headers = bound.map((b) => ['Contact', contactValue(b, now)] as const);
    return {
      response: makeResponse(request, 200, { toTag: newTag(this.#options.rng), headers: [...headers, ['Supported', 'outbound, path'], ...this.#date(now)] }),
      changed: wishes.length === 0 ? null : { address, bound: bound.length > 0 },
    };
  }

  /** Section 10.3 step 8. */
  #date(now: Nanos): HeaderPairs {
    const { originSeconds } = this.#options;
    return originSeconds === undefined ? [] : [['Date', new Date(originSeconds * 1000 + now / 1e6).toUTCString()]];
  }

  #wish(contact: NameAddr, address: string, common: string | undefined, now: Nanos): Wish {
    const own = param(contact.params, 'expires');
    const text = own ?? common;
    const asked = text === undefined ? DEFAULT_EXPIRES : (parseExpires(text) ?? DEFAULT_EXPIRES);
    const [instance, regId] = [param(contact.params, '+sip.instance'), param(contact.params, 'reg-id')];
    const flow = instance === undefined || regId === undefined ? null : `${instance} ${regId}`;
    return { contact, expires: asked > this.#max ? this.#max : asked, flow, present: this.location.find(address, contact.uri, flow, now) };
  }
}

function bindingOf(wish: Wish, address: string, id: string, sequence: number, connection: number, now: Nanos): Binding {
  const { contact } = wish;
  return {
    address,
    uri: contact.uri,
    params: withoutParam(contact.params, 'expires'),
    expires: plus(now, seconds(wish.expires)),
    callId: id,
    sequence,
    flow: wish.flow,
    connection,
    q: Number(param(contact.params, 'q') ?? '1'),
  };
}

function contactValue(binding: Binding, now: Nanos): string {
  const left = Math.ceil((binding.expires - now) / 1e9);
  return formatNameAddr({ display: null, uri: binding.uri, params: withParam(binding.params, 'expires', String(left)) });
}
