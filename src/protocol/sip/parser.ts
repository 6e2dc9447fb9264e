/**
 * Octets -> message value (RFC 3261 section 7 and 25.1). Strict where the RFC is: what is refused comes back as a
 * {@link Refusal} with reason and position, and with the message as far as it can be answered.
 * Folding is accepted; unknown header fields are kept unread.
 *
 * @example
 * const m = parseMessage(octets);
 * if ('malformed' in m) return m.status; // 400, 505 or null: drop
 * @module
 */
import { parseCSeq, parseExpires, parseMediaType, parseNumber } from './fields.js';
import { canonicalName, headerValues, NO_BODY, type HeaderField, type SipMessage } from './message.js';
import { parseNameAddr, parseNameAddrs, type NameAddr } from './name-addr.js';
import { isToken, param, splitList, SyntaxFault, trimWhite, type SyntaxReason } from './syntax.js';
import { scanUri } from './uri.js';
import { parseVias } from './via.js';

export interface Refusal {
  readonly malformed: true;
  readonly reason: SyntaxReason;
  /** Octet of the message. */
  readonly at: number;
  readonly why: string;
  /** What was understood, when the start line and the fields could be told apart. */
  readonly message: SipMessage | null;
  /** What an element answers: 400 or 505; null = drop (a response, or nothing to answer to). */
  readonly status: number | null;
}

export interface ParseOptions {
  /** `datagram`: octets behind Content-Length are dropped, a missing one means to the end (RFC 3261 section 18.3). */
  readonly framing?: 'datagram' | 'stream';
}

