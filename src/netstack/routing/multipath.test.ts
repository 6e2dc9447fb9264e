import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { millis } from '../../base/time.js';
import { packetOf } from '../../capture/testing/small-lab.js';
import { type TestNet, testNet, type TestNodeSpec } from '../testing.js';
import { FlowHash, hashBounds } from './multipath.js';

/** a - r =(links 1, 2, 3)= s - b: r shares what goes to b among three links, the second with twice the share. */
function lab(node: TestNodeSpec = {}, seed = 1, weights = [1, 2, 1]): TestNet {
  return testNet({
    seed,
    nodes: { a: {}, r: { forwards: true, hashSeed: seed, ...node }, s: { forwards: true }, b: {} },
    links: [
      { a: ['a', '10.0.1.1/16 2001:db8:1::1/64'], b: ['r', '10.0.1.254/16 2001:db8:1::fe/64'] },
      ...[1, 2, 3].map((i) => ({ a: ['r', `10.1.${i}.1/24 2001:db8:10${i}::1/64`], b: ['s', `10.1.${i}.2/24 2001:db8:10${i}::2/64`] }) as const),
      { a: ['s', '10.2.0.254/16 2001:db8:2::fe/64'], b: ['b', '10.2.0.1/16 2001:db8:2::1/64'] },
    ],
    routes: {
      a: [
        { prefix: '0.0.0.0/0', via: '10.0.1.254' },
        { prefix: '::/0', via: '2001:db8:1::fe' },
      ],
      r: [
        { prefix: '10.2.0.0/16', nextHops: weights.map((weight, i) => ({ via: `10.1.${i + 1}.2`, dev: `eth${i + 1}`, weight })) },
        { prefix: '2001:db8:2::/64', nextHops: weights.map((weight, i) => ({ via: `2001:db8:10${i + 1}::2`, dev: `eth${i + 1}`, weight })) },
      ],
      s: [
        { prefix: '10.0.0.0/16', via: '10.1.1.1' },
        { prefix: '2001:db8:1::/64', via: '2001:db8:101::1' },
      ],
      b: [
        { prefix: '0.0.0.0/0', via: '10.2.0.254' },
        { prefix: '::/0', via: '2001:db8:2::fe' },
      ],
    },
  });
}

/** Sends from each port of a, twice, and tells by which link each datagram left r: `port -> links`. */
function ways(net: TestNet, ports: readonly number[], family: 4 | 6 = 4, size = 8): Map<number, string> {
  const [from, to] = family === 4 ? ['10.0.1.1', '10.2.0.1'] : ['2001:db8:1::1', '2001:db8:2::1'];
  const found = new Map<number, string>();
  for (const port of ports) {
    const before = net.seen.length;
    const socket = net.node('a').udp.bind(net.addr(from), port, () => undefined);
    for (let i = 0; i < 2; i++) socket.send(new Uint8Array(size), 0, size, net.addr(to), 9);
    net.run((net.scheduler.now + millis(10)) as typeof net.scheduler.now);
    socket.close();
    const sent = net.seen.slice(before).filter((s) => s.kind === 'sent' && /^[123]:0$/.test(s.at));
    found.set(port, [...new Set(sent.map((s) => s.at[0]))].join());
  }
  return found;
}

const PORTS = Array.from({ length: 400 }, (_, i) => 40000 + i);
const count = (found: ReadonlyMap<number, string>, link: string): number => [...found.values()].filter((way) => way === link).length;

describe('bounds of the hash', () => {
  test('share 2^31 by weight, and the last one reaches the end', () => {
    expect([...hashBounds([1, 1])]).toEqual([2 ** 30 - 1, 2 ** 31 - 1]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 2, maxLength: 16 }), (weights) => {
        const bounds = [...hashBounds(weights)];
        const total = weights.reduce((a, b) => a + b, 0);
        expect(bounds.at(-1)).toBe(2 ** 31 - 1);
        weights.forEach((weight, i) => expect(Math.abs((bounds[i] as number) - (bounds[i - 1] ?? -1) - (weight / total) * 2 ** 31)).toBeLessThanOrEqual(1));
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe('flows over several next hops', () => {
  test.each([4, 6] as const)('IPv%i: a flow keeps its way, flows spread by weight', (family) => {
    const found = ways(lab(), PORTS, family);
    expect([...found.values()].filter((way) => way.length !== 1)).toEqual([]);
    // 400 flows in shares of 1:2:1. Five standard deviations: 5 * sqrt(400 * 1/4 * 3/4) = 43, sqrt(400 * 1/2 * 1/2) * 5 = 50.
    for (const [link, mean, margin] of [
      ['1', 100, 43],
      ['2', 200, 50],
      ['3', 100, 43],
    ] as const)
      expect(Math.abs(count(found, link) - mean)).toBeLessThan(margin);
  });

  test('the same seed gives the same ways, another seed others', () => {
    const [one, again, other] = [1, 1, 2].map((seed) => [...ways(lab({}, seed), PORTS.slice(0, 50)).values()]);
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  test('by addresses alone (l3) the ports decide nothing', () => {
    const found = ways(lab({ multipathHash: 'l3' }), PORTS.slice(0, 50));
    expect(new Set(found.values()).size).toBe(1);
  });

  test('fragments go the way of their protocol and addresses, all of them', () => {
    const found = ways(lab(), PORTS.slice(0, 20), 4, 3000);
    expect(new Set(found.values()).size).toBe(1);
  });

  test('a next hop whose link is down is passed over; flows of the others that need not move stay nearly all', () => {
    const net = lab({}, 1, [1, 1, 1]);
    const before = ways(net, PORTS);
    net.setUp(1, false);
    const after = ways(net, PORTS);
    expect(count(after, '1')).toBe(0);
    expect(count(after, '2') + count(after, '3')).toBe(PORTS.length);
    net.setUp(2, false);
    expect(count(ways(net, PORTS.slice(0, 20)), '3')).toBe(20);
    for (const link of [1, 2]) net.setUp(link, true);
    expect(ways(net, PORTS)).toEqual(before);
  });

  test('the decision names the member that was chosen', () => {
    const net = lab();
    ways(net, PORTS.slice(0, 30));
    const texts = new Set(net.seen.filter((s) => s.kind === 'sent' && /^[123]:0$/.test(s.at)).map((s) => s.decision));
    expect([...texts].sort()).toEqual([1, 2, 3].map((i) => `at=r stage=route route=10.2.0.0/16 via=10.1.${i}.2 dev=eth${i} member=${i}/3`));
  });

  test.each([4, 6] as const)('IPv%i: by addresses alone an ICMP error hashes as the packet that it is about', (family) => {
    const net = lab();
    ways(net, PORTS.slice(0, 1), family);
    const hash = (l4: boolean, frame: Uint8Array | undefined): number => {
      const p = packetOf(must(frame, 'a frame'), 1);
      return family === 4 ? new FlowHash(5, l4).of4(p) : new FlowHash(5, l4).of6(p);
    };
    // What a sent, and what b (nobody listens there) says about it.
    const [[datagram], [error]] = [net.received(0, 1), net.received(4, 0)];
    expect(hash(false, error)).toBe(hash(false, datagram));
    expect(hash(true, error)).not.toBe(hash(true, datagram));
  });
});
