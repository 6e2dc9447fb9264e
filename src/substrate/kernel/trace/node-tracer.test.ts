/** From the kernel's lines to decisions: with lines, handles and a listing as nft 1.0.6 printed them for these rules. */
import { describe, expect, it } from 'vitest';
import type { DecisionId, NodeId, PacketId } from '../../../base/brand.js';
import { DROP } from '../../../base/drop.js';
import { formatLabError } from '../../../base/error.js';
import { type Nanos, millis } from '../../../base/time.js';
import type { Pairs } from '../../../capture/comment.js';
import { DecisionTable } from '../../../capture/decision-table.js';
import { parseRuleset } from '../../../nft/parse-ruleset.js';
import type { PlanNode } from '../../../topology/plan.js';
import { NodeTracer } from './node-tracer.js';
import { ruleNumbers, traceRules } from './trace-table.js';

const RULES = `table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    ct state invalid drop comment "strange"
    udp dport 5000-5999 jump relays
    icmp type echo-request accept
  }
  chain relays {
    udp dport 5001 drop comment "no relay range"
    udp dport 5002 counter reject
    udp dport 5003 accept
  }
}
table ip nat {
  chain pre {
    type nat hook prerouting priority dstnat; policy accept;
    udp dport 7000 dnat to 192.0.2.2:5003
  }
}
`;
const rule = (family: string, table: string, chain: string, handle: number): object => ({ rule: { family, table, chain, handle, expr: [] } });
const LISTING = JSON.stringify({
  nftables: [
    { metainfo: { version: '1.0.6' } },
    { chain: { family: 'inet', table: 'filter', name: 'input', handle: 1 } },
    ...[3, 4, 5, 6].map((handle) => rule('inet', 'filter', 'input', handle)),
    ...[7, 8, 9].map((handle) => rule('inet', 'filter', 'relays', handle)),
    rule('ip', 'nat', 'pre', 2),
    ...[2, 3, 4, 5].map((handle) => rule('ip', 'callpath-trace', 'prerouting', handle)),
  ],
});

const HEADERS =
  'ether saddr 4e:b4:9d:8a:6c:d4 ether daddr 9e:bd:04:a5:05:ed ip saddr 192.0.2.1 ip daddr 192.0.2.2 ip dscp 0x00 ip ecn 0x0 ip ttl 64 ip id 12289 ip protocol 17 ip length 33 udp sport 34046 udp dport 5001 udp length 13 @th,64,40 0x68616c6c6f ';
const packet = (chain: string): string => `trace id 0c08205a ${chain} packet: iif "wv2" ${HEADERS}`;
/** @param handle 2 new, 3 invalid, 4 untracked, 5 established */
const begun = (handle: number): string[] => [
  packet('ip callpath-trace prerouting'),
  `trace id 0c08205a ip callpath-trace prerouting rule iifname != "lo" ct state 0x8 limit rate 200/second meta nftrace set 1 # handle ${handle} (verdict continue)`,
  'trace id 0c08205a ip callpath-trace prerouting policy accept ',
];

interface Told {
  readonly drops: { drop: number; text: string }[];
  readonly events: Pairs[];
}

function trace(lines: readonly string[], known: PacketId | null = 7 as PacketId): Told {
  const parsed = parseRuleset('fw.nft', () => RULES);
  if (!parsed.ok) throw new Error(parsed.errors.map(formatLabError).join('\n'));
  const decisions = new DecisionTable(() => 'fw');
  const told: Told = { drops: [], events: [] };
  let now = millis(5) as Nanos;
  const tracer = new NodeTracer({
    node: { id: 0 as NodeId, name: 'fw' } as PlanNode,
    ruleset: parsed.ruleset,
    numbers: ruleNumbers(LISTING),
    tracked: new Set([4]),
    packets: {
      find: () => known,
      dropped: (id: PacketId, drop: number, why: DecisionId) => {
        told.drops.push({ drop, text: `${id}: ${decisions.text(why)}` });
      },
    },
    decisions,
    tell: (name, fields) => {
      told.events.push({ event: name, ...fields });
    },
    now: () => (now = (now + 1000) as Nanos),
  });
  for (const line of lines) tracer.feed(line);
  tracer.close();
  return told;
}

describe('a drop', () => {
  it('by a rule of a chain that was jumped to: number, line, comment, and the state', () => {
    const told = trace([
      ...begun(2),
      packet('inet filter input'),
      'trace id 0c08205a inet filter input rule udp dport 5000-5999 jump relays # handle 5 (verdict jump relays)',
      'trace id 0c08205a inet filter relays rule udp dport 5001 drop comment "no relay range" # handle 7 (verdict drop)',
    ]);
    expect(told).toEqual({
      drops: [{ drop: DROP.FIREWALL_RULE, text: '7: at=fw stage=input chain=inet/filter/relays rule=1 src=fw.nft:10 says="no relay range" ct=new' }],
      events: [],
    });
  });

  it('by the policy', () => {
    const told = trace([...begun(3), packet('inet filter input'), 'trace id 0c08205a inet filter input policy drop ']);
    expect(told.drops).toEqual([{ drop: DROP.FIREWALL_POLICY, text: '7: at=fw stage=input chain=inet/filter/input rule=0 src=fw.nft:3 ct=invalid' }]);
  });

  it('of a packet that nobody knows is told to nobody', () => {
    expect(trace([...begun(2), packet('inet filter input'), 'trace id 0c08205a inet filter input policy drop '], null)).toEqual({ drops: [], events: [] });
  });

  it('by rules that are not of the file is not told', () => {
    expect(trace([...begun(2), packet('inet other input'), 'trace id 0c08205a inet other input rule drop # handle 7 (verdict drop)']).drops).toEqual([]);
  });
});

describe('a packet that is let in', () => {
  const passed = [
    packet('ip nat pre'),
    'trace id 0c08205a ip nat pre rule udp dport 7000 dnat to 192.0.2.2:5003 # handle 2 (verdict accept)',
    packet('inet filter input'),
  ];

  it('is told with the rule, once it is through', () => {
    const told = trace([...begun(2), ...passed, 'trace id 0c08205a inet filter relays rule udp dport 5003 accept # handle 9 (verdict accept)']);
    expect(told).toEqual({
      drops: [],
      events: [{ event: 'admitted', packet: '7', stage: 'input', chain: 'inet/filter/relays', rule: '3', src: 'fw.nft:12', ct: 'new' }],
    });
  });

  it('and not if it belongs to a connection that is known', () => {
    expect(trace([...begun(5), ...passed, 'trace id 0c08205a inet filter relays rule udp dport 5003 accept # handle 9 (verdict accept)']).events).toEqual([]);
  });
});

describe('the rules that switch it on', () => {
  it('ask for states only where connections are tracked anyway', () => {
    expect(
      traceRules(new Set([4]))
        .split('\n')
        .filter((line) => line.includes('ct state')),
    ).toHaveLength(4);
    expect(traceRules(new Set())).not.toContain('ct state');
    expect(traceRules(new Set())).toContain('table ip6 callpath-trace');
  });
});

it.each(['', '{}', '{"nftables": 1}', 'flush'])('a listing that is none is told: %j', (text) => {
  expect(() => ruleNumbers(text)).toThrow('nft lists its rules in a form that is not known here');
});
