/**
 * The grammar of filter expressions: a subset of Wireshark's display filters (wireshark-filter(4), version 4.0).
 *
 *     or       = and *(("||" / "or") and)
 *     and      = not *(("&&" / "and") not)
 *     not      = ("!" / "not") not / "(" or ")" / test
 *     test     = field [operator (literal / field) / ["not"] "in" "{" item *("," item) "}"]
 *     field    = name ["[" slice "]"]
 *     slice    = first ":" length / first "-" last / index / ":" length / first ":"
 *     item     = literal [".." literal]
 * @module
 */
import { filterError, lex, type Token } from './lexer.js';

export type Operator = '==' | '!=' | '===' | '!==' | '>' | '<' | '>=' | '<=' | 'contains' | 'matches';

export interface Slice {
  readonly first: number;
  /** Octets; Infinity = to the end. */
  readonly length: number;
}

export interface FieldRef {
  readonly name: string;
  readonly slice: Slice | null;
  readonly column: number;
}

export interface Literal {
  readonly text: string;
  readonly quoted: boolean;
  readonly column: number;
}

export type Expression =
  | { readonly kind: 'or' | 'and'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'exists'; readonly field: FieldRef }
  | { readonly kind: 'compare'; readonly field: FieldRef; readonly operator: Operator; readonly operand: Literal; readonly column: number }
  | { readonly kind: 'in'; readonly field: FieldRef; readonly items: readonly { readonly from: Literal; readonly to: Literal | null }[] };

const OPERATORS: Readonly<Record<string, Operator>> = {
  '==': '==',
  eq: '==',
  any_eq: '==',
  '!=': '!=',
  ne: '!=',
  all_ne: '!=',
  '===': '===',
  all_eq: '===',
  '!==': '!==',
  any_ne: '!==',
  '>': '>',
  gt: '>',
  '<': '<',
  lt: '<',
  '>=': '>=',
  ge: '>=',
  '<=': '<=',
  le: '<=',
  contains: 'contains',
  matches: 'matches',
};
const WORDS = new Set(['and', 'or', 'not', 'in', ...Object.keys(OPERATORS)]);
/** Parentheses and negations within each other. */
const MAX_DEPTH = 200;

/** Errors: FILTER_SYNTAX with the column. */
export function parseFilter(text: string): Expression {
  return new Parser(lex(text)).parse();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Expression {
    const expression = this.#or();
    const rest = this.#peek();
    if (rest.kind !== 'end') throw this.#unexpected(rest, 'and, or, or the end of the filter');
    return expression;
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #next(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  /** Takes the token when it is one of these symbols or words. */
  #take(...texts: readonly string[]): boolean {
    const token = this.#peek();
    if (token.kind === 'string' || token.kind === 'end' || !texts.includes(token.text)) return false;
    this.#at++;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) throw this.#unexpected(this.#peek(), `"${symbol}"`);
  }

  #unexpected(token: Token, expected: string): Error {
    const what = token.kind === 'end' ? 'the filter ends too early' : `"${token.text}" was not expected here`;
    return filterError('FILTER_SYNTAX', what, token.column, { expected });
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#take('||', 'or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#take('&&', 'and')) left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    const token = this.#peek();
    if (++this.#depth > MAX_DEPTH) throw filterError('FILTER_SYNTAX', 'the filter is nested too deeply', token.column);
    try {
      if (this.#take('!', 'not')) return { kind: 'not', of: this.#not() };
      if (!this.#take('(')) return this.#test();
      const inner = this.#or();
      this.#expect(')');
      return inner;
    } finally {
      this.#depth--;
    }
  }

  #test(): Expression {
    const field = this.#field();
    const token = this.#peek();
    const operator = token.kind === 'string' ? undefined : OPERATORS[token.text];
    if (operator !== undefined) {
      this.#next();
      return { kind: 'compare', field, operator, operand: this.#literal(), column: token.column };
    }
    if (this.#take('in')) return this.#set(field);
    if (token.text === 'not' && token.kind === 'word' && this.#tokens[this.#at + 1]?.text === 'in') {
      this.#at += 2;
      return { kind: 'not', of: this.#set(field) };
    }
    return { kind: 'exists', field };
  }

  #set(field: FieldRef): Expression {
    this.#expect('{');
    const items = [];
    do {
      const from = this.#literal();
      items.push({ from, to: this.#take('..') ? this.#literal() : null });
    } while (this.#take(','));
    this.#expect('}');
    return { kind: 'in', field, items };
  }

  #field(): FieldRef {
    const token = this.#next();
    if (token.kind !== 'word' || WORDS.has(token.text)) throw this.#unexpected(token, 'a field such as ip.addr');
    const slice = this.#take('[') ? this.#slice() : null;
    return { name: token.text, slice, column: token.column };
  }

  #slice(): Slice {
    const token = this.#next();
    // `0:4`, `0-3`, `4`, `:4` and `4:` are each one word: colons and hyphens are part of words.
    const match = token.kind === 'word' ? /^(?:(\d+)-(\d+)|(\d*):(\d*)|(\d+))$/.exec(token.text) : null;
    if (match === null || token.text === ':') throw this.#unexpected(token, 'a slice: [first:length], [first-last] or [index]');
    this.#expect(']');
    const [, from, to, first, length, index] = match;
    if (from !== undefined) {
      const octets = Number(to) - Number(from) + 1;
      if (octets < 1) throw this.#unexpected(token, 'a slice whose end is not before its start');
      return { first: Number(from), length: octets };
    }
    if (index !== undefined) return { first: Number(index), length: 1 };
    return { first: Number(first || '0'), length: length === undefined || length === '' ? Infinity : Number(length) };
  }

  #literal(): Literal {
    const token = this.#next();
    if (token.kind === 'symbol' || token.kind === 'end' || (token.kind === 'word' && WORDS.has(token.text))) {
      throw this.#unexpected(token, 'a value');
    }
    return { text: token.text, quoted: token.kind === 'string', column: token.column };
  }
}