interface Line {
  readonly field: HeaderField;
  readonly name: string;
  /** Value with every fold replaced by as many spaces, so that positions hold. */
  readonly padded: string;
  /** Character of the head at which `padded` starts. */
  readonly at: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const SINGLE = new Set([
  'call-id',
  'cseq',
  'from',
  'to',
  'max-forwards',
  'content-length',
  'content-type',
  'date',
  'expires',
  'min-expires',
  'subject',
  'timestamp',
  'user-agent',
  'server',
  'mime-version',
  'content-disposition',
  'retry-after',
  'session-expires',
  'min-se',
]);
const MANDATORY = ['via', 'from', 'to', 'call-id', 'cseq'];
const CALL_ID = /^[A-Za-z0-9\-.!%*_+`'~()<>:\\"/[\]?{}]+(?:@[A-Za-z0-9\-.!%*_+`'~()<>:\\"/[\]?{}]+)?$/;
const RFC1123 = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;
/** Section 25.1, the delay included. */
const TIMESTAMP = /^\d+(?:\.\d*)?(?:[ \t]+\d*(?:\.\d*)?)?$/;
const METHOD_URI_VERSION = /^(\S+) (\S+) (SIP\/\d+\.\d+)$/i;
const STATUS_LINE = /^(SIP\/\d+\.\d+) (\d+) ([^\r\n]*)$/i;

export function parseMessage(bytes: Uint8Array, options: ParseOptions = {}): SipMessage | Refusal {
  const end = headEnd(bytes);
  let head: string;
  try {
    head = decoder.decode(bytes.subarray(0, end < 0 ? bytes.length : end));
  } catch {
    return { malformed: true, reason: 'encoding', at: 0, why: 'the head is not UTF-8', message: null, status: null };
  }
  let message: SipMessage | null = null;
  try {
    if (end < 0) throw new SyntaxFault('header-line', head.length, 'no empty line ends the head');
    const start = parseStartLine(head);
    const lines = splitLines(head);
    message = { ...start, headers: lines.map((l) => l.field), body: bytes.subarray(end + 4) };
    if (message.version.toUpperCase() !== 'SIP/2.0') throw new SyntaxFault('version', head.indexOf('SIP/'), `version ${message.version} is not spoken here`);
    checkLines(message, lines, head.length);
    return { ...message, body: bodyOf(bytes.subarray(end + 4), lines, options.framing ?? 'datagram') };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    const answerable = message !== null ? message.kind === 'request' : !/^SIP\//i.test(head);
    const status = !answerable ? null : error.reason === 'version' ? 505 : 400;
    return { malformed: true, reason: error.reason, at: encoder.encode(head.slice(0, error.at)).length, why: error.message, message, status };
  }
}

/** Index of the CRLF CRLF that ends the head, or -1. */
export function headEnd(bytes: Uint8Array, from = 0): number {
  for (let i = bytes.indexOf(13, from); i >= 0; i = bytes.indexOf(13, i + 1)) {
    if (bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  }
  return -1;
}

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly uri: string; readonly version: string }
  | { readonly kind: 'response'; readonly status: number; readonly reason: string; readonly version: string };

function parseStartLine(head: string): StartLine {
  const eol = head.indexOf('\r\n');
  const line = eol < 0 ? head : head.slice(0, eol);
  if (/^SIP\//i.test(line)) {
    const match = STATUS_LINE.exec(line);
    if (match === null) throw new SyntaxFault('start-line', 0, 'a status line is version, code and reason, one space between');
    const [, version = '', code = '', reason = ''] = match;
    if (!/^[1-6]\d\d$/.test(code)) throw new SyntaxFault('status-code', version.length + 1, 'a status code has three digits and is from 100 to 699');
    return { kind: 'response', status: Number(code), reason, version };
  }
  const match = METHOD_URI_VERSION.exec(line);
  if (match === null) throw new SyntaxFault('start-line', 0, 'a request line is method, URI and version, one space between and none behind');
  const [, method = '', uri = '', version = ''] = match;
  if (!isToken(method)) throw new SyntaxFault('token', 0, 'a method is a token');
  return { kind: 'request', method, uri, version };
}

function splitLines(head: string): Line[] {
  const lines: Line[] = [];
  let at = head.indexOf('\r\n');
  while (at >= 0 && at + 2 < head.length) {
    const start = at + 2;
    let end = head.indexOf('\r\n', start);
    while (end >= 0 && (head[end + 2] === ' ' || head[end + 2] === '\t')) end = head.indexOf('\r\n', end + 2);
    lines.push(headerLine(head.slice(start, end < 0 ? head.length : end), start));
    at = end;
  }
  return lines;
}

function headerLine(raw: string, start: number): Line {
  const match = /^([A-Za-z0-9\-.!%*_+`'~]+)[ \t]*:/.exec(raw);
  if (match === null) throw new SyntaxFault('header-line', start, 'a header field is a name, a colon and a value');
  const lines = raw.slice(match[0].length).split('\r\n');
  const padded = lines.join('  ');
  if (/[\r\n]/.test(padded)) throw new SyntaxFault('header-line', start + match[0].length + padded.search(/[\r\n]/), 'a line ends with CR and LF together');
  const value = trimWhite(lines.map(trimWhite).join(' '));
  const name = match[1] ?? '';
  return { field: { name, value, raw }, name: canonicalName(name), padded, at: start + match[0].length };
}

function checkLines(message: SipMessage, lines: readonly Line[], end: number): void {
  if (message.kind === 'request') checkRequestUri(message.method, message.uri);
  const seen = new Set<string>();
  for (const line of lines) {
    if (SINGLE.has(line.name) && seen.has(line.name)) throw new SyntaxFault('repeated-header', line.at, `${line.field.name} may stand once only`);
    seen.add(line.name);
    const value = trimWhite(line.padded);
    const indent = line.padded.indexOf(value);
    try {
      checkText(value);
      checkValue(line.name, value, message);
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      throw new SyntaxFault(error.reason, line.at + indent + error.at, `${line.field.name}: ${error.message}`);
    }
  }
  for (const name of MANDATORY) if (!seen.has(name)) throw new SyntaxFault('missing-header', end, `${name} is missing`);
}

function checkRequestUri(method: string, uri: string): void {
  const at = method.length + 1;
  if (uri.startsWith('<')) throw new SyntaxFault('uri', at, 'a Request-URI stands without angle brackets');
  const parsed = scanUri(uri, at);
  // RFC 3261 table 1: a Request-URI has no headers.
  if (parsed.kind === 'sip' && parsed.headers !== null) throw new SyntaxFault('uri', at + uri.indexOf('?'), 'a Request-URI holds no headers');
}

/** `*(TEXT-UTF8char / UTF8-CONT / LWS)`: a control character may stand in a quoted string only, behind a backslash (RFC 3261 section 25.1). */
function checkText(value: string): void {
  let quoted = false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (quoted && code === 0x5c) i++;
    else if (code === 0x22) quoted = !quoted;
    else if ((code < 0x20 && code !== 0x09) || code === 0x7f) throw new SyntaxFault('header-line', i, 'a control character stands in the value');
  }
}

/** Grammar of the header fields that this stack reads; every other one is anybody's text. */
function checkValue(name: string, value: string, message: SipMessage): void {
  switch (name) {
    case 'via':
      parseVias(value);
      return;
    case 'from':
    case 'to':
      checkTag(parseNameAddr(value));
      return;
    case 'contact':
      // Section 20.10: the asterisk stands in a REGISTER only, and alone.
      if (value !== '*') checkAddresses(value);
      else if (message.kind !== 'request' || message.method !== 'REGISTER' || headerValues(message, 'Contact').length > 1)
        throw new SyntaxFault('name-addr', 0, 'an asterisk stands in a REGISTER only, and alone');
      return;
    case 'route':
    case 'record-route':
      checkAddresses(value);
      return;
    case 'cseq': {
      const sequence = parseCSeq(value);
      if (message.kind === 'request' && sequence.method !== message.method)
        throw new SyntaxFault('method-mismatch', 0, `method ${sequence.method} is not that of the request line, ${message.method}`);
      return;
    }
    case 'call-id':
      if (!CALL_ID.test(value)) throw new SyntaxFault('call-id', 0, 'word, or word@word, expected');
      return;
    case 'max-forwards':
      parseNumber(value, 255, 'Max-Forwards');
      return;
    case 'content-length':
      contentLength(value);
      return;
    case 'content-type':
      parseMediaType(value);
      return;
    case 'timestamp':
      if (!TIMESTAMP.test(value)) throw new SyntaxFault('number', 0, 'seconds, and perhaps a delay, expected');
      return;
    case 'date':
      if (!RFC1123.test(value)) throw new SyntaxFault('date', 0, 'a date is of RFC 1123, in GMT');
      return;
    case 'retry-after':
      if (parseExpires(/^\d+/.exec(value)?.[0] ?? '') === null) throw new SyntaxFault('number', 0, 'seconds below 2^32 expected');
      return;
    case 'require':
    case 'proxy-require':
    case 'supported':
    case 'unsupported':
    case 'allow':
      for (const tag of splitList(value)) if (!isToken(tag)) throw new SyntaxFault('token', value.indexOf(tag), 'list of tokens expected');
      return;
    case 'authorization':
    case 'proxy-authorization':
    case 'www-authenticate':
    case 'proxy-authenticate':
      if (!/^[A-Za-z0-9\-.!%*_+`'~]+[ \t]+\S/.test(value)) throw new SyntaxFault('credentials', 0, 'scheme and parameters expected');
      return;
    default:
      return;
  }
}

/** Section 25.1: tag-param. */
function checkTag({ params }: NameAddr): void {
  const tag = params.find((p) => p.name.toLowerCase() === 'tag');
  if (tag !== undefined && (tag.value === null || !isToken(tag.value))) throw new SyntaxFault('params', 0, 'a tag is a token');
}

function checkAddresses(value: string): void {
  const addresses = parseNameAddrs(value);
  if (addresses.length === 0) throw new SyntaxFault('name-addr', 0, 'at least one address expected');
  for (const address of addresses) {
    const q = param(address.params, 'q');
    if (q !== undefined && !/^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q)) throw new SyntaxFault('params', 0, 'q is from 0 to 1 with three decimals at most');
  }
}

export function contentLength(value: string): number {
  try {
    return parseNumber(value, 2 ** 31 - 1, 'Content-Length');
  } catch (error) {
    if (error instanceof SyntaxFault) throw new SyntaxFault('content-length', error.at, error.message);
    throw error;
  }
}

function bodyOf(rest: Uint8Array, lines: readonly Line[], framing: 'datagram' | 'stream'): Uint8Array {
  const line = lines.find((l) => l.name === 'content-length');
  if (line === undefined) {
    if (framing === 'stream') throw new SyntaxFault('content-length', 0, 'on a stream Content-Length is mandatory');
    return rest;
  }
  const length = contentLength(line.field.value);
  if (length > rest.length) throw new SyntaxFault('body-short', line.at, `Content-Length says ${length}, ${rest.length} octets follow`);
  return length === 0 ? NO_BODY : rest.subarray(0, length);
}
