import { describe, expect, it } from 'vitest';
import type { LabError } from '../../base/error.js';
import { FaultList, FollowOn } from '../fault.js';
import { type TableScope, signatureOf, unknown, verdictOf } from './scope.js';
import { typeInfo } from './values/types.js';

const src = { file: 'fw.nft', line: 3, column: 7 };
const scope: TableScope = {
  family: 'inet',
  name: 't',
  sets: new Map([['hosts', { types: [typeInfo('ipv4_addr')], gives: null }]]),
  counters: new Set(),
  limits: new Map(),
  chains: new Map([
    ['web', null],
    ['in', 'input'],
  ]),
  broken: new Set(['torn']),
};

it('a set by its name, or what there is instead', () => {
  expect(signatureOf({ name: 'hosts', src }, scope).gives).toBeNull();
  expect(() => signatureOf({ name: 'host', src }, scope)).toThrow('the table inet t has no set or map "host"');
  expect(unknown({ name: 'host', src }, 'set', ['hosts', 'ports'], scope)).toMatchObject({
    code: 'NFT_UNKNOWN',
    expected: 'one of: hosts, ports',
    where: { line: 3, column: 7 },
  });
  expect((unknown({ name: 'x', src }, 'counter', [], scope) as LabError).expected).toContain('a counter that stands in the same table');
});

it('what is not there because its definition is at fault is not complained of', () => {
  expect(unknown({ name: 'torn', src }, 'set', [], scope)).toBeInstanceOf(FollowOn);
  const faults = new FaultList();
  expect(faults.attempt(() => signatureOf({ name: 'torn', src }, scope))).toBe(undefined);
  expect(faults.count).toBe(0);
});

describe('verdicts', () => {
  it.each(['accept', 'drop', 'return', 'continue'] as const)('%s', (verdict) => expect(verdictOf({ verdict, chain: null, src }, scope)).toEqual({ verdict }));
  it.each(['jump', 'goto'] as const)('%s to a regular chain alone', (verdict) => {
    expect(verdictOf({ verdict, chain: { name: 'web', src }, src }, scope)).toEqual({ verdict, chain: 'web' });
    expect(() => verdictOf({ verdict, chain: { name: 'nowhere', src }, src }, scope)).toThrow('has no chain "nowhere"');
    expect(() => verdictOf({ verdict, chain: { name: 'in', src }, src }, scope)).toThrow(`packets come to it by the hook input, never by ${verdict}`);
  });
});
