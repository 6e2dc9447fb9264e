/**
 * From `iptables-save` or `ip6tables-save` to nft text in the supported subset. Nothing is lost in silence: what has no
 * translation is a fault at its place in the file, what has no place in nft becomes a comment in the text.
 *
 * The tables become `table ip filter`, `table ip nat` ... with chains of the same names, as iptables-nft makes them, so
 * both can be compared by eye.
 * @see iptables-save(8), nft(8)
 * @module
 * @example
 * const result = importIptables(text, 'old.rules', { family: 'ip', source: false });
 * if (result.ok) writeFileSync('new.nft', result.text);
 */
import type { LabError, SourceRef } from '../../base/error.js';
import { didYouMean } from '../../base/suggest.js';
import { FaultList } from '../fault.js';
import { parseRuleset } from '../parse-ruleset.js';
import { KEYWORDS, SIGN_WORDS } from '../syntax/lexing/keywords.js';
import { checkModules, strangeOption, takeMatch } from './matches.js';
import { entry } from './options.js';
import { RuleInWork } from './rule.js';
import { countersOf, iptablesFault, readSaved } from './save-file.js';
import type { Counters, SavedChain, SavedRule, SavedTable } from './save-file.js';
import { takeTarget } from './targets.js';
import type { ChainNames } from './targets.js';

export interface ImportOptions {
  readonly family: 'ip' | 'ip6';
  /** Each rule's old line stands above it as a comment. */
  readonly source: boolean;
}

export type ImportResult =
  | { readonly ok: true; readonly text: string; readonly tables: number; readonly chains: number; readonly rules: number }
  | { readonly ok: false; readonly errors: readonly LabError[] };

type Hooks = Readonly<Record<string, string>>;

/** Type, hook and priority of the built-in chains (netfilter_ipv4.h, NF_IP_PRI_*; iptables-nft has the same). */
const HOOKS: Readonly<Record<string, Hooks>> = {
  raw: { PREROUTING: 'filter hook prerouting priority raw', OUTPUT: 'filter hook output priority raw' },
  mangle: {
    PREROUTING: 'filter hook prerouting priority mangle',
    INPUT: 'filter hook input priority mangle',
    FORWARD: 'filter hook forward priority mangle',
    OUTPUT: 'route hook output priority mangle',
    POSTROUTING: 'filter hook postrouting priority mangle',
  },
  // nft has the names dstnat and srcnat for one hook each.
  nat: {
    PREROUTING: 'nat hook prerouting priority dstnat',
    INPUT: 'nat hook input priority 100',
    OUTPUT: 'nat hook output priority -100',
    POSTROUTING: 'nat hook postrouting priority srcnat',
  },
  filter: { INPUT: 'filter hook input priority filter', FORWARD: 'filter hook forward priority filter', OUTPUT: 'filter hook output priority filter' },
  security: { INPUT: 'filter hook input priority security', FORWARD: 'filter hook forward priority security', OUTPUT: 'filter hook output priority security' },
};

/** Lines of the new text, each with the place that it comes from. */
interface Line {
  readonly text: string;
  readonly from: SourceRef | null;
}

/** Errors: IPTABLES_SYNTAX, IPTABLES_UNSUPPORTED, at their places in the file; every one. */
export function importIptables(text: string, file: string, options: ImportOptions): ImportResult {
  const faults = new FaultList();
  const tables = readSaved(text, file, faults);
  if (tables.length === 0 && faults.count === 0)
    faults.add(
      iptablesFault('IPTABLES_SYNTAX', { file, line: 1, column: 1 }, 'the file holds no tables', { expected: 'what iptables-save or ip6tables-save writes' }),
    );
  const lines = tables.flatMap((table) => tableLines(table, options, faults));
  if (faults.count > 0) return { ok: false, errors: faults.sorted([file]) };
  const out = lines.map((line) => `${line.text}\n`).join('');
  // Rules that are right one by one may not stand together, such as a jump from nat to a chain that rejects.
  const read = parseRuleset(file, () => out);
  if (!read.ok) return { ok: false, errors: read.errors.map((error) => moved(error, lines)) };
  return {
    ok: true,
    text: out,
    tables: tables.length,
    chains: tables.flatMap(({ chains }) => chains).length,
    rules: tables.flatMap(({ rules }) => rules).length,
  };
}

