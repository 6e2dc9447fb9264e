/**
 * Decisions of nodes, interned: made into text when first met and never again, however many packets meet them.
 * @module
 */
import type { DecisionId, NodeId } from '../base/brand.js';
import type { DropReason } from '../base/drop.js';

export interface Decision {
  readonly node: NodeId;
  /** `input`, `forward`, `output`, `route`, `prerouting` ... : where in the node. */
  readonly stage: string;
  /** The pairs of the comment grammar, in the order to be written: `route=10.0.0.0/8`, `via=10.0.0.1`, `dev=eth1`, `rule=7` ... */
  readonly text: Readonly<Record<string, string>>;
  /** Set when the decision ends the packet. */
  readonly reason: DropReason | null;
}

export interface Decisions {
  /** cold. The same decision gives the same id. */
  intern(decision: Decision): DecisionId;
  get(id: DecisionId): Decision;
}
