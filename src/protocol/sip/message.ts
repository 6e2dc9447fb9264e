/**
 * A SIP message as a value (RFC 3261 section 7): header fields in order, names as written, unknown ones kept.
 * Values are immutable; what changes a message returns a new one. Untouched fields keep the octets they came with.
 * @module
 */
import { splitList } from './syntax.js';

export interface HeaderField {
  /** As written, perhaps compact. */
  readonly name: string;
  /** Unfolded, without surrounding white space. */
  readonly value: string;
  /** The field as received, folds included, without the final CRLF. Absent on fields that were made here. */
  readonly raw?: string;
}

interface MessageBase {
  /** `SIP/2.0`. */
  readonly version: string;
  readonly headers: readonly HeaderField[];
  readonly body: Uint8Array;
}

export interface SipRequest extends MessageBase {
  readonly kind: 'request';
  /** Case counts (RFC 3261 section 7.1). */
  readonly method: string;
  /** The Request-URI as written. */
  readonly uri: string;
}

export interface SipResponse extends MessageBase {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
}

export type SipMessage = SipRequest | SipResponse;

export const NO_BODY = new Uint8Array(0);

/** Compact forms: RFC 3261 section 20 and the registry of header fields. */
const COMPACT: ReadonlyMap<string, string> = new Map(
  Object.entries({
    a: 'accept-contact',
    b: 'referred-by',
    c: 'content-type',
    d: 'request-disposition',
    e: 'content-encoding',
    f: 'from',
    i: 'call-id',
    j: 'reject-contact',
    k: 'supported',
    l: 'content-length',
    m: 'contact',
    n: 'identity-info',
    o: 'event',
    r: 'refer-to',
    s: 'subject',
    t: 'to',
    u: 'allow-events',
    v: 'via',
    x: 'session-expires',
    y: 'identity',
  }),
);

/** Lower-case long form of a header field name. */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return COMPACT.get(lower) ?? lower;
}

/** Reason phrases of RFC 3261 section 21 and the extensions that are spoken here. */
export const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  181: 'Call Is Being Forwarded',
  182: 'Queued',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  300: 'Multiple Choices',
  301: 'Moved Permanently',
  302: 'Moved Temporarily',
  305: 'Use Proxy',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  410: 'Gone',
  413: 'Request Entity Too Large',
  414: 'Request-URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  421: 'Extension Required',
  423: 'Interval Too Brief',
  430: 'Flow Failed',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  483: 'Too Many Hops',
  484: 'Address Incomplete',
  485: 'Ambiguous',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Server Internal Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Server Time-out',
  505: 'Version Not Supported',
  513: 'Message Too Large',
  600: 'Busy Everywhere',
  603: 'Decline',
  604: 'Does Not Exist Anywhere',
  606: 'Not Acceptable',
};

export function reasonOf(status: number): string {
  return REASONS[status] ?? REASONS[Math.floor(status / 100) * 100] ?? 'Unknown';
}

/** Name and value pairs, as code that makes messages writes them. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

function fields(pairs: HeaderPairs): HeaderField[] {
  return pairs.map(([name, value]) => ({ name, value }));
}

/** A request; Content-Length is the emitter's. */
export function makeRequest(method: string, uri: string, headers: HeaderPairs, body: Uint8Array = NO_BODY): SipRequest {
  return { kind: 'request', method, uri, version: 'SIP/2.0', headers: fields(headers), body };
}

export interface ResponseOptions {
  readonly reason?: string;
  /** Added to To when it has none (RFC 3261 section 8.2.6.2); never to a 100. */
  readonly toTag?: string;
  readonly headers?: HeaderPairs;
  readonly body?: Uint8Array;
}

const COPIED = new Set(['via', 'from', 'to', 'call-id', 'cseq']);

