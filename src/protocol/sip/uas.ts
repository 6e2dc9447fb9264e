/**
 * What a user agent server checks before it looks at a request (RFC 3261 section 8.2), and in which order.
 * @module
 */
import { usableContent } from './body.js';
import { header, headerList, makeResponse, type SipRequest, type SipResponse } from './message.js';
import type { Refusal } from './parser.js';
import { trimWhite } from './syntax.js';
import { parseUri } from './uri.js';

export interface UasPolicy {
  readonly methods: readonly string[];
  /** Option tags that Require may name. */
  readonly extensions: readonly string[];
  /** Media types of bodies, `application/sdp`; `text/*` is allowed. */
  readonly accepts: readonly string[];
}

/** Null: go on. Else the response to give; its To has no tag yet. */
export function checkRequest(request: SipRequest, policy: UasPolicy, toTag: string): SipResponse | null {
  const refuse = (status: number, ...headers: (readonly [string, string])[]): SipResponse => makeResponse(request, status, { toTag, headers });
  if (!policy.methods.includes(request.method)) {
    // 8.2.1: a method that is known somewhere but not here is 405; one that nobody here knows is 501 (21.5.2).
    return refuse(KNOWN_METHODS.has(request.method) ? 405 : 501, ['Allow', policy.methods.join(', ')]);
  }
  if (parseUri(request.uri)?.kind !== 'sip') return refuse(416);
  const unsupported =
    request.method === 'CANCEL' || request.method === 'ACK'
      ? []
      : headerList(request, 'Require').filter((tag) => !policy.extensions.includes(tag.toLowerCase()));
  if (unsupported.length > 0) return refuse(420, ['Unsupported', unsupported.join(', ')]);
  return checkContent(request, policy, refuse);
}

function checkContent(
  request: SipRequest,
  policy: UasPolicy,
  refuse: (status: number, ...headers: (readonly [string, string])[]) => SipResponse,
): SipResponse | null {
  const accepted = (type: string): boolean => policy.accepts.some((a) => a === type || (a.endsWith('/*') && type.startsWith(a.slice(0, -1))));
  if (request.body.length > 0) {
    // Section 8.2.3: a body that is packed is not unpacked here.
    const packed = headerList(request, 'Content-Encoding').filter((coding) => coding.toLowerCase() !== 'identity');
    if (packed.length > 0) return refuse(415, ['Accept-Encoding', 'identity']);
    const content = { type: header(request, 'Content-Type') ?? '', bytes: request.body };
    const usable = content.type === '' ? 'unsupported' : usableContent(content, header(request, 'Content-Disposition'), accepted).kind;
    if (usable === 'malformed') return refuse(400);
    if (usable === 'unsupported') return refuse(415, ['Accept', [...policy.accepts, 'multipart/mixed'].join(', ')]);
  }
  if (request.method !== 'INVITE') return null;
  const offered = headerList(request, 'Accept').map((a) => trimWhite(a.split(';')[0] ?? '').toLowerCase());
  if (offered.length > 0 && !offered.some((o) => o === '*/*' || o === 'application/*' || o === 'application/sdp')) return refuse(406);
  return null;
}

/** Methods of RFC 3261 and its extensions in the registry. */
const KNOWN_METHODS = new Set([
  'ACK',
  'BYE',
  'CANCEL',
  'INFO',
  'INVITE',
  'MESSAGE',
  'NOTIFY',
  'OPTIONS',
  'PRACK',
  'PUBLISH',
  'REFER',
  'REGISTER',
  'SUBSCRIBE',
  'UPDATE',
]);

/** The answer to a request that the parser refused; null when it cannot be answered. */
export function answerRefusal(refusal: Refusal, toTag: string): SipResponse | null {
  const { message, status } = refusal;
  if (status === null || message?.kind !== 'request' || message.method === 'ACK') return null;
  if (!message.headers.some((h) => /^(via|v)$/i.test(h.name))) return null;
  return makeResponse(message, status, { toTag, reason: refusal.why });
}
