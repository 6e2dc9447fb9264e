import { expect, test } from 'vitest';
import { must } from '../base/assert.js';
import * as ethernet from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import * as ipv6 from '../wire/ipv6.js';
import { chain } from './testing.js';

test.each([
  ['10.0.1.1', '10.0.2.1'],
  ['2001:db8:1::1', '2001:db8:2::1'],
])('a datagram from %s crosses two routers to %s under one id and is answered', (from, to) => {
  const net = chain();
  const heard: string[] = [];
  const server = net.node('b').udp.bind(net.addr(to), 5060, (buf, off, len, peer, port, cause) => {
    heard.push(`${new TextDecoder().decode(buf.subarray(off, off + len))} from ${net.book.text(peer)} at ${net.scheduler.now}`);
    server.send(new TextEncoder().encode('pong'), 0, 4, peer, port, cause);
  });
  const client = net.node('a').udp.bind(net.addr(from), 0, (buf, off, len) => {
    heard.push(`${new TextDecoder().decode(buf.subarray(off, off + len))} at ${net.scheduler.now}`);
  });
  client.send(new TextEncoder().encode('ping'), 0, 4, net.addr(to), 5060);
  net.run();
  expect(heard).toEqual([`ping from ${from} at 12000000`, 'pong at 24000000']);
  const there = net.seen.filter((s) => s.id === 1);
  expect(there.map((s) => `${s.kind} ${s.at}`)).toEqual(['sent 0:0', 'received 0:1', 'sent 1:0', 'received 1:1', 'sent 2:0', 'received 2:1', 'ended ']);
  const last = must(there[5], 'last hop').bytes;
  expect(from.includes(':') ? ipv6.hopLimit(last, ethernet.HEADER) : ipv4.ttl(last, ethernet.HEADER)).toBe(62);
  expect(net.seen.find((s) => s.kind === 'sent' && s.id === 2)?.cause).toBe(1);
  expect(there[2]?.decision).toBe(from.includes(':') ? 'at=r1 stage=route route=2001:db8:2::/48 via=2001:db8:12::2 dev=eth1' : 'at=r1 stage=route route=10.0.2.0/24 via=10.0.12.2 dev=eth1');
  expect(net.pool.live).toBe(0);
});
