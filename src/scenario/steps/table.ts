/**
 * All steps that a script can have, in the order of the reference. To add one: a file beside this, and a line here.
 * @module
 */
import type { z } from 'zod';
import { must } from '../../base/assert.js';
import { call } from './call.js';
import { hangUp } from './hang-up.js';
import { link } from './link.js';
import { message } from './message.js';
import { mute } from './mute.js';
import { node } from './node.js';
import { route } from './route.js';
import { signIn } from './sign-in.js';
import { signOut } from './sign-out.js';
import type { AnyStep, StepKind, StepOf, StepTable } from './step-kind.js';
import { unmute } from './unmute.js';
import { wait } from './wait.js';

export const STEPS = [signIn, signOut, message, call, hangUp, mute, unmute, wait, link, node, route] as const;

type Made<Kind> = Kind extends StepKind<infer K, z.ZodType, infer F> ? StepOf<K, F> : never;

/** What the kinds of the table make. */
export type Step = Made<(typeof STEPS)[number]>;

/** @param table the one that the step was read by */
export function stepKindOf(step: AnyStep, table: StepTable = STEPS): StepKind {
  return must(
    table.find(({ key }) => key === step.do),
    `a step "${step.do}"`,
  );
}
