/**
 * Firewall rules by themselves, without a topology: nftables files read, rules of iptables translated.
 * @module
 */
import { LabError } from '../../base/error.js';
import { importIptables } from '../../nft/iptables/import.js';
import { savedFamily } from '../../nft/iptables/save-file.js';
import { parseRuleset } from '../../nft/parse-ruleset.js';
import type { Ruleset } from '../../nft/ruleset.js';
import { RULE_FILES } from '../../topology/source/rule-files.js';
import { Faults } from '../faults.js';
import { readMarkedText, readText } from './files.js';

/** Errors: Faults (NFT_*), FILE_*. */
export function loadRules(file: string): Ruleset {
  // Read once: it may be a pipe.
  const text = readMarkedText(file, 'rules');
  const result = parseRuleset(
    file,
    (path) => (path === file ? text : RULE_FILES.read(path)),
    (folder) => RULE_FILES.list?.(folder) ?? [],
  );
  if (!result.ok) throw new Faults(result.errors);
  return result.ruleset;
}

export interface ImportedRules {
  /** In nftables' language. */
  readonly text: string;
  readonly family: 'ip' | 'ip6';
  readonly tables: number;
  readonly chains: number;
  readonly rules: number;
}

/**
 * What `iptables-save` or `ip6tables-save` wrote, all of it or nothing.
 * @param options ip6: the rules are of IPv6, where the head of the file does not say; source: the old line above each rule
 * Errors: Faults (IPTABLES_*), FILE_*, CLI_USAGE.
 */
export function importRules(file: string, options: { readonly ip6?: boolean; readonly source?: boolean } = {}): ImportedRules {
  const saved = readText(file, 'iptables');
  const family = familyOf(file, saved, options.ip6 === true);
  const result = importIptables(saved, file, { family, source: options.source === true });
  if (!result.ok) throw new Faults(result.errors);
  const { text, tables, chains, rules } = result;
  return { text: `# Made by callpath rules import from ${file.replace(/\s+/g, ' ')}\n${text}`, family, tables, chains, rules };
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