/** A response by RFC 3261 section 8.2.6: Via, From, To, Call-ID and CSeq as they came (in a 100 Timestamp too), then the given fields. */
export function makeResponse(request: SipRequest, status: number, options: ResponseOptions = {}): SipResponse {
  const copied = request.headers
    .filter(
      (h) =>
        COPIED.has(canonicalName(h.name)) ||
        (status === 100 && canonicalName(h.name) === 'timestamp') ||
        (status > 100 && status < 300 && canonicalName(h.name) === 'record-route'),
    )
    .map((h) => {
      if (options.toTag === undefined || status === 100 || canonicalName(h.name) !== 'to' || hasTag(h.value)) return h;
      return { name: h.name, value: `${h.value};tag=${options.toTag}` };
    });
  return {
    kind: 'response',
    status,
    reason: options.reason ?? reasonOf(status),
    version: 'SIP/2.0',
    headers: [...copied, ...fields(options.headers ?? [])],
    body: options.body ?? NO_BODY,
  };
}

function hasTag(value: string): boolean {
  const behind = value.slice(value.lastIndexOf('>') + 1);
  return /;\s*tag\s*=/i.test(behind);
}

/** Values of all fields of that name, in order, not split at commas. */
export function headerValues(message: SipMessage, name: string): string[] {
  const wanted = canonicalName(name);
  return message.headers.filter((h) => canonicalName(h.name) === wanted).map((h) => h.value);
}

/** First value of that name, or undefined. */
export function header(message: SipMessage, name: string): string | undefined {
  const wanted = canonicalName(name);
  return message.headers.find((h) => canonicalName(h.name) === wanted)?.value;
}

/** Elements of a comma-separated header field, over all its lines. */
export function headerList(message: SipMessage, name: string): string[] {
  return headerValues(message, name).flatMap(splitList);
}

/** Puts the value where the first field of that name stands and drops the others; else appends. */
export function withHeader<M extends SipMessage>(message: M, name: string, ...values: readonly string[]): M {
  const wanted = canonicalName(name);
  const made = values.map((value) => ({ name, value }));
  const at = message.headers.findIndex((h) => canonicalName(h.name) === wanted);
  if (at < 0) return { ...message, headers: [...message.headers, ...made] };
  const rest = message.headers.filter((h) => canonicalName(h.name) !== wanted);
  return { ...message, headers: [...rest.slice(0, at), ...made, ...rest.slice(at)] };
}

/** Puts a field before all others of its name (Via, Record-Route, Route). */
export function withTop<M extends SipMessage>(message: M, name: string, value: string): M {
  const wanted = canonicalName(name);
  const at = message.headers.findIndex((h) => canonicalName(h.name) === wanted);
  const field = { name, value };
  if (at < 0) return { ...message, headers: [field, ...message.headers] };
  return { ...message, headers: [...message.headers.slice(0, at), field, ...message.headers.slice(at)] };
}

/** Takes away the first elements of a comma-separated header field. */
export function withoutTop<M extends SipMessage>(message: M, name: string, count = 1): M {
  const wanted = canonicalName(name);
  let left = count;
  const headers = message.headers.flatMap((found) => {
    if (left === 0 || canonicalName(found.name) !== wanted) return [found];
    const elements = splitList(found.value);
    const kept = elements.slice(left);
    left -= elements.length - kept.length;
    return kept.length === 0 ? [] : [{ name: found.name, value: kept.join(', ') }];
  });
  return { ...message, headers };
}

/** Replaces the first element of a comma-separated header field. */
export function withTopReplaced<M extends SipMessage>(message: M, name: string, value: string): M {
  const found = message.headers.find((h) => canonicalName(h.name) === canonicalName(name));
  if (found === undefined) return message;
  const others = splitList(found.value).slice(1);
  const replaced = { name: found.name, value: [value, ...others].join(', ') };
  return { ...message, headers: message.headers.map((h) => (h === found ? replaced : h)) };
}

const text = new TextDecoder();
const octets = new TextEncoder();

/** UTF-8 text of a body. */
export function bodyText(message: SipMessage): string {
  return text.decode(message.body);
}

export function textBody(body: string): Uint8Array {
  return octets.encode(body);
}
