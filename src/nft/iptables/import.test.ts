/**
 * The import of iptables' rules: each match and target by example, what is refused and where, names, comments, counters.
 * That iptables and nft are of the same mind is shown in test/kernel/nft.
 */
import { describe, expect, it } from 'vitest';
import { formatLabError } from '../../base/error.js';
import { rulesetOf } from '../testing/rulesets.js';
import { importIptables } from './import.js';
import type { ImportResult } from './import.js';
import { MATCHES, MODULES } from './matches.js';
import { OUTSIDE_MATCHES, OUTSIDE_OPTIONS, OUTSIDE_TARGETS } from './outside.js';
import { savedFamily } from './save-file.js';
import { TARGETS } from './targets.js';
import { ALL_IMPORT_EXAMPLES, HAND_WRITTEN, IMPORT_EXAMPLES, savedFile } from './testing/examples.js';
import { STRICTER, WRONG } from './testing/wrong.js';

type Family = 'ip' | 'ip6';

const read = (text: string, family: Family = 'ip', source = false): ImportResult => importIptables(text, 'old.rules', { family, source });

function textOf(text: string, family: Family = 'ip', source = false): string {
  const result = read(text, family, source);
  if (!result.ok) throw result.errors[0] as Error;
  return result.text;
}

/** `line:column: CODE message` of each fault. */
function faultsOf(text: string, family: Family = 'ip'): readonly string[] {
  const result = read(text, family);
  return result.ok ? [] : result.errors.map(({ where, code, message }) => `${where?.line}:${where?.column}: ${code} ${message}`);
}

/** A file of one table; its rules begin on line 6. */
function filter(...lines: readonly string[]): string {
  return ['*filter', ':INPUT ACCEPT [0:0]', ':FORWARD DROP [0:0]', ':OUTPUT ACCEPT [0:0]', ':WEB - [0:0]', ...lines, 'COMMIT', ''].join('\n');
}

const rulesIn = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => /\bcounter\b/.test(line))
    .map((line) => line.trim());
const ruleOf = (words: string, family: Family = 'ip'): string | undefined => rulesIn(textOf(filter(`-A INPUT ${words}`), family))[0];
const faultOf = (words: string, family: Family = 'ip'): string => faultsOf(filter(`-A INPUT ${words}`), family).join('\n');

/** Where a word of the rule stands in its line: the last one that is so. */
const columnOf = (words: string, word: string): number => '-A INPUT '.length + words.lastIndexOf(word) + 1;

describe('what is imported', () => {
  it.each(ALL_IMPORT_EXAMPLES)('$family $table $words', (example) => {
    const text = textOf(savedFile(example.family, [example]), example.family);
    expect(rulesIn(text).map((rule) => rule.replace(/\s*counter/, '').trim())).toEqual([example.nft]);
    const [table] = rulesetOf(text).tables;
    expect([table?.family, table?.name]).toEqual([example.family, example.table]);
    expect(table?.chains.find((chain) => chain.rules.length > 0)?.name).toBe(example.chain);
  });

  it('has an example of every module, of every option and of every target', () => {
    expect(Object.keys(IMPORT_EXAMPLES).sort()).toEqual(
      ['own', 'chains', ...[...MODULES].map((name) => `-m ${name}`), ...Object.keys(TARGETS).map((name) => `-j ${name}`)].sort(),
    );
    const all = ALL_IMPORT_EXAMPLES.map(({ words }) => words).join('\n');
    // What iptables-save writes in another way.
    const rewritten = ['--syn', '--dscp-class'];
    expect(Object.keys(MATCHES).filter((option) => !rewritten.includes(option) && !all.includes(`${option} `))).toEqual([]);
  });
});

describe('what people write and iptables-save does not', () => {
  it.each(HAND_WRITTEN)('%s', (words, nft) => expect(ruleOf(words)).toBe(nft));

  it('-j REJECT in IPv6', () => expect(ruleOf('-j REJECT', 'ip6')).toBe('counter reject with icmpv6 port-unreachable'));
  it('-m icmpv6', () =>
    expect(ruleOf('-p icmpv6 -m icmpv6 --icmpv6-type neighbor-solicitation -j ACCEPT', 'ip6')).toBe('icmpv6 type nd-neighbor-solicit counter accept'));
});

