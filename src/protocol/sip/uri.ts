/**
 * SIP and SIPS URIs (RFC 3261 section 19.1), other schemes as opaque text (RFC 3986).
 * Parts stay as written: unescaping would lose the difference between a separator and its escape.
 * @module
 */
import { bracketed } from '../../wire/address.js';
import { hostName, isHost, portOf, SyntaxFault, type Param, type Params } from './syntax.js';

export interface SipUri {
  readonly kind: 'sip';
  readonly scheme: 'sip' | 'sips';
  /** Escaped as written; null when the URI names a host only. */
  readonly user: string | null;
  readonly password: string | null;
  /** As written; an IPv6 address with its brackets. */
  readonly host: string;
  readonly port: number | null;
  readonly params: Params;
  /** What follows the question mark, escaped as written. */
  readonly headers: string | null;
}

export interface OtherUri {
  readonly kind: 'other';
  readonly scheme: string;
  readonly text: string;
}

export type Uri = SipUri | OtherUri;

const USER = /^(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+$/;
const PASSWORD = /^(?:[A-Za-z0-9\-_.!~*'()&=+$,]|%[0-9A-Fa-f]{2})*$/;
const HOSTPORT = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/;
const PARAM = /^(?:[A-Za-z0-9\-_.!~*'()[\]/:&+$]|%[0-9A-Fa-f]{2})+$/;
const HEADERS = /^(?:[A-Za-z0-9\-_.!~*'()[\]/?:+$=&]|%[0-9A-Fa-f]{2})+$/;
const OTHER = /^(?:[A-Za-z0-9\-_.!~*'();/?:@&=+$,[\]]|%[0-9A-Fa-f]{2})+$/;

/** Throws {@link SyntaxFault} with positions counted from `offset`. */
export function scanUri(text: string, offset = 0): Uri {
  const scheme = /^([A-Za-z][A-Za-z0-9+\-.]*):/.exec(text)?.[1];
  if (scheme === undefined) throw new SyntaxFault('uri', offset, 'a URI starts with a scheme and a colon');
  const rest = text.slice(scheme.length + 1);
  const at = offset + scheme.length + 1;
  const lower = scheme.toLowerCase();
  if (lower === 'sip' || lower === 'sips') return scanSipUri(lower, rest, at);
  if (!OTHER.test(rest)) throw new SyntaxFault('uri', at, 'character that no URI may hold');
  return { kind: 'other', scheme, text };
}

function scanSipUri(scheme: 'sip' | 'sips', rest: string, at: number): SipUri {
  let user: string | null = null;
  let password: string | null = null;
  const atSign = rest.indexOf('@');
  if (atSign >= 0) {
    const info = rest.slice(0, atSign);
    const colon = info.indexOf(':');
    user = colon < 0 ? info : info.slice(0, colon);
    password = colon < 0 ? null : info.slice(colon + 1);
    if (!USER.test(user)) throw new SyntaxFault('uri', at, 'user part is empty or holds a character that must be escaped');
    if (password !== null && !PASSWORD.test(password)) throw new SyntaxFault('uri', at + user.length + 1, 'password holds a character that must be escaped');
  }
  const tail = rest.slice(atSign + 1);
  const tailAt = at + atSign + 1;
  const question = tail.indexOf('?');
  const headers = question < 0 ? null : tail.slice(question + 1);
  if (headers !== null && !HEADERS.test(headers)) throw new SyntaxFault('uri', tailAt + question + 1, 'malformed headers of a URI');
  const [hostport = '', ...pieces] = (question < 0 ? tail : tail.slice(0, question)).split(';');
  const match = HOSTPORT.exec(hostport);
  const host = match?.[1] ?? '';
  if (match === null || !isHost(host)) throw new SyntaxFault('uri', tailAt, 'host, or host and port, expected');
  const port = match[2] === undefined ? null : portOf(match[2]);
  if (match[2] !== undefined && port === null) throw new SyntaxFault('uri', tailAt, 'port above 65535');
  return { kind: 'sip', scheme, user, password, host, port, params: uriParams(pieces, tailAt + hostport.length), headers };
}

function uriParams(pieces: readonly string[], at: number): Param[] {
  const names = new Set<string>();
  return pieces.map((piece) => {
    const equals = piece.indexOf('=');
    const name = equals < 0 ? piece : piece.slice(0, equals);
    const value = equals < 0 ? null : piece.slice(equals + 1);
    if (!PARAM.test(name) || (value !== null && !PARAM.test(value))) throw new SyntaxFault('uri', at, 'malformed parameter of a URI');
    // RFC 3261 section 19.1.1: "any given parameter-name MUST NOT appear more than once".
    if (names.has(name.toLowerCase())) throw new SyntaxFault('uri', at, `the parameter ${name} of a URI may stand once only`);
    names.add(name.toLowerCase());
    at += piece.length + 1;
    return { name, value };
  });
}

/** `null` when the text is no URI. */
export function parseUri(text: string): Uri | null {
  try {
    return scanUri(text);
  } catch (error) {
    if (error instanceof SyntaxFault) return null;
    throw error;
  }
}

export function formatUri(uri: Uri): string {
  if (uri.kind === 'other') return uri.text;
  const user = uri.user === null ? '' : `${uri.user}${uri.password === null ? '' : `:${uri.password}`}@`;
  const port = uri.port === null ? '' : `:${uri.port}`;
  const params = uri.params.map((p) => (p.value === null ? `;${p.name}` : `;${p.name}=${p.value}`)).join('');
  return `${uri.scheme}:${user}${uri.host}${port}${params}${uri.headers === null ? '' : `?${uri.headers}`}`;
}

/** The URI as a Request-URI, which has neither headers nor the method parameter (RFC 3261 section 19.1.1, table 1). */
export function requestUri(uri: Uri): string {
  if (uri.kind === 'other') return uri.text;
  return formatUri({ ...uri, headers: null, params: uri.params.filter((p) => p.name.toLowerCase() !== 'method') });
}

/** Unescapes what need not be escaped, so that two spellings compare equal; other escapes get upper-case digits. */
function canonical(text: string): string {
  return text.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const char = String.fromCharCode(parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9\-_.!~*'()]/.test(char) ? char : escape.toUpperCase();
  });
}

const MUST_MATCH = ['user', 'ttl', 'method', 'maddr'];

function paramMap(params: Params): Map<string, string> {
  return new Map(params.map((p) => [canonical(p.name).toLowerCase(), canonical(p.value ?? '').toLowerCase()]));
}

function headerSet(headers: string | null): string {
  return (headers ?? '').split('&').map(canonical).sort().join('&');
}

/** Equality of URIs by RFC 3261 section 19.1.4 (so `transport` counts only when both have it). */
export function sameUri(a: Uri, b: Uri): boolean {
  if (a.kind === 'other' || b.kind === 'other') return a.kind === b.kind && formatUri(a) === formatUri(b);
  if (a.scheme !== b.scheme || canonical(a.user ?? '') !== canonical(b.user ?? '') || (a.user === null) !== (b.user === null)) return false;
  if (canonical(a.password ?? '') !== canonical(b.password ?? '')) return false;
  if (hostName(a.host) !== hostName(b.host) || a.port !== b.port) return false;
  const left = paramMap(a.params);
  const right = paramMap(b.params);
  for (const name of MUST_MATCH) if (left.get(name) !== right.get(name)) return false;
  for (const [name, value] of left) if (right.has(name) && right.get(name) !== value) return false;
  return headerSet(a.headers) === headerSet(b.headers);
}

/** The address of record that a URI stands for, lower-case host, no parameters: `alice@contoso.example`. */
export function addressOf(uri: SipUri): string {
  const host = bracketed(hostName(uri.host));
  return uri.user === null ? host : `${canonical(uri.user)}@${host}`;
}
