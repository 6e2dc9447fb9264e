/**
 * The rule files that nodes name, read; and their settings of connection tracking, in the kernel's words.
 * @see nft(8), Documentation/networking/nf_conntrack-sysctl.rst
 * @module
 */
import { dirname, isAbsolute, join } from 'node:path';
import { LabError } from '../../base/error.js';
import { parseDuration } from '../../base/time.js';
import { parseRuleset } from '../../nft/parse-ruleset.js';
import type { Ruleset, Selector, Statement } from '../../nft/ruleset.js';
import { CONNTRACK_SYSCTLS, isConntrackSysctl } from '../conntrack-sysctls.js';
import type { PlanFirewall } from '../plan.js';
import type { RuleFiles } from '../source/rule-files.js';
import type { FileNode } from '../source/schema.js';
import { didYouMean, listed } from '../../base/suggest.js';
import type { Path } from '../source/yaml-source.js';
import type { Draft, DraftLink, DraftNode } from './draft.js';

const PREFIX = 'nf_conntrack_';
/** Those that are on or off. */
const SWITCHES: ReadonlySet<string> = new Set(['checksum', 'tcp_be_liberal', 'tcp_ignore_invalid_rst', 'tcp_loose'].map((name) => PREFIX + name));
const SECOND = 1e9;

/** By node; nodes without a firewall are left out. Faults of a rule file stand at their own places in it. */
export function readFirewalls(
  nodes: ReadonlyMap<string, DraftNode>,
  links: readonly DraftLink[],
  files: RuleFiles,
  draft: Draft,
): ReadonlyMap<string, PlanFirewall> {
  const firewalls = new Map<string, PlanFirewall>();
  for (const node of nodes.values()) {
    if (node.firewall === null) continue;
    const path: Path = [...node.path, 'firewall'];
    const file = isAbsolute(node.firewall) ? node.firewall : join(dirname(draft.faults.source.file), node.firewall);
    const read = files.read(file);
    if (typeof read !== 'string') {
      const [code, what] =
        read === null
          ? (['FILE_NOT_FOUND', `the rule file ${file} is not there`] as const)
          : (['FILE_UNREADABLE', `the rule file ${file} can't be read: ${read.refused}`] as const);
      draft.faults.add(code, path, what, { expected: 'a file of nftables rules, its path relative to this file' });
      continue;
    }
    const result = parseRuleset(file, (name) => files.read(name), files.list === undefined ? undefined : (folder) => files.list?.(folder) ?? []);
    if (!result.ok) {
      for (const error of result.errors) draft.faults.report(error);
      continue;
    }
    const interfaces = links.flatMap((link) => link.ends.flatMap((end) => (end.node === node ? [end.interface] : [])));
    for (const error of strangeInterfaces(result.ruleset, node.name, ['lo', ...interfaces])) draft.faults.report(error);
    firewalls.set(node.name, { file, ruleset: result.ruleset, src: draft.faults.source.place(path) });
  }
  return firewalls;
}

/** Sysctls by their full names; null when the node says nothing. */
export function readConntrack(written: FileNode['conntrack'], path: Path, { faults }: Draft): Readonly<Record<string, number>> | null {
  if (written === undefined) return null;
  const settings: Record<string, number> = {};
  for (const [key, value] of Object.entries(written)) {
    const name = key.startsWith(PREFIX) ? key : PREFIX + key;
    if (!isConntrackSysctl(name)) {
      const known = Object.keys(CONNTRACK_SYSCTLS).map((one) => one.slice(PREFIX.length));
      faults.add('TOPOLOGY_SCHEMA', [...path, key], `connection tracking has no setting "${key}"`, {
        on: 'key',
        expected: `one of: ${listed(known, 40)}`,
        ...didYouMean(key, known),
      });
      continue;
    }
    const [number, expected] = readSetting(name, value);
    if (number !== null) settings[name] = number;
    else faults.add('TOPOLOGY_SCHEMA', [...path, key], `${JSON.stringify(value)} is no value of ${key}`, { expected });
  }
  return settings;
}

function readSetting(name: string, value: string | number | boolean): readonly [number | null, string] {
  if (SWITCHES.has(name)) return [value === true || value === 1 ? 1 : value === false || value === 0 ? 0 : null, 'true or false'];
  if (!name.includes('timeout')) return [typeof value === 'number' && value >= 0 ? value : null, 'a whole number'];
  const expected = 'a time in whole seconds, such as 30s or 5m';
  if (typeof value === 'number') return [value > 0 ? value : null, expected];
  const time = typeof value === 'string' ? parseDuration(value) : undefined;
  return [time !== undefined && time > 0 && time % SECOND === 0 ? time / SECOND : null, expected];
}

/**
 * `iif` and `oif` are looked up when the rules are loaded: a missing one is refused. `iifname` and `oifname` may name
 * what is not there; what looks like a slip of the fingers is one all the same.
 */
function strangeInterfaces(ruleset: Ruleset, node: string, known: readonly string[]): readonly LabError[] {
  const errors: LabError[] = [];
  for (const table of ruleset.tables) {
    for (const chain of table.chains) {
      for (const rule of chain.rules) {
        for (const { name, byIndex } of rule.statements.flatMap(interfacesOf)) {
          if (known.includes(name)) continue;
          const meant = didYouMean(name, known);
          if (!byIndex && meant.hint === undefined) continue;
          errors.push(new LabError('NFT_UNKNOWN', `"${node}" has no interface "${name}"`, { where: rule.src, expected: `one of: ${listed(known)}`, ...meant }));
        }
      }
    }
  }
  return errors;
}

function interfacesOf(statement: Statement): readonly { readonly name: string; readonly byIndex: boolean }[] {
  if (statement.do !== 'match' && statement.do !== 'lookup') return [];
  const selectors: readonly Selector[] =
    statement.left.is === 'selector' ? [statement.left.selector] : statement.left.is === 'concat' ? statement.left.parts : [];
  return selectors.flatMap((selector, part) => {
    if (selector.select !== 'meta' || !['iif', 'oif', 'iifname', 'oifname'].includes(selector.key)) return [];
    const patterns =
      statement.do === 'match' ? [statement.right] : statement.set.is === 'anonymous' ? statement.set.set.elements.map((element) => element.key[part]) : [];
    const byIndex = selector.key === 'iif' || selector.key === 'oif';
    return patterns.flatMap((pattern) => (pattern?.is === 'interface' && !pattern.wildcard ? [{ name: pattern.name, byIndex }] : []));
  });
}
