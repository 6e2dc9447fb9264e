/**
 * Typed views of header fields. On messages that passed the parser they cannot fail; a {@link SyntaxFault} from a message
 * that was made here is a mistake of ours.
 * @module
 */
import { must } from '../../base/assert.js';
import { header, headerList, headerValues, type SipMessage } from './message.js';
import { parseNameAddr, parseNameAddrs, type NameAddr } from './name-addr.js';
import { param, Scanner, scanParams, SyntaxFault, type Params } from './syntax.js';
import { parseVias, type Via } from './via.js';

export interface CSeq {
  /** Below 2^31 (RFC 3261 section 8.1.1.5). */
  readonly sequence: number;
  readonly method: string;
}

export const CSEQ_LIMIT = 2 ** 31;

export function parseCSeq(text: string): CSeq {
  const s = new Scanner(text);
  s.white();
  const digits = s.digits('cseq', 'sequence number');
  // By length first: a double would round what does not fit.
  if (digits.replace(/^0+/, '').length > 10 || Number(digits) >= CSEQ_LIMIT) throw new SyntaxFault('cseq', 0, 'sequence number is not below 2^31');
  if (!s.white()) s.fail('cseq', 'white space expected before the method');
  const method = s.token('cseq', 'method');
  s.end('cseq', 'the method');
  return { sequence: Number(digits), method };
}

/** `1*DIGIT` not above `limit`. */
export function parseNumber(text: string, limit: number, what: string): number {
  if (!/^[0-9]+$/.test(text)) throw new SyntaxFault('number', 0, `${what} is a number in decimal digits`);
  if (text.replace(/^0+/, '').length > 15 || Number(text) > limit) throw new SyntaxFault('number', 0, `${what} is not above ${limit}`);
  return Number(text);
}

export interface MediaType {
  /** `application/sdp`, lower case. */
  readonly type: string;
  readonly parameters: Params;
}

export function parseMediaType(text: string): MediaType {
  const s = new Scanner(text);
  s.white();
  const type = s.token('token', 'media type');
  if (!s.separator('/')) s.fail('token', 'slash expected: media type is type/subtype');
  const subtype = s.token('token', 'media subtype');
  const parameters = scanParams(s);
  s.end('token', 'the media type');
  return { type: `${type}/${subtype}`.toLowerCase(), parameters };
}

export function callId(message: SipMessage): string {
  return must(header(message, 'Call-ID'), 'Call-ID');
}

export function cseq(message: SipMessage): CSeq {
  return parseCSeq(must(header(message, 'CSeq'), 'CSeq'));
}

export function from(message: SipMessage): NameAddr {
  return parseNameAddr(must(header(message, 'From'), 'From'));
}

export function to(message: SipMessage): NameAddr {
  return parseNameAddr(must(header(message, 'To'), 'To'));
}

/** The tag, `''` when there is none (RFC 2543). */
export function fromTag(message: SipMessage): string {
  return param(from(message).params, 'tag') ?? '';
}

export function toTag(message: SipMessage): string {
  return param(to(message).params, 'tag') ?? '';
}

export function vias(message: SipMessage): Via[] {
  return headerValues(message, 'Via').flatMap(parseVias);
}

export function topVia(message: SipMessage): Via {
  return must(vias(message)[0], 'Via');
}

export function maxForwards(message: SipMessage): number | undefined {
  const value = header(message, 'Max-Forwards');
  return value === undefined ? undefined : parseNumber(value, 255, 'Max-Forwards');
}

export function routes(message: SipMessage): NameAddr[] {
  return headerValues(message, 'Route').flatMap(parseNameAddrs);
}

export function recordRoutes(message: SipMessage): NameAddr[] {
  return headerValues(message, 'Record-Route').flatMap(parseNameAddrs);
}

/** `'*'`, or the list. */
export function contacts(message: SipMessage): NameAddr[] | '*' {
  const values = headerList(message, 'Contact');
  return values.length === 1 && values[0] === '*' ? '*' : values.map(parseNameAddr);
}

/** First Contact, undefined when there is none. */
export function contact(message: SipMessage): NameAddr | undefined {
  const all = contacts(message);
  return all === '*' ? undefined : all[0];
}

export const EXPIRES_LIMIT = 2 ** 32 - 1;

/** Seconds. RFC 3261 section 20.19: 0 to 2^32-1; what is malformed counts as 3600 in a registration. */
export function parseExpires(text: string): number | null {
  return /^[0-9]+$/.test(text) && text.replace(/^0+/, '').length <= 10 && Number(text) <= EXPIRES_LIMIT ? Number(text) : null;
}