describe('tables and chains', () => {
  it('have the hooks and priorities of iptables, and the policies of the file', () => {
    const built = {
      raw: 'PREROUTING OUTPUT',
      mangle: 'PREROUTING INPUT FORWARD OUTPUT POSTROUTING',
      nat: 'PREROUTING INPUT OUTPUT POSTROUTING',
      filter: 'INPUT FORWARD OUTPUT',
      security: 'INPUT FORWARD OUTPUT',
    };
    const file = Object.entries(built)
      .map(
        ([table, chains]) =>
          `*${table}\n${chains
            .split(' ')
            .map((chain) => `:${chain} ${chain === 'FORWARD' ? 'DROP' : 'ACCEPT'} [0:0]\n`)
            .join('')}COMMIT\n`,
      )
      .join('');
    const found = rulesetOf(textOf(file)).tables.flatMap((table) =>
      table.chains.map(({ name, base }) => `${table.name} ${name} ${base?.type} ${base?.hook} ${base?.priority} ${base?.policy}`),
    );
    // netfilter_ipv4.h: NF_IP_PRI_RAW -300, MANGLE -150, NAT_DST -100, FILTER 0, SECURITY 50, NAT_SRC 100
    expect(found).toEqual([
      'raw PREROUTING filter prerouting -300 accept',
      'raw OUTPUT filter output -300 accept',
      'mangle PREROUTING filter prerouting -150 accept',
      'mangle INPUT filter input -150 accept',
      'mangle FORWARD filter forward -150 drop',
      'mangle OUTPUT route output -150 accept',
      'mangle POSTROUTING filter postrouting -150 accept',
      'nat PREROUTING nat prerouting -100 accept',
      'nat INPUT nat input 100 accept',
      'nat OUTPUT nat output -100 accept',
      'nat POSTROUTING nat postrouting 100 accept',
      'filter INPUT filter input 0 accept',
      'filter FORWARD filter forward 0 drop',
      'filter OUTPUT filter output 0 accept',
      'security INPUT filter input 50 accept',
      'security FORWARD filter forward 50 drop',
      'security OUTPUT filter output 50 accept',
    ]);
  });

  it('keep names that nft takes; others are changed in every place, and the old one is told', () => {
    const text = textOf(
      '*filter\n:INPUT ACCEPT [0:0]\n:log - [0:0]\n:chain_log - [0:0]\n:a:b - [0:0]\n:f2b-ssh - [0:0]\n:constructor - [0:0]\n-A INPUT -j log\n-A INPUT -g a:b\n-A INPUT -j f2b-ssh\n-A INPUT -j constructor\nCOMMIT\n',
    );
    expect(rulesIn(text)).toEqual(['counter jump chain_log_2', 'counter goto chain_a_b', 'counter jump f2b-ssh', 'counter jump constructor']);
    expect(text).toContain('  # log in iptables\n  chain chain_log_2 {\n');
    expect(text).toContain('  chain chain_log {\n');
  });

  it('keep counters: those of rules as they are, those of policies as a comment', () => {
    const text = textOf('*filter\n:INPUT DROP [7:420]\n[3:180] -A INPUT -i lo -j ACCEPT\nCOMMIT\n');
    expect(text).toBe(
      'table ip filter {\n  # the policy had counted 7 packets, 420 bytes\n  chain INPUT {\n    type filter hook input priority filter; policy drop;\n    iifname "lo" counter packets 3 bytes 180 accept\n  }\n}\n',
    );
  });

  it('have the old line above each rule where that is asked for', () => {
    expect(textOf(filter('-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'), 'ip', true)).toContain(
      '    # 6: -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n    tcp dport 22 counter accept\n',
    );
  });
});

describe('comments', () => {
  it('become those of nft', () => expect(ruleOf('-m comment --comment "a \\\\ b" -j ACCEPT')).toBe('counter accept comment "a \\ b"'));
  it('with quotes, too long, or a second one stand above the rule', () => {
    const text = textOf(
      filter(
        `-A INPUT -m comment --comment "say \\"hello\\"" -j ACCEPT`,
        `-A INPUT -m comment --comment ${'x'.repeat(129)} -j ACCEPT`,
        `-A INPUT -m comment --comment one -m comment --comment two -j ACCEPT`,
      ),
    );
    expect(text).toContain('    # say "hello"\n    counter accept\n');
    expect(text).toContain(`    # ${'x'.repeat(129)}\n    counter accept\n`);
    expect(text).toContain('    # two\n    counter accept comment "one"\n');
  });
});

describe('comments of the file', () => {
  it('stand above what they stood above; those of iptables-save itself are left out', () => {
    const text = textOf(
      '# Generated by iptables-save v1.8.9\n# ours\n*filter\n# drops\n:INPUT DROP [0:0]\n# one\n#two \n-A INPUT -i lo -j ACCEPT\n-A INPUT -j LOG\n# the end\nCOMMIT\n# Completed on Mon\n# after\n',
    );
    expect(text).toBe(`# ours
table ip filter {
  # drops
  chain INPUT {
    type filter hook input priority filter; policy drop;
    # one
    #two
    iifname "lo" counter accept
    counter log
  }
  # the end
  # after
}
`);
  });
});

