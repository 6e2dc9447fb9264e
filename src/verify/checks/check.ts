/**
 * What an expectation is to its judge. Each kind is a file of this folder and a line of `table.ts`; whoever judges sees
 * the ledger and the plan, nothing of what acted.
 * @module
 */
import type { z } from 'zod';
import type { ExpectationKind, ExpectationOf } from '../../scenario/description/expectation-kind.js';
import type { Context } from '../context.js';
import type { Finding, Verdict } from '../finding.js';

/** What a check is called and what it wants: known before the run. */
export type About = Pick<Finding, 'check' | 'subject' | 'expected'>;

/** @typeParam F the fields of an expectation, beside its key and its place */
export interface Check<K extends string = string, Z extends z.ZodType = z.ZodType, F extends object = object> extends ExpectationKind<K, Z, F> {
  about(expectation: ExpectationOf<K, F>, c: Context): About;
  judge(expectation: ExpectationOf<K, F>, c: Context): Verdict;
}

/** In the order of the reference. */
export type CheckTable = readonly Check[];

/** For the types: those of the later fields follow from the schema and from what `read` gives. */
export function check<const K extends string, Z extends z.ZodType, F extends object>(kind: Check<K, Z, F>): Check<K, Z, F> {
  return kind;
}
