/**
 * name-addr and addr-spec with header parameters: From, To, Contact, Route, Record-Route (RFC 3261 section 20.10, 25.1).
 * @module
 */
import { Scanner, formatParams, isToken, quote, scanParams, splitList, SyntaxFault, unquote, type Params } from './syntax.js';
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
const WORDS = /(?:[A-Za-z0-9\-.!%*_+`'~]+[ \t]*)*(?=<)/y;

/** Reads one; leaves the cursor behind it. */
export function scanNameAddr(s: Scanner): NameAddr {
  s.white();
  let display: string | null = null;
  if (s.peek() === '"') {
    display = unquote(s.quoted());
    s.white();
    if (s.peek() !== '<') s.fail('name-addr', 'a display name is followed by a URI in angle brackets');
  } else {
    const words = s.take(WORDS);
    if (words !== null && words !== '') display = words.trim();
  }
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

/** Comma-separated addresses. */
export function parseNameAddrs(text: string): NameAddr[] {
  return splitList(text).map(parseNameAddr);
}

export function formatNameAddr(value: NameAddr): string {
  const words = value.display?.split(' ') ?? [];
  const display = value.display === null || value.display === '' ? '' : `${words.every(isToken) ? value.display : quote(value.display)} `;
  return `${display}<${formatUri(value.uri)}>${formatParams(value.params)}`;
}