describe('the family', () => {
  it.each([
    ['# Generated by iptables-save v1.8.9 on Fri', 'ip'],
    ['# Generated by ip6tables-save v1.8.9 (nf_tables) on Fri', 'ip6'],
    ['# mine', null],
  ])('%s', (head, family) => expect(savedFamily(`${head}\n*filter\n`)).toBe(family));

  it('addresses of the other one are refused', () => {
    expect(faultOf('-s 2001:db8::1 -j DROP')).toBe('6:13: IPTABLES_SYNTAX the address 2001:db8::1 is of the other family');
    expect(faultOf('-s 10.0.0.1 -j DROP', 'ip6')).toBe('6:13: IPTABLES_SYNTAX the address 10.0.0.1 is of the other family');
    expect(faultOf('-m hl --hl-eq 5 -j DROP')).toBe('6:13: IPTABLES_SYNTAX -m hl is of the other family');
  });
});

describe('what has no translation is refused by its name and place', () => {
  it.each(Object.entries(OUTSIDE_MATCHES))('-m %s', (name, what) =>
    expect(faultOf(`-p tcp -m ${name} --x y -j DROP`)).toBe(`6:20: IPTABLES_UNSUPPORTED the match -m ${name} (${what}) has no translation`),
  );
  it.each(Object.entries(OUTSIDE_TARGETS))('-j %s', (name, what) =>
    expect(faultOf(`-p tcp -j ${name} --x y`)).toBe(`6:20: IPTABLES_UNSUPPORTED the target ${name} (${what}) has no translation`),
  );
  it.each(Object.keys(OUTSIDE_OPTIONS))('%s', (name) =>
    expect(faultOf(`-p tcp ${name} 5 -j ACCEPT`)).toBe(`6:17: IPTABLES_UNSUPPORTED ${name} has no translation`),
  );

  it.each([
    ['-s 10.0.0.1,10.0.0.2 -j DROP', '-s', 'a list of addresses'],
    ['-s 10.0.0.0/255.0.255.0 -j DROP', '-s', 'a mask with holes (10.0.0.0/255.0.255.0)'],
    ['-s example.org -j DROP', 'example.org', 'a host by its name ("example.org")'],
    ['! -i + -j DROP', '-i', 'a rule that can never match'],
    ['! -p all -j DROP', '-p', 'a rule that can never match'],
    ['! -s 0.0.0.0/0 -j DROP', '-s', 'a rule that can never match'],
    ['-p sctp --dport 80 -j DROP', '--dport', '--dport of sctp'],
    ['-p sctp -m multiport --dports 80 -j DROP', '--dports', '--dports of sctp'],
    ['-m conntrack --ctstate NEW,DNAT -j DROP', '--ctstate', 'a match on states or translations'],
    ['-m conntrack --ctstatus NONE -j DROP', '--ctstatus', '--ctstatus NONE'],
    ['-m conntrack --ctorigsrcport 5 -j DROP', '--ctorigsrcport', '--ctorigsrcport without a protocol'],
    ['-m ttl ! --ttl-lt 5 -j DROP', '--ttl-lt', '! --ttl-lt'],
    ['-m limit ! --limit 5/s -j DROP', '--limit', '! --limit'],
    ['-j LOG --log-prefix "a\\"b"', '--log-prefix', 'a log prefix with a quote or a dollar sign'],
    ['-j LOG --log-prefix $HOME', '--log-prefix', 'a log prefix with a quote or a dollar sign'],
    ['-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff', '--restore-mark', '--restore-mark into a part of the mark'],
    ['-j CONNMARK --save-mark --mask 0xff', '--save-mark', '--save-mark into a part of the mark'],
    ['-p tcp -j DNAT --to-destination 10.0.0.1:80-90/8080', '--to-destination', 'a base port'],
  ])('%s', (words, word, what) => expect(faultOf(words)).toBe(`6:${columnOf(words, word)}: IPTABLES_UNSUPPORTED ${what} has no translation`));

  it('what -j CT is told else', () =>
    expect(faultsOf('*raw\n-A PREROUTING -p udp -m udp --dport 5060 -j CT --helper sip\nCOMMIT\n')).toEqual([
      '2:48: IPTABLES_UNSUPPORTED -j CT --helper has no translation',
    ]));

  it('tables and policies', () => {
    expect(faultsOf('*broute\n:BROUTING ACCEPT [0:0]\nCOMMIT\n')).toEqual(['1:1: IPTABLES_UNSUPPORTED the table "broute" has no translation']);
    expect(faultsOf('*filter\n:INPUT QUEUE [0:0]\nCOMMIT\n')).toEqual(['2:1: IPTABLES_UNSUPPORTED the policy QUEUE has no translation']);
  });

  it('rules that nft takes one by one but not together: at the old line', () => {
    expect(faultsOf('*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j MASQUERADE\nCOMMIT\n')).toEqual([
      expect.stringMatching(/^3:1: IPTABLES_UNSUPPORTED as nft: masquerade has no effect/),
    ]);
    expect(faultsOf(filter('-A INPUT -j WEB', '-A WEB -j WEB'))).toEqual([
      expect.stringMatching(/^7:1: IPTABLES_UNSUPPORTED as nft: the jump to "WEB" makes a circle/),
    ]);
  });
});

