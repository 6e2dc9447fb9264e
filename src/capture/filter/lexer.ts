/**
 * The words of a filter expression, with their places.
 * @module
 */
import { LabError } from '../../base/error.js';

export interface Token {
  readonly kind: 'word' | 'string' | 'symbol' | 'end';
  /** The word or symbol; of a string its value. */
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

/** A mistake at a place of a filter: `filter:1:COLUMN`. */
export function filterError(
  code: 'FILTER_SYNTAX' | 'FILTER_TYPE' | 'FILTER_UNKNOWN_FIELD',
  message: string,
  column: number,
  details: { readonly expected?: string; readonly hint?: string } = {},
): LabError {
  return new LabError(code, message, { where: { file: 'filter', line: 1, column }, ...details });
}

const SYMBOLS = ['===', '!==', '==', '!=', '>=', '<=', '&&', '||', '..', '>', '<', '!', '(', ')', '{', '}', '[', ']', ','] as const;
/** A run of characters of names, numbers and addresses; two dots end it (they are a range). */
const WORD = /(?:[A-Za-z0-9_:/+-]|\.(?!\.))+/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"' };

export function lex(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const column = at + 1;
    if (/\s/.test(text.charAt(at))) {
      at++;
      continue;
    }
    if (text[at] === '"' || text.startsWith('r"', at)) {
      const [value, end] = text[at] === '"' ? quoted(text, at) : raw(text, at);
      tokens.push({ kind: 'string', text: value, column });
      at = end;
      continue;
    }
    // A word may begin with two colons (IPv6), never with a dot.
    const symbol = SYMBOLS.find((s) => text.startsWith(s, at));
    WORD.lastIndex = at;
    const word = WORD.exec(text)?.[0];
    if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, column });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, column });
    else throw filterError('FILTER_SYNTAX', `${JSON.stringify(text[at])} is no part of a filter`, column);
    at += (symbol ?? word ?? '').length;
  }
  tokens.push({ kind: 'end', text: '', column: text.length + 1 });
  return tokens;
}

/** `"..."` with \" \\ \n \r \t and \xHH; other escapes stay as they are, for regular expressions. */
function quoted(text: string, start: number): readonly [string, number] {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === '"') return [value, at + 1];
    if (c !== '\\') {
      value += c;
      continue;
    }
    at++;
    const hex = /^x([0-9a-fA-F]{2})/.exec(text.slice(at, at + 3))?.[1];
    if (hex !== undefined) {
      value += String.fromCharCode(parseInt(hex, 16));
      at += 2;
    } else value += ESCAPES[text.charAt(at)] ?? `\\${text.charAt(at)}`;
  }
  throw filterError('FILTER_SYNTAX', 'the string is not closed', start + 1, { expected: 'a closing "' });
}

/** `r"..."`: nothing is an escape. */
function raw(text: string, start: number): readonly [string, number] {
  const end = text.indexOf('"', start + 2);
  if (end < 0) throw filterError('FILTER_SYNTAX', 'the string is not closed', start + 1, { expected: 'a closing "' });
  return [text.slice(start + 2, end), end + 1];
}
