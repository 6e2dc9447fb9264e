/**
 * Elements of sets and maps: keys and data of the right types, each key once.
 * @see nft(8), "Sets", "Maps"
 * @module
 */
import { fault, unsupported } from '../fault.js';
import type { Element, MapData, Pattern, SetBody, Verdict } from '../ruleset.js';
import type { ElementTree, Expr, VerdictTree } from '../syntax/tree.js';
import type { SetSignature } from './scope.js';
import { wordsOf } from './values/types.js';
import type { TypeInfo } from './values/types.js';
import { pattern, plain } from './values/values.js';

/** What the elements of a set are held against. */
export interface SetShape extends SetSignature {
  /** Chains that a verdict may name are checked by whoever knows them. */
  readonly verdict: (tree: VerdictTree) => Verdict;
}

/** Variables in variables could make any number of them. */
const MOST_ELEMENTS = 100_000;

/** Elements in the order of the text, sets in sets laid flat. Errors: NFT_TYPE, NFT_CONFLICT, NFT_UNSUPPORTED. */
export function elements(e: Expr, shape: SetShape): readonly Element[] {
  const found: Element[] = [];
  gather(e, shape, found);
  return found;
}

function gather(e: Expr, shape: SetShape, found: Element[]): void {
  const inner = plain(e);
  if (inner.kind !== 'set') throw fault('NFT_TYPE', e.src, 'a set in braces must stand here', { expected: '{ ... }' });
  for (const tree of inner.elements) {
    const key = plain(tree.key);
    if (key.kind === 'set' && tree.data === null) gather(key, shape, found);
    else found.push(element(tree, shape));
    if (found.length > MOST_ELEMENTS) throw unsupported(e.src, `a set with more than ${MOST_ELEMENTS} elements`);
  }
}

function element(tree: ElementTree, shape: SetShape): Element {
  const key = parts(tree.key, shape.types, 'key');
  const { src } = tree;
  if (shape.gives === null) {
    if (tree.data !== null) throw fault('NFT_TYPE', src, 'an element of a set has no data', { hint: 'a map has: map, or vmap for verdicts' });
    return { key, data: null, src };
  }
  if (tree.data === null)
    throw fault('NFT_TYPE', src, 'the element of the map has no data', {
      expected: shape.gives === 'verdict' ? 'KEY : accept' : `KEY : ${shape.gives.map(wordsOf).join(' . ')}`,
    });
  return { key, data: data(tree.data, shape), src };
}

function data(tree: NonNullable<ElementTree['data']>, { gives, verdict }: SetShape): MapData {
  if (gives === 'verdict') {
    if ('verdict' in tree) return { is: 'verdict', verdict: verdict(tree.verdict) };
    throw fault('NFT_TYPE', tree.value.src, 'the map gives verdicts', { expected: 'accept, drop, return, continue, jump CHAIN or goto CHAIN' });
  }
  if ('verdict' in tree)
    throw fault('NFT_TYPE', tree.verdict.src, 'the map gives values, no verdicts', {
      expected: (gives ?? []).map(wordsOf).join(' . '),
      hint: 'vmap gives verdicts',
    });
  return { is: 'data', parts: parts(tree.value, gives ?? [], 'value') };
}

function parts(e: Expr, types: readonly TypeInfo[], what: string): readonly Pattern[] {
  const inner = plain(e);
  if (inner.kind === 'any') return [{ is: 'any' }];
  const exprs = inner.kind === 'concat' ? inner.parts : [e];
  if (exprs.length !== types.length) {
    throw fault('NFT_TYPE', e.src, `the ${what} has ${exprs.length} part${exprs.length === 1 ? '' : 's'}, not ${types.length}`, {
      expected: types.map(wordsOf).join(' . '),
    });
  }
  return exprs.map((part, i) => pattern(part, types[i] as TypeInfo));
}

/** True when the data are, or hold, a range: the kernel takes a map in which all are so, or none. */
export function isRangeData({ data: of }: Element): boolean {
  return of?.is === 'data' && of.parts.some((part) => part.is === 'range' || part.is === 'prefix');
}

/** Errors: NFT_TYPE. @param ranges as the definition of a named map says; null: as the first element is */
export function checkData(found: readonly Element[], ranges: boolean | null): void {
  const [first] = found;
  if (first === undefined) return;
  const wanted = ranges ?? isRangeData(first);
  const odd = found.find((one) => isRangeData(one) !== wanted);
  if (odd === undefined) return;
  if (ranges === false) throw fault('NFT_TYPE', odd.src, 'the map gives single values', { hint: 'type KEY : interval DATA; lets it give ranges' });
  throw fault('NFT_TYPE', odd.src, wanted ? 'the map gives ranges, this is a single value' : 'the map gives single values, this is a range', {
    hint: 'a single value is a range too: 10.0.0.1-10.0.0.1',
  });
}

/** The types as the rule set names them. */
export function body(shape: SetSignature, found: readonly Element[]): SetBody {
  const gives = shape.gives === 'verdict' || shape.gives === null ? shape.gives : shape.gives.map((info) => info.type);
  return { types: shape.types.map((info) => info.type), gives, elements: found };
}
