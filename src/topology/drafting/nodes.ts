/**
 * Nodes: kind, defaults (containerlab's order: the node's own word, then its kind's, then the defaults'), configuration
 * by the kind's schema, and the names that they use.
 * @module
 */
import type { ConfigIssue, KindInfo } from '../plan.js';
import type { TraitName } from '../traits.js';
import type { FileNode, LabFile } from '../source/schema.js';
import { didYouMean, listed } from '../../base/suggest.js';
import type { Path } from '../source/yaml-source.js';
import { readDscpPolicies } from './dscp.js';
import { readConntrack } from './firewalls.js';
import type { Draft, DraftNode } from './draft.js';
import { parseIp } from '../addressing/ip.js';

type Inherited = 'organisation' | 'segment' | 'site' | 'resolvers' | 'dscp' | 'rpFilter' | 'multipathHash' | 'somaxconn';

/** Sorted by name: the plan, and with it node ids, don't depend on the order in the file. */
export function draftNodes(draft: Draft): ReadonlyMap<string, DraftNode> {
  const { file } = draft.structure;
  checkKindNames(draft);
  const nodes = new Map<string, DraftNode>();
  for (const name of Object.keys(file.topology.nodes).sort()) {
    const node = draftNode(name, file.topology.nodes[name] as FileNode, draft);
    if (node !== undefined) nodes.set(name, node);
  }
  return nodes;
}

function checkKindNames({ structure, kinds, faults }: Draft): void {
  for (const name of Object.keys(structure.file.topology.kinds ?? {})) {
    if (!kinds.has(name)) unknownKind(name, ['topology', 'kinds', name], 'key', { kinds, faults });
  }
}

function unknownKind(kind: string, path: Path, on: 'key' | 'value', { kinds, faults }: Pick<Draft, 'kinds' | 'faults'>): void {
  faults.add('TOPOLOGY_UNKNOWN_KIND', path, `there is no node kind "${kind}"`, {
    expected: `one of: ${listed(kinds.keys(), 40)}`,
    ...didYouMean(kind, kinds.keys()),
    on,
  });
}

function draftNode(name: string, node: FileNode, draft: Draft): DraftNode | undefined {
  const { faults, kinds } = draft;
  const { topology } = draft.structure.file;
  const path: Path = ['topology', 'nodes', name];
  const kindName = node.kind ?? topology.defaults?.kind;
  if (kindName === undefined) {
    faults.add('TOPOLOGY_SCHEMA', path, `the node "${name}" has no kind`, { on: 'key', expected: `kind: one of ${listed(kinds.keys(), 40)}` });
    return undefined;
  }
  const kind = kinds.get(kindName);
  if (kind === undefined) {
    unknownKind(kindName, node.kind === undefined ? ['topology', 'defaults', 'kind'] : [...path, 'kind'], 'value', draft);
    return undefined;
  }
  const level = <K extends Inherited>(key: K) => inherited(topology, name, kindName, key);
  const dscp = level('dscp');
  const resolvers = level('resolvers');
  const drafted: DraftNode = {
    name,
    path,
    kind,
    organisation: readOrganisation(level('organisation'), draft),
    segment: level('segment')?.value ?? 'customer',
    site: level('site')?.value ?? null,
    config: readConfig(kind, name, node, draft),
    addresses: node.addresses ?? {},
    prefixes: node.prefixes ?? [],
    routes: node.routes ?? [],
    rules: node.rules ?? [],
    bgp: node.bgp ?? null,
    rpFilter: level('rpFilter') ?? null,
    multipathHash: level('multipathHash')?.value ?? null,
    somaxconn: level('somaxconn')?.value ?? null,
    learning: node.learning === true,
    firewall: node.firewall ?? null,
    conntrack: readConntrack(node.conntrack, [...path, 'conntrack'], draft),
    resolvers: resolvers?.value ?? [],
    resolversPath: resolvers?.path ?? path,
    dscp: dscp === undefined ? [] : readDscpPolicies(dscp.value, dscp.path, faults),
  };
  checkBridgeKeys(drafted, node, draft);
  checkRefusedKeys(drafted, node, draft);
  return drafted;
}

function inherited<K extends Inherited>(topology: LabFile['topology'], name: string, kind: string, key: K) {
  const places = [
    { from: topology.nodes[name], path: ['topology', 'nodes', name, key] },
    { from: topology.kinds?.[kind], path: ['topology', 'kinds', kind, key] },
    { from: topology.defaults, path: ['topology', 'defaults', key] },
  ];
  for (const { from, path } of places) {
    const value = from?.[key];
    if (value !== undefined) return { value: value as NonNullable<FileNode[K]>, path };
  }
  return undefined;
}

function readOrganisation(found: { value: string; path: Path } | undefined, { structure, faults }: Draft): string | null {
  if (found === undefined) return null;
  const known = Object.keys(structure.file.organisations ?? {});
  if (known.includes(found.value)) return found.value;
  faults.add('TOPOLOGY_REFERENCE', found.path, `there is no organisation "${found.value}"`, {
    expected: `one of: ${listed(known)}`,
    ...didYouMean(found.value, known),
  });
  return null;
}

