import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.js';
import { parseRuleset } from '../../nft/parse-ruleset.js';
import { type PacketFacts, natRuleFor } from './nat-rules.js';

const FACTS: PacketFacts = {
  family: 4,
  protocol: 17,
  iif: 'lan',
  oif: 'vpn',
  source: '192.168.1.10',
  destination: '10.3.0.30',
  sourcePort: 50000,
  destinationPort: 5000,
};

/** Number of the rule in `post` that would translate, or null. */
function ruleOf(rules: string, facts: Partial<PacketFacts> = {}, more = '', family = 'inet'): number | null {
  const text = `table ${family} n {\n${more}\nchain post {\ntype nat hook postrouting priority srcnat; policy accept;\n${rules}\n}\n}\n`;
  const parsed = parseRuleset('n.nft', (path) => (path === 'n.nft' ? text : null));
  return natRuleFor(must(parsed.ok ? parsed.ruleset : null, 'rules'), 'postrouting', { ...FACTS, ...facts })?.rule.number ?? null;
}

describe('the rule that would translate', () => {
  it.each([
    ['oifname "vpn" snat ip to 10.9.0.2', 1],
    ['oifname "wan" masquerade\noifname "vp*" masquerade', 2],
    ['oifname "vpn" ip saddr 192.168.0.0/16 udp dport 5000 counter masquerade', 1],
    ['ip saddr != 192.168.1.0/24 masquerade', null],
    ['oifname "vpn" accept\nmasquerade', null],
    ['tcp dport 5000 masquerade', null],
    ['udp dport { 4000-5000 } masquerade', 1],
    ['udp dport != { 4000-5000 } masquerade', null],
    ['ip saddr . udp dport { 192.168.1.10 . 5000 } masquerade', 1],
    ['ip6 saddr ::1 masquerade\nmasquerade', 2],
  ])('%s: %s', (rules, number) => {
    expect(ruleOf(rules)).toBe(number);
  });

  it('is reached by jumps, and left by return', () => {
    const more = 'chain inner {\noifname "wan" masquerade\nip daddr 10.3.0.0/24 return\nmasquerade\n}';
    expect(ruleOf('jump inner\nmasquerade', {}, more)).toBe(2);
    expect(ruleOf('goto inner\nmasquerade', {}, more)).toBeNull();
  });

  it('is none that asks for what is not known of a packet: nothing is guessed', () => {
    expect(ruleOf('meta mark 7 masquerade\nmasquerade')).toBeNull();
    expect(ruleOf('ip ttl 3 accept\nmasquerade')).toBeNull();
  });

  it('stands at the hook that is asked for, in a table that has the family', () => {
    const six = { family: 6, source: '2001:db8::1', destination: '2001:db8::2' } as const;
    expect(ruleOf('masquerade', six)).toBe(1);
    expect(ruleOf('masquerade', six, '', 'ip')).toBeNull();
  });
});
