/**
 * The supported subset from both sides: each construct is read, what is outside is refused by its name, what is wrong is
 * refused with the code that says why. That nft is of the same mind is shown in test/kernel/nft.
 */
import { describe, expect, it } from 'vitest';
import { formatRuleset } from './testing/format.js';
import { exampleFiles, fileOf } from './testing/constructs.js';
import { REFUSED } from './testing/refused.js';
import { faultsOf, meaningOf, rulesetOf } from './testing/rulesets.js';
import { UNSUPPORTED } from './testing/unsupported.js';

describe('what is supported', () => {
  it.each(exampleFiles())('$name: $text', ({ file }) => {
    const ruleset = rulesetOf(file);
    expect(meaningOf(rulesetOf(formatRuleset(ruleset)))).toEqual(meaningOf(ruleset));
  });
});

describe('what is not supported', () => {
  const all = Object.values(UNSUPPORTED).flatMap((group) => group.flatMap(({ name, place, texts }) => texts.map((text) => ({ name, place, text }))));

  it('is a long list', () => expect(all.length).toBeGreaterThan(150));

  it.each(all)('$name: $text', ({ name, place, text }) => {
    const file = fileOf(place, text);
    expect(faultsOf(file).map(({ code, message }) => `${code} ${message}`)).toEqual([`NFT_UNSUPPORTED ${name} is not supported`]);
    // The place is in the text itself, not in what stands around it.
    const [fault] = faultsOf(file);
    const start = file.slice(0, file.indexOf(text)).split('\n').length;
    expect(fault?.where?.line).toBeGreaterThanOrEqual(start);
    expect(fault?.where?.line).toBeLessThan(start + text.split('\n').length);
  });
});

describe('what is wrong', () => {
  it.each(REFUSED)('$code: $text', ({ code, place, text }) => {
    const [first] = faultsOf(fileOf(place, text));
    expect(first?.code).toBe(code);
    expect(first?.where?.line).toBeGreaterThan(0);
    expect(first?.where?.column).toBeGreaterThan(0);
  });
});