/** The kind's `config` under the node's own, key by key. */
function readConfig(kind: KindInfo, name: string, node: FileNode, draft: Draft): unknown {
  const { structure } = draft;
  const own = node.config ?? {};
  const ofKind = structure.file.topology.kinds?.[kind.kind]?.config ?? {};
  const result = kind.schema.parse({ ...ofKind, ...own });
  if (!result.ok) {
    for (const issue of result.issues) reportConfigIssue(issue, { name, kind }, draft);
    return undefined;
  }
  for (const reference of kind.references ?? []) {
    const path = configPath({ name, kind }, [reference.key], draft);
    const value = (result.value as Readonly<Record<string, unknown>>)[reference.key];
    const entries = Array.isArray(value) ? value.map((v, i) => [v, [...path, i]] as const) : [[value, path] as const];
    for (const [entry, at] of entries) {
      if (typeof entry !== 'string' || (reference.addresses && parseIp(entry) !== undefined)) continue;
      checkNodeReference(entry, mayHave(reference.trait), at, draft);
    }
  }
  return result.value;
}

/** Where a node's setting is written: at the node, or at its kind. */
function configPath({ name, kind }: Pick<DraftNode, 'name' | 'kind'>, path: Path, { structure }: Draft): Path {
  const { nodes, kinds } = structure.file.topology;
  const [key] = path;
  const atKind = key !== undefined && !(key in (nodes[name]?.config ?? {})) && key in (kinds?.[kind.kind]?.config ?? {});
  return [...(atKind ? ['topology', 'kinds', kind.kind, 'config'] : ['topology', 'nodes', name, 'config']), ...path];
}

export function reportConfigIssue(issue: ConfigIssue, node: Pick<DraftNode, 'name' | 'kind'>, draft: Draft): void {
  draft.faults.add('TOPOLOGY_SCHEMA', configPath(node, issue.path, draft), issue.message, {
    on: issue.onKey === true ? 'key' : 'value',
    ...(issue.expected !== undefined && { expected: issue.expected }),
    ...(issue.hint !== undefined && { hint: issue.hint }),
  });
}

/** Kinds of which every node has the trait. */
export function hasTrait(trait: TraitName): (kind: KindInfo) => boolean {
  return ({ traits }) => typeof traits !== 'function' && traits[trait] === true;
}

/** Those, and kinds that can be anything. */
function mayHave(trait: TraitName): (kind: KindInfo) => boolean {
  return (kind) => typeof kind.traits === 'function' || hasTrait(trait)(kind);
}

/** Reports a name that is no node, or a node of a kind that does not do. True when it may be used. */
export function checkNodeReference(name: string, does: (kind: KindInfo) => boolean, path: Path, { structure, faults, kinds: known }: Draft): boolean {
  const { topology } = structure.file;
  const wanted = [...known.values()].filter(does).map(({ kind }) => kind);
  const kindOf = (n: string): string | undefined => topology.nodes[n]?.kind ?? topology.defaults?.kind;
  if (Object.hasOwn(topology.nodes, name) && wanted.includes(kindOf(name) ?? '')) return true;
  // A node whose own kind is wrong has had its fault.
  if (structure.brokenNodes.has(name) || (Object.hasOwn(topology.nodes, name) && !known.has(kindOf(name) ?? ''))) return false;
  const kinds = wanted.join(' or ');
  const fitting = Object.keys(topology.nodes).filter((n) => wanted.includes(kindOf(n) ?? ''));
  const message = Object.hasOwn(topology.nodes, name) ? `the node "${name}" is a ${kindOf(name)}, not a ${kinds}` : `there is no node "${name}"`;
  faults.add('TOPOLOGY_REFERENCE', path, message, { expected: `a node of kind ${kinds}: ${listed(fitting)}`, ...didYouMean(name, fitting) });
  return false;
}

function checkBridgeKeys(node: DraftNode, written: FileNode, { faults }: Draft): void {
  const wrong = node.kind.bridge
    ? (['addresses', 'routes', 'rules', 'rpFilter', 'multipathHash', 'somaxconn', 'firewall', 'conntrack', 'bgp'] as const)
    : (['prefixes', 'learning'] as const);
  for (const key of wrong) {
    if (written[key] === undefined) continue;
    const message = node.kind.bridge ? `the bridge "${node.name}" has no ${key}: it forwards frames` : `"${node.name}" is no bridge, so it has no ${key}`;
    faults.add('TOPOLOGY_ADDRESS', [...node.path, key], message, {
      on: 'key',
      expected: expectedInstead(key),
    });
  }
}

function expectedInstead(key: string): string {
  if (key === 'learning') return 'the key at a bridge';
  return key === 'prefixes' ? 'addresses of the node, or prefixes at the link' : 'prefixes: the networks of its LAN';
}

function checkRefusedKeys(node: DraftNode, written: FileNode, { faults }: Draft): void {
  for (const { key, why, instead } of node.kind.refuses ?? []) {
    if (written[key] !== undefined)
      faults.add('TOPOLOGY_SCHEMA', [...node.path, key], `"${node.name}" is a ${node.kind.kind}, which has no ${key}: ${why}`, {
        on: 'key',
        expected: instead,
      });
  }
}