/** A fault of the new text, told at the line of the old one. */
function moved(error: LabError, lines: readonly Line[]): LabError {
  const from = lines[(error.where?.line ?? 1) - 1]?.from;
  if (from === undefined || from === null) return error;
  const words = { ...(error.expected !== undefined && { expected: error.expected }), ...(error.hint !== undefined && { hint: error.hint }) };
  return iptablesFault('IPTABLES_UNSUPPORTED', from, `as nft: ${error.message}`, words);
}

function tableLines(table: SavedTable, options: ImportOptions, faults: FaultList): readonly Line[] {
  const hooks = entry(HOOKS, table.name);
  if (hooks === undefined) {
    faults.add(
      iptablesFault('IPTABLES_UNSUPPORTED', table, `the table "${table.name}" has no translation`, { expected: `one of: ${Object.keys(HOOKS).join(', ')}` }),
    );
    return [];
  }
  const present = withBuiltIns(table, hooks);
  const names = chainNames(present);
  const rules = new Map<string, SavedRule[]>(present.map(({ name }) => [name, []]));
  for (const rule of table.rules) {
    const own = rules.get(rule.chain);
    if (own === undefined)
      faults.add(
        iptablesFault('IPTABLES_SYNTAX', rule, `there is no chain "${rule.chain}" in the table`, {
          expected: `:${rule.chain} - [0:0] at the head of the table`,
          ...didYouMean(rule.chain, [...rules.keys(), ...Object.keys(hooks)]),
        }),
      );
    else own.push(rule);
  }
  const chains = present.map((chain) => faults.attempt(() => chainLines(chain, hooks, { rules: rules.get(chain.name) ?? [], names, options, faults })) ?? []);
  const head = { text: `table ${options.family} ${table.name} {`, from: table };
  return [...notesOf(table.notes, '', table), head, ...chains.flat(), ...notesOf(table.endNotes, '  ', table), { text: '}', from: null }];
}

/** A table has its own chains, whether the file names them or not. */
function withBuiltIns(table: SavedTable, hooks: Hooks): readonly SavedChain[] {
  const missing = [...new Set(table.rules.map(({ chain }) => chain))].filter(
    (name) => entry(hooks, name) !== undefined && !table.chains.some((chain) => chain.name === name),
  );
  const { file, line, column } = table;
  return [...missing.map((name) => ({ name, policy: 'ACCEPT', counters: { packets: 0, bytes: 0 }, notes: [], file, line, column })), ...table.chains];
}

/** Comments of the file, at their depth. */
function notesOf(notes: readonly string[], indent: string, from: SourceRef): readonly Line[] {
  return notes.map((text) => ({ text: indent + text, from }));
}

// ---- chains ----------------------------------------------------------------------------------------------------------

interface ChainWork {
  readonly rules: readonly SavedRule[];
  readonly names: ChainNames;
  readonly options: ImportOptions;
  readonly faults: FaultList;
}

function chainLines(chain: SavedChain, hooks: Hooks, { rules, names, options, faults }: ChainWork): readonly Line[] {
  const hook = entry(hooks, chain.name);
  // Faults of the rules are told also where the chain itself is wrong.
  const body = rules.flatMap((rule) => faults.attempt(() => ruleLines(rule, names, options)) ?? []);
  if ((hook === undefined) !== (chain.policy === null)) {
    throw iptablesFault(
      'IPTABLES_SYNTAX',
      chain,
      hook === undefined ? `"${chain.name}" is no chain of this table that has a policy` : `the chain "${chain.name}" has no policy`,
      { expected: `a policy for: ${Object.keys(hooks).join(', ')}; "-" for others`, ...(hook === undefined && didYouMean(chain.name, Object.keys(hooks))) },
    );
  }
  const name = names.get(chain.name) ?? chain.name;
  const head: Line[] = [...notesOf(chain.notes, '  ', chain)];
  if (name !== chain.name) head.push({ text: `  # ${chain.name} in iptables`, from: chain });
  if (chain.counters.packets > 0 || chain.counters.bytes > 0)
    head.push({ text: `  # the policy had counted ${chain.counters.packets} packets, ${chain.counters.bytes} bytes`, from: chain });
  head.push({ text: `  chain ${name} {`, from: chain });
  if (hook !== undefined) head.push({ text: `    type ${hook}; policy ${policyOf(chain)};`, from: chain });
  return [...head, ...body, { text: '  }', from: null }];
}

