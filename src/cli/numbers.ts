/**
 * Numbers among the words of a command.
 * @module
 */
import { LabError } from '../base/error.js';

/** Errors: CLI_USAGE. */
export function seedOf(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))
    throw new LabError('CLI_USAGE', `"${text}" is no seed`, { expected: 'a whole number, such as --seed 7' });
  return seed;
}

/** Errors: CLI_USAGE. */
export function limitOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new LabError('CLI_USAGE', `"${text}" is no number`, { expected: 'a whole number, such as --limit 5' });
  return Number(text);
}
