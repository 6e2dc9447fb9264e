/**
 * The lexical floor of SIP: tokens, quoted strings, white space, parameters (RFC 3261 section 25.1).
 * A grammar throws a {@link SyntaxFault}; `parser.ts` turns it into a typed refusal, so nothing above sees it.
 * @module
 */
import { formatIpv6, parseIpv6 } from '../../wire/address.js';

export type SyntaxReason =
  | 'encoding'
  | 'start-line'
  | 'version'
  | 'status-code'
  | 'header-line'
  | 'missing-header'
  | 'repeated-header'
  | 'uri'
  | 'name-addr'
  | 'params'
  | 'quoted-string'
  | 'token'
  | 'number'
  | 'via'
  | 'cseq'
  | 'method-mismatch'
  | 'call-id'
  | 'date'
  | 'credentials'
  | 'content-length'
  | 'body-short';

/** Where and why a text is not of its grammar. `at` counts characters of the text that was parsed. */
export class SyntaxFault extends Error {
  override readonly name = 'SyntaxFault';
  readonly reason: SyntaxReason;
  readonly at: number;

  constructor(reason: SyntaxReason, at: number, why: string) {
    super(why);
    this.reason = reason;
    this.at = at;
  }
}

const TOKEN = /[A-Za-z0-9\-.!%*_+`'~]+/y;
const WHITE = /[ \t]*/y;
const DIGITS = /[0-9]+/y;
const HOST = /\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-.]+/y;

/** One cursor over one header value. Folding has been replaced by spaces before. */
export class Scanner {
  readonly text: string;
  pos: number;

  constructor(text: string, pos = 0) {
    this.text = text;
    this.pos = pos;
  }

  get done(): boolean {
    return this.pos >= this.text.length;
  }

  peek(): string {
    return this.text.charAt(this.pos);
  }

  fail(reason: SyntaxReason, why: string): never {
    throw new SyntaxFault(reason, this.pos, why);
  }

  take(sticky: RegExp): string | null {
    sticky.lastIndex = this.pos;
    const match = sticky.exec(this.text);
    if (match === null) return null;
    this.pos += match[0].length;
    return match[0];
  }

  white(): boolean {
    const before = this.pos;
    this.take(WHITE);
    return this.pos > before;
  }

  /** Eats `char` with the white space around it, as SEMI, COMMA, SLASH and their kin allow. */
  separator(char: string): boolean {
    const before = this.pos;
    this.white();
    if (this.peek() !== char) {
      this.pos = before;
      return false;
    }
    this.pos++;
    this.white();
    return true;
  }

  token(reason: SyntaxReason, what: string): string {
    return this.take(TOKEN) ?? this.fail(reason, `${what} expected`);
  }

  digits(reason: SyntaxReason, what: string): string {
    return this.take(DIGITS) ?? this.fail(reason, `${what} expected`);
  }

  /** hostname, IPv4 address or IPv6 reference. */
  host(reason: SyntaxReason): string {
    const before = this.pos;
    const host = this.take(HOST);
    if (host !== null && isHost(host)) return host;
    this.pos = before;
    return this.fail(reason, 'host expected');
  }

  /** A quoted-string as written, quotes included. Any octet but CR and LF may be escaped, NUL too. */
  quoted(): string {
    const start = this.pos;
    for (this.pos++; !this.done; this.pos++) {
      const code = this.text.charCodeAt(this.pos);
      if (code === 0x22) {
        this.pos++;
        return this.text.slice(start, this.pos);
      }
      if (code === 0x5c) {
        this.pos++;
        const escaped = this.text.charCodeAt(this.pos);
        if (Number.isNaN(escaped) || escaped > 0x7f || escaped === 0x0a || escaped === 0x0d)
          this.fail('quoted-string', 'nothing that may be escaped follows the backslash');
      } else if ((code < 0x20 && code !== 0x09) || code === 0x7f) this.fail('quoted-string', 'control character in a quoted string');
    }
    this.pos = start;
    return this.fail('quoted-string', 'quotes do not balance');
  }

  end(reason: SyntaxReason, after: string): void {
    this.white();
    if (!this.done) this.fail(reason, `nothing may follow ${after}`);
  }
}

/** One parameter as written; `value` null = no equals sign. A quoted value keeps its quotes. */
export interface Param {
  readonly name: string;
  readonly value: string | null;
}

export type Params = readonly Param[];

const PARAM_ADDRESS = /[0-9A-Fa-f:.]+(?=[ \t]*(?:[;,]|$))/y;

/**
 * `*( SEMI generic-param )`. A value is a token, a host or a quoted-string; RFC 5118 4.5 tolerates a bare IPv6 address.
 * No name may stand twice (RFC 3261 section 7.3.1).
 */
export function scanParams(s: Scanner): Param[] {
  const params: Param[] = [];
  const names = new Set<string>();
  while (s.separator(';')) {
    const at = s.pos;
    const name = s.token('params', 'parameter name');
    if (names.has(name.toLowerCase())) throw new SyntaxFault('params', at, `the parameter ${name} may stand once only`);
    names.add(name.toLowerCase());
    if (!s.separator('=')) {
      params.push({ name, value: null });
      continue;
    }
    let value: string | null;
    if (s.peek() === '"') value = s.quoted();
    else if (s.peek() === '[') value = s.host('params');
    else value = s.take(PARAM_ADDRESS) ?? s.take(TOKEN);
    if (value === null) s.fail('params', `value of the parameter ${name} expected`);
    params.push({ name, value });
  }
  return params;
}

export function formatParams(params: Params): string {
  return params.map((p) => (p.value === null ? `;${p.name}` : `;${p.name}=${p.value}`)).join('');
}

/** The value without quotes, `''` for a flag, undefined when there is none. Names compare without case. */
export function param(params: Params, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const p of params) if (p.name.toLowerCase() === wanted) return p.value === null ? '' : unquote(p.value);
  return undefined;
}

export function withParam(params: Params, name: string, value: string | null): Param[] {
  const wanted = name.toLowerCase();
  const at = params.findIndex((p) => p.name.toLowerCase() === wanted);
  if (at < 0) return [...params, { name, value }];
  return params.map((p, i) => (i === at ? { name: p.name, value } : p));
}

export function withoutParam(params: Params, name: string): Param[] {
  const wanted = name.toLowerCase();
  return params.filter((p) => p.name.toLowerCase() !== wanted);
}

export function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  return text.slice(1, -1).replace(/\\([^])/g, '$1');
}

/** Quotes, backslashes and control characters are escaped; CR and LF can't be. */
export function quote(text: string): string {
  // eslint-disable-next-line no-control-regex -- exactly those
  return `"${text.replace(/["\\\0-\x08\v\f\x0e-\x1f\x7f]/g, '\\$&')}"`;
}

