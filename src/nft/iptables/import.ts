/**
 * From `iptables-save` or `ip6tables-save` to nft text in the supported subset. Nothing is lost in silence: what has no
 * translation is a fault at its place in the file, what has no place in nft becomes a comment in the text.
 *
 * The tables become `table ip filter`, `table ip nat` ... with chains of the same names, as iptables-nft makes them, so
 * both can be compared by eye.
 * @see iptables-save(8), nft(8)
 * @module
 * @example
 * const result = importIptables(text, 'old.rules', 'ip');
 * if (result.ok) writeFileSync('new.nft', result.text);
 */
import type { LabError, SourceRef } from '../../base/error.js';
import { FaultList } from '../fault.js';
import { parseRuleset } from '../parse-ruleset.js';
import { KEYWORDS } from '../syntax/lexing/keywords.js';
import { takeMatch } from './matches.js';
import type { RuleInWork } from './matches.js';
import { Options, unsupportedOption } from './options.js';
import { iptablesFault, readSaved } from './save-file.js';
import type { Counters, SavedChain, SavedRule, SavedTable } from './save-file.js';
import { takeTarget } from './targets.js';
import type { ChainNames } from './targets.js';

export type ImportResult = { readonly ok: true; readonly text: string; readonly rules: number } | { readonly ok: false; readonly errors: readonly LabError[] };

/** Type, hook and priority of the built-in chains (iptables-nft has the same). */
const HOOKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  filter: { INPUT: 'filter hook input priority 0', FORWARD: 'filter hook forward priority 0', OUTPUT: 'filter hook output priority 0' },
  nat: { PREROUTING: 'nat hook prerouting priority -100', INPUT: 'nat hook input priority 100', OUTPUT: 'nat hook output priority -100', POSTROUTING: 'nat hook postrouting priority 100' },
  mangle: {
    PREROUTING: 'filter hook prerouting priority -150', INPUT: 'filter hook input priority -150', FORWARD: 'filter hook forward priority -150',
    OUTPUT: 'route hook output priority -150', POSTROUTING: 'filter hook postrouting priority -150',
  },
  raw: { PREROUTING: 'filter hook prerouting priority -300', OUTPUT: 'filter hook output priority -300' },
  security: { INPUT: 'filter hook input priority 50', FORWARD: 'filter hook forward priority 50', OUTPUT: 'filter hook output priority 50' },
};

/** Lines of the new text, each with the place that it comes from. */
interface Line {
  readonly text: string;
  readonly from: SourceRef | null;
}

/** Errors: IPTABLES_SYNTAX, IPTABLES_UNSUPPORTED; and NFT_* where the rules cannot stand together, at the old file's place. */
export function importIptables(text: string, file: string, family: 'ip' | 'ip6'): ImportResult {
  const faults = new FaultList();
  const tables = readSaved(text, file, faults);
  if (tables.length === 0 && faults.count === 0) faults.add(iptablesFault('IPTABLES_SYNTAX', { file, line: 1, column: 1 }, 'the file holds no tables', { expected: 'what iptables-save writes' }));
  const lines = tables.flatMap((table) => tableLines(table, family, faults));
  if (faults.count > 0) return { ok: false, errors: faults.sorted([file]) };
  const out = lines.map((line) => `${line.text}\n`).join('');
  const read = parseRuleset(file, () => out);
  if (!read.ok) return { ok: false, errors: read.errors.map((error) => moved(error, lines)) };
  return { ok: true, text: out, rules: tables.reduce((sum, table) => sum + table.rules.length, 0) };
}

/** A fault of the new text, told at the line of the old one. */
function moved(error: LabError, lines: readonly Line[]): LabError {
  const from = lines[(error.where?.line ?? 1) - 1]?.from;
  return from ? iptablesFault('IPTABLES_UNSUPPORTED', from, `as nft: ${error.message}`, error.expected === undefined ? {} : { expected: error.expected }) : error;
}

function tableLines(table: SavedTable, family: 'ip' | 'ip6', faults: FaultList): readonly Line[] {
  const hooks = HOOKS[table.name];
  if (hooks === undefined) {
    faults.add(iptablesFault('IPTABLES_UNSUPPORTED', table, `the table "${table.name}" has no translation`, { expected: `one of: ${Object.keys(HOOKS).join(', ')}` }));
    return [];
  }
  const names = chainNames(table.chains);
  const chains = table.chains.map((chain): readonly Line[] => {
    const rules = table.rules.filter((rule) => rule.chain === chain.name);
    return faults.attempt(() => chainLines(chain, hooks, { rules, names, family, faults })) ?? [];
  });
  for (const rule of table.rules) if (!names.has(rule.chain)) faults.add(iptablesFault('IPTABLES_SYNTAX', rule, `there is no chain "${rule.chain}" in the table`, { expected: `:${rule.chain} - [0:0] at the head of the table` }));
  return [{ text: `table ${family} ${table.name} {`, from: table }, ...chains.flat(), { text: '}', from: null }];
}

interface ChainWork {
  readonly rules: readonly SavedRule[];
  readonly names: ChainNames;
  readonly family: 'ip' | 'ip6';
  readonly faults: FaultList;
}

