/**
 * What a rule can see of its table: sets, maps, counters, limits and chains that are there when the rule is added.
 * @module
 */
import { didYouMean, listed } from '../../base/suggest.js';
import type { LabError } from '../../base/error.js';
import { fault, FollowOn } from '../fault.js';
import type { ChainHook, Limit, TableFamily, Verdict } from '../ruleset.js';
import type { NameTree, VerdictTree } from '../syntax/tree.js';
import type { TypeInfo } from './values/types.js';

export interface SetSignature {
  readonly types: readonly TypeInfo[];
  readonly gives: 'verdict' | readonly TypeInfo[] | null;
}

export interface TableScope {
  readonly family: TableFamily;
  readonly name: string;
  readonly sets: ReadonlyMap<string, SetSignature>;
  readonly counters: ReadonlySet<string>;
  readonly limits: ReadonlyMap<string, Limit>;
  /** Null: a regular chain. */
  readonly chains: ReadonlyMap<string, ChainHook | null>;
  /** Names of chains and sets whose definition is at fault. */
  readonly broken: ReadonlySet<string>;
}

/** Errors: NFT_UNKNOWN. @param what such as "set" */
export function unknown(tree: NameTree, what: string, known: Iterable<string>, scope: TableScope): LabError | FollowOn {
  if (scope.broken.has(tree.name)) return new FollowOn();
  const names = [...known];
  return fault('NFT_UNKNOWN', tree.src, `the table ${scope.family} ${scope.name} has no ${what} "${tree.name}"`, {
    expected: names.length === 0 ? `a ${what} that stands in the same table, before this rule or in the same block` : `one of: ${listed(names)}`,
    ...didYouMean(tree.name, names),
  });
}

export function signatureOf(tree: NameTree, scope: TableScope): SetSignature {
  const found = scope.sets.get(tree.name);
  if (found === undefined) throw unknown(tree, 'set or map', scope.sets.keys(), scope);
  return found;
}

/** Errors: NFT_UNKNOWN for a chain that is not there, NFT_CONFLICT for a base chain. */
export function verdictOf({ verdict, chain }: VerdictTree, scope: TableScope): Verdict {
  if (verdict !== 'jump' && verdict !== 'goto') return { verdict };
  if (chain === null) return { verdict: 'return' };
  const hook = scope.chains.get(chain.name);
  if (hook === undefined) throw unknown(chain, 'chain', scope.chains.keys(), scope);
  if (hook !== null)
    throw fault('NFT_CONFLICT', chain.src, `"${chain.name}" is a base chain: packets come to it by the hook ${hook}, never by ${verdict}`, {
      expected: 'a chain without type and hook',
    });
  return { verdict, chain: chain.name };
}
