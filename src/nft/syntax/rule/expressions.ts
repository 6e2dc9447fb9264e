/**
 * Expressions: values, ranges, prefixes, bits, concatenations, sets and maps. What they mean depends on what they are
 * compared with, so they stay as they were written.
 * @see nft(8), "Expressions", "Sets", "Maps"
 * @module
 */
import type { LabError, SourceRef } from '../../../base/error.js';
import { fault, unsupported } from '../../fault.js';
import { KEYWORDS, VALUE_KEYWORDS } from '../lexing/keywords.js';
import { atSelector, atSelectorNotValue, takeSelector } from './selectors.js';
import type { TokenStream } from '../lexing/stream.js';
import type { Token } from '../lexing/token.js';
import { placeOf } from '../lexing/token.js';
import type { BinaryOperator, ElementTree, Expr, VerdictTree } from '../tree.js';
import type { Variables } from '../variables.js';
import { expandName } from '../variables.js';

export interface Reader {
  readonly tokens: TokenStream;
  readonly variables: Variables;
  /** Depth of braces and parentheses. */
  depth: number;
}

/** Left of a match selectors stand, right of it values, and after `set` and `to` both. */
type Side = 'left' | 'right' | 'value';

const DEEPEST = 50;
const LEVELS: readonly (readonly BinaryOperator[])[] = [['|'], ['^'], ['&'], ['<<', '>>']];

function nested<T>(r: Reader, at: SourceRef, step: () => T): T {
  if (r.depth >= DEEPEST) throw fault('NFT_SYNTAX', at, 'braces and parentheses are nested too deeply', { expected: `at most ${DEEPEST} levels` });
  r.depth++;
  try {
    return step();
  } finally {
    r.depth--;
  }
}

/** Selectors, with bits and joined by dots. */
export function leftSide(r: Reader): Expr {
  return concat(r, () => binary(r, 'left', 0));
}

/** Values: one, a range, a prefix, joined by dots; a set; a set's name; bits in a list. */
export function rightSide(r: Reader): Expr {
  const s = r.tokens;
  if (s.atSign('{')) return setInBraces(r);
  if (s.atSign('@')) return setName(r);
  const first = concat(r, () => value(r));
  return s.atSign(',') && isBasic(first) ? listFrom(r, first) : first;
}

/** A list with one part is what nft calls basic. */
function isBasic(e: Expr): boolean {
  return e.kind !== 'range' && e.kind !== 'prefix' && e.kind !== 'concat';
}

function listFrom(r: Reader, first: Expr): Expr {
  const items = [first];
  while (r.tokens.takeSign(',')) items.push(binary(r, 'right', 0));
  return { kind: 'list', items, src: first.src };
}

/** The flags after a slash: at least two, as nft wants them. */
export function maskList(r: Reader): Expr {
  const first = binary(r, 'right', 0);
  if (!r.tokens.atSign(',')) throw r.tokens.wrong('a comma: nft takes a list of at least two here', 'write tcp flags & (fin|syn) == syn');
  return listFrom(r, first);
}

/** What follows `set` and `to`: a value, a selector with bits, or a map. */
export function statementValue(r: Reader): Expr {
  const s = r.tokens;
  const first = binary(r, 'value', 0);
  if (s.atSign('/')) return prefix(r, first);
  if (s.takeSign('-')) return { kind: 'range', from: first, to: binary(r, 'value', 0), src: first.src };
  const parts = [first];
  while (s.takeSign('.')) parts.push(primary(r, 'value'));
  const whole = parts.length === 1 ? first : ({ kind: 'concat', parts, src: first.src } as const);
  if (!s.takeWord('map')) return whole;
  return { kind: 'map', key: whole, map: mapBody(r), src: first.src };
}

/** `{ ... }` or `@name`. */
export function mapBody(r: Reader): Expr {
  const s = r.tokens;
  if (s.atSign('{')) return setInBraces(r);
  if (s.atSign('@')) return setName(r);
  if (s.atSign('$')) throw unsupported(s.peek(), 'a map in a variable', { hint: 'nft itself fails at it: write the map where it is used, or name it' });
  throw s.wrong('a map in braces, or @NAME');
}

