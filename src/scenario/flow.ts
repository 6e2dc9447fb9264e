/**
 * A documented flow: who takes part, what they do, and what must be seen. Plain data. The kinds of steps are those of
 * `steps/table.ts`; what is expected is of kinds that are handed in where files are read.
 * @module
 */
import type { SourceRef } from '../base/error.js';
import type { Nanos } from '../base/time.js';
import type { Actor, AnyExpectation } from './description/expectation-kind.js';
import type { StepList } from './script-tree.js';
import { STEPS } from './steps/table.js';

export type { Actor } from './description/expectation-kind.js';
export { stepsOf } from './script-tree.js';
export type { StepList } from './script-tree.js';
export type { Step } from './steps/table.js';

/** Steps that the network or the other side can refuse. */
export const REFUSABLE_STEPS: readonly string[] = STEPS.filter(({ refusable }) => refusable === true).map(({ key }) => key);

/** @typeParam E what may be expected */
export interface FlowSpec<E extends AnyExpectation = AnyExpectation> {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  /** Which sentence of which document. */
  readonly source: string;
  /** Null for what stands for no documented flow. */
  readonly deployment: 'online' | 'hybrid' | 'cloud-connector' | null;
  /** Path of the topology file, resolved against the flow file. */
  readonly topology: string;
  /** Where that is written. */
  readonly topologySrc: SourceRef;
  /** Actor to client node. */
  readonly actors: Readonly<Record<Actor, string>>;
  /** Where each actor is written. */
  readonly places: Readonly<Record<Actor, SourceRef>>;
  readonly steps: StepList;
  readonly expectations: readonly E[];
  /** Lab time after which the run is given up. */
  readonly limit: Nanos;
}