it("a table's own chains need no line; names of services are ports", () => {
  const text = textOf('*nat\n-A PREROUTING -p tcp -m tcp --dport www -j REDIRECT --to-ports 8080\nCOMMIT\n');
  expect(text).toContain('type nat hook prerouting priority dstnat; policy accept;\n    tcp dport 80 counter redirect to :8080');
});

describe('what iptables itself would not take', () => {
  it.each([...WRONG, ...STRICTER])('%s', (words, word, message) => expect(faultOf(words)).toBe(`6:${columnOf(words, word)}: IPTABLES_SYNTAX ${message}`));

  it('the file around the rules', () => {
    expect(faultsOf('')).toEqual(['1:1: IPTABLES_SYNTAX the file holds no tables']);
    expect(faultsOf('-A INPUT -j DROP\n')).toEqual(['1:1: IPTABLES_SYNTAX the line stands in no table']);
    expect(faultsOf('*filter\n:INPUT ACCEPT [0:0]\n')).toEqual(['1:1: IPTABLES_SYNTAX the table "filter" is not ended by COMMIT']);
    expect(faultsOf('*filter\nCOMMIT\n*filter\nCOMMIT\n')).toEqual(['3:1: IPTABLES_SYNTAX the table "filter" stands here again']);
    expect(faultsOf(filter(':WEB - [0:0]'))).toEqual(['6:1: IPTABLES_SYNTAX the chain "WEB" stands here again']);
    expect(faultsOf(filter('-A NOWHERE -j DROP'))).toEqual(['6:1: IPTABLES_SYNTAX there is no chain "NOWHERE" in the table']);
    expect(faultsOf(filter('-I INPUT -j DROP'))).toEqual(['6:1: IPTABLES_SYNTAX "-I" begins no line of iptables-save']);
    expect(faultsOf('*filter\n:INPUT - [0:0]\n:WEB ACCEPT [0:0]\nCOMMIT\n')).toEqual([
      '2:1: IPTABLES_SYNTAX the chain "INPUT" has no policy',
      '3:1: IPTABLES_SYNTAX "WEB" is no chain of this table that has a policy',
    ]);
    expect(faultsOf('table inet filter {\n}\n')).toContain('1:1: IPTABLES_SYNTAX the line stands in no table');
  });

  it('a built-in chain that is misspelt is recognised', () => {
    const hints = (text: string): (string | undefined)[] => {
      const result = read(text);
      return result.ok ? [] : result.errors.map(({ hint }) => hint);
    };
    expect(hints(filter('-A FOWARD -j DROP'))).toEqual(['did you mean "FORWARD"?']);
    expect(hints('*filter\n:FOWARD DROP [0:0]\nCOMMIT\n')).toEqual(['did you mean "FORWARD"?']);
  });
});

describe('faults', () => {
  it('are told all at once, in the order of the file, each with what was expected or how to mend it', () => {
    const result = read(
      filter('-A INPUT -m recent --update -j DROP', '-A INPUT -j ACCEPT', '-A FORWARD -j TPROXY --on-port 80', '-A WEB -p tcp --dport 99999 -j ACCEPT'),
    );
    const errors = result.ok ? [] : result.errors;
    expect(errors.map(({ where, code }) => `${where?.file}:${where?.line} ${code}`)).toEqual([
      'old.rules:6 IPTABLES_UNSUPPORTED',
      'old.rules:8 IPTABLES_UNSUPPORTED',
      'old.rules:9 IPTABLES_SYNTAX',
    ]);
    expect(errors.map(formatLabError).filter((text) => !/\n {2}(expected|mend it):/.test(text))).toEqual([]);
  });
});
