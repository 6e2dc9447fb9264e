import { describe, expect, it } from 'vitest';
import type { RuleFiles } from '../source/rule-files.js';
import { errorsOf, FILE, nodeOf, planOf as planOfText } from '../testing/lab.js';
import type { Plan } from '../plan.js';

/** Two routers; r1 has these keys. */
const lab = (keys: string, kind = 'router'): string => `name: x
topology:
  nodes:
    r1: { kind: ${kind}, ${keys} }
    r2: { kind: router }
  links:
    - { endpoints: ["r1:wan0", "r2:wan0"] }
`;
const planOf = (text: string, rules?: RuleFiles): Plan => planOfText(text, FILE, rules);
const files = (texts: Readonly<Record<string, string>>): RuleFiles => ({ read: (path) => texts[path] ?? null });
const table = (rule: string): string =>
  `table inet filter {\n  chain forward {\n    type filter hook forward priority filter; policy drop;\n    ${rule}\n  }\n}\n`;
const faults = (text: string, texts: Readonly<Record<string, string>>): readonly string[] =>
  errorsOf(text, files(texts)).map((e) => `${e.where?.file}:${e.where?.line}:${e.where?.column} ${e.code} ${e.message}`);

describe('firewall:', () => {
  it('brings the rules into the plan, with the place that names them', () => {
    const plan = planOf(lab('firewall: rules/edge.nft'), files({ 'rules/edge.nft': table('ct state established,related accept comment "known"') }));
    const { firewall } = nodeOf(plan, 'r1');
    expect(firewall).toMatchObject({ file: 'rules/edge.nft', src: { file: 'test.lab.yaml', line: 4 } });
    expect(firewall?.ruleset.tables[0]?.chains[0]?.rules[0]).toMatchObject({ comment: 'known', src: { file: 'rules/edge.nft', line: 4 } });
    expect(nodeOf(plan, 'r2').firewall).toBeUndefined();
  });

  it('takes includes from the folder of the rule file', () => {
    const texts = { 'rules/edge.nft': 'include "names.nft"\n' + table('ip saddr $inside accept'), 'rules/names.nft': 'define inside = 10.0.0.0/8\n' };
    expect(nodeOf(planOf(lab('firewall: rules/edge.nft'), files(texts)), 'r1').firewall?.ruleset.files).toEqual(['rules/edge.nft', 'rules/names.nft']);
  });

  it('tells the faults of a rule file at their places in it, behind those of the topology', () => {
    expect(faults(lab('firewall: edge.nft, site: 7'), { 'edge.nft': table('tcp dport 80 acept') })).toEqual([
      expect.stringMatching(/^test\.lab\.yaml:4:\d+ TOPOLOGY_SCHEMA/),
    ]);
    expect(faults(lab('firewall: edge.nft'), { 'edge.nft': table('tcp dport 80 acept') })).toEqual([expect.stringMatching(/^edge\.nft:4:18 NFT_/)]);
  });

  it('tells a file that is not there where it is named', () => {
    expect(faults(lab('firewall: edge.nft'), {})).toEqual(['test.lab.yaml:4:35 FILE_NOT_FOUND the rule file edge.nft is not there']);
  });

  it('tells of a folder and of a file that is too large what they are', () => {
    const told = (file: string): string[] => errorsOf(lab(`firewall: ${file}`)).map(({ code, message }) => `${code} ${message}`);
    expect(told('/')).toEqual(["FILE_UNREADABLE the rule file / can't be read: it is a folder"]);
    expect(told(process.execPath)).toEqual([`FILE_UNREADABLE the rule file ${process.execPath} can't be read: it holds more than 16 MiB`]);
  });

  it('is for nodes with an IP stack', () => {
    expect(faults(lab('firewall: edge.nft', 'bridge'), { 'edge.nft': table('accept') })).toContainEqual(
      expect.stringContaining('the bridge "r1" has no firewall'),
    );
  });

  it.each([
    // nft looks `iif` and `oif` up when it loads the file, and refuses what it does not find; names are held against packets.
    ['iif "wan1" accept', ['edge.nft:4:5 NFT_UNKNOWN "r1" has no interface "wan1"']],
    ['oif { "lo", "eth7" } accept', ['edge.nft:4:5 NFT_UNKNOWN "r1" has no interface "eth7"']],
    ['iifname "wna0" accept', ['edge.nft:4:5 NFT_UNKNOWN "r1" has no interface "wna0"']],
    ['iifname "ppp0" accept', []],
    ['iifname "wa*" accept', []],
    ['iif "wan0" accept', []],
  ])('%s', (rule, expected) => {
    expect(faults(lab('firewall: edge.nft'), { 'edge.nft': table(rule) })).toEqual(expected);
  });

  it('counts in the hash by its meaning only', () => {
    const hash = (text: string): string => planOf(lab('firewall: edge.nft'), files({ 'edge.nft': text })).hash;
    const one = hash(table('tcp dport 80 accept'));
    expect(hash(`# the web\n\n${table('tcp dport http accept comment "the web"')}`)).toBe(one);
    expect(hash(table('tcp dport 81 accept'))).not.toBe(one);
  });
});

describe('conntrack:', () => {
  it('takes the names of the sysctls, without their common beginning or with it; times have units', () => {
    const plan = planOf(lab('conntrack: { udp_timeout: 20s, nf_conntrack_udp_timeout_stream: 5m, tcp_loose: false, max: 1000, icmp_timeout: 7 }'));
    expect(nodeOf(plan, 'r1').conntrack).toEqual({
      nf_conntrack_udp_timeout: 20,
      nf_conntrack_udp_timeout_stream: 300,
      nf_conntrack_tcp_loose: 0,
      nf_conntrack_max: 1000,
      nf_conntrack_icmp_timeout: 7,
    });
  });

  it.each([
    ['udp_timout: 20s', 'connection tracking has no setting "udp_timout"', 'did you mean "udp_timeout"?'],
    ['udp_timeout: 20', null, null],
    ['udp_timeout: 1500ms', '"1500ms" is no value of udp_timeout', undefined],
    ['udp_timeout: 0', '0 is no value of udp_timeout', undefined],
    ['tcp_loose: 2', '2 is no value of tcp_loose', undefined],
    ['max: -1', '-1 is no value of max', undefined],
  ])('%s', (setting, message, hint) => {
    const errors = errorsOf(lab(`conntrack: { ${setting} }`));
    if (message === null) expect(errors).toEqual([]);
    else expect(errors).toMatchObject([{ code: 'TOPOLOGY_SCHEMA', message, ...(hint && { hint }), where: { line: 4 } }]);
  });
});
