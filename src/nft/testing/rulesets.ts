/**
 * Reading and comparing rule sets in tests.
 * @module
 */
import type { LabError } from '../../base/error.js';
import { parseRuleset } from '../parse-ruleset.js';
import type { Ruleset, Statement } from '../ruleset.js';
import { fileOf, type Place } from './constructs.js';

/** @param files by path; `fw.nft` is the text itself */
export function rulesetOf(text: string, files: Readonly<Record<string, string>> = {}): Ruleset {
  const result = read(text, files);
  if (!result.ok) throw result.errors[0] as Error;
  return result.ruleset;
}

/** The faults of a text; none when it is good. */
export function faultsOf(text: string, files: Readonly<Record<string, string>> = {}): readonly LabError[] {
  const result = read(text, files);
  return result.ok ? [] : result.errors;
}

function read(text: string, files: Readonly<Record<string, string>>) {
  const all: Readonly<Record<string, string>> = { ...files, 'fw.nft': text };
  const list = (folder: string): readonly string[] => {
    const start = folder === '.' ? '' : `${folder}/`;
    return Object.keys(files)
      .filter((path) => path.startsWith(start) && !path.slice(start.length).includes('/'))
      .map((path) => path.slice(start.length));
  };
  return parseRuleset('fw.nft', (path) => (Object.hasOwn(all, path) ? (all[path] ?? null) : null), list);
}

const PLACES: ReadonlySet<string> = new Set(['src', 'policySrc', 'files', 'text']);

/** What the rules do, without where and how they are written. */
export function meaningOf(ruleset: Pick<Ruleset, 'tables'>): unknown {
  return JSON.parse(JSON.stringify(ruleset, (key, value: unknown) => (PLACES.has(key) ? undefined : value)));
}

/** What the parser makes of one rule in its place. */
export function statementsOf(place: Exclude<Place, 'file'>, text: string): readonly Statement[] {
  const [table] = rulesetOf(fileOf(place, text)).tables;
  return table?.chains.find(({ name }) => name === 'c')?.rules[0]?.statements ?? [];
}

/** The first statement of the rule, without places. */
export function firstOf(place: Exclude<Place, 'file'>, text: string): unknown {
  const [first] = statementsOf(place, text);
  return JSON.parse(JSON.stringify(first ?? null, (key, value: unknown) => (PLACES.has(key) ? undefined : value)));
}

/** `CODE message` of the first fault of a rule; empty when it is good. */
export function refusalOf(place: Place, text: string): string {
  const [first] = faultsOf(fileOf(place, text));
  return first === undefined ? '' : `${first.code} ${first.message}`;
}