/** Without spaces and tabs around. Not String.trim, which also takes form feeds, no-break spaces and byte order marks: those are text here. */
export function trimWhite(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhite(text.charCodeAt(start))) start++;
  while (end > start && isWhite(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isWhite(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

const IPV4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;

/** hostname, IPv4address or IPv6reference (RFC 3261 section 25.1); as RFC 1123 section 2.1 has it, only the last label may not be a number. */
export function isHost(text: string): boolean {
  if (text.startsWith('[')) return text.endsWith(']') && parseIpv6(text.slice(1, -1)) !== undefined;
  if (IPV4.test(text)) return text.split('.').every((octet) => Number(octet) <= 255);
  const labels = (text.endsWith('.') ? text.slice(0, -1) : text).split('.');
  return labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
}

/** By which two spellings of one host compare equal, and by which it is looked up: small letters, an IPv6 address without its brackets (RFC 5952). */
export function hostName(host: string): string {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  const address = bare.includes(':') ? parseIpv6(bare) : undefined;
  return address === undefined ? bare.toLowerCase() : formatIpv6(address);
}

/** `1*DIGIT` that is a port; null: it is none. */
export function portOf(digits: string): number | null {
  const short = digits.replace(/^0+(?=\d)/, '');
  return /^\d{1,5}$/.test(short) && Number(short) <= 65535 ? Number(short) : null;
}

/** True when the whole text is one token. */
export function isToken(text: string): boolean {
  return /^[A-Za-z0-9\-.!%*_+`'~]+$/.test(text);
}

/** Splits at commas that stand outside quotes and angle brackets; white space round the parts is dropped. */
export function splitList(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let angle = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '<') angle = true;
    else if (c === '>') angle = false;
    else if (c === ',' && !angle) {
      parts.push(trimWhite(text.slice(start, i)));
      start = i + 1;
    }
  }
  parts.push(trimWhite(text.slice(start)));
  return parts.filter((p) => p !== '');
}
