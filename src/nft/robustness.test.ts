/**
 * No text crashes the reader or makes it wait: bad ones end in faults with a place in a file that was read.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../base/error.js';
import type { LabError } from '../base/error.js';
import { randomRoot } from '../base/rng.js';
import { formatRuleset } from './testing/format.js';
import { parseRuleset } from './parse-ruleset.js';
import { KEYWORDS } from './syntax/lexing/keywords.js';
import { exampleFiles } from './testing/constructs.js';
import { generateRuleset } from './testing/generator/tables.js';
import { SMALL_WORLD } from './testing/generator/world.js';
import { faultsOf } from './testing/rulesets.js';

/** Reads; whatever comes is a rule set or faults that each say where. */
function survives(text: string, files: Readonly<Record<string, string>> = {}): void {
  const lines = new Map(Object.entries({ ...files, 'fw.nft': text }).map(([file, contents]) => [file, contents.split('\n').length]));
  const placed = ({ code, where, message }: LabError): boolean => {
    const last = lines.get(where?.file ?? '') ?? 0;
    return code in ERROR_CODES && message !== '' && where !== undefined && where.line > 0 && where.line <= last && where.column > 0;
  };
  expect(faultsOf(text, files).filter((error) => !placed(error))).toEqual([]);
}

const WORDS = [
  ...KEYWORDS,
  'table',
  'inet',
  't',
  'chain',
  'c',
  'saddr',
  'daddr',
  'dport',
  'state',
  'established',
  'to',
  'rate',
  'with',
  'prefix',
  'name',
  'packets',
  'bytes',
  'addr',
  'port',
  '10.0.0.1',
  '10.0.0.0',
  '2001:db8::1',
  '::',
  '80',
  '0x10',
  '010',
  '99999999999999999999',
  '1h30m',
  '"eth0"',
  '"',
  'eth*',
  '\\*',
  '$x',
  '@s',
  '{',
  '}',
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ',',
  '.',
  ':',
  ';',
  '\n',
  '\n',
  '-',
  '/',
  '&',
  '|',
  '^',
  '<<',
  '!',
  '=',
  '==',
  '!=',
  '<=',
  '#',
  '\\\n',
  '~',
  '\u0000',
  '\u{1F525}',
  'ä',
];

const characters = fc.array(fc.nat({ max: 0x2ff }), { maxLength: 200 }).map((codes) => String.fromCharCode(...codes));
const soup = fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }).map((words) => words.join(' '));
const examples = exampleFiles().map(({ file }) => file);
const generated = fc.nat().map((seed) => formatRuleset(generateRuleset(randomRoot(seed).stream('rules'), SMALL_WORLD)));
const good = fc.oneof(fc.constantFrom(...examples), generated);

/** A piece cut out, doubled, moved or replaced. */
const mutated = fc
  .tuple(
    good,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 30 }), fc.constantFrom('cut', 'double', 'word'), fc.constantFrom(...WORDS)), { minLength: 1, maxLength: 4 }),
  )
  .map(([text, changes]) =>
    changes.reduce((now, [at, length, how, word]) => {
      const from = at % (now.length + 1);
      const piece = now.slice(from, from + length);
      const put = how === 'cut' ? '' : how === 'double' ? piece + piece : ` ${word} `;
      return now.slice(0, from) + put + now.slice(from + length);
    }, text),
  );

describe('whatever the text is', () => {
  it('characters by chance', () =>
    fc.assert(
      fc.property(characters, (text) => survives(text)),
      { numRuns: 200 },
    ));
  it('words by chance', () =>
    fc.assert(
      fc.property(soup, (text) => survives(text)),
      { numRuns: 400 },
    ));
  it('words by chance in a chain', () =>
    fc.assert(
      fc.property(soup, (text) => survives(`table inet t {\n chain c {\n  type filter hook input priority 0\n ${text}\n }\n}\n`)),
      { numRuns: 400 },
    ));
  it('good ones with pieces cut, doubled and replaced', () =>
    fc.assert(
      fc.property(mutated, (text) => survives(text)),
      { numRuns: 400 },
    ));
  it('good ones that end too early', () =>
    fc.assert(
      fc.property(good, fc.nat(), (text, at) => survives(text.slice(0, at % (text.length + 1)))),
      { numRuns: 200 },
    ));
});

describe('what could take for ever', () => {
  it('braces and parentheses in each other', () => {
    survives(`table ip t {\n chain c {\n  tcp dport ${'{ '.repeat(5000)}80${' }'.repeat(5000)}\n  meta mark ${'('.repeat(5000)}1${')'.repeat(5000)}\n }\n}\n`);
    survives('{'.repeat(100_000));
    survives('table ip t '.repeat(10_000));
  });

  it('files that include themselves or each other', () => {
    survives('include "fw.nft"\n');
    survives('include "a.nft"\n', { 'a.nft': 'include "b.nft"\ninclude "b.nft"\n', 'b.nft': 'include "a.nft"\ninclude "a.nft"\n' });
    expect(faultsOf('include "a.nft"\n', { 'a.nft': 'include "a.nft"\n' })[0]?.code).toBe('NFT_FILE');
  });

  it('files that include others twice, sixteen deep', () => {
    const files = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`f${i}.nft`, i === 14 ? '' : `include "f${i + 1}.nft"\n`.repeat(2)]));
    expect(faultsOf('include "f0.nft"\n', files)[0]?.code).toBe('NFT_FILE');
  });

  it('variables that hold each other', () => {
    const definitions = Array.from({ length: 40 }, (_, i) => `define v${i + 1} = { $v${i}, $v${i} }`).join('\n');
    survives(`define v0 = { 10.0.0.1, 10.0.0.2 }\n${definitions}\ntable ip t {\n chain c {\n  ip saddr $v40 accept\n }\n}\n`);
  });

  it('long jumps, deep and wide', () => {
    const chains = Array.from({ length: 14 }, (_, i) => `chain c${i} {\n${i === 13 ? '' : `jump c${i + 1}\n`.repeat(20)}}\n`).join('');
    const started = process.cpuUsage();
    survives(`table ip t {\n${chains}chain b {\ntype filter hook input priority 0\njump c0\n}\n}\n`);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
  });

  it('is refused where much is wrong, with a limit on what is told', () => {
    const result = parseRuleset('fw.nft', () => `table ip t {\n chain c {\n${'  frob\n'.repeat(5000)} }\n}\n`);
    expect(result.ok ? [] : result.errors.length).toBeLessThanOrEqual(200);
  });
});
