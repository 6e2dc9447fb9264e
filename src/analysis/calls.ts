/**
 * The calls of a run, as the callers' nodes told of them.
 * @module
 */
import type { Nanos } from '../base/time.js';
import type { LabEvent, Ledger } from '../capture/ledger.js';
import type { Plan } from '../topology/plan.js';

export interface Call {
  /** Nodes of caller and callee. */
  readonly from: string;
  readonly to: string;
  readonly answered: Nanos;
  /** When the caller's side ended it; the end of the run if it did not. */
  readonly ended: Nanos;
}

/** In the order in which they were answered. */
export function callsOf(ledger: Ledger, plan: Plan): readonly Call[] {
  const seat = new Map(plan.users.map((user) => [user.address.toLowerCase(), user.node]));
  const events = ledger.events();
  const calls: Call[] = [];
  for (const [i, event] of events.entries()) {
    const to = event.name === 'call-answered' ? seat.get((event.fields['peer'] ?? '').toLowerCase()) : undefined;
    if (to === undefined) continue;
    const end = events.slice(i + 1).find((later) => endOf(event, later));
    calls.push({ from: event.node, to, answered: event.at, ended: end?.at ?? ledger.last });
  }
  return calls;
}

function endOf(answered: LabEvent, later: LabEvent): boolean {
  return later.name === 'call-ended' && later.node === answered.node && later.fields['peer'] === answered.fields['peer'];
}
