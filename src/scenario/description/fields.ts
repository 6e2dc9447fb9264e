/**
 * Values that steps and expectations are written with.
 * @module
 */
import { z } from 'zod';
import type { Nanos } from '../../base/time.js';
import { parseDuration, seconds } from '../../base/time.js';

/** Lab time is exact up to here: 104 days in nanoseconds. */
const LONGEST = Number.MAX_SAFE_INTEGER;

type ListOf<T> = z.ZodType<readonly T[], readonly T[]>;
type TwoOf<T> = z.ZodType<readonly [T, T], readonly [T, T]>;

/** One at least. */
export function list<T>(item: z.ZodType<T, T>): ListOf<T> {
  return z.array(item).min(1);
}

function two<T>(item: z.ZodType<T, T>): TwoOf<T> {
  return z.tuple([item, item]);
}

/** A name of the flow's `actors`. */
export const actor = z.string().min(1);
export const actors = list(actor);
export const pair = two(actor);
/** A name of the topology, or of the flow. */
export const name = z.string().min(1);
/** Two of those. */
export const nodePair = two(name);
export const names = z.union([name, list(name)]);

export const duration = z
  .string()
  .refine((text) => (parseDuration(text) ?? Infinity) <= LONGEST, { error: 'a duration such as 4s or 250ms, of at most 2501h' })
  .describe('a duration such as 4s or 250ms');

/** Of a text that is a duration. */
export function time(text: string): Nanos {
  return parseDuration(text) ?? seconds(0);
}
