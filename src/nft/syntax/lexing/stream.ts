/**
 * The tokens of a file and of those that it includes, one after the other; an included file's tokens come where its
 * `include` stands.
 * @module
 */
import { must } from '../../../base/assert.js';
import type { LabError, SourceRef } from '../../../base/error.js';
import { fault } from '../../fault.js';
import { KEYWORDS } from './keywords.js';
import { nameOf } from './token.js';
import type { Token } from './token.js';

interface Frame {
  readonly file: string;
  readonly tokens: readonly Token[];
  at: number;
}

export class TokenStream {
  readonly #frames: Frame[] = [];
  readonly #end: Token;
  /** Tokens taken since {@link mark}. */
  #taken: Token[] | null = null;
  #depth = 0;

  constructor(file: string, tokens: readonly Token[], text: string) {
    this.#frames.push({ file, tokens, at: 0 });
    const lines = text.split('\n');
    this.#end = { kind: 'end', raw: '', text: '', file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, spaced: false };
  }

  /** Braces that are open. */
  get depth(): number {
    return this.#depth;
  }

  /** Files that are being read, the innermost last. */
  get open(): readonly string[] {
    return this.#frames.map((frame) => frame.file);
  }

  /** The token that comes next, or one of those after it. */
  peek(ahead = 0): Token {
    let left = ahead;
    for (let i = this.#frames.length - 1; i >= 0; i--) {
      const { tokens, at } = must(this.#frames[i], 'a frame');
      const token = tokens[at + left];
      if (token !== undefined) return token;
      left -= tokens.length - at;
    }
    return this.#end;
  }

  next(): Token {
    for (;;) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) return this.#end;
      const token = frame.tokens[frame.at];
      if (token !== undefined) {
        frame.at++;
        if (token.kind === 'sign') this.#depth += token.text === '{' ? 1 : token.text === '}' ? -1 : 0;
        this.#taken?.push(token);
        return token;
      }
      if (this.#frames.length === 1) return this.#end;
      this.#frames.pop();
    }
  }

  include(file: string, tokens: readonly Token[]): void {
    while (this.#frames.length > 1 && this.#ended()) this.#frames.pop();
    this.#frames.push({ file, tokens, at: 0 });
  }

  #ended(): boolean {
    const frame = must(this.#frames.at(-1), 'a frame');
    return frame.at >= frame.tokens.length;
  }

  /** Begins to remember tokens, for the text of a rule. */
  mark(): void {
    this.#taken = [];
  }

  /** How many tokens were taken since {@link mark}. */
  get taken(): number {
    return this.#taken?.length ?? 0;
  }

  /** The first tokens since {@link mark}, on one line; nothing is remembered any more. */
  release(count: number): string {
    let [text, gap] = ['', false];
    for (const token of this.#taken?.slice(0, count) ?? []) {
      gap ||= token.spaced || token.kind === 'newline';
      if (token.kind === 'newline') continue;
      text += gap && text !== '' ? ` ${token.raw}` : token.raw;
      gap = false;
    }
    this.#taken = null;
    return text;
  }

  /** True when the next token is this sign. */
  atSign(sign: string): boolean {
    const token = this.peek();
    return token.kind === 'sign' && token.text === sign;
  }

  /** True when the next token is one of these words. */
  atWord(...words: readonly string[]): boolean {
    const token = this.peek();
    return token.kind === 'word' && words.includes(token.text);
  }

  takeSign(sign: string): boolean {
    if (!this.atSign(sign)) return false;
    this.next();
    return true;
  }

  takeWord(...words: readonly string[]): boolean {
    if (!this.atWord(...words)) return false;
    this.next();
    return true;
  }

  wantSign(sign: string, expected = `"${sign}"`): Token {
    if (!this.atSign(sign)) throw this.wrong(expected);
    return this.next();
  }

  wantWord(word: string): Token {
    if (!this.atWord(word)) throw this.wrong(`"${word}"`);
    return this.next();
  }

  /** A name that is no keyword, without quotes. @param what such as "the name of a chain" */
  wantName(what: string): Token {
    const token = this.peek();
    if (token.kind !== 'word') throw this.wrong(what, token.kind === 'quoted' ? 'nft takes names without quotes only' : undefined);
    if (KEYWORDS.has(token.text)) throw this.wrong(what, `"${token.text}" is a word of nft's own: choose another name`);
    return this.next();
  }

  /** A number that JavaScript can hold. */
  wantNumber(what: string): { readonly value: number; readonly token: Token } {
    const token = this.peek();
    if (token.kind !== 'number') throw this.wrong(what);
    const value = Number(token.text);
    if (!Number.isSafeInteger(value)) throw fault('NFT_TYPE', token, `${token.raw} is too large`, { expected: `${what}, at most ${Number.MAX_SAFE_INTEGER}` });
    this.next();
    return { value, token };
  }

  /** The end of a line, a semicolon, or the end of the file. Not taken: the end of the file. */
  atEndOfStatement(): boolean {
    const token = this.peek();
    return token.kind === 'newline' || token.kind === 'end' || this.atSign(';');
  }

  atEnd(): boolean {
    return this.peek().kind === 'end';
  }

  /** NFT_SYNTAX at the next token. */
  wrong(expected: string, hint?: string, at: SourceRef = this.peek()): LabError {
    return fault('NFT_SYNTAX', at, `${nameOf(this.peek())} can't stand here`, { expected, ...(hint !== undefined && { hint }) });
  }

  /** After a fault: goes on at the next line or semicolon of the block at this depth, or before the brace that closes it. */
  skipStatement(depth: number): void {
    for (;;) {
      const token = this.peek();
      if (token.kind === 'end') return;
      if (this.#depth <= depth && (token.kind === 'newline' || this.atSign(';') || this.atSign('}'))) return;
      this.next();
    }
  }
}
