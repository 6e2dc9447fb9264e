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
// eslint-disable-next-line no-restricted-syntax -- only texts of LONGEST_IPV6 characters are tried
const IPV6 = new RegExp(
  `^(?:(?:${H4}:){7}${H4}|(?:${H4}:){1,7}:|:(?::${H4}){1,7}|(?:${H4}:){1,6}(?::${H4}){1,6}|::(?:[fF]{4}:)?(?:\\d{1,3}\\.){3}\\d{1,3}|::)$`,
);
const LONGEST_IPV6 = 45;

const ADDRESS_RUN = /[0-9a-fA-F:.]+/y;
const MAC = /(?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}/y;
const IPV4 = /(?:\d{1,3}\.){3}\d{1,3}/y;
const TIME = /(?=\d)(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?/y;
const NUMBER = /0[xX][0-9a-fA-F]+|\d+/y;
const CLASS_ID = /[0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4}(?=[ \t\n:\-},])/y;
/** EtherTypes whose names begin with a digit: nft's scanner knows just these. */
const ETHER_TYPE = /8021(?:q|ad)/y;
const QUOTED = /"[^"\n]*"/y;
const WORD = /[A-Za-z_.][A-Za-z0-9/\-_.]*/y;
const WILDCARD = /[A-Za-z_.][A-Za-z0-9/\-_.]*\\?\*|\\\*/y;
const SIGN = /==|!=|<=|>=|<<|>>|[<>,.:;{}[\]()^&|!/\-*@$=+]/y;

const BYTE_ORDER_MARK = '\ufeff';

interface Found {
  readonly kind: TokenKind;
  readonly raw: string;
  readonly text: string;
}

