/**
 * From text to tokens, as nft's own scanner cuts them: the longest match wins, so `80-90` is a range but `ssh-http` one
 * word, and `80:8080` is no mapping without spaces.
 * @see nft(8), "Lexical conventions"
 * @module
 */
import type { FaultList } from '../../fault.js';
import { fault } from '../../fault.js';
import { SIGN_WORDS } from './keywords.js';
import type { Token, TokenKind } from './token.js';

const H4 = '[0-9a-fA-F]{1,4}';
/** Groups left and right of a `::`, at most seven in all; or all eight. */
const IPV6 = new RegExp(`^(?:(?:${H4}:){7}${H4}|(?:${H4}:){1,7}:|:(?::${H4}){1,7}|(?:${H4}:){1,6}(?::${H4}){1,6}|::(?:[fF]{4}:)?(?:\\d{1,3}\\.){3}\\d{1,3}|::)$`);
const LONGEST_IPV6 = 45;

const ADDRESS_RUN = /[0-9a-fA-F:.]+/y;
const MAC = /(?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}/y;
const IPV4 = /(?:\d{1,3}\.){3}\d{1,3}/y;
const TIME = /(?=\d)(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?/y;
const NUMBER = /0[xX][0-9a-fA-F]+|\d+/y;
const CLASS_ID = /[0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4}(?=[ \t\n:\-},])/y;
const QUOTED = /"[^"\n]*"/y;
const WORD = /[A-Za-z_.][A-Za-z0-9/\-_.]*/y;
const WILDCARD = /[A-Za-z_.][A-Za-z0-9/\-_.]*\\?\*|\\\*/y;
const SIGN = /==|!=|<=|>=|<<|>>|[<>,.:;{}[\]()^&|!/\-*@$=+]/y;

interface Found {
  readonly kind: TokenKind;
  readonly raw: string;
  readonly text: string;
}

/** Every token of the text, without an end. Faults: NFT_SYNTAX, one for each character that is no nftables. */
export function tokenize(text: string, file: string, faults: FaultList): readonly Token[] {
  const tokens: Token[] = [];
  let [line, lineStart, at] = [1, 0, 0];
  let spaced = false;
  const newLine = (end: number): void => {
    line++;
    lineStart = end;
    at = end;
  };
  while (at < text.length) {
    const column = at - lineStart + 1;
    const char = text[at];
    if (char === ' ' || char === '\t' || char === '\r') {
      at++;
      spaced = true;
    } else if (char === '#') {
      const end = endOfLine(text, at);
      // A line that is nothing but a comment is no line.
      if (text.slice(lineStart, at).trim() === '' && end < text.length) newLine(end + 1);
      else at = end;
    } else if (char === '\\' && text[at + 1] === '\n') {
      newLine(at + 2);
      spaced = true;
    } else if (char === '\n') {
      tokens.push({ kind: 'newline', raw: '\n', text: '\n', file, line, column, spaced });
      newLine(at + 1);
      spaced = false;
    } else {
      const found = tokenAt(text, at);
      const token: Token = { ...found, file, line, column, spaced };
      if (found.kind === 'junk') faults.add(junk(token));
      tokens.push(token);
      at += found.raw.length;
      spaced = false;
    }
  }
  return tokens;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

function junk(token: Token) {
  const quote = token.raw === '"';
  const message = quote ? 'the quote is not closed on its line' : `"${token.raw}" means nothing to nft`;
  return fault('NFT_SYNTAX', token, message, token.raw === "'" ? { hint: 'quotes are double: "..."' } : {});
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** The longest match; of equal ones the first. */
function tokenAt(text: string, at: number): Found {
  const sign = match(SIGN, text, at);
  const candidates: readonly (readonly [TokenKind, string])[] = [
    ['sign', sign],
    ['word', address(text, at)],
    ['word', match(TIME, text, at)],
    ['number', match(NUMBER, text, at)],
    ['word', match(CLASS_ID, text, at)],
    ['quoted', match(QUOTED, text, at)],
    ['wildcard', match(WILDCARD, text, at)],
    ['word', match(WORD, text, at)],
  ];
  let [kind, raw] = candidates[0] as readonly [TokenKind, string];
  for (const [k, r] of candidates) if (r.length > raw.length) [kind, raw] = [k, r];
  if (raw === '') return { kind: 'junk', raw: String.fromCodePoint(text.codePointAt(at) ?? 0), text: '' };
  return { ...contents(kind, raw), raw };
}

function contents(kind: TokenKind, raw: string): Omit<Found, 'raw'> {
  switch (kind) {
    case 'quoted':
      return { kind, text: raw.slice(1, -1) };
    case 'number':
      return numberText(raw);
    case 'word': {
      const sign = SIGN_WORDS.get(raw);
      return sign === undefined ? { kind, text: raw.startsWith('[') ? raw.slice(1, -1) : raw } : { kind: 'sign', text: sign };
    }
    default:
      return { kind, text: raw };
  }
}

/** As strtoull(3) with base 0 reads it: a leading zero means octal. What does not fit 64 bits, or is no octal, is a word. */
function numberText(raw: string): Omit<Found, 'raw'> {
  const octal = /^0\d/.test(raw);
  if (octal && !/^[0-7]+$/.test(raw)) return { kind: 'word', text: raw };
  const value = BigInt(octal ? `0o${raw.replace(/^0+/, '') || '0'}` : raw);
  return value >= 1n << 64n ? { kind: 'word', text: raw } : { kind: 'number', text: value.toString() };
}

/** IPv4, IPv6 (in brackets too) and MAC addresses. */
function address(text: string, at: number): string {
  if (text[at] === '[') {
    const inner = ipv6(text, at + 1);
    return inner !== '' && text[at + 1 + inner.length] === ']' ? `[${inner}]` : '';
  }
  const found = [match(MAC, text, at), match(IPV4, text, at), ipv6(text, at)];
  return found.reduce((best, next) => (next.length > best.length ? next : best));
}

function ipv6(text: string, at: number): string {
  const run = match(ADDRESS_RUN, text, at).slice(0, LONGEST_IPV6);
  if (!run.includes(':')) return '';
  for (let length = run.length; length >= 2; length--) {
    const part = run.slice(0, length);
    if (IPV6.test(part)) return part;
  }
  return '';
}
