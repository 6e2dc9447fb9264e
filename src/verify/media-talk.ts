/**
 * The media of two actors: what each hears of the other, by whatever relays and mixers.
 * @module
 */
import type { MediaStream } from '../analysis/legs.js';
import { talkBetween, type Talk } from '../analysis/talk.js';
import type { Context } from './context.js';

export type Pair = readonly [string, string];

/** None or one. */
export function mediaTalk(c: Context, between: Pair): readonly Talk[] {
  const talk = talkBetween(c.observation, c.plan, c.node(between[0]), c.node(between[1]));
  return talk === null ? [] : [talk];
}

/** Streams as their listener got them: those of the last stages. */
export function heardStreams(talks: readonly Talk[]): readonly MediaStream[] {
  return talks.flatMap(({ pathsThere, pathsBack }) => [...pathsThere, ...pathsBack]).flatMap(({ stages }) => stages.at(-1)?.streams ?? []);
}
