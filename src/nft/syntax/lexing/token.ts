/**
 * Tokens of nftables' language.
 * @see nft(8), "Lexical conventions"
 * @module
 */
import type { SourceRef } from '../../../base/error.js';

/**
 * `word`: a name, a keyword, an address or a time; `wildcard`: a word with a star (`eth*`); `sign`: punctuation, and
 * operators written as words (`and`, `eq`) in their sign form; `junk`: what nft has no use for.
 */
export type TokenKind = 'word' | 'number' | 'quoted' | 'wildcard' | 'sign' | 'newline' | 'junk' | 'end';

export interface Token extends SourceRef {
  readonly kind: TokenKind;
  /** As written. */
  readonly raw: string;
  /** A word's or a quote's contents, an operator's sign; a number in decimal. */
  readonly text: string;
  /** True when white space stands before it on its line. */
  readonly spaced: boolean;
}

export function placeOf({ file, line, column }: SourceRef): SourceRef {
  return { file, line, column };
}

/** A token as an error message names it. */
export function nameOf(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the file';
    case 'newline':
      return 'the end of the line';
    case 'quoted':
      return token.raw;
    default:
      return `"${token.raw}"`;
  }
}
