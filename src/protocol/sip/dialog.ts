/**
 * Dialogs (RFC 3261 section 12): what two user agents remember of each other. Early and confirmed, as caller or callee.
 * @module
 */
import { assertInvariant, must } from '../../base/assert.js';
import type { Rng } from '../../base/rng.js';
import { callId, contact, cseq, fromTag, recordRoutes, routes, toTag } from './fields.js';
import { header, makeRequest, NO_BODY, type HeaderPairs, type SipMessage, type SipRequest, type SipResponse } from './message.js';
import { formatNameAddr, parseNameAddr } from './name-addr.js';
import { hostName, param } from './syntax.js';
import type { Hop } from './transaction/layer.js';
import { parseUri, requestUri, type Uri } from './uri.js';

export type DialogState = 'early' | 'confirmed' | 'terminated';

interface DialogParts {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** Values of From and To as this side sends them. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly routeSet: readonly string[];
  remoteTarget: string;
  localSequence: number;
  remoteSequence: number | null;
}

/** Target refresh requests (RFC 3261 section 12.2, RFC 3311 section 4). */
const REFRESHES = new Set(['INVITE', 'UPDATE']);

function targetOf(message: SipMessage): string | null {
  const found = contact(message);
  return found === undefined ? null : requestUri(found.uri);
}

export class Dialog {
  readonly #parts: DialogParts;
  state: DialogState;

  private constructor(parts: DialogParts, state: DialogState) {
    this.#parts = parts;
    this.state = state;
  }

  /** Of the caller (section 12.1.2), from the INVITE that was sent and a response with a tag; null when it makes no dialog. */
  static ofCaller(invite: SipRequest, response: SipResponse): Dialog | null {
    const remoteTag = toTag(response);
    // A 2xx without a tag is of RFC 2543: the tag is null (section 12.1.2).
    if (response.status <= 100 || response.status >= 300 || (remoteTag === '' && response.status < 200)) return null;
    return new Dialog(
      {
        callId: callId(invite),
        localTag: fromTag(invite),
        remoteTag,
        localAddress: must(header(invite, 'From'), 'From'),
        remoteAddress: must(header(response, 'To'), 'To'),
        routeSet: recordRoutes(response).map(formatNameAddr).reverse(),
        remoteTarget: targetOf(response) ?? invite.uri,
        localSequence: cseq(invite).sequence,
        remoteSequence: null,
      },
      response.status < 200 ? 'early' : 'confirmed',
    );
  }

  /** Of the callee (section 12.1.1), from the INVITE that came and the tag that its responses carry. */
  static ofCallee(invite: SipRequest, localTag: string): Dialog {
    const to = must(header(invite, 'To'), 'To');
    return new Dialog(
      {
        callId: callId(invite),
        localTag,
        remoteTag: fromTag(invite),
        localAddress: `${to};tag=${localTag}`,
        remoteAddress: must(header(invite, 'From'), 'From'),
        routeSet: recordRoutes(invite).map(formatNameAddr),
        remoteTarget: targetOf(invite) ?? requestUri(parseNameAddr(must(header(invite, 'From'), 'From')).uri),
        localSequence: 0,
        remoteSequence: cseq(invite).sequence,
      },
      'early',
    );
  }

  get callId(): string {
    return this.#parts.callId;
  }
  get localTag(): string {
    return this.#parts.localTag;
  }
  get remoteTag(): string {
    return this.#parts.remoteTag;
  }
  get remoteTarget(): string {
    return this.#parts.remoteTarget;
  }
  get routeSet(): readonly string[] {
    return this.#parts.routeSet;
  }
  get localSequence(): number {
    return this.#parts.localSequence;
  }

  /**
   * Judges a request of the peer by its CSeq (section 12.2.2) and takes a refreshed target.
   * False: lower than one that came before, to be answered with 500. An equal one is in order: a copy of a request whose
   * transaction has ended has it. ACK and CANCEL are not asked.
   */
  accept(request: SipRequest): boolean {
    const { sequence, method } = cseq(request);
    if (this.#parts.remoteSequence !== null && sequence < this.#parts.remoteSequence) return false;
    this.#parts.remoteSequence = sequence;
    if (REFRESHES.has(method)) this.refresh(request);
    return true;
  }

  /** Takes the Contact of a target refresh request or of its 2xx. */
  refresh(message: SipMessage): void {
    this.#parts.remoteTarget = targetOf(message) ?? this.#parts.remoteTarget;
  }

  /** The callee's dialog answers with 2xx, or the caller's early dialog got one. */
  confirm(response?: SipResponse): void {
    this.state = 'confirmed';
    if (response !== undefined) this.refresh(response);
  }

  /** A request within the dialog (section 12.2.1.1); Via is added by who sends it. */
  request(method: string, headers: HeaderPairs = [], body: Uint8Array = NO_BODY): SipRequest {
    assertInvariant(method !== 'ACK', 'an ACK is made by ack()');
    return this.#build(method, ++this.#parts.localSequence, headers, body);
  }

  /** A challenge made a request of this dialog go again with a higher CSeq. */
  advance(sequence: number): void {
    if (sequence > this.#parts.localSequence) this.#parts.localSequence = sequence;
  }

  /** ACK for a 2xx (section 13.2.2.4): CSeq of the INVITE, its credentials. */
  ack(invite: SipRequest): SipRequest {
    const credentials = invite.headers.filter((h) => /^(proxy-)?authorization$/i.test(h.name)).map((h) => [h.name, h.value] as const);
    return this.#build('ACK', cseq(invite).sequence, credentials, NO_BODY);
  }

  #build(method: string, sequence: number, headers: HeaderPairs, body: Uint8Array): SipRequest {
    const { routeSet, remoteTarget } = this.#parts;
    let uri = remoteTarget;
    let routes = [...routeSet];
    const first = routeSet[0];
    if (first !== undefined) {
      const route = parseNameAddr(first).uri;
      if (route.kind === 'sip' && param(route.params, 'lr') === undefined) {
        // A strict router: it wants itself in the Request-URI and the target at the end.
        uri = requestUri(route);
        routes = [...routeSet.slice(1), `<${remoteTarget}>`];
      }
    }
    return makeRequest(
      method,
      uri,
      [
        ['Max-Forwards', '70'],
        ...routes.map((r) => ['Route', r] as const),
        ['From', this.#parts.localAddress],
        ['To', this.#parts.remoteAddress],
        ['Call-ID', this.#parts.callId],
        ['CSeq', `${sequence} ${method}`],
        ...headers,
      ],
      body,
    );
  }
}

/** How long to wait with the next re-INVITE after a 491, in milliseconds: 2.1 to 4 s, or up to 2 s, in steps of 10 ms (section 14.1). */
export function glareWait(rng: Rng, ownerOfCallId: boolean): number {
  return ownerOfCallId ? 2100 + 10 * rng.below(191) : 10 + 10 * rng.below(200);
}

const DEFAULT_PORT = 5061;

/** Where a request goes by its topmost Route, else by its Request-URI; null for a URI that is not SIP. */
export function nextHop(request: SipRequest): Hop | null {
  return hopTo(routes(request)[0]?.uri ?? parseUri(request.uri));
}

/** Null for what is no SIP URI. */
export function hopTo(uri: Uri | null | undefined): Hop | null {
  return uri?.kind === 'sip' ? { kind: 'target', host: hostName(uri.host), port: uri.port ?? DEFAULT_PORT } : null;
}
