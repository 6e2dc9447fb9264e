/**
 * A topology file with overrides on top of it: the changed values, each with its place where it was really written.
 * @module
 */
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { LabError } from '../../../base/error.js';
import type { LabErrorDetails, SourceRef } from '../../../base/error.js';
import type { Path, PlaceOn, Places, Source } from '../source.js';
import type { Override } from './override.js';
import { didYouMean } from '../../../base/suggest.js';
import { findTarget } from './target.js';
import type { Target } from './target.js';

/** A change that was made. */
interface Applied {
  readonly path: Path;
  readonly known: number;
  readonly places: Places;
  /** In the target, for the keys that it brought into being. */
  readonly target: SourceRef;
}

export class OverriddenSource implements Source {
  readonly file: string;
  readonly errors: readonly LabError[];
  readonly usable: boolean;
  readonly value: unknown;
  readonly #base: Source;
  readonly #applied: Applied[] = [];

  /** In their order: a later one sees what an earlier one made. */
  constructor(base: Source, overrides: readonly Override[]) {
    this.#base = base;
    this.file = base.file;
    this.usable = base.usable;
    const faults: LabError[] = [];
    let value = base.value;
    if (base.usable) for (const override of overrides) value = this.#apply(value, override, faults);
    this.value = value;
    this.errors = [...base.errors, ...faults];
  }

  place(path: Path, on: PlaceOn = 'value'): SourceRef {
    const change = this.#changeOf(path);
    if (change === undefined) return this.#base.place(path, on);
    if (path.length < change.path.length || (path.length === change.path.length && on === 'key')) return change.target;
    return change.places.place(path.slice(change.path.length), on);
  }

  placeWithin(path: Path, offset: number): SourceRef {
    const change = this.#changeOf(path);
    if (change === undefined) return this.#base.placeWithin(path, offset);
    return path.length < change.path.length ? change.target : change.places.placeWithin(path.slice(change.path.length), offset);
  }

  /** The last change at or above a path, or the one that brought its keys into being. */
  #changeOf(path: Path): Applied | undefined {
    return this.#applied.findLast((change) => {
      const shared = Math.min(path.length, change.path.length);
      return shared > Math.min(change.known, change.path.length - 1) && change.path.slice(0, shared).every((key, i) => key === path[i]);
    });
  }

  #apply(root: unknown, override: Override, faults: LabError[]): unknown {
    const fault = (at: SourceRef, message: string, details: LabErrorDetails): unknown => {
      faults.push(new LabError('TOPOLOGY_OVERRIDE', message, { where: at, ...details }));
      return root;
    };
    const found = findTarget(root, override.target);
    if (!found.ok) {
      const { at, message, expected, hint } = found.fault;
      return fault(override.targetPlace(at), message, { expected, ...(hint !== undefined && { hint }) });
    }
    let value = root;
    for (const target of found.targets) {
      const wrong = misfit(target, override);
      if (wrong !== null) return fault(override.places.place([]), wrong.message, wrong.more);
      const [path, set] =
        target.link && (override.value === 'up' || override.value === 'down')
          ? [[...target.path, 'up'], override.value === 'up']
          : [target.path, override.value];
      value = withValue(value, path, rebased(set, target.path.at(-1), override.folder, this.file));
      this.#applied.push({ path, known: target.known, places: override.places, target: override.targetPlace(target.at) });
    }
    return value;
  }
}

/** Why a value cannot stand at a target, if so. */
function misfit(target: Target, { value, target: name }: Override): { readonly message: string; readonly more: LabErrorDetails } | null {
  if (target.link && value !== 'up' && value !== 'down') {
    const expected = `up or down; or one of its keys, such as ${name}.impairments`;
    return { message: `a link is not set to ${shown(value)}`, more: { expected, ...didYouMean(String(value), ['up', 'down']) } };
  }
  if (value !== null) return null;
  if (typeof target.path.at(-1) === 'number') return { message: 'an item of a list cannot be taken out', more: { expected: 'the whole list, without it' } };
  if (target.known < target.path.length) return { message: `there is no "${name}" that could be taken away`, more: { expected: 'a key that is there' } };
  return null;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
}

/** A copy of the tree that differs at one place: what aliases share stays as it is elsewhere. Null takes the key away. */
function withValue(tree: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(tree)) {
    const items: unknown[] = [...(tree as readonly unknown[])];
    items[Number(key)] = withValue(items[Number(key)], rest, value);
    return items;
  }
  const entries = Object.entries(typeof tree === 'object' && tree !== null ? tree : {});
  const inner = entries.find(([name]) => name === String(key))?.[1];
  const others = entries.filter(([name]) => name !== String(key));
  if (rest.length === 0 && value === null) return Object.fromEntries(others);
  const changed: [string, unknown] = [String(key), withValue(inner, rest, value)];
  // The order of keys stays: a new one comes last.
  return Object.fromEntries(inner === undefined ? [...others, changed] : entries.map((entry) => (entry[0] === changed[0] ? changed : entry)));
}

/** Values whose paths of rule files are as the topology's folder has them. */
function rebased(value: unknown, key: string | number | undefined, folder: string, topology: string): unknown {
  if (typeof value === 'string') return key !== 'firewall' || isAbsolute(value) ? value : relative(resolve(dirname(topology)), resolve(join(folder, value)));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, rebased(inner, name, folder, topology)]));
}