function chainLines(chain: SavedChain, hooks: Readonly<Record<string, string>>, { rules, names, family, faults }: ChainWork): readonly Line[] {
  const hook = hooks[chain.name];
  if ((hook === undefined) !== (chain.policy === null)) {
    throw iptablesFault('IPTABLES_SYNTAX', chain, hook === undefined ? `"${chain.name}" is no chain of this table that has a policy` : `the chain "${chain.name}" has no policy`, { expected: `one of: ${Object.keys(hooks).join(', ')}, with a policy` });
  }
  const name = names.get(chain.name) ?? chain.name;
  const head: Line[] = [];
  if (name !== chain.name) head.push({ text: `  # was called ${chain.name}`, from: chain });
  if (chain.policy !== null && (chain.counters.packets > 0 || chain.counters.bytes > 0)) head.push({ text: `  # its policy had counted ${chain.counters.packets} packets, ${chain.counters.bytes} bytes`, from: chain });
  head.push({ text: `  chain ${name} {`, from: chain });
  if (hook !== undefined) head.push({ text: `    type ${hook}; policy ${policyOf(chain)};`, from: chain });
  const body = rules.flatMap((rule) => faults.attempt(() => ruleLines(rule, names, family)) ?? []);
  return [...head, ...body, { text: '  }', from: null }];
}

function policyOf(chain: SavedChain): string {
  if (chain.policy === 'ACCEPT' || chain.policy === 'DROP') return chain.policy.toLowerCase();
  throw iptablesFault('IPTABLES_UNSUPPORTED', chain, `the policy ${chain.policy ?? '-'} has no translation`, { expected: 'ACCEPT or DROP' });
}

// ---- rules -----------------------------------------------------------------------------------------------------------

function ruleLines(rule: SavedRule, names: ChainNames, family: 'ip' | 'ip6'): readonly Line[] {
  const work: RuleInWork = { family, options: new Options(rule), matches: [], protocol: null, modules: new Set(), comments: [], limit: null };
  let target: string | null = null;
  for (let option = work.options.take(); option !== undefined; option = work.options.take()) {
    const named = { ...option, name: LONG_NAMES[option.name] ?? option.name };
    if (named.name === '-j' || named.name === '-g') target = takeTarget(work, named, names);
    else if (!takeMatch(work, named)) throw unsupportedOption(option);
  }
  const matches = [...withoutRepeats(work.matches)];
  if (work.limit !== null) matches.splice(Math.min(work.limit.at, matches.length), 0, `limit rate ${work.limit.rate} burst ${work.limit.burst} packets`);
  const { short, long } = commentsOf(work.comments);
  const statements = [...matches, counterOf(rule.counters), ...(target === null ? [] : [target]), ...short.map((text) => `comment "${text}"`)];
  return [...long.map((text) => ({ text: `    # ${text}`, from: rule })), { text: `    ${statements.join(' ')}`, from: rule }];
}

/** iptables-save writes the short ones. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  '--protocol': '-p', '--proto': '-p', '--source': '-s', '--src': '-s', '--destination': '-d', '--dst': '-d', '--in-interface': '-i', '--out-interface': '-o', '--fragment': '-f', '--match': '-m', '--jump': '-j', '--goto': '-g',
  '--source-port': '--sport', '--destination-port': '--dport', '--source-ports': '--sports', '--destination-ports': '--dports',
};

/** A port says which protocol it is of. */
function withoutRepeats(matches: readonly string[]): readonly string[] {
  return matches.filter((match, i) => {
    const named = /^meta l4proto (tcp|udp|icmp|icmpv6)$/.exec(match)?.[1];
    return named === undefined || !matches.some((other, j) => j > i && other.startsWith(`${named} `));
  });
}

/** iptables counts at every rule. */
function counterOf(counters: Counters | null): string {
  return counters === null || (counters.packets === 0 && counters.bytes === 0) ? 'counter' : `counter packets ${counters.packets} bytes ${counters.bytes}`;
}

/** NFTNL_UDATA_COMMENT_MAXLEN */
const LONGEST_COMMENT = 128;

/** What nft takes as a comment of a rule, and what must stand in a line of its own. */
function commentsOf(comments: readonly string[]): { readonly short: readonly string[]; readonly long: readonly string[] } {
  const [first, ...more] = comments.map((text) => text.replace(/\s+/g, ' '));
  if (first === undefined) return { short: [], long: [] };
  const fits = !first.includes('"') && new TextEncoder().encode(first).length <= LONGEST_COMMENT;
  return { short: fits ? [first] : [], long: fits ? more : [first, ...more] };
}

// ---- names -----------------------------------------------------------------------------------------------------------

/** iptables takes nearly any name; nft's have letters, digits and a few signs, and are no words of its own. */
function chainNames(chains: readonly SavedChain[]): ChainNames {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { name } of chains) {
    const letters = name.replace(/[^A-Za-z0-9/_.-]/g, '_');
    const good = /^[A-Za-z_]/.test(letters) && !KEYWORDS.has(letters) ? letters : `chain_${letters}`;
    let unique = good;
    for (let i = 2; taken.has(unique); i++) unique = `${good}_${i}`;
    taken.add(unique);
    names.set(name, unique);
  }
  return names;
}
