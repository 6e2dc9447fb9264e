/**
 * All expectations that a flow can have, in the order of the reference. To add one: a file beside this, and a line here.
 * @module
 */
import type { z } from 'zod';
import { must } from '../../base/assert.js';
import type { AnyExpectation, ExpectationOf } from '../../scenario/description/expectation-kind.js';
import { call } from './call.js';
import type { Check, CheckTable } from './check.js';
import { fails } from './fails.js';
import { ice } from './ice.js';
import { internetOnly } from './internet-only.js';
import { media } from './media.js';
import { message } from './message.js';
import { quality } from './quality.js';
import { signalling } from './signalling.js';
import { signedIn } from './signed-in.js';
import { silence } from './silence.js';
import { symmetric } from './symmetric.js';
import { why } from './why.js';

export const CHECKS = [signedIn, signalling, message, call, media, ice, symmetric, quality, internetOnly, fails, silence, why] as const;

type Kind = (typeof CHECKS)[number];
type Made<C> = C extends Check<infer K, z.ZodType, infer F> ? ExpectationOf<K, F> : never;
type Written<C> = C extends Check<infer K, infer Z, object> ? { readonly [P in K]: z.input<Z> } : never;

/** What the kinds of the table make. */
export type Expectation = Made<Kind>;
/** One entry of `expect`, as people write it. */
export type ExpectationText = Written<Kind>;

/** @param table the one that the expectation was read by */
export function checkOf(expectation: AnyExpectation, table: CheckTable = CHECKS): Check {
  return must(
    table.find(({ key }) => key === expectation.expect),
    `an expectation "${expectation.expect}"`,
  );
}
