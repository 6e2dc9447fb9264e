/**
 * What rules mean, as data. Expected values: nft(8), and what `nft --debug=netlink` says of the same rules; that nft takes
 * the same texts is shown in test/kernel/nft.
 */
import { describe, expect, it } from 'vitest';
import type { ChainHook, ChainType, Statement } from './ruleset.js';
import { rulesetOf } from './testing/rulesets.js';

/** The statements of one rule in a chain of table `inet t`. */
function statementsOf(
  rule: string,
  { family = 'inet', type = 'filter', hook = 'forward', priority = '0' }: { family?: string; type?: ChainType; hook?: ChainHook; priority?: string } = {},
): readonly Statement[] {
  const { tables } = rulesetOf(
    `table ${family} t {\n chain other {\n }\n set hosts { type ipv4_addr; }\n chain c {\n type ${type} hook ${hook} priority ${priority}\n ${rule}\n }\n}\n`,
  );
  return tables[0]?.chains[1]?.rules[0]?.statements ?? [];
}

const selector = (select: string, field: string) => ({ is: 'selector', selector: { select, [select === 'meta' || select === 'ct' ? 'key' : 'field']: field } });
const number = (value: number) => ({ is: 'number', number: value });

describe('matches', () => {
  it.each<[string, object]>([
    ['ip saddr 10.0.0.7/8', { do: 'match', left: selector('ip', 'saddr'), op: 'eq', right: { is: 'prefix', family: 4, address: '10.0.0.0', length: 8 } }],
    ['ip6 daddr != 2001:DB8::1', { do: 'match', left: selector('ip6', 'daddr'), op: 'ne', right: { is: 'address', family: 6, address: '2001:db8::1' } }],
    ['tcp dport 5060-5061', { do: 'match', left: selector('tcp', 'dport'), op: 'eq', right: { is: 'range', from: number(5060), to: number(5061) } }],
    ['udp dport >= sip', { do: 'match', left: selector('udp', 'dport'), op: 'ge', right: number(5060) }],
    ['iifname "er*"', { do: 'match', left: selector('meta', 'iifname'), op: 'eq', right: { is: 'interface', name: 'er', wildcard: true } }],
    ['oif eth0', { do: 'match', left: selector('meta', 'oif'), op: 'eq', right: { is: 'interface', name: 'eth0', wildcard: false } }],
    ['ip dscp af41', { do: 'match', left: selector('ip', 'dscp'), op: 'eq', right: number(34) }],
    ['icmp type echo-request', { do: 'match', left: selector('icmp', 'type'), op: 'eq', right: number(8) }],
    ['ct expiration 1m30s', { do: 'match', left: selector('ct', 'expiration'), op: 'eq', right: number(90_000) }],
    [
      'ct original ip saddr 10.0.0.1',
      {
        do: 'match',
        left: { is: 'selector', selector: { select: 'ct-tuple', direction: 'original', family: 4, field: 'saddr' } },
        op: 'eq',
        right: { is: 'address', family: 4, address: '10.0.0.1' },
      },
    ],
    // Any of the bits; none of them; and, as nft has it, the whole field when an operator is written.
    ['ct state established,related', { do: 'match-any-bit', left: { select: 'ct', key: 'state' }, op: 'eq', bits: 6 }],
    ['ct state ! invalid', { do: 'match-any-bit', left: { select: 'ct', key: 'state' }, op: 'ne', bits: 1 }],
    ['ct state != established,related', { do: 'match', left: selector('ct', 'state'), op: 'ne', right: number(6) }],
    ['tcp flags & (syn|ack) == syn', { do: 'match-masked', left: { select: 'tcp', field: 'flags' }, op: 'eq', mask: 0x12, value: 2 }],
    ['tcp flags syn / fin,syn,rst,ack', { do: 'match-masked', left: { select: 'tcp', field: 'flags' }, op: 'eq', mask: 0x17, value: 2 }],
    ['meta mark and 0xff xor 3 == 1', { do: 'match-masked', left: { select: 'meta', key: 'mark' }, op: 'eq', mask: 0xff, value: 2 }],
    ['ip saddr @hosts', { do: 'lookup', left: selector('ip', 'saddr'), op: 'eq', set: { is: 'named', name: 'hosts' } }],
  ])('%s', (rule, expected) => {
    expect(statementsOf(rule)).toEqual([expected]);
  });

  it('sets, concatenations and verdict maps', () => {
    const src = { file: 'fw.nft', line: expect.any(Number), column: expect.any(Number) };
    expect(statementsOf('ip saddr . tcp dport { 10.0.0.0/24 . 80, 10.1.0.1 . 90-99 }')).toEqual([
      {
        do: 'lookup',
        op: 'eq',
        left: {
          is: 'concat',
          parts: [
            { select: 'ip', field: 'saddr' },
            { select: 'tcp', field: 'dport' },
          ],
        },
        set: {
          is: 'anonymous',
          set: {
            types: ['ipv4_addr', 'inet_service'],
            gives: null,
            elements: [
              { key: [{ is: 'prefix', family: 4, address: '10.0.0.0', length: 24 }, number(80)], data: null, src },
              {
                key: [
                  { is: 'address', family: 4, address: '10.1.0.1' },
                  { is: 'range', from: number(90), to: number(99) },
                ],
                data: null,
                src,
              },
            ],
          },
        },
      },
    ]);
    expect(statementsOf('tcp dport vmap { 22 : jump other, * : drop }')).toEqual([
      {
        do: 'vmap',
        key: selector('tcp', 'dport'),
        map: {
          is: 'anonymous',
          set: {
            types: ['inet_service'],
            gives: 'verdict',
            elements: [
              { key: [number(22)], data: { is: 'verdict', verdict: { verdict: 'jump', chain: 'other' } }, src },
              { key: [{ is: 'any' }], data: { is: 'verdict', verdict: { verdict: 'drop' } }, src },
            ],
          },
        },
      },
    ]);
  });
});