/** Every token of the text, without an end. Faults: NFT_SYNTAX, at most one a line. */
export function tokenize(text: string, file: string, faults: FaultList): readonly Token[] {
  const tokens: Token[] = [];
  let [line, lineStart, at] = [1, 0, 0];
  let spaced = false;
  /** One such fault in a line is enough. */
  let told = 0;
  let toldReturns = false;
  const wrong = (column: number, message: string, hint: string): void => faults.add(fault('NFT_SYNTAX', { file, line, column }, message, { hint }));
  if (text.startsWith(BYTE_ORDER_MARK)) {
    wrong(1, 'the file begins with a byte order mark, which means nothing to nft', 'save it as UTF-8 without one');
    at = lineStart = BYTE_ORDER_MARK.length;
  }
  const newLine = (end: number): void => {
    line++;
    lineStart = end;
    at = end;
  };
  while (at < text.length) {
    const column = at - lineStart + 1;
    const char = text[at];
    if (char === ' ' || char === '\t' || char === '\r') {
      if (char === '\r' && !toldReturns) {
        wrong(column, 'a carriage return means nothing to nft', 'save the file with line ends of Unix (LF alone)');
        toldReturns = true;
      }
      at++;
      spaced = true;
    } else if (char === '#') {
      const end = endOfLine(text, at);
      if (end === text.length) wrong(column, 'the last line is a comment and has no line end, which nft does not read', 'end the file with a newline');
      // A line that is nothing but a comment is no line.
      if (text.slice(lineStart, at).trim() === '' && end < text.length) newLine(end + 1);
      else at = end;
    } else if (char === '\\' && text[at + 1] === '\n') {
      newLine(at + 2);
      spaced = true;
    } else if (char === '\n') {
      tokens.push({ kind: 'newline', raw: char, text: char, file, line, column, spaced });
      newLine(at + 1);
      spaced = false;
    } else {
      const { kind, raw, text: contents } = tokenAt(text, at);
      const token: Token = { kind, raw, text: contents, file, line, column, spaced };
      if (kind === 'junk' && line !== told) {
        faults.add(junk(token));
        told = line;
      }
      tokens.push(token);
      at += raw.length;
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

/** Patterns by what they begin with; the longest match wins, of equal ones the first. */
const WORDS: readonly Pattern[] = [
  ['word', WORD],
  ['wildcard', WILDCARD],
];
const HEX_WORDS: readonly Pattern[] = [['word', address], ['word', CLASS_ID], ...WORDS];
const NUMBERS: readonly Pattern[] = [
  ['word', address],
  ['word', TIME],
  ['word', ETHER_TYPE],
  ['number', NUMBER],
  ['word', CLASS_ID],
];
const SIGNS: readonly Pattern[] = [
  ['sign', SIGN],
  ['word', address],
];
const DOT: readonly Pattern[] = [['sign', SIGN], ...WORDS];
const QUOTES: readonly Pattern[] = [['quoted', QUOTED]];
const STARS: readonly Pattern[] = [['wildcard', WILDCARD]];

type Pattern = readonly [TokenKind, RegExp | ((text: string, at: number) => string)];

function patternsAt(char: string): readonly Pattern[] {
  if (/[g-zG-Z_]/.test(char)) return WORDS;
  if (/[a-fA-F]/.test(char)) return HEX_WORDS;
  if (/[0-9]/.test(char)) return NUMBERS;
  if (char === '.') return DOT;
  if (char === '"') return QUOTES;
  return char === '\\' ? STARS : SIGNS;
}

function tokenAt(text: string, at: number): Found {
  let kind: TokenKind = 'junk';
  let raw = '';
  for (const [of, pattern] of patternsAt(text.charAt(at))) {
    const found = typeof pattern === 'function' ? pattern(text, at) : match(pattern, text, at);
    if (found.length > raw.length) [kind, raw] = [of, found];
  }
  if (kind === 'junk') return { kind, raw: String.fromCodePoint(text.codePointAt(at) ?? 0), text: '' };
  return found(kind, raw);
}

function found(kind: TokenKind, raw: string): Found {
  switch (kind) {
    case 'quoted':
      return { kind, raw, text: raw.slice(1, -1) };
    case 'number':
      return numberOf(raw);
    case 'word': {
      const sign = SIGN_WORDS.get(raw);
      return sign === undefined ? { kind, raw, text: raw.startsWith('[') ? raw.slice(1, -1) : raw } : { kind: 'sign', raw, text: sign };
    }
    default:
      return { kind, raw, text: raw };
  }
}

/** As strtoull(3) with base 0 reads it: a leading zero means octal. What does not fit 64 bits, or is no octal, is a word. */
function numberOf(raw: string): Found {
  if (/^(0|[1-9]\d{0,14})$/.test(raw)) return { kind: 'number', raw, text: raw };
  const octal = /^0\d/.test(raw);
  if (octal && !/^[0-7]+$/.test(raw)) return { kind: 'word', raw, text: raw };
  const value = BigInt(octal ? `0o${raw.replace(/^0+/, '') || '0'}` : raw);
  return value >= 1n << 64n ? { kind: 'word', raw, text: raw } : { kind: 'number', raw, text: value.toString() };
}

/** IPv4, IPv6 (in brackets too) and MAC addresses. */
function address(text: string, at: number): string {
  if (text[at] === '[') {
    const inner = ipv6(text, at + 1);
    return inner !== '' && text[at + 1 + inner.length] === ']' ? `[${inner}]` : '';
  }
  const mac = match(MAC, text, at);
  const four = match(IPV4, text, at);
  const six = ipv6(text, at);
  const longer = four.length > mac.length ? four : mac;
  return six.length > longer.length ? six : longer;
}

function ipv6(text: string, at: number): string {
  const run = match(ADDRESS_RUN, text, at);
  if (run.length < 2 || !run.includes(':')) return '';
  for (let length = Math.min(run.length, LONGEST_IPV6); length >= 2; length--) {
    const part = run.slice(0, length);
    if (IPV6.test(part)) return part;
  }
  return '';
}
