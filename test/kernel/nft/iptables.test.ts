/**
 * The import of iptables' rules against iptables and nft themselves: what iptables-save writes is read, what comes out is
 * loaded by nft, and means to it what iptables' own translation means.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importIptables } from '../../../src/nft/iptables/import.js';
import { ALL_IMPORT_EXAMPLES, HAND_WRITTEN, savedFile } from '../../../src/nft/iptables/testing/examples.js';
import type { ImportExample } from '../../../src/nft/iptables/testing/examples.js';
import { WRONG } from '../../../src/nft/iptables/testing/wrong.js';
import { randomRules } from '../../support/iptables-rules.js';
import { rulesetOf } from '../../../src/nft/testing/rulesets.js';
import { BACKENDS, countedByBoth, iptablesLacks, savedAgain, translated } from '../../support/iptables.js';
import type { Family } from '../../support/iptables.js';
import { bytecodeOfEach, loadEach, nftLacks } from '../../support/nft.js';

const lack = nftLacks() ?? iptablesLacks('nft');
const legacyLack = lack ?? iptablesLacks('legacy');
const why = legacyLack === null ? '' : ` (${legacyLack})`;
if (lack !== null && process.env['CI'] !== undefined) throw new Error(lack);

const FAMILIES: readonly Family[] = ['ip', 'ip6'];

function imported(family: Family, text: string, source = false): string {
  const result = importIptables(text, 'saved.rules', { family, source });
  if (!result.ok) throw result.errors[0] as Error;
  return result.text;
}

/** The rules of a text, without counters. */
const rulesIn = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => /\bcounter\b/.test(line))
    .map((line) =>
      line
        .trim()
        .replace(/\s*counter( packets \d+ bytes \d+)?/, '')
        .trim(),
    );

/**
 * Where iptables' translation is none (it says so by a comment), or says less than iptables means: seconds are a whole
 * second of milliseconds, and a limit comes after the protocol is known.
 */
