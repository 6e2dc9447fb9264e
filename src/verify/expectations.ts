/**
 * Holds a run against its documented flow: one finding per expectation, from the ledger and the plan alone.
 * @module
 */
import type { CheckTable } from './checks/check.js';
import { CHECKS, checkOf } from './checks/table.js';
import { Context } from './context.js';
import type { VerifyInput } from './context.js';
import { withDropLines } from './drop-lines.js';
import type { Finding } from './finding.js';

export type { VerifyInput } from './context.js';

/** @param table that the flow's expectations are of */
export function verifyFlow(input: VerifyInput, table: CheckTable = CHECKS): readonly Finding[] {
  const context = new Context(input);
  const findings = input.flow.expectations.map((expectation) => {
    const kind = checkOf(expectation, table);
    return { ...kind.about(expectation, context), src: expectation.src, ...kind.judge(expectation, context) };
  });
  return withDropLines(context, findings);
}
