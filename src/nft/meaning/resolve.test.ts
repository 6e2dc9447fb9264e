/** nft(8), "Ruleset", "Tables", "Chains", "Sets": what commands do one after the other. */
import { describe, expect, it } from 'vitest';
import type { Ruleset } from '../ruleset.js';
import { faultsOf, rulesetOf } from '../testing/rulesets.js';

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`;
const rules = (ruleset: Ruleset): unknown => ruleset.tables.map((t) => [t.name, t.chains.map((c) => [c.name, c.rules.map((r) => `${r.number} ${r.text}`)])]);
const refusal = (...text: readonly string[]): string => {
  const [first] = faultsOf(lines(...text));
  return first === undefined ? '' : `${first.code} ${first.message}`;
};

describe('the order of commands', () => {
  it('add goes to the end, insert to the head', () =>
    expect(
      rules(rulesetOf(lines('add table ip t', 'add chain ip t c', 'add rule ip t c accept', 'insert rule ip t c drop', 'add rule ip t c return'))),
    ).toEqual([['t', [['c', ['1 drop', '2 accept', '3 return']]]]]));
  it('a table that is opened twice is one', () =>
    expect(rules(rulesetOf(lines('table ip t { chain a {', ' accept', ' }', '}', 'table ip t { chain a {', ' drop', ' }', '}')))).toEqual([
      ['t', [['a', ['1 accept', '2 drop']]]],
    ]));
  it('the same name in another family is another table', () => expect(rulesetOf(lines('table ip t { }', 'table ip6 t { }')).tables.length).toBe(2));
  it('flush and delete', () => {
    const before = ['table ip t { set s { type mark; elements = { 1 }; }', ' chain c {', ' accept', ' }', '}', 'table ip6 u { }'];
    expect(rules(rulesetOf(lines(...before, 'flush table ip t')))).toEqual([
      ['t', [['c', []]]],
      ['u', []],
    ]);
    expect(rules(rulesetOf(lines(...before, 'flush chain ip t c')))).toEqual([
      ['t', [['c', []]]],
      ['u', []],
    ]);
    expect(rulesetOf(lines(...before, 'flush set ip t s')).tables[0]?.sets[0]?.elements).toEqual([]);
    expect(rules(rulesetOf(lines(...before, 'delete table ip t')))).toEqual([['u', []]]);
    expect(rules(rulesetOf(lines(...before, 'flush ruleset ip6')))).toMatchObject([['t', [['c', ['1 accept']]]]]);
    expect(rules(rulesetOf(lines(...before, 'flush ruleset')))).toEqual([]);
  });
});

describe('what is not there, or there already', () => {
  it.each([
    [['add rule ip t c accept'], 'NFT_UNKNOWN there is no table ip t yet'],
    [['table ip t { }', 'add rule ip t c accept'], 'NFT_UNKNOWN the table ip t has no chain "c"'],
    [['table ip t { }', 'add element ip t s { 1 }'], 'NFT_UNKNOWN the table ip t has no set or map "s"'],
    [['delete table ip t'], 'NFT_UNKNOWN there is no table ip t yet'],
    [['create table ip t', 'create table ip t'], 'NFT_CONFLICT the table ip t is there already'],
    [['table ip t { chain c {', '}', '}', 'create chain ip t c'], 'NFT_CONFLICT the chain c is there already'],
    [['table ip t { counter n { }', '}', 'create counter ip t n'], 'NFT_CONFLICT the counter n is there already'],
    [['table ip t { limit l { rate 1/second; }', ' }', 'add limit ip t l rate 2/second'], 'NFT_CONFLICT the limit l is there already'],
    [['table ip t { set s { type mark; }', '}', 'table ip t { set s { type ipv4_addr; }', '}'], 'NFT_CONFLICT the set s is there already'],
    [
      ['table ip t { chain c { type filter hook input priority 0; }', '}', 'table ip t { chain c { type filter hook input priority 5; }', '}'],
      'NFT_CONFLICT the chain "c" is there already, with another type, hook or priority',
    ],
    [['table ip t { chain c { policy drop; }', '}'], 'NFT_CONFLICT only a base chain has a policy'],
  ])('%j', (text, expected) => expect(refusal(...text)).toBe(expected));

  it('the same again is taken', () => {
    expect(refusal('table ip t { limit l { rate 1/second; }', ' }', 'add limit ip t l rate 1/second')).toBe('');
    expect(refusal('table ip t { set s { type mark; }', '}', 'table ip t { set s { type mark; }', '}')).toBe('');
    expect(refusal('add table ip t', 'add table ip t', 'add chain ip t c', 'add chain ip t c')).toBe('');
  });

  it('a base chain that is opened again may have another policy', () => {
    const { tables } = rulesetOf(
      lines(
        'table ip t { chain c { type filter hook input priority 0; }',
        '}',
        'table ip t { chain c { type filter hook input priority 0; policy drop; }',
        '}',
      ),
    );
    expect(tables[0]?.chains[0]?.base?.policy).toBe('drop');
  });
});

describe('sets', () => {
  const set = (body: string, ...more: readonly string[]): readonly string[] => [`table ip t { set s { ${body} }`, '}', ...more];
  it('elements come together from several commands', () =>
    expect(rulesetOf(lines(...set('type mark; elements = { 1 };', 'add element ip t s { 2, 3 }'))).tables[0]?.sets[0]?.elements.length).toBe(3));
  it.each([
    [set('type nosuch;'), 'NFT_UNKNOWN there is no type "nosuch"'],
    [set('type integer;'), 'NFT_UNSUPPORTED the type integer is not supported'],
    [set('type ether_addr;'), 'NFT_UNSUPPORTED the type ether_addr is not supported'],
    [set('type ipv4_addr; elements = { 10.0.0.0/8 };'), 'NFT_TYPE the set "s" holds single values only'],
    [set('type ifname; elements = { "eth*" };'), 'NFT_TYPE the set "s" holds single values only'],
    [set('type mark; size 2; elements = { 1, 2, 3 };'), 'NFT_CONFLICT the set "s" holds at most 2 elements'],
    [set('type mark; size 2; elements = { 1, 2 };', 'add element ip t s { 3 }'), 'NFT_CONFLICT the set "s" holds at most 2 elements'],
    [set('type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 10.0.0.1 };'), 'NFT_CONFLICT the element overlaps another one'],
  ])('%j', (text, expected) => expect(refusal(...text)).toBe(expected));
  it('the same element twice is one of its size, and auto-merge takes what overlaps', () => {
    expect(refusal(...set('type mark; size 2; elements = { 1, 2, 1 };'))).toBe('');
    expect(refusal(...set('type ipv4_addr; flags interval; auto-merge; elements = { 10.0.0.0/8, 10.0.0.1 };'))).toBe('');
  });
  it('typeof: the type of the field; the field is kept where the type alone has no width', () => {
    const [byField] = rulesetOf(lines(...set('typeof ip saddr;'))).tables[0]?.sets ?? [];
    expect([byField?.types, byField?.example]).toEqual([['ipv4_addr'], undefined]);
    const [byNumber] = rulesetOf(lines(...set('typeof ip id;'))).tables[0]?.sets ?? [];
    expect([byNumber?.types, byNumber?.example]).toEqual([['integer'], [{ select: 'ip', field: 'id' }]]);
  });
});

it('a fault in one rule hides none of the next', () =>
  expect(faultsOf(lines('table ip t { chain c {', ' jump nowhere', ' ip saddr ::1', ' }', '}')).map(({ code, where }) => `${code} ${where?.line}`)).toEqual([
    'NFT_UNKNOWN 2',
    'NFT_TYPE 3',
  ]));
