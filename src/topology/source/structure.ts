/**
 * From plain values to a {@link LabFile}. Entries of a wrong shape (a node, a link, a user, a zone) are reported and
 * left out, so that the rest can still be checked; what is left out is remembered, so that nobody then complains that
 * it does not exist.
 * @module
 */
import { z } from 'zod';
import type { ErrorCode } from '../../base/error.js';
import type { Faults } from './faults.js';
import { labFileSchema } from './schema.js';
import type { LabFile } from './schema.js';
import type { Path } from './yaml-source.js';
import { readIssues } from './zod-issues.js';
import type { Trouble } from './zod-issues.js';

export interface Structure {
  readonly file: LabFile;
  /** Index in the file of each link of `file.topology.links`. */
  readonly linkIndexes: readonly number[];
  /** Names of nodes that stand in the file but could not be read. */
  readonly brokenNodes: ReadonlySet<string>;
  /** True when a node, a link or a key of them was left out: nothing may be said of what can reach what. */
  readonly holes: boolean;
  /** True when a zone was left out: nothing may be said of names that seem to lead nowhere. */
  readonly zonesMissing: boolean;
}

type Tree = Record<string | number, unknown>;

/** `undefined` when so much is wrong that no further check makes sense; the faults say what. */
export function readStructure(value: unknown, faults: Faults): Structure | undefined {
  if (!isTree(value) || Array.isArray(value)) {
    faults.add('TOPOLOGY_SCHEMA', [], 'the file holds no mapping', { expected: 'a mapping with "name" and "topology"' });
    return undefined;
  }
  const tree = withoutExtensions(structuredClone(value));
  const first = labFileSchema.safeParse(tree);
  if (first.success) return complete(first.data);
  const json = z.toJSONSchema(labFileSchema, { io: 'input' });
  const troubles = readIssues(first.error.issues, tree, json);
  for (const trouble of troubles) report(trouble, faults);
  const broken = cutOut(tree, troubles);
  if (broken === undefined) return undefined;
  const second = labFileSchema.safeParse(tree);
  if (!second.success) return undefined;
  const { nodes, links, holes, zonesMissing } = broken;
  const count = second.data.topology.links.length + links.size;
  const linkIndexes = Array.from({ length: count }, (_, i) => i).filter((i) => !links.has(i));
  return { file: second.data, linkIndexes, brokenNodes: nodes, holes, zonesMissing };
}

function complete(file: LabFile): Structure {
  return { file, linkIndexes: file.topology.links.map((_, i) => i), brokenNodes: new Set(), holes: false, zonesMissing: false };
}

function report(trouble: Trouble, faults: Faults): void {
  const code: ErrorCode = trouble.path[0] === 'zones' ? 'TOPOLOGY_ZONE' : 'TOPOLOGY_SCHEMA';
  faults.add(code, trouble.path, trouble.message, {
    on: trouble.onKey ? 'key' : 'value',
    ...(trouble.expected !== undefined && { expected: trouble.expected }),
    ...(trouble.hint !== undefined && { hint: trouble.hint }),
  });
}

/** Top-level keys that begin with `x-` are for anchors and notes. */
function withoutExtensions(tree: Tree): Tree {
  for (const key of Object.keys(tree)) if (key.startsWith('x-')) Reflect.deleteProperty(tree, key);
  return tree;
}

interface Cut {
  readonly nodes: Set<string>;
  readonly links: Set<number>;
  readonly holes: boolean;
  readonly zonesMissing: boolean;
}

/** Removes unknown keys, and the entry of everything else that is wrong. `undefined`: what is wrong is no entry. */
function cutOut(tree: Tree, troubles: readonly Trouble[]): Cut | undefined {
  const nodes = new Set<string>();
  const links = new Set<number>();
  let [holes, zonesMissing] = [false, false];
  for (const trouble of troubles) {
    const entry = entryOf(trouble.path);
    holes ||= trouble.path[0] === 'topology';
    zonesMissing ||= trouble.path[0] === 'zones';
    // With a key misspelt, what the node is is not known; another key more changes nothing.
    if (trouble.unknownKey && (trouble.meant === undefined || entry?.[1] !== 'nodes') && trouble.path[0] !== 'zones') {
      remove(tree, trouble.path);
      continue;
    }
    if (entry === undefined) return undefined;
    if (entry[1] === 'links') links.add(Number(entry[2]));
    else remove(tree, entry);
    if (entry[1] === 'nodes') nodes.add(String(entry[2]));
  }
  removeItems(tree, links);
  return { nodes, links, holes, zonesMissing };
}

function entryOf(path: Path): Path | undefined {
  if (path[0] === 'topology') return (path[1] === 'nodes' || path[1] === 'links') && path.length > 2 ? path.slice(0, 3) : undefined;
  return (path[0] === 'users' || path[0] === 'zones') && path.length > 1 ? path.slice(0, 2) : undefined;
}

function remove(tree: Tree, path: Path): void {
  let parent: unknown = tree;
  for (const step of path.slice(0, -1)) parent = isTree(parent) ? parent[step] : undefined;
  const last = path.at(-1);
  if (isTree(parent) && last !== undefined) Reflect.deleteProperty(parent, last);
}

function removeItems(tree: Tree, indexes: ReadonlySet<number>): void {
  const topology = tree['topology'];
  if (!isTree(topology) || !Array.isArray(topology['links'])) return;
  topology['links'] = topology['links'].filter((_, i) => !indexes.has(i));
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null;
}
