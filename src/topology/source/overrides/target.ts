/**
 * Finds what an override's target means in a topology's plain values. Segments are parted by dots; since names of users,
 * zones and links hold dots themselves, the longest key that is there wins, and a segment in double quotes is one key.
 * @module
 */
import { didYouMean, listed } from '../../../base/suggest.js';
import type { Path } from '../source.js';

/** One place that is to be changed. */
export interface Target {
  readonly path: Path;
  /** Segments of `path` that stood in the file before. */
  readonly known: number;
  /** Character of the target (from 0) at which its first key stands that did not; its last key, when all did. */
  readonly at: number;
  /** The target is a link itself, by its name or its group. */
  readonly link: boolean;
}

export interface TargetFault {
  /** Character of the target, from 0. */
  readonly at: number;
  readonly message: string;
  readonly expected: string;
  readonly hint?: string;
}

export type TargetResult = { readonly ok: true; readonly targets: readonly Target[] } | { readonly ok: false; readonly fault: TargetFault };

/** Keys of the file from which a target may go on by itself; anything else is a node or `link`. */
const ROOTS = ['topology', 'users', 'zones', 'organisations', 'name'];
const LINK = 'link.';

export function findTarget(root: unknown, target: string): TargetResult {
  if (target.startsWith(LINK)) return findLinks(root, target);
  const first = longestKey(ROOTS, target, 0);
  if (first !== null) return walk(root, [], target, 0);
  const nodes = keysOf(at(root, ['topology', 'nodes']));
  if (longestKey(nodes, target, 0) === null && target.includes('.')) {
    const name = target.slice(0, target.indexOf('.'));
    return fault(0, `there is no node "${name}"`, `a node (${listed(nodes)}), link.NAME, or a path from ${listed(ROOTS)}`, didYouMean(name, nodes));
  }
  return walk(at(root, ['topology', 'nodes']), ['topology', 'nodes'], target, 0);
}

/** A link by its name, or all links of a group. */
function findLinks(root: unknown, target: string): TargetResult {
  const links = listOf(at(root, ['topology', 'links']));
  const names = links.map(namesOfLink);
  const key = longestKey([...new Set(names.flat())], target, LINK.length);
  if (key === null) {
    const name = target.slice(LINK.length);
    const known = names.flat();
    return fault(LINK.length, `there is no link or link group "${name}"`, `one of: ${listed(known, 40)}`, didYouMean(name, known));
  }
  const targets: Target[] = [];
  for (const [i, own] of names.entries()) {
    if (!own.includes(key.key)) continue;
    const path = ['topology', 'links', i];
    if (key.end === target.length) targets.push({ path, known: path.length, at: LINK.length, link: true });
    else {
      const found = walk(links[i], path, target, key.end + 1);
      if (!found.ok) return found;
      targets.push(...found.targets);
    }
  }
  return { ok: true, targets };
}

/** The link's name (after its two nodes, if it has none) and its group. */
function namesOfLink(link: unknown): readonly string[] {
  const name = at(link, ['name']);
  const group = at(link, ['group']);
  const ends = listOf(at(link, ['endpoints'])).map((end) => (typeof end === 'string' ? end.split(':')[0] : at(end, ['node'])));
  const own = typeof name === 'string' ? name : ends.join('--');
  return typeof group === 'string' ? [own, group] : [own];
}

function walk(from: unknown, above: Path, target: string, start: number): TargetResult {
  const path = [...above];
  let [value, begin, known, first] = [from, start, above.length, start];
  while (begin <= target.length) {
    if (known === path.length) first = begin;
    const found = segment(value, target, begin);
    if ('message' in found) return { ok: false, fault: found };
    const there = has(value, found.key);
    if (there && known === path.length) known++;
    path.push(found.key);
    value = there ? at(value, [found.key]) : undefined;
    begin = found.end + 1;
  }
  return { ok: true, targets: [{ path, known, at: first, link: false }] };
}

interface Segment {
  readonly key: string | number;
  /** Character behind it. */
  readonly end: number;
}

function segment(value: unknown, target: string, begin: number): Segment | TargetFault {
  const quoted = /^"([^"]+)"(?=\.|$)/.exec(target.slice(begin));
  const dot = target.indexOf('.', begin);
  const word = target.slice(begin, dot < 0 ? target.length : dot);
  if (word === '') return { at: begin, message: `"${target}" has an empty part`, expected: 'names, parted by single dots' };
  if (Array.isArray(value)) {
    const index = Number(word);
    if (/^\d+$/.test(word) && index <= value.length) return { key: index, end: begin + word.length };
    return {
      at: begin,
      message: `"${word}" is no place in a list of ${value.length}`,
      expected: `a number from 0 to ${value.length}; ${value.length} adds one at the end`,
    };
  }
  if (value !== undefined && value !== null && typeof value !== 'object') {
    return { at: begin, message: `nothing stands below ${JSON.stringify(value)}`, expected: "the key of a mapping or the number of a list's item" };
  }
  if (quoted !== null) return { key: quoted[1] ?? '', end: begin + quoted[0].length };
  return longestKey(keysOf(value), target, begin) ?? { key: word, end: begin + word.length };
}

/** Of the keys that stand at `begin`, whole, the longest. */
function longestKey(keys: readonly string[], target: string, begin: number): { readonly key: string; readonly end: number } | null {
  const fitting = keys.filter((key) => target.startsWith(key, begin) && [undefined, '.'].includes(target[begin + key.length]));
  const [key] = fitting.sort((a, b) => b.length - a.length);
  return key === undefined ? null : { key, end: begin + key.length };
}

function fault(offset: number, message: string, expected: string, more: { readonly hint?: string }): TargetResult {
  return { ok: false, fault: { at: offset, message, expected, ...more } };
}

function has(value: unknown, key: string | number): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}

function at(value: unknown, path: Path): unknown {
  let found = value;
  for (const key of path) found = has(found, key) ? (found as Readonly<Record<string | number, unknown>>)[key] : undefined;
  return found;
}

function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
