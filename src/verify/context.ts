/**
 * What every check of a flow reads: the flow, the plan, the ledger and what was observed in it; and who is who.
 * @module
 */
import type { LabEvent, Ledger } from '../capture/ledger.js';
import type { Observation } from '../analysis/legs.js';
import type { FlowSpec } from '../scenario/flow.js';
import type { Plan, PlanUser } from '../topology/plan.js';
import { NO_EVIDENCE } from './finding.js';
import type { Evidence } from './finding.js';

export interface VerifyInput {
  readonly flow: FlowSpec;
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly observation: Observation;
}

export class Context {
  readonly flow: FlowSpec;
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly observation: Observation;

  constructor(input: VerifyInput) {
    this.flow = input.flow;
    this.plan = input.plan;
    this.ledger = input.ledger;
    this.observation = input.observation;
  }

  /** Name of the node that an actor sits at. */
  node(actor: string): string {
    return this.flow.actors[actor] ?? actor;
  }

  pair(x: string, y: string): string {
    return `${this.node(x)}-${this.node(y)}`;
  }

  user(actor: string): PlanUser | undefined {
    return this.plan.users.find((user) => user.node === this.node(actor));
  }

  events(name: string): readonly LabEvent[] {
    return this.ledger.events().filter((event) => event.name === name);
  }

  /** What the scenario's step said that went wrong, for things that did not happen. */
  whyNot(evidence: Evidence = NO_EVIDENCE): Evidence {
    const failed = this.ledger.events().findLast((event) => event.name === 'step' && event.fields['ok'] === 'no');
    const early = this.ledger.events().findLast((event) => event.name === 'ended-early');
    const causes = [
      ...(failed === undefined ? [] : [`step ${failed.fields['step'] ?? '?'}: ${failed.fields['says'] ?? 'failed'}`]),
      ...(early === undefined ? [] : [`the run ended early: ${early.fields['says'] ?? '?'}`]),
    ];
    if (causes.length === 0) return evidence;
    const cause = causes.join('; ');
    return { ...evidence, cause, why: evidence.why === undefined ? cause : `${cause}; ${evidence.why}` };
  }
}
