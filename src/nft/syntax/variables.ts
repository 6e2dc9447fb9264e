/**
 * Symbolic variables. What is defined in a block is known in it and in the blocks inside, from there on.
 * @see nft(8), "Symbolic variables"
 * @module
 */
import { must } from '../../base/assert.js';
import { didYouMean, listed } from '../../base/suggest.js';
import { fault } from '../fault.js';
import type { Token } from './lexing/token.js';
import type { Expr } from './tree.js';

/** The innermost block last. */
export class Variables {
  readonly #scopes: Map<string, Expr>[] = [new Map()];

  open(): void {
    this.#scopes.push(new Map());
  }

  close(): void {
    this.#scopes.pop();
  }

  /** Known here, from the innermost block outwards. */
  get(name: string): Expr | undefined {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const found = this.#scopes[i]?.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  names(): readonly string[] {
    return this.#scopes.flatMap((scope) => [...scope.keys()]);
  }

  isDefinedInBlock(name: string): boolean {
    return this.#inner().has(name);
  }

  /** In the innermost block. */
  define(name: string, value: Expr): void {
    this.#inner().set(name, value);
  }

  /** False when the innermost block does not define it. */
  undefine(name: string): boolean {
    return this.#inner().delete(name);
  }

  #inner(): Map<string, Expr> {
    return must(this.#scopes.at(-1), 'a block');
  }
}

/** What the variable holds. Errors: NFT_UNKNOWN. */
export function expandName(variables: Variables, token: Token): Expr {
  const found = variables.get(token.text);
  if (found !== undefined) return found;
  const known = variables.names();
  // `$net/24` is read as one word, by nft too.
  const slash = /^(\w+)[-/.]/.exec(token.text)?.[1];
  const spaces =
    slash !== undefined && variables.get(slash) !== undefined
      ? { hint: `write "$${slash} ${token.text.slice(slash.length)}" with a space: nft takes "${token.text}" as the name` }
      : didYouMean(token.text, known);
  throw fault('NFT_UNKNOWN', token, `there is no variable "${token.text}"`, { expected: `one of: ${listed(known)}`, ...spaces });
}
