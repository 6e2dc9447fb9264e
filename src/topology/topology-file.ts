/**
 * From a `*.lab.yaml` to a {@link Plan}, or to all of its faults at once. Same text and kinds, same plan.
 * @module
 * @example
 * const result = parseTopology(text, 'contoso.lab.yaml', kinds);
 * if (!result.ok) for (const error of result.errors) console.error(formatLabError(error));
 */
import { readFile } from 'node:fs/promises';
import { LabError } from '../base/error.js';
import { planAddresses } from './addressing/addresses.js';
import { readBgp } from './bgp/reading/read-bgp.js';
import { parseIp } from './addressing/ip.js';
import { findLans } from './addressing/lan-graph.js';
import { Neighbourhood } from './addressing/neighbourhood.js';
import { assemble } from './assembly/assemble.js';
import { without } from './assembly/without.js';
import { checkConfigFits } from './drafting/config-fit.js';
import type { Draft, DraftNode } from './drafting/draft.js';
import { readFirewalls } from './drafting/firewalls.js';
import { draftLinks } from './drafting/links.js';
import { checkNodeReference, draftNodes, hasTrait } from './drafting/nodes.js';
import { planOrganisations, planUsers } from './naming/users.js';
import { checkTargets } from './naming/zone-targets.js';
import { draftZones } from './naming/zones.js';
import type { KindInfo, Plan, PlanRecord } from './plan.js';
import { namedNetworks } from './routing/route-target.js';
import { planNodeRouting } from './routing/policy-rules.js';
import { Faults } from './source/faults.js';
import { OverriddenSource } from './source/overrides/overridden-source.js';
import type { Override } from './source/overrides/override.js';
import { RULE_FILES, type RuleFiles } from './source/rule-files.js';
import { readStructure } from './source/structure.js';
import { YamlSource } from './source/yaml-source.js';

export type TopologyResult = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly errors: readonly LabError[] };

/**
 * Pure, but for the rule files that nodes name: nothing is read from `file`.
 * @param file name for error messages and the plan
 * @param kinds the node kinds by name
 * @param overrides changes that are made before anything is checked; their faults have their own places
 * @param rules how the rule files are read
 * @returns the plan, or every fault: codes YAML_SYNTAX, TOPOLOGY_* and NFT_*, in the order of the file
 */
export function parseTopology(
  text: string,
  file: string,
  kinds: ReadonlyMap<string, KindInfo>,
  overrides: readonly Override[] = [],
  rules: RuleFiles = RULE_FILES,
): TopologyResult {
  const source = new OverriddenSource(new YamlSource(text, file), overrides);
  const faults = new Faults(source);
  const structure = source.usable ? readStructure(source.value, faults) : undefined;
  if (structure === undefined) return { ok: false, errors: faults.sorted() };
  const plan = makePlan({ structure, faults, kinds }, rules);
  const errors = faults.sorted();
  return errors.length > 0 || plan === undefined ? { ok: false, errors } : { ok: true, plan };
}

/** Errors, beside those of {@link parseTopology}: FILE_NOT_FOUND, FILE_UNREADABLE. */
export async function loadTopology(file: string, kinds: ReadonlyMap<string, KindInfo>): Promise<TopologyResult> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    return { ok: false, errors: [unreadable(file, cause)] };
  }
  const text = decode(bytes);
  if (text === undefined) return { ok: false, errors: [new LabError('FILE_UNREADABLE', `${file} is no UTF-8 text`, { expected: 'a YAML file in UTF-8' })] };
  return parseTopology(text, file, kinds);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof TypeError) return undefined;
    throw cause;
  }
}

function unreadable(file: string, cause: unknown): LabError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  if (code === 'ENOENT') return new LabError('FILE_NOT_FOUND', `there is no file ${file}`, { expected: 'a *.lab.yaml', cause });
  return new LabError('FILE_UNREADABLE', `${file} can't be read (${code})`, { expected: 'a readable *.lab.yaml', cause });
}

/** Runs every check that can be run; `undefined` when any has found a fault. */
function makePlan(draft: Draft, rules: RuleFiles): Plan | undefined {
  const nodes = draftNodes(draft);
  const { links, whole } = draftLinks(draft, nodes);
  const lans = findLans(links, draft.faults);
  const addressing = planAddresses(lans, whole, draft);
  const neighbourhood = new Neighbourhood(lans, addressing.addresses, { doubtful: addressing.doubtful, incomplete: !whole });
  const networks = namedNetworks(lans, addressing.networks, draft);
  // With holes in the network nearly every route would seem to lead nowhere.
  const routing = new Map(whole ? [...nodes.values()].map((node) => [node.name, planNodeRouting(node, neighbourhood, networks, draft)]) : []);
  checkConfigFits(nodes, links, neighbourhood, draft);
  const firewalls = readFirewalls(nodes, links, rules, draft);
  const bgp = whole ? readBgp(nodes, { neighbourhood, networks, draft }) : new Map<string, never>();
  checkResolvers(nodes, draft);
  const organisations = planOrganisations(draft);
  const users = planUsers(organisations, nodes, draft);
  const drafted = draftZones(neighbourhood, draft);
  // A node with a fault of its own has no address that a record could lead to.
  if (whole && !draft.structure.zonesMissing) checkTargets(drafted, draft);
  if (draft.faults.sorted().length > 0) return undefined;
  const zones = drafted.map((zone) => ({ ...without(zone, 'path'), records: zone.records.map((record): PlanRecord => without(record, 'path') as PlanRecord) }));
  return assemble({ nodes, links, neighbourhood, routing, bgp, firewalls, organisations, users, zones }, draft);
}

function checkResolvers(nodes: ReadonlyMap<string, DraftNode>, draft: Draft): void {
  for (const node of nodes.values()) {
    for (const [i, resolver] of node.resolvers.entries()) {
      const path = [...node.resolversPath, i];
      const asksItself = resolver === node.name && hasTrait('resolves')(node.kind) && node.resolversPath[1] === 'nodes';
      if (asksItself) {
        draft.faults.add('TOPOLOGY_REFERENCE', path, `the DNS server "${resolver}" would ask itself`, {
          expected: 'the server that it forwards to, or none',
          hint: 'resolvers: []',
        });
      } else if (parseIp(resolver) === undefined) checkNodeReference(resolver, hasTrait('resolves'), path, draft);
    }
  }
}
