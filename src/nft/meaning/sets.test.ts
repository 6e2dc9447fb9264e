/** nft(8), "Sets", "Maps". */
import { describe, expect, it } from 'vitest';
import type { Element, SetBody } from '../ruleset.js';
import { firstOf, refusalOf, rulesetOf } from '../testing/rulesets.js';
import { body, checkData, isRangeData } from './sets.js';
import { typeInfo } from './values/types.js';

const src = { file: 'fw.nft', line: 1, column: 1 };
const named = (text: string): SetBody => rulesetOf(`table ip t {\n ${text}\n}\n`).tables[0]?.sets[0] as SetBody;
const keys = (text: string): unknown => named(text).elements.map(({ key }) => key);

it('elements stand in the order of the text, sets in sets laid flat', () =>
  expect((firstOf('filter', 'tcp dport { 80, { 443, 8080 }, 22 } accept') as { set: { set: SetBody } }).set.set.elements.map(({ key }) => key)).toEqual(
    [80, 443, 8080, 22].map((number) => [{ is: 'number', number }]),
  ));

it('keys of several parts, ranges and prefixes', () =>
  expect(keys('set s { type ipv4_addr . inet_service; flags interval; elements = { 10.0.0.0/8 . 80-90 } }')).toEqual([
    [
      { is: 'prefix', family: 4, address: '10.0.0.0', length: 8 },
      { is: 'range', from: { is: 'number', number: 80 }, to: { is: 'number', number: 90 } },
    ],
  ]));

describe('maps give', () => {
  it('values', () =>
    expect(named('map m { type ipv4_addr : mark; elements = { 10.0.0.1 : 0x10 } }')).toMatchObject({
      types: ['ipv4_addr'],
      gives: ['mark'],
      elements: [{ data: { is: 'data', parts: [{ is: 'number', number: 16 }] } }],
    }));
  it('verdicts', () =>
    expect(named('map m { type inet_service : verdict; elements = { 80 : accept, * : drop } }')).toMatchObject({
      gives: 'verdict',
      elements: [
        { key: [{ is: 'number', number: 80 }], data: { is: 'verdict', verdict: { verdict: 'accept' } } },
        { key: [{ is: 'any' }], data: { is: 'verdict', verdict: { verdict: 'drop' } } },
      ],
    }));
});

it.each([
  ['set s { type ipv4_addr; elements = { 80 . 80 } }', 'NFT_TYPE the key has 2 parts, not 1'],
  ['set s { type ipv4_addr . mark; elements = { 10.0.0.1 } }', 'NFT_TYPE the key has 1 part, not 2'],
  ['set s { type ipv4_addr; elements = { 10.0.0.1 : accept } }', 'NFT_TYPE an element of a set has no data'],
  ['map m { type ipv4_addr : mark; elements = { 10.0.0.1 } }', 'NFT_TYPE the element of the map has no data'],
  ['map m { type ipv4_addr : mark; elements = { 10.0.0.1 : accept } }', 'NFT_TYPE the map gives values, no verdicts'],
  ['map m { type ipv4_addr : verdict; elements = { 10.0.0.1 : 5 } }', 'NFT_TYPE the map gives verdicts'],
  ['map m { type ipv4_addr : ipv4_addr; elements = { 10.0.0.1 : 10.1.0.1-10.1.0.2 } }', 'NFT_TYPE the map gives single values'],
  ['map m { type ipv4_addr : interval ipv4_addr; elements = { 10.0.0.1 : 10.1.0.1 } }', 'NFT_TYPE the map gives ranges, this is a single value'],
])('refused: %s', (text, refusal) => expect(refusalOf('file', `table ip t {\n ${text}\n}\n`)).toBe(refusal));

describe('ranges as data: all are, or none', () => {
  const element = (...parts: (readonly [number, number] | number)[]): Element => ({
    key: [{ is: 'number', number: 1 }],
    data: {
      is: 'data',
      parts: parts.map((part) =>
        typeof part === 'number'
          ? { is: 'number', number: part }
          : { is: 'range', from: { is: 'number', number: part[0] }, to: { is: 'number', number: part[1] } },
      ),
    },
    src,
  });
  it('one part is enough', () => {
    expect(isRangeData(element(1, [2, 3]))).toBe(true);
    expect(isRangeData(element(1, 2))).toBe(false);
    expect(isRangeData({ key: [], data: null, src })).toBe(false);
    expect(isRangeData({ key: [], data: { is: 'verdict', verdict: { verdict: 'drop' } }, src })).toBe(false);
  });
  it('the first one says which, unless the definition does', () => {
    expect(() => checkData([element([1, 2]), element(3)], null)).toThrow('the map gives ranges, this is a single value');
    expect(() => checkData([element(3), element([1, 2])], null)).toThrow('the map gives single values, this is a range');
    expect(() => checkData([element([1, 2])], false)).toThrow('the map gives single values');
    expect(() => checkData([element(3)], true)).toThrow('the map gives ranges, this is a single value');
    checkData([element(3), element(4)], null);
    checkData([], true);
  });
});

it('the body names the types', () =>
  expect(body({ types: [typeInfo('ipv4_addr'), typeInfo('mark')], gives: [typeInfo('inet_service')] }, [])).toEqual({
    types: ['ipv4_addr', 'mark'],
    gives: ['inet_service'],
    elements: [],
  }));
