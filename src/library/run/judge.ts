/**
 * The record of a run, judged: a function of the ledger and the plan alone, so it serves a run of yesterday as well.
 * @module
 */
import { observe } from '../../analysis/legs.js';
import type { Observation } from '../../analysis/legs.js';
import type { Ledger } from '../../capture/ledger.js';
import type { FlowSpec } from '../../scenario/flow.js';
import type { Plan } from '../../topology/plan.js';
import type { CheckTable } from '../../verify/checks/check.js';
import { CHECKS } from '../../verify/checks/table.js';
import { verifyFlow } from '../../verify/expectations.js';
import { holds } from '../../verify/finding.js';
import type { Finding } from '../../verify/finding.js';

export interface Judgement {
  /** Who talked to whom, over which links, whether a flow expected it or not. */
  readonly observation: Observation;
  /** One for each expectation, or more where it speaks of several. */
  readonly findings: readonly Finding[];
  /** True when every one was seen to hold. */
  readonly documented: boolean;
}

/** Holds what the ledger shows against the documentation. @param checks that the flow's expectations are of */
export function judge(flow: FlowSpec, plan: Plan, ledger: Ledger, checks: CheckTable = CHECKS): Judgement {
  const observation = observe(ledger, plan);
  const findings = verifyFlow({ flow, plan, ledger, observation }, checks);
  return { observation, findings, documented: holds(findings) };
}
