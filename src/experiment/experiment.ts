/**
 * An experiment: trouble that people met in the field, made to happen and made to end. One script is played twice, on a
 * topology that is broken as theirs was and on one that is cured. The broken run must show the symptom and its reason,
 * the cured one must be well. Plain data but for the overrides.
 * @module
 */
import type { SourceRef } from '../base/error.js';
import type { FlowSpec } from '../scenario/flow.js';
import type { Override } from '../topology/source/overrides/override.js';

/** In the order in which they are run. */
export const VARIANTS = ['broken', 'cured'] as const;
export type VariantName = (typeof VARIANTS)[number];

export interface Variant {
  readonly name: VariantName;
  /** What is so in it, in a line. */
  readonly title: string;
  /** The script with this variant's expectations; its id is `EXPERIMENT.VARIANT`. */
  readonly flow: FlowSpec;
  /** Those of the experiment, then the variant's own. */
  readonly overrides: readonly Override[];
}

export interface ExperimentSpec {
  readonly id: string;
  readonly title: string;
  /** What people see. */
  readonly symptom: string;
  /** Where the trouble is described. */
  readonly source: string;
  readonly file: string;
  readonly topology: string;
  readonly topologySrc: SourceRef;
  readonly variants: readonly Variant[];
}
