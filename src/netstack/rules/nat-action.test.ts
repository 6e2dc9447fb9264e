/** Expected addresses: nf_nat_masquerade_ipv4 with inet_select_addr; test/kernel/masquerade.test.ts holds the first cases against a kernel. */
import { describe, expect, it } from 'vitest';
import { formatLabError } from '../../base/error.js';
import { parseRuleset } from '../../nft/parse-ruleset.js';
import { formatIpv4 } from '../../wire/address.js';
import { u32 } from '../../wire/bytes.js';
import * as ethernet from '../../wire/ethernet.js';
import * as ipv4 from '../../wire/ipv4.js';
import { Netfilter } from '../netfilter/netfilter.js';
import { type TestNet, testNet, type TestNetSpec } from '../testing.js';

/** a - r -out- lan - b, c; r has an address on the network of b and one on that of c, and both at one link. */
function lab(spec: Pick<TestNetSpec, 'routes'> & { readonly out?: string; readonly rules?: string; readonly policy?: object }): TestNet {
  const net = testNet({
    nodes: { a: {}, r: { forwards: true, hashSeed: 1, ...spec.policy }, lan: { bridge: true }, b: {}, c: {} },
    links: [
      { a: ['a', '10.0.0.1/24'], b: ['r', '10.0.0.254/24'] },
      { a: ['r', spec.out ?? '10.1.0.1/24 10.2.0.1/24'], b: ['lan'] },
      { a: ['b', '10.1.0.9/24'], b: ['lan'] },
      { a: ['c', '10.2.0.9/24'], b: ['lan'] },
    ],
    routes: { a: [{ prefix: '0.0.0.0/0', via: '10.0.0.254' }], ...spec.routes },
  });
  const text = `table ip t { chain post { type nat hook postrouting priority srcnat; oifname "eth1" masquerade; }\n${spec.rules ?? ''}\n}`;
  const parsed = parseRuleset('r.nft', (path) => (path === 'r.nft' ? text : null));
  if (!parsed.ok) throw new Error(parsed.errors.map(formatLabError).join('\n'));
  new Netfilter(net.node('r'), {}).load(parsed.ruleset);
  return net;
}

/** `MAC > source` of what r sends, each once, of that many flows of a. */
function seen(net: TestNet, flows: number): readonly string[] {
  for (let port = 0; port < flows; port++)
    net
      .node('a')
      .udp.bind(net.addr('10.0.0.1'), 40000 + port, () => undefined)
      .send(new Uint8Array(4), 0, 4, net.addr('198.51.100.1'), 9);
  net.run();
  const hosts = new Map([
    [0x0200_0000_0005, 'b'],
    [0x0200_0000_0007, 'c'],
  ]);
  return [
    ...new Set(net.received(1, 1).map((frame) => `${hosts.get(ethernet.dst(frame, 0)) ?? '?'} ${formatIpv4(u32(frame, ethernet.HEADER + ipv4.SRC))}`)),
  ].sort();
}

const HOPS = [
  { via: '10.1.0.9', weight: 1 },
  { via: '10.2.0.9', weight: 1 },
];

describe('masquerade', () => {
  it('takes the address on the network of the next hop that the flow was given', () => {
    expect(seen(lab({ routes: { r: [{ prefix: '0.0.0.0/0', nextHops: HOPS }] } }), 40)).toEqual(['b 10.1.0.1', 'c 10.2.0.1']);
  });

  it('knows the way by which a rule for the incoming interface sent it', () => {
    const routes = {
      r: [
        { prefix: '0.0.0.0/0', via: '10.1.0.9' },
        { prefix: '0.0.0.0/0', via: '10.2.0.9', table: 7 },
      ],
    };
    const policy = { rules: [{ family: 4, priority: 5, from: null, fwmark: null, iif: 'eth0', table: 7 }] };
    expect(seen(lab({ routes, policy }), 1)).toEqual(['c 10.2.0.1']);
  });

  it('is not led astray by a mark that was set after the way was chosen', () => {
    const routes = {
      r: [
        { prefix: '0.0.0.0/0', via: '10.1.0.9' },
        { prefix: '0.0.0.0/0', via: '10.2.0.9', table: 7 },
      ],
    };
    const policy = { rules: [{ family: 4, priority: 5, from: null, fwmark: { mark: 1, mask: 0xff }, iif: null, table: 7 }] };
    const rules = 'chain onward { type filter hook forward priority mangle; meta mark set 1; }';
    expect(seen(lab({ routes, policy, rules }), 1)).toEqual(['b 10.1.0.1']);
  });

  it('takes the first address where none is on that network', () => {
    expect(seen(lab({ routes: { r: [{ prefix: '0.0.0.0/0', via: '10.2.0.9', dev: 'eth1' }] }, out: '10.3.0.1/24 10.4.0.1/24' }), 1)).toEqual(['c 10.3.0.1']);
  });

  it('takes one of another interface where that one has none', () => {
    expect(seen(lab({ routes: { r: [{ prefix: '0.0.0.0/0', via: '10.1.0.9', dev: 'eth1' }] }, out: '' }), 1)).toEqual(['b 10.0.0.254']);
  });
});
