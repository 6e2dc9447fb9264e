/**
 * What a proxy does to a request on its way (RFC 3261 sections 16.3, 16.4, 16.6): validation, route preprocessing, flow
 * tokens (RFC 5626 section 5.3), Record-Route, loop detection.
 * @module
 */
import { createHash, createHmac } from 'node:crypto';
import { callId, cseq, fromTag, maxForwards, routes, toTag, vias } from '../fields.js';
import { header, headerList, withHeader, withoutTop, withTop, type HeaderPairs, type SipRequest } from '../message.js';
import { formatNameAddr } from '../name-addr.js';
import { param } from '../syntax.js';
import { parseUri, requestUri, type SipUri } from '../uri.js';
import { hostPort } from '../../../wire/address.js';

/** How this element is called from one side. */
export interface Face {
  readonly host: string;
  readonly port: number;
}

export interface Refused {
  readonly status: number;
  readonly headers: HeaderPairs;
}

/** Section 16.3. Null: go on. */
export function validate(request: SipRequest, extensions: readonly string[], mine: (sentHost: string, sentPort: number | null) => boolean): Refused | null {
  const uri = parseUri(request.uri);
  if (uri?.kind !== 'sip') return { status: 416, headers: [] };
  if (maxForwards(request) === 0) return { status: 483, headers: [] };
  if (looped(request, mine)) return { status: 482, headers: [] };
  const unsupported = headerList(request, 'Proxy-Require').filter((tag) => !extensions.includes(tag.toLowerCase()));
  return unsupported.length > 0 ? { status: 420, headers: [['Unsupported', unsupported.join(', ')]] } : null;
}

/**
 * The part of a branch that tells a loop from a spiral (section 16.6 step 8): everything that routing depends on.
 * A spiral comes back with another Request-URI or Route, and so with another hash.
 */
export function loopHash(request: SipRequest): string {
  const parts = [
    request.uri,
    toTag(request),
    fromTag(request),
    callId(request),
    String(cseq(request).sequence),
    ...routes(request).map(formatNameAddr),
    header(request, 'Proxy-Authorization') ?? '',
  ];
  return createHash('md5').update(parts.join('\n'), 'utf8').digest('hex').slice(0, 16);
}

function looped(request: SipRequest, mine: (host: string, port: number | null) => boolean): boolean {
  const hash = `.${loopHash(request)}`;
  return vias(request).some((via) => mine(via.host, via.port) && (param(via.params, 'branch') ?? '').endsWith(hash));
}

/** Names a connection in a Record-Route so that nobody but this element can make one up. */
export class FlowTokens {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  make(connection: number): string {
    return `f${connection}-${this.#mac(connection)}`;
  }

  /** The connection, or null when the token is none of ours. */
  read(token: string): number | null {
    const match = /^f(\d{1,15})-([0-9a-f]{16})$/.exec(token);
    if (match === null) return null;
    const connection = Number(match[1]);
    return match[2] === this.#mac(connection) ? connection : null;
  }

  #mac(connection: number): string {
    return createHmac('sha256', this.#secret).update(String(connection)).digest('hex').slice(0, 16);
  }
}

export interface Preprocessed {
  readonly request: SipRequest;
  /** Connection that a flow token of ours names and that is not where the request came from. */
  readonly flow: number | null;
  /** A Route of ours was on top: the request follows a route set that this element is part of. */
  readonly routed: boolean;
}

/** Section 16.4. */
export function preprocess(request: SipRequest, isMe: (uri: SipUri) => boolean, tokens: FlowTokens, source: number): Preprocessed {
  let current = request;
  const named = parseUri(request.uri);
  // A strict router before us put our Record-Route into the Request-URI, the target is the last Route.
  if (named?.kind === 'sip' && isMe(named) && param(named.params, 'lr') !== undefined) {
    const all = routes(current);
    const last = all.at(-1);
    if (last !== undefined)
      current = withHeader({ ...current, uri: requestUri(last.uri) }, 'Route', `<${request.uri}>`, ...all.slice(0, -1).map(formatNameAddr));
  }
  let flow: number | null = null;
  let mine = 0;
  for (const { uri } of routes(current)) {
    if (uri.kind !== 'sip' || !isMe(uri)) break;
    mine++;
    const connection = uri.user === null ? null : tokens.read(uri.user);
    if (connection !== null && connection !== source) flow = connection;
  }
  return { request: mine === 0 ? current : withoutTop(current, 'Route', mine), flow, routed: mine > 0 };
}

/** `sip:token@host:port;transport=tls;lr`. */
export function recordRoute(face: Face, token: string | null): string {
  return `<sip:${token === null ? '' : `${token}@`}${hostPort(face.host, face.port)};transport=tls;lr>`;
}

/** Puts one Record-Route on, or two when the sides of this element are not called the same. */
export function withRecordRoutes(request: SipRequest, inward: string, outward: string | null): SipRequest {
  const first = withTop(request, 'Record-Route', inward);
  return outward === null || outward === inward ? first : withTop(first, 'Record-Route', outward);
}

/** Steps 3 and 6 of section 16.6: Max-Forwards, and a strict router as next hop. */
export function advance(request: SipRequest): SipRequest {
  const left = maxForwards(request);
  const counted = withHeader(request, 'Max-Forwards', String(left === undefined ? 70 : left - 1));
  const [first, ...rest] = routes(counted);
  if (first?.uri.kind !== 'sip' || param(first.uri.params, 'lr') !== undefined) return counted;
  return withHeader({ ...counted, uri: requestUri(first.uri) }, 'Route', ...rest.map(formatNameAddr), `<${counted.uri}>`);
}
