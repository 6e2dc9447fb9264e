import { expect, it } from 'vitest';
import type { Rule } from '../ruleset.js';
import { TableInWork } from './building.js';
import { typeInfo } from './values/types.js';

const src = { file: 'fw.nft', line: 1, column: 1 };
const rule = (text: string): Omit<Rule, 'number'> => ({ statements: [], comment: null, text, src });
const BASE = { type: 'filter', hook: 'input', priority: 0, policy: 'accept', policySrc: src } as const;

function table(): TableInWork {
  const t = new TableInWork('inet', 't', src);
  t.chainList.set('in', { name: 'in', base: BASE, rules: [rule('accept'), rule('drop')], src });
  t.chainList.set('web', { name: 'web', base: null, rules: [], src });
  const set = { interval: false, merges: false, dataInterval: false, size: null, elements: [], src };
  t.setList.set('s', { ...set, name: 's', signature: { types: [typeInfo('mark')], gives: null }, example: null });
  t.setList.set('m', { ...set, name: 'm', signature: { types: [typeInfo('integer', 16)], gives: 'verdict' }, example: [{ select: 'ip', field: 'id' }] });
  t.counterList.set('n', { name: 'n', packets: 1, bytes: 60, src });
  t.limitList.set('l', { name: 'l', limit: { over: false, what: 'packets', amount: 5, unit: 'second', burst: 5 }, src });
  return t;
}

it('shows rules what is there: signatures, names, and the hook of base chains', () => {
  const t = table();
  expect([...t.sets]).toEqual([
    ['s', { types: [typeInfo('mark')], gives: null }],
    ['m', { types: [typeInfo('integer', 16)], gives: 'verdict' }],
  ]);
  expect([...t.counters]).toEqual(['n']);
  expect(t.limits.get('l')?.amount).toBe(5);
  expect([...t.chains]).toEqual([
    ['in', 'input'],
    ['web', null],
  ]);
  expect(t.sets.has('nobody')).toBe(false);
  expect(t.chains.has('nobody')).toBe(false);
});

it('numbers the rules of each chain from 1 when it is finished, and keeps an example only where there is one', () => {
  const done = table().finished();
  expect(done.chains.map(({ name, base, rules }) => [name, base?.hook ?? null, rules.map(({ number, text }) => `${number} ${text}`)])).toEqual([
    ['in', 'input', ['1 accept', '2 drop']],
    ['web', null, []],
  ]);
  expect(done.sets.map(({ name, types, gives, example }) => [name, types, gives, example])).toEqual([
    ['s', ['mark'], null, undefined],
    ['m', ['integer'], 'verdict', [{ select: 'ip', field: 'id' }]],
  ]);
  expect([done.family, done.name, done.counters.length, done.limits.length]).toEqual(['inet', 't', 1, 1]);
});
