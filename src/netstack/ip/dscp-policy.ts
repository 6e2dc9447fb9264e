/**
 * The node's QoS policy: DSCP by protocol and local port, as Group Policy sets it on Windows and an output rule on
 * Linux. The first match wins; 0 without one.
 * @module
 */
import type { PlanNode } from '../../topology/plan.js';
import { IPPROTO } from '../transport.js';

export class DscpPolicy {
  readonly #rules: PlanNode['dscp'];

  constructor(rules: PlanNode['dscp']) {
    this.#rules = rules;
  }

  /** 0..63. */
  of(protocol: number, localPort: number): number {
    for (let i = 0; i < this.#rules.length; i++) {
      const rule = this.#rules[i];
      if (rule === undefined || protocol !== (rule.protocol === 'udp' ? IPPROTO.UDP : IPPROTO.TCP)) continue;
      if (localPort >= rule.from && localPort <= rule.to) return rule.dscp;
    }
    return 0;
  }
}