function concat(r: Reader, part: () => Expr): Expr {
  const first = part();
  if (!r.tokens.atSign('.')) return first;
  const parts = [first];
  while (r.tokens.takeSign('.')) parts.push(part());
  return { kind: 'concat', parts, src: first.src };
}

/** One value, a range or a prefix. */
function value(r: Reader): Expr {
  const first = binary(r, 'right', 0);
  if (r.tokens.takeSign('-')) return { kind: 'range', from: first, to: binary(r, 'right', 0), src: first.src };
  // `syn / fin,syn` is no prefix.
  const after = r.tokens.peek(2);
  const mask = r.tokens.peek(1).kind !== 'number' || (after.kind === 'sign' && after.text === ',' && r.depth === 0);
  return r.tokens.atSign('/') && !mask ? prefix(r, first) : first;
}

function prefix(r: Reader, base: Expr): Expr {
  r.tokens.wantSign('/');
  const token = r.tokens.peek();
  if (token.kind !== 'number') throw r.tokens.wrong('the length of the prefix in bits');
  return { kind: 'prefix', base, length: BigInt(r.tokens.next().text), src: base.src };
}

function binary(r: Reader, side: Side, level: number): Expr {
  const operators = LEVELS[level];
  if (operators === undefined) return primary(r, side);
  let left = binary(r, side, level + 1);
  for (;;) {
    const op = operators.find((sign) => r.tokens.atSign(sign));
    if (op === undefined) return left;
    r.tokens.next();
    const right = binary(r, side === 'left' ? 'right' : side, level + 1);
    left = { kind: 'binary', op, left, right, src: left.src };
  }
}

function primary(r: Reader, side: Side): Expr {
  const s = r.tokens;
  const token = s.peek();
  const src = placeOf(token);
  if (s.atSign('(')) {
    s.next();
    const inner = nested(r, src, () => binary(r, side, 0));
    s.wantSign(')');
    return inner;
  }
  if (side !== 'right' && (side === 'left' ? atSelector(s) : atSelectorNotValue(s))) return { kind: 'selector', selector: takeSelector(s), src };
  if (side === 'left') throw notLeft(r, token);
  if (s.atSign('$')) return variable(r);
  if (token.kind === 'number') return { kind: 'number', value: BigInt(s.next().text), src };
  if (token.kind === 'wildcard') return { kind: 'wildcard', text: s.next().text, src };
  if (token.kind === 'quoted') return quoted(s.next());
  if (token.kind === 'word') return word(r, token);
  throw s.wrong('a value');
}

function notLeft(r: Reader, token: Token): LabError {
  if (r.tokens.atSign('@')) return unsupported(token, 'raw payload (@base,offset,length)');
  return r.tokens.wrong('a statement, or a match such as "ip saddr 10.0.0.1"');
}

function quoted(token: Token): Expr {
  const src = placeOf(token);
  return token.text.endsWith('*') ? { kind: 'wildcard', text: token.text, src } : { kind: 'word', text: token.text, quoted: true, src };
}

function word(r: Reader, token: Token): Expr {
  const { text } = token;
  if (text === 'exists' || text === 'missing') throw unsupported(token, `a test for presence (${text})`);
  if (KEYWORDS.has(text) && !VALUE_KEYWORDS.has(text)) throw r.tokens.wrong('a value', `"${text}" is a word of nft's own: in quotes it is a name`);
  r.tokens.next();
  return { kind: 'word', text, quoted: false, src: placeOf(token) };
}

/** `$name`. Errors: NFT_UNKNOWN. */
export function variable(r: Reader): Expr {
  const src = placeOf(r.tokens.wantSign('$'));
  const token = r.tokens.wantName('the name of a variable');
  return { kind: 'variable', name: token.text, value: expandName(r.variables, token), src };
}

