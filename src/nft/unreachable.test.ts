import { describe, expect, it } from 'vitest';
import { parseRuleset } from './parse-ruleset.js';
import { unreachable } from './unreachable.js';

function warnings(body: string): readonly string[] {
  const result = parseRuleset('f.nft', () => `table inet f {\n${body}\n}\n`);
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join());
  return unreachable(result.ruleset).map(({ where, code, message }) => `${where?.line ?? 0} ${code} ${message}`);
}

const chain = (name: string, ...lines: readonly string[]): string => `chain ${name} {\n${lines.join('\n')}\n}`;
const HOOK = 'type filter hook forward priority 0; policy drop;';

describe('rules that no packet comes to', () => {
  it.each(['drop', 'accept', 'counter reject', 'log prefix "x" drop', 'return', 'counter goto other'])('behind "%s"', (end) => {
    const found = warnings([chain('other', 'accept'), chain('forward', HOOK, 'jump other', end, 'tcp dport 80 accept', 'tcp dport 81 accept')].join('\n'));
    expect(found).toEqual(['9 NFT_UNREACHABLE no packet comes to the last 2 rules of the chain "forward"']);
  });

  it.each([
    'tcp dport 22 drop',
    'ct state established accept',
    'limit rate 5/second drop',
    'jump other',
    'counter',
    'continue',
    'tcp dport vmap { 80 : drop }',
    // It may have no element for a packet.
    'ip saddr @some drop',
  ])('none behind "%s"', (line) => {
    const some = 'set some {\ntype ipv4_addr\n}';
    expect(warnings([some, chain('other', 'accept'), chain('forward', HOOK, 'jump other', line, 'tcp dport 80 accept')].join('\n'))).toEqual([]);
  });

  it('a chain without a hook that nothing jumps to, and one that a map leads to', () => {
    expect(warnings([chain('other', 'accept'), chain('forward', HOOK)].join('\n'))).toEqual([
      '3 NFT_UNREACHABLE nothing jumps to the chain "other" of the table inet f, and it has no hook',
    ]);
    expect(warnings([chain('other', 'accept'), chain('forward', HOOK, 'tcp dport vmap { 80 : jump other }')].join('\n'))).toEqual([]);
    const map = 'map where {\ntype inet_service : verdict\nelements = { 80 : goto other }\n}';
    expect(warnings([map, chain('other', 'accept'), chain('forward', HOOK, 'tcp dport vmap @where')].join('\n'))).toEqual([]);
  });
});
