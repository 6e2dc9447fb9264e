/** nft(8), "Chains" with the tables of hooks and of standard priority names; nf_tables_api.c for circles and depth. */
import { describe, expect, it } from 'vitest';
import type { BaseChain } from '../ruleset.js';
import { refusalOf, rulesetOf } from '../testing/rulesets.js';

const file = (chains: string, family = 'inet'): string => `table ${family} t {\n  ${chains}\n}\n`;
const base = (text: string): BaseChain => rulesetOf(file(`chain c { type ${text}; }`)).tables[0]?.chains[0]?.base as BaseChain;
const refusal = (chains: string): string => refusalOf('file', file(chains));

describe('priorities', () => {
  it.each([
    ['filter hook input priority raw', -300],
    ['filter hook input priority mangle', -150],
    ['nat hook prerouting priority dstnat', -100],
    ['filter hook forward priority filter', 0],
    ['filter hook forward priority security', 50],
    ['nat hook postrouting priority srcnat', 100],
    ['filter hook input priority filter + 5', 5],
    ['filter hook input priority mangle - 5', -155],
    ['filter hook input priority -7', -7],
  ])('%s', (text, priority) => expect(base(text).priority).toBe(priority));

  it.each([
    ['filter hook input priority srcnat', 'NFT_CONFLICT the priority srcnat is for the hook postrouting'],
    ['nat hook output priority dstnat', 'NFT_CONFLICT the priority dstnat is for the hook prerouting'],
    ['filter hook input priority filter-5', 'NFT_UNKNOWN there is no priority "filter-5"'],
    ['filter hook input priority early', 'NFT_UNKNOWN there is no priority "early"'],
    ['filter hook input priority 2147483648', 'NFT_TYPE the priority is out of range'],
    ['nat hook prerouting priority -200', 'NFT_CONFLICT a nat chain with priority -200 would come before connection tracking'],
    ['nat hook forward priority 0', 'NFT_CONFLICT a chain of type nat has no place in the hook forward'],
    ['route hook input priority 0', 'NFT_CONFLICT a chain of type route has no place in the hook input'],
  ])('refused: %s', (text, expected) => expect(refusal(`chain c { type ${text}; }`)).toBe(expected));

  it('the last that is late enough for translation', () => expect(base('nat hook prerouting priority -199').priority).toBe(-199));
});

it('without a policy everything is accepted', () => {
  expect(base('filter hook input priority 0').policy).toBe('accept');
  expect(rulesetOf(file('chain c { type filter hook input priority 0; policy drop; }')).tables[0]?.chains[0]?.base?.policy).toBe('drop');
});

describe('jumps', () => {
  const chain = (name: string, ...rules: readonly string[]): string => `chain ${name} {\n    ${rules.join('\n    ')}\n  }`;
  const entry = (...rules: readonly string[]): string => `chain in {\n    type filter hook input priority 0\n    ${rules.join('\n    ')}\n  }`;
  /** `c1` jumps to `c0`, and so on. */
  const row = (n: number): string => Array.from({ length: n }, (_, i) => chain(`c${i}`, i === 0 ? 'accept' : `jump c${i - 1}`)).join('\n  ');

  it('a circle, also by goto and by a map of verdicts', () => {
    const circle = 'NFT_CONFLICT the jump to "a" makes a circle: a > b > a';
    // The kernel knows chains by name only once they are there: the block has them all.
    expect(refusal([chain('a', 'jump b'), chain('b', 'jump a'), entry('jump a')].join('\n  '))).toBe(circle);
    expect(refusal([chain('a', 'goto b'), chain('b', 'goto a'), entry('jump a')].join('\n  '))).toBe(circle);
    expect(refusal([chain('a', 'tcp dport vmap { 80 : jump b }'), chain('b', 'jump a'), entry('jump a')].join('\n  '))).toBe(circle);
  });

  it('a circle that no packet comes to is none', () => expect(refusal([chain('a', 'jump b'), chain('b', 'jump a'), entry('accept')].join('\n  '))).toBe(''));

  it('fifteen in a row, not sixteen (NFT_JUMP_STACK_SIZE)', () => {
    expect(refusal(`${row(15)}\n  ${entry('jump c14')}`)).toBe('');
    expect(refusal(`${row(16)}\n  ${entry('jump c15')}`)).toBe('NFT_CONFLICT the jump to "c0" is the 16th in a row, which the kernel refuses');
  });

  it('a chain that was seen near is looked at again where it is reached from further away', () =>
    expect(refusal(`${row(16)}\n  ${entry('jump c3', 'jump c15')}`)).toContain('the 16th in a row'));
});

describe('statements where they have no effect', () => {
  const at = (hook: string, rule: string): string => refusal(`chain c {\n    type ${hook}\n    ${rule}\n  }`);
  it.each([
    ['nat hook postrouting priority srcnat', 'snat ip to 192.0.2.1'],
    ['nat hook input priority 100', 'snat ip to 192.0.2.1'],
    ['nat hook prerouting priority dstnat', 'dnat ip to 192.0.2.1'],
    ['nat hook output priority -100', 'redirect'],
    ['nat hook postrouting priority srcnat', 'masquerade'],
    ['filter hook forward priority 0', 'reject'],
  ])('%s: %s is taken', (hook, rule) => expect(at(hook, rule)).toBe(''));
  it.each([
    ['filter hook postrouting priority 0', 'snat ip to 192.0.2.1', 'snat has no effect in a chain of type filter'],
    ['nat hook prerouting priority dstnat', 'snat ip to 192.0.2.1', 'snat has no effect in a chain of type nat at the hook prerouting'],
    ['nat hook postrouting priority srcnat', 'dnat ip to 192.0.2.1', 'dnat has no effect'],
    ['nat hook input priority 100', 'redirect', 'redirect has no effect'],
    ['nat hook input priority 100', 'masquerade', 'masquerade has no effect'],
    ['filter hook output priority 0', 'masquerade', 'masquerade has no effect'],
    ['filter hook postrouting priority 0', 'reject', 'nothing can be rejected at the hook postrouting'],
  ])('%s: %s is refused', (hook, rule, message) => expect(at(hook, rule)).toContain(`NFT_CONFLICT ${message}`));
  it('also where a jump leads to them', () =>
    expect(refusal('chain b {\n    masquerade\n  }\n  chain a {\n    type filter hook input priority 0\n    jump b\n  }')).toContain(
      'masquerade has no effect',
    ));
});
