import { describe, expect, it } from 'vitest';
import { errorsOf, faultsOf, interfaceOf, nodeOf, planOf } from '../testing/lab.js';

/** r with a LAN and two ways out; table 100 leads to x, table 200 to y. */
function lab(node: string, more = ''): string {
  return `name: x
topology:
  addressing: { networks: { inside: [10.0.0.0/24, "2001:db8::/64"] } }
  nodes:
    r:
      kind: router
      ${node}
      addresses: { lan: [10.0.0.1/24, "2001:db8::1/64"], a: [10.0.1.1/24, "2001:db8:1::1/64"], b: [10.0.2.1/24, "2001:db8:2::1/64"] }
      routes: [{ to: default, via: x, table: 100 }, { to: default, via: y, table: 200 }]
    c: { kind: client, addresses: { eth0: [10.0.0.2/24] } }
    x: { kind: router, addresses: { a: [10.0.1.2/24, "2001:db8:1::2/64"] } }
    y: { kind: router, addresses: { b: [10.0.2.2/24, "2001:db8:2::2/64"] } }
  links:
    - { endpoints: ["r:lan", "c:eth0"] }
    - { endpoints: ["r:a", "x:a"] }
    - { endpoints: ["r:b", "y:b"] }
${more}`;
}

const rulesOf = (rules: string): readonly string[] =>
  (nodeOf(planOf(lab(`rules: [${rules}]`)), 'r').rules ?? []).map((r) => {
    const mark = r.fwmark === null ? '' : ` fwmark ${r.fwmark.mark}/${r.fwmark.mask}`;
    return `${r.family} ${r.priority}: from ${r.from ?? 'all'}${mark}${r.iif === null ? '' : ` iif ${r.iif}`} lookup ${r.table}`;
  });

describe('policy rules', () => {
  it.each([
    ['{ priority: 10, from: 10.0.0.0/24, table: 100 }', ['4 10: from 10.0.0.0/24 lookup 100']],
    ['{ priority: 10, from: inside, table: 100 }', ['4 10: from 10.0.0.0/24 lookup 100', '6 10: from 2001:db8::/64 lookup 100']],
    ['{ priority: 10, from: inside, family: 6, table: 100 }', ['6 10: from 2001:db8::/64 lookup 100']],
    ['{ priority: 10, fwmark: 1, table: 100, family: 4 }', ['4 10: from all fwmark 1/4294967295 lookup 100']],
    ['{ priority: 10, fwmark: 0x10/0xf0, table: 100, family: 4 }', ['4 10: from all fwmark 16/240 lookup 100']],
    ['{ priority: 10, iif: lan, table: 100 }', ['4 10: from all iif lan lookup 100', '6 10: from all iif lan lookup 100']],
    ['{ priority: 10, iif: lo, from: default, family: 4, table: main }', ['4 10: from all iif lo lookup 254']],
    ['{ priority: 20, table: 200, family: 4 }, { priority: 10, table: 100, family: 4 }', ['4 10: from all lookup 100', '4 20: from all lookup 200']],
  ])('%s', (rules, expected) => {
    expect(rulesOf(rules)).toEqual(expected);
  });

  it.each([
    ['{ priority: 0, table: 100 }', '"priority" is a number 0'],
    ['{ priority: 32766, table: 100 }', '"priority" is a number 32766'],
    ['{ table: 100 }', '"priority" is missing'],
    ['{ priority: 1 }', '"table" is missing'],
    ['{ priority: 1, table: 300 }', '"r" has no route in table 300'],
    ['{ priority: 1, table: 253 }', 'table 253 is Linux\'s own "default"'],
    ['{ priority: 1, table: 100, iif: wan }', '"r" has no interface "wan"'],
    ['{ priority: 1, table: 100, fwmark: 0x100000000 }', '"fwmark" is a number 4294967296'],
    ['{ priority: 1, table: 100, fwmark: one }', '"one" is no firewall mark'],
    ['{ priority: 1, table: 100, from: nowhere }', '"nowhere" is no destination'],
    ['{ priority: 1, table: 100, from: 10.0.0.0/24, family: 6 }', 'no source of the rule is of IPv6'],
  ])('%s is refused', (rules, message) => {
    const found = faultsOf(lab(`rules: [${rules}]`)).map((fault) => fault.replace(/^\S+ \S+ /, ''));
    expect(found[0]).toBe(message);
  });
});

describe('reverse path filter', () => {
  it("is the node's and its interfaces', and off without a word", () => {
    const plan = planOf(lab('rpFilter: { all: loose, a: strict, b: off }'));
    expect(nodeOf(plan, 'r').rpFilter).toBe('loose');
    expect(['lan', 'a', 'b'].map((name) => interfaceOf(plan, 'r', name).rpFilter)).toEqual([undefined, 'strict', undefined]);
    expect(nodeOf(plan, 'x').rpFilter).toBeUndefined();
    expect(nodeOf(planOf(lab('rpFilter: off')), 'r').rpFilter).toBeUndefined();
  });
  it("may be said for a kind; the node's own word wins", () => {
    const text = lab('rpFilter: off').replace('  nodes:', '  kinds: { router: { rpFilter: strict } }\n  nodes:');
    expect(['r', 'x', 'c'].map((name) => nodeOf(planOf(text), name).rpFilter)).toEqual([undefined, 'strict', undefined]);
  });
  it('is refused where it is none, and for interfaces that are not there', () => {
    expect(errorsOf(lab('rpFilter: on'))[0]).toMatchObject({ code: 'TOPOLOGY_SCHEMA', expected: 'one of: loose, off, strict' });
    expect(faultsOf(lab('rpFilter: { wan: strict }'))[0]).toMatch(/TOPOLOGY_ROUTE "r" has no interface "wan"$/);
  });
});

it('the hash of multipath routes is kept where it is not the usual one', () => {
  expect(nodeOf(planOf(lab('multipathHash: l3')), 'r').multipathHash).toBe('l3');
  expect(nodeOf(planOf(lab('multipathHash: l4')), 'r').multipathHash).toBeUndefined();
});
