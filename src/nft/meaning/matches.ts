/**
 * Matches and look-ups. How a match on flags is read follows nft to the letter: without an operator any of the bits will
 * do, `!` wants none of them, `==` and `!=` compare the whole field.
 * @see nft(8), "Expressions"
 * @module
 */
import { fault } from '../fault.js';
import type { Match, Operand, Pattern, SetRef } from '../ruleset.js';
import type { Expr, RelationalOperator, StatementTree } from '../syntax/tree.js';
import { BITMASKS } from './values/constants.js';
import { operand } from './operands.js';
import type { ReadOperand } from './operands.js';
import { clash } from './overlaps.js';
import type { Protocols } from './protocols.js';
import { signatureOf, verdictOf } from './scope.js';
import type { SetSignature, TableScope } from './scope.js';
import { body, checkData, elements } from './sets.js';
import { maximum, wordsOf } from './values/types.js';
import type { TypeInfo } from './values/types.js';
import { number, pattern, plain } from './values/values.js';

/** What a rule's statements are resolved with. */
export interface RuleContext {
  readonly scope: TableScope;
  readonly protocols: Protocols;
}

const EQUALITY = { implicit: 'eq', '==': 'eq', '!=': 'ne' } as const;
const ORDER = { '<': 'lt', '>': 'gt', '<=': 'le', '>=': 'ge' } as const;

/** Errors: NFT_TYPE, NFT_UNKNOWN, NFT_CONFLICT, NFT_UNSUPPORTED. */
export function resolveMatch(tree: Extract<StatementTree, { do: 'match' }>, context: RuleContext): Match {
  const read = operand(tree.left, context.protocols, true);
  const right = plain(tree.right);
  const found = right.kind === 'set' || right.kind === 'set-name' ? lookup(read, tree, context) : comparison(read, tree);
  context.protocols.matched(found);
  return found;
}

function lookup({ operand: left, types }: ReadOperand, tree: Extract<StatementTree, { do: 'match' }>, context: RuleContext): Match {
  const { op } = tree;
  if (op !== 'implicit' && op !== '==' && op !== '!=')
    throw fault('NFT_TYPE', tree.right.src, `a set cannot be compared by "${op}"`, { expected: '== or !=, or no operator' });
  return { do: 'lookup', left, op: EQUALITY[op], set: setRef(tree.right, { types, gives: null }, context) };
}

/**
 * A set in braces, or a named one that fits. A map serves as a set too.
 * @param wanted types of the key, and what a map must give
 */
export function setRef(e: Expr, wanted: SetSignature, { scope }: RuleContext): SetRef {
  const inner = plain(e);
  if (inner.kind === 'set-name') {
    const signature = signatureOf({ name: inner.name, src: e.src }, scope);
    checkKey(e, inner.name, signature, wanted.types);
    return { is: 'named', name: inner.name };
  }
  const found = elements(e, { ...wanted, verdict: (verdict) => verdictOf(verdict, scope) });
  checkData(found, mayGiveRanges(wanted.gives) ? null : false);
  const trouble = clash(found, wanted.gives === null && wanted.types.length === 1);
  if (trouble !== null) throw trouble;
  if (found.length === 0) throw fault('NFT_TYPE', e.src, 'the set is empty', { expected: 'at least one element' });
  return { is: 'anonymous', set: body(wanted, found) };
}

/** Addresses and ports to translate to; a mark is a single one. */
function mayGiveRanges(gives: SetSignature['gives']): boolean {
  return Array.isArray(gives) && (gives as readonly TypeInfo[]).every(({ type }) => type !== 'mark');
}

function checkKey(e: Expr, name: string, { types }: SetSignature, wanted: readonly TypeInfo[]): void {
  if (types.length === wanted.length && types.every((info, i) => sameType(info, wanted[i] as TypeInfo))) return;
  throw fault('NFT_TYPE', e.src, `the set "${name}" holds ${types.map(wordsOf).join(' . ')}`, { expected: wanted.map(wordsOf).join(' . ') });
}

export function sameType(a: TypeInfo, b: TypeInfo): boolean {
  return a.type === b.type && a.bits === b.bits && a.time === b.time;
}

function comparison(read: ReadOperand, tree: Extract<StatementTree, { do: 'match' }>): Match {
  const { op, right } = tree;
  const [info] = read.types;
  if (read.operand.is === 'concat' || info === undefined) {
    throw fault('NFT_TYPE', right.src, 'a concatenation is compared with a set', { expected: `{ ${read.types.map(wordsOf).join(' . ')} }` });
  }
  if (plain(right).kind === 'any') throw fault('NFT_TYPE', right.src, '"*" stands in sets only');
  if (read.operand.is === 'selector' && BITMASKS.has(info.type) && (op === 'implicit' || op === '!')) {
    return { do: 'match-any-bit', left: read.operand.selector, op: op === '!' ? 'ne' : 'eq', bits: number(right, info) };
  }
  if (op === '!') throw fault('NFT_TYPE', tree.src, '"!" before a value is for flags only', { expected: '!=' });
  const against = pattern(right, info);
  if (op in ORDER) return ordered(read.operand, ORDER[op as keyof typeof ORDER], against, right);
  return equal(read.operand, EQUALITY[op as keyof typeof EQUALITY], against, info);
}

function ordered(left: Operand, op: 'lt' | 'gt' | 'le' | 'ge', right: Pattern, e: Expr): Match {
  if (right.is === 'number' || right.is === 'address') return { do: 'match', left, op, right };
  throw fault('NFT_TYPE', e.src, 'only a single number or address is greater or less', { expected: '== or !=, or no operator' });
}

/** A masked field against one value is a match of its own kind. */
function equal(left: Operand, op: 'eq' | 'ne', right: Pattern, info: TypeInfo): Match {
  if (left.is !== 'bits' || right.is !== 'number') return { do: 'match', left, op, right };
  const { of, mask, xor } = left.bits;
  if (mask === maximum(info.bits))
    return { do: 'match', left: { is: 'selector', selector: of }, op, right: { is: 'number', number: (right.number ^ xor) >>> 0 } };
  return { do: 'match-masked', left: of, op, mask, value: (right.number ^ xor) >>> 0 };
}

/** `tcp flags syn / syn,ack`: of the flags after the slash just those before it are set. */
export function resolveMasked(tree: Extract<StatementTree, { do: 'match-masked' }>, context: RuleContext): Match {
  const read = operand(tree.left, context.protocols, true);
  const [info] = read.types;
  if (read.operand.is !== 'selector' || info === undefined || !BITMASKS.has(info.type))
    throw fault('NFT_TYPE', tree.src, 'a mask after a slash is for flags only', { expected: 'such as: tcp flags syn / syn,ack' });
  const op: RelationalOperator = tree.op;
  if (op !== 'implicit' && op !== '==' && op !== '!=')
    throw fault('NFT_TYPE', tree.src, `a mask after a slash cannot be compared by "${op}"`, { expected: '== or !=, or no operator' });
  const masked: Operand = { is: 'bits', bits: { of: read.operand.selector, mask: number(tree.mask, info), xor: 0 } };
  return equal(masked, EQUALITY[op], { is: 'number', number: number(tree.value, info) }, info);
}
