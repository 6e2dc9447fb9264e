import { describe, expect, it } from 'vitest';
import type { BgpPath, BgpStatement } from './bgp.js';
import { communityFits, isPrivateAs, readCommunity, sortedCommunities } from './communities.js';
import { applyPolicy, prefixFits } from './policy.js';

const PATH: BgpPath = {
  family: 4,
  prefix: '10.1.2.0/24',
  origin: 'igp',
  asPath: [12076, 65010, 64500],
  nextHop: '192.0.2.1',
  med: 4,
  localPref: 100,
  communities: ['12076:5010', '12076:5030'],
};
const SRC = { file: 'x.lab.yaml', line: 7, column: 3 };

function statement(match: BgpStatement['match'], set: BgpStatement['set'] = {}, permit = true): BgpStatement {
  return { match, set, permit, src: SRC };
}

describe('which statement decides', () => {
  it('the first that fits', () => {
    const policy = [statement({ communities: ['1:1'] }, { med: 1 }), statement({ communities: ['12076:5030'] }, { med: 2 }), statement({}, { med: 3 })];
    expect(applyPolicy(policy, PATH, 'import').path?.med).toBe(2);
  });
  it('none denies, and so does one that says so: both with the reason', () => {
    expect(applyPolicy([], PATH, 'export')).toEqual({ path: null, denied: 'no statement of the export policy fits it' });
    expect(applyPolicy([statement({}, {}, false)], PATH, 'import')).toEqual({ path: null, denied: 'denied by the import policy, x.lab.yaml:7' });
  });
  it('without a policy everything is permitted as it is', () => {
    expect(applyPolicy(null, PATH, 'import')).toEqual({ path: PATH });
  });
  it.each<[string, BgpStatement['match'], boolean]>([
    ['kinds of match must all hold', { communities: ['12076:5030'], as: [9] }, false],
    ['of one kind one is enough', { communities: ['9:9', '12076:5030'], as: [9, 64500] }, true],
    ['a wildcard', { communities: ['12076:*'] }, true],
    ['another wildcard', { communities: ['*:5031'] }, false],
    ['a prefix', { prefixes: [{ prefix: '10.1.2.0/24', min: 24, max: 24 }] }, true],
  ])('%s', (_, match, fits) => {
    expect(applyPolicy([statement(match)], PATH, 'import').path !== null).toBe(fits);
  });
});

// As prefix lists: the prefix lies inside, and its length within the bounds.
it.each([
  ['10.0.0.0/8', 8, 24, '10.1.2.0/24', true],
  ['10.0.0.0/8', 8, 23, '10.1.2.0/24', false],
  ['10.0.0.0/8', 25, 32, '10.1.2.0/24', false],
  ['11.0.0.0/8', 8, 32, '10.1.2.0/24', false],
  ['10.1.2.0/24', 24, 24, '10.1.2.0/25', false],
  ['0.0.0.0/0', 0, 32, '10.1.2.0/24', true],
  ['0.0.0.0/0', 0, 0, '0.0.0.0/0', true],
  ['::/0', 0, 128, '10.1.2.0/24', false],
  ['2001:db8::/32', 32, 48, '2001:db8:1::/48', true],
])('%s %i to %i bits, %s: %s', (prefix, min, max, asked, fits) => {
  expect(prefixFits({ prefix, min, max }, asked)).toBe(fits);
});

describe('what a statement sets', () => {
  it.each<[string, BgpStatement['set'], Partial<BgpPath>]>([
    ['preference, MED, origin', { localPref: 150, med: 9, origin: 'incomplete' }, { localPref: 150, med: 9, origin: 'incomplete' }],
    ['communities instead of those it has', { communities: ['64500:2', '64500:1'] }, { communities: ['64500:1', '64500:2'] }],
    ['communities beside those it has, each once', { addCommunities: ['1:1', '12076:5030'] }, { communities: ['1:1', '12076:5010', '12076:5030'] }],
    ['some taken away, others added', { removeCommunities: ['12076:*'], addCommunities: ['1:1'] }, { communities: ['1:1'] }],
    ['numbers before the AS path', { prepend: [65010, 64999] }, { asPath: [65010, 64999, 12076, 65010, 64500] }],
    ['private numbers out of the AS path', { removePrivateAs: true }, { asPath: [12076, 64500] }],
    ['what is prepended stays, private or not', { removePrivateAs: true, prepend: [65010] }, { asPath: [65010, 12076, 64500] }],
  ])('%s', (_, set, changed) => {
    expect(applyPolicy([statement({}, set)], PATH, 'export').path).toEqual({ ...PATH, ...changed });
  });
});

describe('communities (RFC 1997) and private AS numbers (RFC 6996)', () => {
  it.each([
    ['12076:5030', '12076:5030'],
    ['02076:05030', '2076:5030'],
    ['no-export', 'no-export'],
    ['65536:1', undefined],
    ['1:65536', undefined],
    ['1', undefined],
    ['1:*', undefined],
    ['', undefined],
  ])('%s is %s', (text, read) => {
    expect(readCommunity(text)).toBe(read);
  });
  it('wildcards stand for one half, where they may', () => {
    expect(readCommunity('1:*', true)).toBe('1:*');
    expect([
      communityFits('1:2', '1:*'),
      communityFits('1:2', '*:2'),
      communityFits('1:2', '*:3'),
      communityFits('no-export', '*:*'),
      communityFits('no-export', 'no-export'),
    ]).toEqual([true, true, false, false, true]);
  });
  it('are sorted by number, each once', () => {
    expect(sortedCommunities(['no-export', '200:1', '30:1', '30:1', '30:0'])).toEqual(['30:0', '30:1', '200:1', 'no-export']);
  });
  it.each([
    [64511, false],
    [64512, true],
    [65534, true],
    [65535, false],
    [4199999999, false],
    [4200000000, true],
    [4294967294, true],
    [4294967295, false],
    [12076, false],
  ])('%i is private: %s', (as, is) => {
    expect(isPrivateAs(as)).toBe(is);
  });
});
