/**
 * Durations as people write them.
 * @module
 */
import { LabError } from '../../base/error.js';
import { type Nanos, parseDuration } from '../../base/time.js';

/** Errors: CLI_USAGE. */
export function durationOf(text: string): Nanos {
  const duration = parseDuration(text);
  if (duration === undefined) throw new LabError('CLI_USAGE', `"${text}" is no duration`, { expected: 'such as 5s or 250ms' });
  return duration;
}