const NOT_TRANSLATED = /--icmp-type (3\/4|11\/0)|--icmpv6-type 1\/4|--ctmask 0xff$|-j (TTL|HL) |--ctexpire|-m limit .*-m tcp/;
/** Its translation is none that nft takes, or sets bits first that it clears then. */
const TRANSLATED_WRONGLY = /CONNMARK --set-xmark 0x10\/0xf0|--tcp-flags SYN SYN|DNAT --to-destination \[/;

/** Said alike: the protocol by the header or by what nft knows of the packet, and an address of a connection with its family. */
function alike(rule: string): string {
  const words = rule
    .replace(/\bip protocol (!= )?/g, 'meta l4proto $1')
    .replace(/\bct (original|reply) ([sd]addr)/g, (_, way: string, field: string) => `ct ${way} ${rule.includes('add rule ip6') ? 'ip6' : 'ip'} ${field}`);
  // A protocol that the next field names too is one instruction to us and two to it.
  return words.replace(/meta l4proto (tcp|udp|ipv6-icmp|icmp) ((?:ip6? [sd]addr \S+ )?)(?=(tcp|udp|icmpv6|icmp) )/, '$2');
}

describe.skipIf(lack !== null)(`iptables and nft agree${lack === null ? '' : ` (${lack})`}`, () => {
  it('nft loads what is made of each example', () => {
    const said = loadEach(ALL_IMPORT_EXAMPLES.map((example) => imported(example.family, savedFile(example.family, [example]), true)));
    expect(ALL_IMPORT_EXAMPLES.flatMap(({ words }, i) => (said[i]?.ok === true ? [] : [`${words}: ${said[i]?.said}`]))).toEqual([]);
  });

  it.each(FAMILIES.flatMap((family) => BACKENDS.filter((backend) => backend === 'nft' || legacyLack === null).map((backend) => [family, backend] as const)))(
    'iptables writes the examples as they stand, and what it writes is read: %s %s',
    (family, backend) => {
      const examples = ALL_IMPORT_EXAMPLES.filter((example) => example.family === family);
      const saved = savedAgain(family, backend, savedFile(family, examples));
      // iptables-save has no NOTRACK of its own any more, and an order of its own for tables.
      const written = (words: string): string => words.replace('-j NOTRACK', '-j CT --notrack');
      const lines = saved.split('\n').map((line) => line.trim());
      const found = ({ chain, words }: ImportExample): boolean => [words, written(words)].some((text) => lines.includes(`[0:0] -A ${chain} ${text}`));
      expect(examples.filter((example) => !found(example)).map(({ words }) => words)).toEqual([]);
      expect([...rulesIn(imported(family, saved))].sort()).toEqual(examples.map(({ nft }) => nft).sort());
    },
  );

  it.each(FAMILIES)('nft makes the same of an example and of what iptables-translate says for it: %s', (family) => {
    const examples = ALL_IMPORT_EXAMPLES.filter(
      (example) => example.family === family && !NOT_TRANSLATED.test(example.words) && !TRANSLATED_WRONGLY.test(example.words),
    );
    const [ours, theirs] = [[] as string[], [] as string[]];
    for (const example of examples) {
      const rule = translated(family, savedFile(family, [example])).find((line) => line.startsWith('add rule'));
      const line = rulesIn(imported(family, savedFile(family, [example])))[0] ?? '';
      const head = `table ${family} ${example.table} {\n  chain WEB {\n  }\n  chain ${example.chain} {\n    type ${hookOf(example)}\n    `;
      ours.push(`${head}${line}\n  }\n}\n`);
      theirs.push(
        `${head}${alike(rule ?? '')
          .replace(/^add rule \S+ \S+ \S+ /, '')
          .replace(/\s*counter/, '')
          .trim()}\n  }\n}\n`,
      );
    }
    const [a, b] = [bytecodeOfEach(ours), bytecodeOfEach(theirs)];
    expect(b.filter(({ ok }) => !ok)).toEqual([]);
    expect(examples.flatMap(({ words }, i) => (a[i]?.said === b[i]?.said ? [] : [`${words}\n${ours[i]}${theirs[i]}${a[i]?.said}\n${b[i]?.said}`]))).toEqual([]);
  });

  it('a rule means the same as people write it and as iptables-save writes it then', () => {
    const written = HAND_WRITTEN.map(([words]) => `*filter\n:INPUT ACCEPT [0:0]\n-A INPUT ${words}\nCOMMIT\n`);
    const direct = bytecodeOfEach(written.map((text) => imported('ip', text)));
    const saved = bytecodeOfEach(written.map((text) => imported('ip', savedAgain('ip', 'nft', text)).replace(/ {2}chain (FORWARD|OUTPUT) \{[^}]*\}\n/g, '')));
    expect(direct.filter(({ ok }) => !ok)).toEqual([]);
    expect(HAND_WRITTEN.flatMap(([words], i) => (direct[i]?.said === saved[i]?.said ? [] : [`${words}\n${direct[i]?.said}\n${saved[i]?.said}`]))).toEqual([]);
  });

  it('iptables refuses what the importer calls no rule of iptables', () => {
    const taken = WRONG.filter(([words]) => {
      try {
        savedAgain('ip', 'nft', `*filter\n:INPUT ACCEPT [0:0]\n-A INPUT ${words}\nCOMMIT\n`);
        return true;
      } catch {
        return false;
      }
    });
    expect(taken).toEqual([]);
  });

  it('would tell if a rule meant something else', () => {
    const rules = ['22', '23'].map(
      (port) =>
        `table ip filter {\n  chain c {\n    ${rulesIn(imported('ip', savedFile('ip', [{ family: 'ip', table: 'filter', chain: 'INPUT', words: `-p tcp -m tcp --dport ${port} -j ACCEPT`, nft: '' }])))[0] ?? ''}\n  }\n}\n`,
    );
    const [a, b] = bytecodeOfEach(rules);
    expect([a?.ok, b?.ok, a?.said === b?.said]).toEqual([true, true, false]);
  });

  it.each(FAMILIES)('has the hooks and priorities of iptables: %s', (family) => {
    const rules = ['raw PREROUTING', 'mangle PREROUTING', 'nat PREROUTING', 'filter INPUT'].map((place) => ({
      family,
      table: place.split(' ')[0] ?? '',
      chain: place.split(' ')[1] ?? '',
      words: '-j ACCEPT',
      nft: 'accept',
    }));
    const base = (text: string): readonly unknown[] =>
      rulesetOf(text)
        .tables.flatMap((table) =>
          table.chains.map((chain) => [table.name, chain.name, chain.base?.type, chain.base?.hook, chain.base?.priority, chain.base?.policy]),
        )
        .sort();
    expect(base(imported(family, savedFile(family, rules)))).toEqual(base(translated(family, savedFile(family, rules)).join('\n')));
  });

  it('keeps counters and policies as iptables-save -c writes them', () => {
    const saved = savedAgain(
      'ip',
      'nft',
      '*filter\n:INPUT DROP [7:420]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n[3:180] -A INPUT -i lo -j ACCEPT\nCOMMIT\n',
    );
    const text = imported('ip', saved);
    expect(text).toContain('policy drop;');
    expect(text).toContain('iifname "lo" counter packets 3 bytes 180 accept');
  });

  // Of limits the moment decides, and both begin at moments of their own. So it does at 30 s, what UDP and ICMP have left at
  // first: a tick between the two looks makes it 29.99 s.
  const ofTheMoment = /-m limit|--ctexpire 30\b/;
  const counting = (rules: readonly string[]): string =>
    [
      '*filter',
      ':INPUT ACCEPT [0:0]',
      ':FORWARD ACCEPT [0:0]',
      ':OUTPUT ACCEPT [0:0]',
      ...rules.filter((words) => !ofTheMoment.test(words)).map((words) => `-A INPUT ${words}`),
      'COMMIT',
      '',
    ].join('\n');
  const matchOf = (words: string): string => words.replace(/\s*-[jg] .*$/, '');

  it.skipIf(legacyLack !== null).each(FAMILIES)(
    `the rules count the same packets as in iptables${why}: examples, %s`,
    (family) => {
      const examples = ALL_IMPORT_EXAMPLES.filter(({ family: own, table }) => own === family && table === 'filter')
        .map(({ words }) => matchOf(words))
        .filter((words) => !/-o /.test(words));
      const saved = counting(examples);
      const counted = countedByBoth(family, saved, imported(family, saved));
      expect(counted.nft).toEqual(counted.iptables);
      expect(counted.nft.filter((packets) => packets > 0).length).toBeGreaterThan(family === 'ip' ? 30 : 5);
    },
    120_000,
  );

  it.skipIf(legacyLack !== null).each(FAMILIES)(
    `the rules count the same packets as in iptables${why}: by chance, %s`,
    (family) => {
      const rules = fc
        .sample(randomRules(family), { numRuns: 600, seed: 7 })
        .flatMap((text) => [...text.matchAll(/^-A \S+ ?(.*)$/gm)].map(([, words = '']) => matchOf(words)));
      const saved = counting([...new Set(rules)].filter((words) => !words.startsWith('-j') && !words.startsWith('-g')));
      const counted = countedByBoth(family, saved, imported(family, saved));
      expect(counted.nft).toEqual(counted.iptables);
      expect(counted.nft.filter((packets) => packets > 0).length).toBeGreaterThan(50);
    },
    120_000,
  );

  it.each(FAMILIES)(
    'takes rules by chance from the way through both: %s',
    (family) => {
      const rules = fc.sample(randomRules(family), { numRuns: 40, seed: 1 });
      const saved = rules.map((text) => savedAgain(family, 'nft', text));
      const texts = saved.map((text) => imported(family, text));
      const said = loadEach(texts);
      expect(texts.flatMap((text, i) => (said[i]?.ok === true ? [] : [`${said[i]?.said}\n${text}`]))).toEqual([]);
      // The way through iptables changes nothing of what the rules are.
      expect(texts.map((text) => rulesIn(text).length)).toEqual(rules.map((text) => rulesIn(imported(family, text)).length));
    },
    300_000,
  );
});

function hookOf({ table, chain }: ImportExample): string {
  const type = table === 'nat' ? 'nat' : 'filter';
  const priority = { raw: -300, mangle: -150, nat: chain === 'POSTROUTING' ? 100 : -100, filter: 0 }[table] ?? 0;
  return `${type} hook ${chain.toLowerCase()} priority ${priority}`;
}
