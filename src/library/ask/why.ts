/**
 * The flows of the packets that a filter selects, explained; those that went wrong come first.
 * @module
 */
import { explain } from '../../analysis/why/explain.js';
import type { FlowStory } from '../../analysis/why/story.js';
import type { LabError } from '../../base/error.js';
import type { Filter } from '../../capture/filter/compile.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import type { Plan } from '../../topology/plan.js';
import { selectPackets } from './filter.js';
import { requireCapture } from '../load/files.js';

export interface Stories {
  readonly stories: readonly FlowStory[];
  /** The run was cut off while it recorded. */
  readonly partial: boolean;
  /** What was wrong with the file. */
  readonly warnings: readonly LabError[];
  /** True where a plan was given and the file is of another one. */
  readonly otherPlan: boolean;
}

const RANK = { broken: 0, lossy: 1, refused: 2, fine: 3 } as const;

/**
 * @param capture a ledger's file
 * @param plan names who holds addresses that nobody answered from; null: they stay addresses
 * Errors: FILE_*, CAPTURE_*.
 */
export function storiesOf(capture: string, filter: Filter, plan: Plan | null): Stories {
  requireCapture(capture);
  const { ledger, partial, warnings } = readLedgerFile(capture);
  try {
    return {
      stories: [...explain(ledger, plan, selectPackets(capture, filter))].sort((a, b) => RANK[a.verdict] - RANK[b.verdict]),
      partial,
      warnings,
      otherPlan: plan !== null && plan.hash !== ledger.run().hash,
    };
  } finally {
    ledger.close();
  }
}
