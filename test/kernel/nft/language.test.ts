/**
 * The reader of rule files against nft itself: what it takes nft takes, in the same meaning; what nft refuses it refuses.
 */
import { describe, expect, it } from 'vitest';
import { randomRoot } from '../../../src/base/rng.js';
import { formatRuleset } from '../../../src/nft/testing/format.js';
import { PLACES, exampleFiles, fileOf, fileOfRules } from '../../../src/nft/testing/constructs.js';
import { generateRuleset } from '../../../src/nft/testing/generator/tables.js';
import { SMALL_WORLD } from '../../../src/nft/testing/generator/world.js';
import { REFUSED } from '../../../src/nft/testing/refused.js';
import { faultsOf, rulesetOf } from '../../../src/nft/testing/rulesets.js';
import { bytecodeOfEach, listingOfEach, loadEach, nftLacks } from '../../support/nft.js';

const lack = nftLacks();
if (lack !== null && process.env['CI'] !== undefined) throw new Error(lack);

/**
 * Said in another way, with the same meaning: an `or` that a later comparison undoes; an address of a connection whose
 * family the table gives.
 */
const OTHER_WORDS = new Set(['meta mark and 0xff or 0x100 != 0x101 accept', 'ct original saddr 10.0.0.1 accept']);

const examples = exampleFiles();
const places = Object.keys(PLACES) as (keyof typeof PLACES)[];
const rulesAt = (place: keyof typeof PLACES): readonly string[] => examples.flatMap((example) => (example.place === place ? [example.text] : []));
const files = examples.filter(({ place }) => place === 'file');

/** Of texts that together have failed, those that fail by themselves. */
function culprits(place: keyof typeof PLACES, rules: readonly string[], fails: (file: string) => boolean): readonly string[] {
  const alone = rules.filter((rule) => fails(fileOf(place, rule)));
  return alone.length > 0 ? alone : rules;
}

const refused = (file: string): boolean => loadEach([file])[0]?.ok !== true;

function differs(file: string): boolean {
  const [a, b] = bytecodeOfEach([file, formatRuleset(rulesetOf(file))]);
  return a?.ok !== true || a.said !== b?.said;
}

/** What the rule set does not hold: comments, hints to the kernel's set back ends, whether a type was named or shown. */
function meaningOfListing(listing: string): string {
  const lines = listing.split('\n').map((line) => line.trim().replace(/ ?comment "[^"]*"/g, ''));
  return lines.filter((line) => line !== '' && !/^(flags|size|policy|auto-merge|typeof|type (?!filter|nat|route))/.test(line)).join('\n');
}

describe.skipIf(lack !== null)(`nft agrees${lack === null ? '' : ` (${lack})`}`, () => {
  it.each(places)('takes every example of a supported construct: %s', (place) => {
    const rules = rulesAt(place);
    expect(refused(fileOfRules(place, rules)) ? culprits(place, rules, refused) : []).toEqual([]);
  });

  it('takes every example that is a file', () => {
    const said = loadEach(files.map(({ file }) => file));
    expect(files.flatMap(({ text }, i) => (said[i]?.ok === true ? [] : [`${text}: ${said[i]?.said}`]))).toEqual([]);
  });

  it.each(places)('makes the same of a rule and of what the formatter makes of it: %s', (place) => {
    const rules = rulesAt(place).filter((text) => !OTHER_WORDS.has(text));
    expect(differs(fileOfRules(place, rules)) ? culprits(place, rules, differs) : []).toEqual([]);
  });

  it('lists the same rule set for a file and for what the formatter makes of it', () => {
    const said = listingOfEach(files.map(({ file }) => file));
    const again = listingOfEach(files.map(({ file }) => formatRuleset(rulesetOf(file))));
    for (const [i, { text }] of files.entries()) expect(meaningOfListing(again[i]?.said ?? ''), text).toBe(meaningOfListing(said[i]?.said ?? ''));
  });

  it('would tell if a rule meant something else', () => {
    const [a, b] = bytecodeOfEach([fileOf('filter', 'ct state != established,related drop'), fileOf('filter', 'ct state ! established,related drop')]);
    expect(a?.ok && b?.ok).toBe(true);
    expect(a?.said).not.toBe(b?.said);
  });

  it('takes rule sets that were generated', () => {
    const texts = Array.from({ length: 60 }, (_, seed) =>
      formatRuleset(generateRuleset(randomRoot(seed).stream('rules'), { ...SMALL_WORLD, deterministic: seed % 2 === 0 })),
    );
    const said = loadEach(texts);
    expect(texts.flatMap((text, i) => (said[i]?.ok === true ? [] : [`${said[i]?.said}\n${text}`]))).toEqual([]);
  });

  it('refuses what the reader refuses as wrong', () => {
    const texts = REFUSED.map(({ place, text }) => fileOf(place, text));
    const said = loadEach(texts);
    expect(REFUSED.filter((_, i) => said[i]?.ok !== false).map(({ text }) => text)).toEqual([]);
    expect(texts.filter((file) => faultsOf(file).length === 0)).toEqual([]);
  });
});
