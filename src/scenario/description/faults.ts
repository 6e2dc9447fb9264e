/**
 * Faults of steps and expectations that do not fit a topology.
 * @module
 */
import { LabError } from '../../base/error.js';
import type { SourceRef } from '../../base/error.js';
import { didYouMean, listed } from '../../base/suggest.js';
import type { ScriptFacts } from './expectation-kind.js';

/** What people wrote it in. */
export type FitCode = 'FLOW_ACTOR' | 'FLOW_STEP' | 'FLOW_EXPECTATION';

/** `message` with the names that would do. */
export function unknownName(code: FitCode, message: string, name: string, known: readonly string[], where: SourceRef): LabError {
  return new LabError(code, message, { where, expected: `one of: ${listed(known)}`, ...didYouMean(name, known) });
}

/** Nothing passes between somebody and themselves. @param names actors, or nodes of the topology */
export function nobodyTwice(names: readonly string[], { actors }: Pick<ScriptFacts, 'actors'>, where: SourceRef): readonly LabError[] {
  const nodes = names.map((name) => (Object.hasOwn(actors, name) ? actors[name] : name));
  const again = nodes.findIndex((node, i) => nodes.indexOf(node) !== i);
  const [first, second] = [names[nodes.indexOf(nodes[again])], names[again]];
  if (first === undefined || second === undefined) return [];
  const who = first === second ? `"${first}" and "${second}"` : `"${first}" and "${second}", who are the same,`;
  return [new LabError('FLOW_EXPECTATION', `nothing can be seen between ${who}`, { where, expected: 'two different ones' })];
}

/** One fault for each of the names that is none of those known. @param message of a name */
export function unknownNames(
  code: FitCode,
  names: readonly string[],
  known: readonly string[],
  where: SourceRef,
  message: (name: string) => string,
): readonly LabError[] {
  return names.filter((name) => !known.includes(name)).map((name) => unknownName(code, message(name), name, known, where));
}
