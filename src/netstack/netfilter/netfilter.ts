/**
 * Netfilter of a node: its rules, the connection tracking and translation that they ask for. Built from the plan, loaded
 * anew while the lab runs.
 * @module
 */
import type { Ruleset } from '../../nft/ruleset.js';
import type { PlanNode } from '../../topology/plan.js';
import { type Conntrack, createTracker, type TrackingPorts } from '../conntrack/conntrack.js';
import { createTranslator, type Nat, type TranslationPorts } from '../nat/translator.js';
import { trackedFamilies } from '../rules/needs.js';
import { NodeRules, type RulePorts } from '../rules/node-rules.js';

/** What it needs of its node. */
export type NetfilterPorts = RulePorts & TrackingPorts & TranslationPorts;

export interface NetfilterOptions {
  /** False: no verdict is kept with a connection. For comparison. */
  readonly cache?: boolean;
}

export class Netfilter {
  readonly node: NetfilterPorts;
  readonly conntrack: Conntrack;
  readonly nat: Nat;
  readonly rules: NodeRules;

  constructor(node: NetfilterPorts, plan: Pick<PlanNode, 'conntrack'>, options: NetfilterOptions = {}) {
    this.node = node;
    this.conntrack = createTracker(node, plan.conntrack ?? {}, new Set());
    this.nat = createTranslator(node, this.conntrack);
    this.rules = new NodeRules(node, { tracker: this.conntrack, translator: this.nat, ...options });
  }

  /** In place of the rules before, as `nft -f` of a file that begins with `flush ruleset`. Connections stay. */
  load(ruleset: Ruleset): void {
    this.conntrack.watch(trackedFamilies(ruleset));
    this.rules.load(ruleset);
  }
}

/** With the rules of the plan in force; null for a node that has none and tracks nothing. */
export function installNetfilter(node: NetfilterPorts, plan: PlanNode): Netfilter | null {
  const firewall = plan.firewall ?? null;
  if (firewall === null) return null;
  const netfilter = new Netfilter(node, plan);
  netfilter.load(firewall.ruleset);
  return netfilter;
}