function setName(r: Reader): Expr {
  const src = placeOf(r.tokens.wantSign('@'));
  return { kind: 'set-name', name: r.tokens.wantName('the name of a set or map').text, src };
}

// ---- sets ------------------------------------------------------------------------------------------------------------

export function setInBraces(r: Reader): Expr {
  const src = placeOf(r.tokens.wantSign('{'));
  const elements = nested(r, src, () => members(r));
  r.tokens.wantSign('}', 'a comma or "}"');
  return { kind: 'set', elements, src };
}

/** nft allows one line end where a line may end, so an empty line inside braces is an error to it. */
function lineEnd(s: TokenStream): void {
  if (s.peek().kind !== 'newline') return;
  s.next();
  if (s.peek().kind === 'newline') throw s.wrong('an element', 'nft takes no empty line inside braces');
}

function members(r: Reader): readonly ElementTree[] {
  const s = r.tokens;
  const elements: ElementTree[] = [];
  do {
    lineEnd(s);
    if (s.atSign('}') && elements.length > 0) break;
    elements.push(element(r));
    lineEnd(s);
  } while (s.takeSign(','));
  return elements;
}

function element(r: Reader): ElementTree {
  const s = r.tokens;
  const src = placeOf(s.peek());
  if (s.atSign('{')) return { key: setInBraces(r), data: null, src };
  const star = s.takeSign('*');
  const key: Expr = star ? { kind: 'any', src } : concat(r, () => value(r));
  elementOptions(s);
  if (!s.takeSign(':')) return { key, data: null, src };
  if (atVerdict(s)) return { key, data: { verdict: takeVerdict(r) }, src };
  return { key, data: { value: concat(r, () => value(r)) }, src };
}

function elementOptions(s: TokenStream): void {
  for (;;) {
    const token = s.peek();
    if (s.atWord('timeout', 'expires')) throw unsupported(token, `an element with a time-out (${token.text})`);
    if (s.atWord('counter', 'limit', 'quota', 'ct', 'last')) throw unsupported(token, `a statement at an element (${token.text})`);
    if (!s.takeWord('comment')) return;
    takeComment(s);
  }
}

/** The text after `comment`. */
export function takeComment(s: TokenStream): string {
  const token = s.peek();
  const free = token.kind === 'word' && !KEYWORDS.has(token.text);
  if (token.kind !== 'quoted' && token.kind !== 'wildcard' && !free) throw s.wrong('the comment in quotes');
  if (new TextEncoder().encode(token.text).length > LONGEST_COMMENT)
    throw fault('NFT_TYPE', token, 'the comment is too long', { expected: `at most ${LONGEST_COMMENT} characters` });
  return s.next().text;
}

/** NFTNL_UDATA_COMMENT_MAXLEN */
const LONGEST_COMMENT = 128;

// ---- verdicts --------------------------------------------------------------------------------------------------------

const VERDICTS = ['accept', 'drop', 'continue', 'return', 'jump', 'goto'] as const;

export function atVerdict(s: TokenStream): boolean {
  return s.atWord(...VERDICTS);
}

export function takeVerdict(r: Reader): VerdictTree {
  const s = r.tokens;
  const token = s.next();
  const verdict = token.text as VerdictTree['verdict'];
  const src = placeOf(token);
  if (verdict !== 'jump' && verdict !== 'goto') return { verdict, chain: null, src };
  if (s.atSign('{')) throw unsupported(token, `a chain without a name (${verdict} { ... })`);
  if (s.atSign('$')) return { verdict, chain: chainVariable(r), src };
  const name = s.wantName('the name of a chain');
  return { verdict, chain: { name: name.text, src: placeOf(name) }, src };
}

function chainVariable(r: Reader): VerdictTree['chain'] {
  const found = variable(r);
  let inner = found;
  while (inner.kind === 'variable') inner = inner.value;
  if (inner.kind !== 'word') throw fault('NFT_TYPE', found.src, 'the variable holds no name of a chain', { expected: 'the name of a chain' });
  return { name: inner.text, src: found.src };
}
