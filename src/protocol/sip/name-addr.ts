/**
 * name-addr and addr-spec with header parameters: From, To, Contact, Route, Record-Route (RFC 3261 section 20.10, 25.1).
 * @module
 */
import { Scanner, formatParams, isToken, quote, scanParams, splitList, SyntaxFault, trimWhite, unquote, type Params } from './syntax.js';
import { formatUri, scanUri, type Uri } from './uri.js';

export interface NameAddr {
  /** Without quotes and escapes; null when there is none. */
  readonly display: string | null;
  readonly uri: Uri;
  /** Of the header field, not of the URI. */
  readonly params: Params;
}

const BARE = /[^ \t;,<>"]+/y;
const ANGLE = /[^<>]*/y;
const WORD = /[A-Za-z0-9\-.!%*_+`'~]+/y;

/** `*(token LWS)` before an angle bracket; null, and the cursor where it was, when there is none. */
function scanWords(s: Scanner): string | null {
  const start = s.pos;
  while (s.take(WORD) !== null) s.white();
  if (s.peek() === '<' && s.pos > start) return trimWhite(s.text.slice(start, s.pos));
  s.pos = start;
  return null;
}

/** Reads one; leaves the cursor behind it. */
export function scanNameAddr(s: Scanner): NameAddr {
  s.white();
  let display: string | null;
  if (s.peek() === '"') {
    display = unquote(s.quoted());
    s.white();
    if (s.peek() !== '<') s.fail('name-addr', 'a display name is followed by a URI in angle brackets');
  } else display = scanWords(s);
  if (s.peek() === '<') {
    s.pos++;
    const at = s.pos;
    const text = s.take(ANGLE) ?? '';
    if (s.peek() !== '>') s.fail('name-addr', 'angle brackets do not balance');
    const uri = scanUri(text, at);
    s.pos++;
    return { display, uri, params: scanParams(s) };
  }
  const at = s.pos;
  const bare = s.take(BARE) ?? s.fail('name-addr', 'URI expected');
  // RFC 3261 section 20: a URI with comma, question mark or semicolon must stand in angle brackets.
  const question = bare.indexOf('?');
  if (question >= 0) throw new SyntaxFault('name-addr', at + question, 'a URI with a question mark must stand in angle brackets');
  return { display: null, uri: scanUri(bare, at), params: scanParams(s) };
}

export function parseNameAddr(text: string): NameAddr {
  const s = new Scanner(text);
  const value = scanNameAddr(s);
  s.end('name-addr', 'the address');
  return value;
}

/** Null when the text is none. */
export function readNameAddr(text: string): NameAddr | null {
  try {
    return parseNameAddr(text);
  } catch (error) {
    if (error instanceof SyntaxFault) return null;
    throw error;
  }
}

/** Comma-separated addresses. */
export function parseNameAddrs(text: string): NameAddr[] {
  return splitList(text).map(parseNameAddr);
}

export function formatNameAddr(value: NameAddr): string {
  const words = value.display?.split(' ') ?? [];
  const display = value.display === null || value.display === '' ? '' : `${words.every(isToken) ? value.display : quote(value.display)} `;
  return `${display}<${formatUri(value.uri)}>${formatParams(value.params)}`;
}
