/**
 * What a step of a script is: how it is written, whether it fits a topology, and what it does. Each kind is a file of
 * this folder and a line of `table.ts`.
 *
 * @example
 * export const wait = stepKind({
 *   key: 'wait',
 *   schema: duration,
 *   form: 'TIME',
 *   doc: 'nothing, for that long',
 *   read: (text) => ({ time: time(text) }),
 *   actors: () => [],
 *   play: async (step, stage) => {
 *     await stage.time.sleep(step.time);
 *     return DONE;
 *   },
 * });
 * @module
 */
import type { z } from 'zod';
import type { LabError, SourceRef } from '../../base/error.js';
import type { Nanos } from '../../base/time.js';
import type { clientCommands } from '../../roles/client/commands.js';
import type { CommandName, Commanded } from '../../roles/commands.js';
import type { Lab, ScriptTime } from '../../substrate/substrate.js';
import type { Plan } from '../../topology/plan.js';
import type { Actor } from '../description/expectation-kind.js';

/** A step as a script has it, whatever it does. */
export interface AnyStep {
  /** Key of its kind. */
  readonly do: string;
  readonly src: SourceRef;
}

export type StepOf<K extends string, F extends object> = Readonly<F> & { readonly do: K; readonly src: SourceRef };

/** What came of a step. What the network refuses is no error. */
export interface Outcome {
  readonly ok: boolean;
  /** What the network or the other side said, for people. */
  readonly says: string;
}

export const DONE: Outcome = { ok: true, says: '' };

/** A command of the role at an actor's node. */
export interface Asked {
  readonly actor: Actor;
  readonly command: CommandName<typeof clientCommands>;
}

/** What steps act on. */
export interface Stage {
  readonly plan: Plan;
  readonly lab: Pick<Lab, 'links' | 'node'>;
  readonly time: ScriptTime;
  /** The role at an actor's node, to `ask` commands of its kind. Errors: ROLE_COMMAND when there is none. */
  role(actor: Actor): Commanded;
  /** Address of record of the user at the actor's node. Errors: FLOW_ACTOR. */
  address(actor: Actor): string;
}

/** @typeParam F the fields of a step, beside its key and its place */
export interface StepKind<K extends string = string, Z extends z.ZodType = z.ZodType, F extends object = object> {
  readonly key: K;
  /** What stands behind the key in a file. */
  readonly schema: Z;
  /** The same for people, short: `{ from, to, for }`. */
  readonly form: string;
  /** What happens, in a line of Markdown. */
  readonly doc: string;
  /** True when the network or the other side can refuse it: then it can be expected to fail. */
  readonly refusable?: boolean;
  read(raw: z.output<Z>): F;
  /** Names that must be actors of the flow; those whose nodes take part. */
  actors(step: StepOf<K, F>): readonly Actor[];
  /** What it asks of roles, each by a command of the client's: an actor whose node has no such command cannot take the step. */
  asks?(step: StepOf<K, F>): readonly Asked[];
  /** What the topology lacks for it. Codes: FLOW_STEP. */
  fit?(step: StepOf<K, F>, plan: Plan): readonly LabError[];
  /** Lab time that it takes at least. Absent: none. */
  lasts?(step: StepOf<K, F>): Nanos;
  /** A LabError that is not the lab's own (LAB_*, ROLE_COMMAND, FLOW_*, TOPOLOGY_*) is a refusal too. */
  play(step: StepOf<K, F>, stage: Stage): Promise<Outcome>;
}

/** In the order of the reference. */
export type StepTable = readonly StepKind[];

/** For the types: those of the later fields follow from the schema and from what `read` gives. */
export function stepKind<const K extends string, Z extends z.ZodType, F extends object>(kind: StepKind<K, Z, F>): StepKind<K, Z, F> {
  return kind;
}
