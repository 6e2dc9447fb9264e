/** Expected: the expressions of `nft --debug=netlink` (1.0.6) for the same statement, in the machine's words. */
import { describe, expect, it } from 'vitest';
import { MANGLE } from '../program.js';
import { compiled, compiledRule, listing, ruleListing } from './testing.js';

describe('verdicts', () => {
  it.each([
    ['accept', 'ACCEPT - 0 0 0'],
    ['drop', 'DROP - 0 0 0'],
    ['return', 'RETURN - 0 0 0'],
    // Chain `other` stands first.
    ['jump other', 'JUMP - 0 0 0'],
    ['goto other', 'GOTO - 0 0 0'],
  ])('%s', (text, line) => expect(ruleListing(text)).toEqual([line]));
  it('continue is nothing', () => expect(ruleListing('continue')).toEqual([]));
  it('by a map', () => {
    const { program } = compiledRule('tcp dport vmap { 80 : accept, 81 : jump other }');
    expect(listing(program).slice(1, 3)).toEqual(['1: ELEMENT tcp dport 0 0 0 else 3', '2: VERDICT - 0 0 0 else 3']);
    expect([...(program.tables[0] ?? [])]).toEqual([-1, 0]);
  });
});

describe('reject', () => {
  // [ meta load nfproto => reg 1 ] [ cmp eq reg 1 0x02 ] [ reject type 0 code 1 ], and of the others alike: the condition stands
  // at the head of the rule, where nft has it, and is asked once more before the answer.
  it.each([
    ['reject', ['REJECT - 0 0 0'], { with: 'icmpx', code: 1 }],
    ['reject with icmp host-unreachable', ['EQ meta nfproto 2 0 0', 'EQ meta nfproto 2 0 0', 'REJECT - 0 0 0'], { with: 'icmp', code: 1 }],
    ['reject with icmpv6 no-route', ['EQ meta nfproto 10 0 0', 'EQ meta nfproto 10 0 0', 'REJECT - 0 0 0'], { with: 'icmpv6', code: 0 }],
    ['reject with tcp reset', ['EQ meta l4proto 6 0 0', 'EQ meta l4proto 6 0 0', 'REJECT - 0 0 0'], { with: 'tcp-reset' }],
  ])('%s', (text, lines, reject) => {
    expect(ruleListing(text)).toEqual(lines);
    expect(compiledRule(text).program.rejects).toEqual([{ reject, rule: 0 }]);
  });
});

describe('counters, limits, logs', () => {
  it('a counter of its own has its rule and its start values', () =>
    expect(compiledRule('counter packets 5 bytes 300 accept').program.counters).toMatchObject([{ name: null, rule: 0, packets: 5, bytes: 300 }]));
  it("a named one is the table's, however often it is used", () => {
    const { program } = compiledRule('counter name n counter name n', 'counter n { }');
    expect(program.counters.map(({ name, rule }) => [name, rule])).toEqual([['inet/t/n', null]]);
    expect(listing(program).filter((line) => line.includes('COUNTER')).length).toBe(2);
  });
  it('each limit without a name is one of its own', () => {
    expect(compiledRule('limit rate 5/second limit rate 5/second accept').program.limits.length).toBe(2);
    expect(compiledRule('limit name l limit name l accept', 'limit l { rate 5/second; }').program.limits.length).toBe(1);
  });
  it('a log has its prefix, or none', () => {
    expect(compiledRule('log prefix "x " accept').program.logs).toEqual([{ prefix: 'x ', rule: 0 }]);
    expect(compiledRule('log accept').program.logs).toEqual([{ prefix: '', rule: 0 }]);
  });
});

describe('set', () => {
  it.each([
    ['meta mark set 0x10', ['CONST - 16 0 0', 'SET_MARK - 0 0 0']],
    ['meta mark set 0xffffffff', ['CONST - -1 0 0', 'SET_MARK - 0 0 0']],
    // [ bitwise reg 1 = ( reg 1 & 0xff ) ^ 0x100 ] [ meta set mark with reg 1 ]
    ['meta mark set meta mark and 0xff or 0x100', ['LOAD meta mark 0 0 0', 'BITS - 255 256 0', 'SET_MARK - 0 0 0']],
    ['ct mark set 5', ['CONST - 5 0 0', 'SET_CT_MARK - 0 0 0']],
    ['ip dscp set af41', ['CONST - 34 0 0', `SET_FIELD - ${MANGLE.DSCP4} 0 0`]],
    ['ip ecn set ce', ['CONST - 3 0 0', `SET_FIELD - ${MANGLE.ECN4} 0 0`]],
    ['ip ttl set 9', ['CONST - 9 0 0', `SET_FIELD - ${MANGLE.TTL} 0 0`]],
    ['ip6 dscp set ef', ['CONST - 46 0 0', `SET_FIELD - ${MANGLE.DSCP6} 0 0`]],
    ['ip6 ecn set ce', ['CONST - 3 0 0', `SET_FIELD - ${MANGLE.ECN6} 0 0`]],
    ['ip6 hoplimit set 9', ['CONST - 9 0 0', `SET_FIELD - ${MANGLE.HOP_LIMIT} 0 0`]],
    ['notrack', ['NOTRACK - 0 0 0']],
  ])('%s', (text, lines) => expect(ruleListing(text)).toEqual(lines));
  it('by a map: no element, and the rule goes on at the next', () => {
    const { program } = compiledRule('meta mark set ip saddr map { 10.0.0.1 : 1, 10.0.0.2 : 0xffffffff }');
    expect(listing(program).slice(1, 4)).toEqual(['1: ELEMENT ip saddr 0 0 0 else 4', '2: DATA - 0 0 0 else 4', '3: SET_MARK - 0 0 0 else 4']);
    expect([...(program.tables[0] ?? [])]).toEqual([1, -1]);
  });
});

describe('translation', () => {
  const nat = (rule: string, hook = 'postrouting', family = 'inet'): ReturnType<typeof compiled>['program'] =>
    compiled(`table ${family} t {\n  chain c {\n    type nat hook ${hook} priority 0\n    ${rule}\n  }\n}\n`).program;
  const lines = (rule: string, hook?: string): readonly string[] => listing(nat(rule, hook)).map((line) => line.replace(/^\d+: | else \d+$/g, ''));
  it('ends the rule, with an action for it', () => {
    expect(lines('masquerade')).toEqual(['NAT - 0 0 0', 'END - 0 0 0']);
    expect(lines('snat ip to 192.0.2.1')).toEqual(['NAT - 0 0 0', 'END - 0 0 0']);
    expect(nat('masquerade').nats.length).toBe(1);
  });
  it('by a map takes the element that was found', () =>
    expect(lines('dnat ip to tcp dport map { 80 : 10.0.0.1 . 8080 }', 'prerouting')).toEqual(['ELEMENT tcp dport 0 0 0', 'NAT - 0 1 0', 'END - 0 0 0']));
});