function policyOf(chain: SavedChain): string {
  if (chain.policy === 'ACCEPT' || chain.policy === 'DROP') return chain.policy.toLowerCase();
  if (chain.policy === 'QUEUE') throw iptablesFault('IPTABLES_UNSUPPORTED', chain, 'the policy QUEUE has no translation', { expected: 'ACCEPT or DROP' });
  throw iptablesFault('IPTABLES_SYNTAX', chain, `"${chain.policy ?? '-'}" is no policy`, { expected: 'ACCEPT or DROP' });
}

/** iptables takes nearly any name; nft's have letters, digits and a few signs, and are no words of its own. */
function chainNames(chains: readonly SavedChain[]): ChainNames {
  const names = new Map<string, string>();
  const good = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9/_.-]*$/.test(name) && !KEYWORDS.has(name) && !SIGN_WORDS.has(name);
  // Those that stay as they are come first: no other takes their names.
  for (const { name } of chains) if (good(name)) names.set(name, name);
  const taken = new Set(names.values());
  for (const { name } of chains) {
    if (names.has(name)) continue;
    const letters = `chain_${name.replace(/[^A-Za-z0-9/_.-]/g, '_')}`;
    let unique = letters;
    for (let i = 2; taken.has(unique); i++) unique = `${letters}_${i}`;
    taken.add(unique);
    names.set(name, unique);
  }
  return names;
}

// ---- rules -----------------------------------------------------------------------------------------------------------

function ruleLines(saved: SavedRule, names: ChainNames, { family, source }: ImportOptions): readonly Line[] {
  const rule = new RuleInWork(saved, family);
  for (let written = rule.options.take(); written !== undefined; written = rule.options.take()) {
    const option = { ...written, name: entry(SHORT_NAMES, written.name) ?? written.name };
    if (option.name === '-j' || option.name === '-g') takeTarget(rule, option, names);
    else if (option.name === '-c') rule.counters = countersOf(rule.options.value(option).text, rule.options.value(option).text, option.at);
    else if (!takeMatch(rule, option)) throw strangeOption(option);
  }
  checkModules(rule);
  const { short, long } = commentsOf(rule.comments);
  const statements = [...rule.pieces, counterOf(rule.counters), ...(rule.target === null ? [] : [rule.target]), ...short.map((text) => `comment "${text}"`)];
  const notes = [...saved.notes, ...(source ? [`# ${saved.line}: ${saved.raw}`] : []), ...long.map((text) => `# ${text}`)];
  return [...notesOf(notes, '    ', saved), { text: `    ${statements.join(' ')}`, from: saved }];
}

/** iptables-save writes the short ones; people write both. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  '--protocol': '-p',
  '--proto': '-p',
  '--source': '-s',
  '--src': '-s',
  '--destination': '-d',
  '--dst': '-d',
  '--in-interface': '-i',
  '--out-interface': '-o',
  '--fragment': '-f',
  '--match': '-m',
  '--jump': '-j',
  '--goto': '-g',
  '--set-counters': '-c',
  '--ipv4': '-4',
  '--ipv6': '-6',
  '--source-port': '--sport',
  '--destination-port': '--dport',
  '--source-ports': '--sports',
  '--destination-ports': '--dports',
  '--port': '--ports',
};

/** iptables counts at every rule. */
function counterOf(counters: Counters | null): string {
  return counters === null || (counters.packets === 0 && counters.bytes === 0) ? 'counter' : `counter packets ${counters.packets} bytes ${counters.bytes}`;
}

/** NFTNL_UDATA_COMMENT_MAXLEN */
const LONGEST_COMMENT = 128;

/** What nft takes as the comment of a rule, and what must stand in a line of its own. */
function commentsOf(comments: readonly string[]): { readonly short: readonly string[]; readonly long: readonly string[] } {
  const [first, ...more] = comments.map((text) => text.replace(/\s+/g, ' '));
  if (first === undefined || first === '') return { short: [], long: more };
  const fits = !first.includes('"') && new TextEncoder().encode(first).length <= LONGEST_COMMENT;
  return { short: fits ? [first] : [], long: fits ? more : [first, ...more] };
}
