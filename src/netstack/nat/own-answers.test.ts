/** What the node answers on behalf of a translated connection belongs to it (nf_ct_attach), and is translated as its packets are. */
import { expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { formatLabError } from '../../base/error.js';
import { randomRoot } from '../../base/rng.js';
import { seconds } from '../../base/time.js';
import { describeFrame, ipPacket, udpPacket, unreachable } from '../../../test/support/router/frames.js';
import { createPool } from '../../fabric/pool.js';
import { parseRuleset } from '../../nft/parse-ruleset.js';
import { AddressBook, keyOf } from '../address-book.js';
import { Tuple } from '../conntrack/tuple.js';
import { Netfilter } from '../netfilter/netfilter.js';
import { TcpLayer } from '../tcp/tcp-layer.js';
import { testNet } from '../testing.js';
import { IPPROTO } from '../transport.js';
import { IcmpErrorTranslation } from './icmp-error.js';
import { MANIP_SRC, Rewriter } from './manip.js';

test('a reset comes from the address and port that were called, and the caller takes it', () => {
  const net = testNet({
    nodes: { a: {}, r: { forwards: true }, b: {} },
    links: [
      { a: ['a', '10.0.1.1/24'], b: ['r', '10.0.1.254/24'] },
      { a: ['r', '10.0.2.254/24'], b: ['b', '10.0.2.1/24'] },
    ],
  });
  const text = `table ip t {
    chain pre { type nat hook prerouting priority dstnat; ip daddr 10.0.2.254 tcp dport 80 dnat to 10.0.1.1:8080; }
    chain onward { type filter hook forward priority filter; tcp dport 8080 reject with tcp reset; }
  }`;
  const parsed = parseRuleset('r.nft', (path) => (path === 'r.nft' ? text : null));
  if (!parsed.ok) throw new Error(parsed.errors.map(formatLabError).join('\n'));
  new Netfilter(net.node('r'), {}).load(parsed.ruleset);
  const b = net.node('b');
  const layer = new TcpLayer({ output: b.output, scheduler: net.scheduler, random: randomRoot(1).stream('b') });
  b.registerTransport(IPPROTO.TCP, layer);
  const socket = layer.connect({ to: net.addr('10.0.2.254'), toPort: 80 });
  net.run(seconds(10));
  const [reset] = net.received(1, 1);
  expect(describeFrame(must(reset, 'reset'))).toMatch(/^10\.0\.2\.254 > 10\.0\.2\.1 .* tcp 80 > \d+ .*RST/);
  expect(describeFrame(must(reset, 'reset'))).not.toContain('BAD');
  expect(net.received(1, 1)).toHaveLength(1);
  expect([socket.state, socket.error]).toEqual(['closed', 'refused']);
});

test('an error of the node has its own address outside, where its translator wants that: only the quote is translated', () => {
  const book = new AddressBook();
  const errors = new IcmpErrorTranslation(new Rewriter(book));
  const error = unreachable({ from: '192.0.2.1', to: '10.0.2.1' }, udpPacket({ from: '10.0.2.1', to: '10.0.1.1', sport: 5000, dport: 8080 }));
  const p = createPool({ checked: true }).take(14 + error.length);
  p.len = 14 + error.length;
  p.buf.fill(0, p.off, p.off + 14);
  p.buf[p.off + 12] = 0x08;
  p.buf.set(error, p.off + 14);
  const outside = new Tuple();
  outside.protocol = IPPROTO.UDP;
  outside.srcKey = outside.dstKey = keyOf(must(book.parse('192.0.2.7'), 'address'));
  outside.sport = outside.dport = 80;
  expect([errors.isError(p, 4), errors.sound(p, 4, true), errors.translate(p, 4, outside, MANIP_SRC, false)]).toEqual([true, true, true]);
  const text = describeFrame(p.buf.slice(p.off, p.off + p.len));
  expect(text).toMatch(/^192\.0\.2\.1 > 10\.0\.2\.1 .* quotes \[10\.0\.2\.1 > 192\.0\.2\.7 proto=17 5000 > 80 len=36\]$/);
});

test.each([
  ['ICMP', 4, unreachable({ from: '192.0.2.1', to: '10.0.2.1' }, udpPacket({ from: '10.0.2.1', to: '192.0.2.1' })), true],
  ['UDP', 4, udpPacket({ from: '192.0.2.1', to: '10.0.2.1' }), false],
  ['ICMPv6 of IPv6', 6, unreachable({ from: '2001:db8::1', to: '2001:db8::2' }, udpPacket({ from: '2001:db8::2', to: '2001:db8::1' })), true],
  ['ICMP of IPv6', 6, ipPacket('2001:db8::1', '2001:db8::2', IPPROTO.ICMP, new Uint8Array(16)), false],
] as const)('whether a related packet is an error: %s', (_what, family, packet, expected) => {
  const errors = new IcmpErrorTranslation(new Rewriter(new AddressBook()));
  const p = createPool({ checked: true }).take(14 + packet.length);
  p.len = 14 + packet.length;
  p.buf.set(packet, p.off + 14);
  expect(errors.isError(p, family)).toBe(expected);
});
