/**
 * Short ways to a plan or to faults, for tests of this floor.
 * @module
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatLabError } from '../../base/error.js';
import type { LabError } from '../../base/error.js';
import type { Plan, PlanInterface, PlanNode } from '../plan.js';
import { RULE_FILES, type RuleFiles } from '../source/rule-files.js';
import { parseTopology } from '../topology-file.js';
import { SAMPLE_KINDS } from './sample-kinds.js';

export const FILE = 'test.lab.yaml';

/** The plan of a text that must be sound. @param file where it would stand: rule files are taken from its folder */
export function planOf(text: string, file = FILE, rules: RuleFiles = RULE_FILES): Plan {
  const result = parseTopology(text, file, SAMPLE_KINDS, [], rules);
  if (result.ok) return result.plan;
  throw new Error(result.errors.map(formatLabError).join('\n'));
}

/** The reference topology. */
export const CONTOSO_FILE = fileURLToPath(new URL('../../../topologies/contoso.lab.yaml', import.meta.url));
export const CONTOSO = readFileSync(CONTOSO_FILE, 'utf8');

/** The faults of a text that must have some. */
export function errorsOf(text: string, rules: RuleFiles = RULE_FILES): readonly LabError[] {
  const result = parseTopology(text, FILE, SAMPLE_KINDS, [], rules);
  return result.ok ? [] : result.errors;
}

/** Faults as `line:column CODE message`. */
export function faultsOf(text: string): readonly string[] {
  return errorsOf(text).map((e) => `${e.where?.line}:${e.where?.column} ${e.code} ${e.message}`);
}

export function nodeOf(plan: Plan, name: string): PlanNode {
  const node = plan.nodes.find((n) => n.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}

export function interfaceOf(plan: Plan, node: string, name: string): PlanInterface {
  const found = nodeOf(plan, node).interfaces.find((i) => i.name === name);
  if (found === undefined) throw new Error(`no interface ${node}:${name}`);
  return found;
}

/** `address/length` of every address of an interface. */
export function addressesOf(plan: Plan, node: string, name = 'eth0'): readonly string[] {
  return interfaceOf(plan, node, name).addresses.map((a) => `${a.address}/${a.prefixLength}`);
}

/** A node's routes as `prefix via next-hop dev interface metric origin`; with `*weight` and ` + ` where they have several next hops, and the table where it is not main. */
export function routesOf(plan: Plan, node: string): readonly string[] {
  return nodeOf(plan, node).routes.map((r) => {
    const hops = r.nextHops?.map((h) => `via ${h.via} dev ${h.dev}*${h.weight}`).join(' + ') ?? `via ${r.via} dev ${r.dev}`;
    return `${r.prefix} ${hops} ${r.metric} ${r.origin}${r.table === undefined ? '' : ` table ${r.table}`}`;
  });
}

/** Two clients at a router, one network each: the least that has routes. */
export const TWO_CLIENTS = `
name: two
topology:
  nodes:
    a: { kind: client }
    r: { kind: router }
    b: { kind: client }
  links:
    - { endpoints: ["a:eth0", "r:left"], prefixes: [10.0.1.0/24, "2001:db8:1::/64"] }
    - { endpoints: ["b:eth0", "r:right"], prefixes: [10.0.2.0/24, "2001:db8:2::/64"] }
`;
