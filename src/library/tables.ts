/**
 * The tables that flows and labs are made of. A program of one's own may hand in longer ones: what it adds stands beside
 * what there is, in every place that takes `Tables`.
 *
 * @example
 * const tables = { ...TABLES, steps: [...TABLES.steps, outage] };
 * const flow = parseFlow(text, file, tables);
 * @module
 */
import { KINDS } from '../roles/kinds.js';
import type { RoleKind } from '../roles/role.js';
import type { StepTable } from '../scenario/steps/step-kind.js';
import { STEPS } from '../scenario/steps/table.js';
import type { CheckTable } from '../verify/checks/check.js';
import { CHECKS } from '../verify/checks/table.js';

export interface Tables {
  /** Node kinds by name. Roles of kinds that are not the product's run in process only: a namespace or container loads its own. */
  readonly kinds: ReadonlyMap<string, RoleKind>;
  readonly steps: StepTable;
  /** What may be expected. */
  readonly checks: CheckTable;
}

/** The product's own. */
export const TABLES: Tables = { kinds: KINDS, steps: STEPS, checks: CHECKS };
