/**
 * What a flow file needs to know of an expectation: how it is written, and whether it fits a topology. How it is judged
 * stands with the judges, `verify/checks/`, whose table is handed in where files are read.
 * @module
 */
import type { z } from 'zod';
import type { LabError, SourceRef } from '../../base/error.js';
import type { Plan } from '../../topology/plan.js';

/** A name of the flow's `actors`. */
export type Actor = string;

/** What is known of a script before it runs. */
export interface ScriptFacts {
  /** The node of each actor. */
  readonly actors: Readonly<Record<Actor, string>>;
  /**
   * Whether such a step can come about: one of the script's, or what a program does of itself at whose node the actor sits.
   * @param from who takes the step; anybody without it
   * @param to whom it concerns; anybody without it
   */
  may(step: string, from?: Actor, to?: Actor): boolean;
}

/** An expectation as a flow has it, whatever it is. */
export interface AnyExpectation {
  /** Key of its kind. */
  readonly expect: string;
  readonly src: SourceRef;
}

export type ExpectationOf<K extends string, F extends object> = Readonly<F> & { readonly expect: K; readonly src: SourceRef };

/** @typeParam F the fields of an expectation, beside its key and its place */
export interface ExpectationKind<K extends string = string, Z extends z.ZodType = z.ZodType, F extends object = object> {
  readonly key: K;
  /** What stands behind the key in a file. */
  readonly schema: Z;
  /** The same for people, short: `{ from, to }`. */
  readonly form: string;
  /** What it is judged from, in a line of Markdown. */
  readonly doc: string;
  /** One entry of a file may be several expectations, each a finding of its own. */
  read(raw: z.output<Z>): readonly F[];
  /** Names that must be actors of the flow. */
  actors(expectation: ExpectationOf<K, F>): readonly Actor[];
  /** What the topology or the script lacks for it. Codes: FLOW_EXPECTATION. */
  fit?(expectation: ExpectationOf<K, F>, plan: Plan, script: ScriptFacts): readonly LabError[];
}

/** In the order of the reference. */
export type ExpectationTable = readonly ExpectationKind[];
