/**
 * `callpath rules`: firewall rules by themselves, without a topology.
 * @module
 */
import { resolve } from 'node:path';
import { LabError } from '../../base/error.js';
import { importIptables } from '../../nft/iptables/import.js';
import { savedFamily } from '../../nft/iptables/save-file.js';
import { parseRuleset } from '../../nft/parse-ruleset.js';
import type { Ruleset } from '../../nft/ruleset.js';
import { RULE_FILES } from '../../topology/source/rule-files.js';
import { Faults, print } from '../exit.js';
import { readText, requireWritable, writeText } from '../files.js';

/**
 * Writes what `iptables-save` wrote as nft text: all of it or nothing.
 * Errors: Faults (IPTABLES_*), FILE_*, CLI_USAGE.
 */
export function importRules(file: string, options: { ip6?: boolean; source?: boolean; out?: string }): void {
  const { out } = options;
  if (out !== undefined) {
    requireWritable(out);
    if (resolve(out) === resolve(file)) throw new LabError('FILE_EXISTS', `${out} is the file that is imported`, { expected: 'another file to write' });
  }
  const text = readText(file);
  const family = familyOf(file, text, options.ip6 === true);
  const result = importIptables(text, file, { family, source: options.source === true });
  if (!result.ok) throw new Faults(result.errors);
  const head = `# Made by callpath rules import from ${file.replace(/\s+/g, ' ')}\n`;
  if (out === undefined) {
    process.stdout.write(head + result.text);
    return;
  }
  writeText(out, head + result.text);
  print(`${out}: ${family}, ${counted(result)}`);
}

/** The head of the file decides; where it says nothing, the option. */
function familyOf(file: string, text: string, ip6: boolean): 'ip' | 'ip6' {
  const said = savedFamily(text);
  if (said === 'ip' && ip6)
    throw new LabError('CLI_USAGE', `${file} says that iptables-save wrote it, so it is IPv4`, {
      expected: 'no --ip6',
      hint: 'ip6tables-save writes the rules of IPv6',
    });
  return said ?? (ip6 ? 'ip6' : 'ip');
}

/** Errors: Faults (NFT_*), FILE_*. */
export function checkRules(files: readonly string[]): void {
  const faults: LabError[] = [];
  for (const file of new Set(files)) {
    try {
      // Read once: it may be a pipe.
      const text = readText(file);
      const result = parseRuleset(
        file,
        (path) => (path === file ? text : RULE_FILES.read(path)),
        (folder) => RULE_FILES.list?.(folder) ?? [],
      );
      if (result.ok) print(`${file}: ${summary(result.ruleset)}`);
      else faults.push(...result.errors);
    } catch (error) {
      if (!LabError.is(error)) throw error;
      faults.push(error);
    }
  }
  if (faults.length > 0) throw new Faults(faults);
}

function summary({ tables, files }: Ruleset): string {
  const chains = tables.flatMap((table) => table.chains);
  const rules = chains.flatMap((chain) => chain.rules);
  const included = files.length === 1 ? '' : `, ${count(files.length - 1, 'file')} included`;
  return `${counted({ tables: tables.length, chains: chains.length, rules: rules.length })}${included}`;
}

function counted({ tables, chains, rules }: { readonly tables: number; readonly chains: number; readonly rules: number }): string {
  return [count(tables, 'table'), count(chains, 'chain'), count(rules, 'rule')].join(', ');
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
