/**
 * What generated rules of a table may refer to.
 * @module
 */
import type { TypeInfo } from '../../meaning/values/types.js';
import type { NamedLimit, TableFamily } from '../../ruleset.js';

export interface TableContents {
  readonly family: TableFamily;
  readonly sets: readonly { readonly name: string; readonly key: readonly TypeInfo[]; readonly gives: null }[];
  readonly counters: readonly string[];
  readonly limits: readonly { readonly name: string; readonly limit: NamedLimit['limit'] }[];
}
