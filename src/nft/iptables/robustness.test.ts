/**
 * No text crashes the importer: it ends in faults with a place in the file, or in rules that the reader of nftables' language
 * reads.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rulesetOf } from '../testing/rulesets.js';
import { importIptables } from './import.js';
import { MATCHES } from './matches.js';
import { OUTSIDE_MATCHES, OUTSIDE_OPTIONS, OUTSIDE_TARGETS } from './outside.js';
import { TARGETS } from './targets.js';
import { ALL_IMPORT_EXAMPLES, savedFile } from './testing/examples.js';
import { randomRules } from '../../../test/support/iptables-rules.js';

type Family = 'ip' | 'ip6';

const families = fc.constantFrom<Family>('ip', 'ip6');

/** Reads; whatever comes is rules that can be read again, or faults that each say where. */
function survives(text: string, family: Family, source = false): void {
  const result = importIptables(text, 'old.rules', { family, source });
  if (result.ok) {
    rulesetOf(result.text);
    return;
  }
  const lines = text.split('\n').length;
  expect(result.errors.length).toBeGreaterThan(0);
  for (const { code, message, where } of result.errors) {
    expect(code).toMatch(/^IPTABLES_(SYNTAX|UNSUPPORTED)$/);
    expect(message).not.toBe('');
    expect(where?.file).toBe('old.rules');
    expect(where?.line).toBeGreaterThan(0);
    expect(where?.line).toBeLessThanOrEqual(lines);
    expect(where?.column).toBeGreaterThan(0);
  }
}

const WORDS = [
  ...Object.keys(MATCHES),
  ...Object.keys(TARGETS),
  ...Object.keys(OUTSIDE_OPTIONS),
  ...Object.keys(OUTSIDE_MATCHES).slice(0, 5),
  ...Object.keys(OUTSIDE_TARGETS).slice(0, 5),
  '-p',
  '-s',
  '-d',
  '-i',
  '-o',
  '-f',
  '-m',
  '-j',
  '-g',
  '-c',
  '!',
  '!',
  'tcp',
  'udp',
  'icmp',
  'ipv6-icmp',
  'all',
  'tcp',
  'conntrack',
  'state',
  'limit',
  'multiport',
  'comment',
  'mark',
  'iprange',
  '--to-destination',
  '--to-source',
  '--to-ports',
  '--set-xmark',
  '--reject-with',
  '--log-prefix',
  '--log-level',
  '--notrack',
  '--random',
  'NEW',
  'RELATED,ESTABLISHED',
  'WEB',
  '10.0.0.1',
  '10.0.0.0/8',
  '2001:db8::1',
  '[2001:db8::1]:80',
  '10.0.0.1-10.0.0.9:80-90',
  '80',
  '80:90',
  ':',
  '1:',
  '80,90',
  '0x1/0xf',
  '5/sec',
  '"a b"',
  '"',
  '\\',
  "'",
  '$x',
  '"; drop; "',
  '" accept comment "',
  '}',
  '{',
  '#',
  'eth+',
  '+',
  'lo',
  'constructor',
  '__proto__',
  '-1',
  '99999999999999999999',
  '\t',
  '\u0000',
  'ä',
  '🔥',
];
const soup = fc.array(fc.constantFrom(...WORDS), { maxLength: 12 }).map((words) => words.join(' '));
const filterWith = (...rules: readonly string[]): string =>
  ['*filter', ':INPUT ACCEPT [0:0]', ':WEB - [0:0]', ...rules.map((rule) => `-A INPUT ${rule}`), 'COMMIT', ''].join('\n');
const characters = fc.array(fc.nat({ max: 0x2ff }), { maxLength: 200 }).map((codes) => String.fromCharCode(...codes));
const good = fc.oneof(
  families.chain((family) => randomRules(family)),
  families.map((family) => savedFile(family, ALL_IMPORT_EXAMPLES)),
);

/** A piece cut out, doubled or replaced. */
const mutated = fc
  .tuple(
    good,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 20 }), fc.constantFrom('cut', 'double', 'word'), fc.constantFrom(...WORDS)), { minLength: 1, maxLength: 4 }),
  )
  .map(([text, changes]) =>
    changes.reduce((now, [at, length, how, word]) => {
      const from = at % (now.length + 1);
      const piece = now.slice(from, from + length);
      return now.slice(0, from) + (how === 'cut' ? '' : how === 'double' ? piece + piece : ` ${word} `) + now.slice(from + length);
    }, text),
  );

describe('whatever the text is', () => {
  it('characters by chance', () =>
    fc.assert(
      fc.property(characters, families, (text, family) => survives(text, family)),
      { numRuns: 300 },
    ));
  it('words by chance', () =>
    fc.assert(
      fc.property(soup, families, fc.boolean(), (text, family, source) => survives(filterWith(text), family, source)),
      { numRuns: 1500 },
    ));
  it('good ones with pieces cut, doubled and replaced', () =>
    fc.assert(
      fc.property(mutated, families, fc.boolean(), (text, family, source) => survives(text, family, source)),
      { numRuns: 400 },
    ));
  it('good ones that end too early', () =>
    fc.assert(
      fc.property(good, families, fc.nat(), (text, family, at) => survives(text.slice(0, at % (text.length + 1)), family)),
      { numRuns: 200 },
    ));
});

describe('rules that iptables takes', () => {
  it('are imported, one for one', () => {
    fc.assert(
      fc.property(
        families.chain((family) => fc.tuple(fc.constant(family), randomRules(family))),
        ([family, text]) => {
          const result = importIptables(text, 'old.rules', { family, source: false });
          if (!result.ok) throw result.errors[0] as Error;
          const rules = rulesetOf(result.text).tables.flatMap((table) => table.chains.flatMap((chain) => chain.rules));
          expect(rules.length).toBe(text.split('\n').filter((line) => line.startsWith('-A')).length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a value', () => {
  // What stands in a value never becomes a rule of its own.
  it.each([
    '-s',
    '-d',
    '-i',
    '-o',
    '-p',
    '-m conntrack --ctorigsrc',
    '-m iprange --src-range',
    '-m dscp --dscp-class',
    '-p tcp --dport',
    '-m limit --limit',
    '-j LOG --log-prefix',
    '-m comment --comment',
    '-j LOG --log-level',
    '-m conntrack --ctstate',
  ])('of %s is a value', (option) => {
    for (const value of [
      'x\\" accept comment \\"',
      '10.0.0.1 accept',
      '10.0.0.1; accept',
      '80 accept',
      '} accept {',
      'new accept',
      '1/second accept',
      'x\\" level info \\"',
    ]) {
      const result = importIptables(filterWith(`${option} "${value}"`), 'old.rules', { family: 'ip', source: true });
      const verdicts = result.ok
        ? rulesetOf(result.text).tables.flatMap((table) =>
            table.chains.flatMap((chain) => chain.rules.flatMap((rule) => rule.statements.filter((statement) => statement.do === 'verdict'))),
          )
        : [];
      expect(verdicts).toEqual([]);
    }
  });
});

it('a file with many faults tells the first of them, and ends', () => {
  const result = importIptables(filterWith(...Array.from({ length: 5000 }, () => '-j NOSUCH')), 'old.rules', { family: 'ip', source: false });
  expect(result.ok ? 0 : result.errors.length).toBe(200);
});
