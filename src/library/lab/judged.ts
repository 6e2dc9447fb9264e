/**
 * What can be asked of the record of a lab, while it runs and afterwards.
 * @module
 */
import { observe } from '../../analysis/legs.js';
import type { Observation } from '../../analysis/legs.js';
import { LabError } from '../../base/error.js';
import type { Ledger } from '../../capture/ledger.js';
import type { ExpectationText } from '../../verify/checks/table.js';
import { parseFlow } from '../load/flow-file.js';
import { fitExpectations } from '../../scenario/fit.js';
import { anyScript } from '../../scenario/script-facts.js';
import { CHECKS } from '../../verify/checks/table.js';
import type { FlowSpec } from '../../scenario/flow.js';
import type { Plan } from '../../topology/plan.js';
import { judge } from '../run/judge.js';
import type { Judgement } from '../run/judge.js';

export abstract class Judged {
  readonly plan: Plan;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  /** What became of every packet, until now. The caller closes it. */
  abstract ledger(): Ledger;

  /** Who talked to whom, over which links. */
  observe(): Observation {
    return this.#read((ledger) => observe(ledger, this.plan));
  }

  /**
   * Holds what was recorded until now against expectations, in the words of a flow file's `expect`. Actors are users, by
   * name or by address. Errors: FLOW_SCHEMA, FLOW_ACTOR, FLOW_EXPECTATION.
   */
  verify(expectations: readonly ExpectationText[]): Judgement {
    const flow = flowOf(expectations, this.plan);
    return this.#read((ledger) => judge(flow, this.plan, ledger));
  }

  #read<T>(look: (ledger: Ledger) => T): T {
    const ledger = this.ledger();
    try {
      return look(ledger);
    } finally {
      ledger.close();
    }
  }
}

/** Read as a flow file is, so that the words and what is wrong with them are the same. Its places would lead nowhere. */
function flowOf(expectations: readonly ExpectationText[], plan: Plan): FlowSpec {
  const text = JSON.stringify({
    flow: 'own',
    title: 'expectations of a program',
    source: 'a program',
    deployment: 'hybrid',
    topology: plan.file,
    actors: actorsOf(plan),
    steps: [{ wait: '0s' }],
    expect: expectations,
  });
  const parsed = parseFlow(text, 'expectations');
  // What was done is the program's own script.
  const [fault] = parsed.ok ? fitExpectations(parsed.flow, plan, CHECKS, anyScript(parsed.flow.actors)) : parsed.errors;
  if (!parsed.ok || fault !== undefined) {
    const { code, message, expected, hint } = fault ?? { code: 'FLOW_SCHEMA' as const, message: 'the expectations cannot be read' };
    throw new LabError(code, message, { ...(expected !== undefined && { expected }), ...(hint !== undefined && { hint }) });
  }
  return parsed.flow;
}

/** Users by address, and by name; of two of one name the first. */
function actorsOf(plan: Plan): Readonly<Record<string, string>> {
  const names = [...plan.users].reverse().map((user) => [user.name, user.node]);
  return Object.fromEntries([...names, ...plan.users.map((user) => [user.address, user.node])]);
}
