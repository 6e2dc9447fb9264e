import { describe, expect, test } from 'vitest';
import type { LinkId } from '../base/brand.js';
import { millis, seconds } from '../base/time.js';
import { AGEING } from './bridge.js';
import { testNet, type TestNet } from './testing.js';

/** a, b and c on one bridge; c behind a second one. MACs: a 02::1, b 02::3, c 02::7. */
function lan(discover = false): TestNet {
  return testNet({
    nodes: { a: {}, b: {}, c: {}, sw: { bridge: true }, sw2: { bridge: true } },
    links: [
      { a: ['a', '10.0.0.1/24 2001:db8::1/64'], b: ['sw'] },
      { a: ['b', '10.0.0.2/24 2001:db8::2/64'], b: ['sw'] },
      { a: ['sw'], b: ['sw2'] },
      { a: ['c', '10.0.0.3/24 2001:db8::3/64'], b: ['sw2'] },
    ],
    discover,
  });
}

const MAC = { a: '02:00:00:00:00:01', b: '02:00:00:00:00:03', c: '02:00:00:00:00:07' };

function send(net: TestNet, from: 'a' | 'b' | 'c', to: string): void {
  const address = { a: '10.0.0.1', b: '10.0.0.2', c: '10.0.0.3' }[from];
  const socket = net.node(from).udp.bind(net.addr(address), 0, () => undefined);
  socket.send(new Uint8Array(4), 0, 4, net.addr(to), 9);
  net.run(net.scheduler.now);
  socket.close();
}

function listen(net: TestNet): string[] {
  const got: string[] = [];
  for (const [name, address] of [
    ['a', '10.0.0.1'],
    ['b', '10.0.0.2'],
    ['c', '10.0.0.3'],
  ] as const) {
    net.node(name).udp.bind(net.addr(address), 9, () => got.push(name));
  }
  return got;
}

describe('learning', () => {
  test('an unknown station is flooded to: copies are new packets caused by the original, which goes on by the last port', () => {
    const net = lan();
    const got = listen(net);
    send(net, 'a', '10.0.0.2');
    expect(got).toEqual(['b']);
    const first = net.seen.filter((s) => s.kind === 'sent').map((s) => [s.at, s.id, s.cause]);
    expect(first).toEqual([
      ['0:0', 1, 0],
      ['1:1', 2, 1],
      ['2:0', 1, 0],
      ['3:1', 1, 0],
    ]);
    // c is not meant.
    expect(net.drops()).toEqual([{ node: 'c', drop: 'not-mine', decision: 'at=c stage=prerouting' }]);
  });

  test('a known one gets it alone, under the same id, across two bridges', () => {
    const net = lan();
    const got = listen(net);
    send(net, 'c', '10.0.0.1');
    net.seen.length = 0;
    send(net, 'a', '10.0.0.3');
    expect(got).toEqual(['a', 'c']);
    expect(net.seen.filter((s) => s.kind === 'sent').map((s) => s.at)).toEqual(['0:0', '2:0', '3:1']);
    expect(new Set(net.seen.map((s) => s.id)).size).toBe(1);
    expect(net.bridge('sw').netstat().stations).toEqual([
      { mac: MAC.c, port: 'eth2', fixed: false, age: 0 },
      { mac: MAC.a, port: 'eth0', fixed: false, age: 0 },
    ]);
  });

  test('a station that moved is found at its new port', () => {
    const net = lan();
    listen(net);
    send(net, 'a', '10.0.0.2');
    const p = net.pool.take(60);
    p.buf.fill(0, p.off, p.off + 60);
    p.buf.set([2, 0, 0, 0, 0, 3, 2, 0, 0, 0, 0, 1, 0x88, 0xcc], p.off);
    net.fabric.end(3 as LinkId, 0).send(p);
    net.run();
    expect(
      net
        .bridge('sw')
        .netstat()
        .stations.find((s) => s.mac === MAC.a)?.port,
    ).toBe('eth2');
  });

  test('what was learned ages after 300 s without a word, and is kept by one', () => {
    const net = lan();
    listen(net);
    send(net, 'b', '10.0.0.1');
    net.run((AGEING - 1) as typeof AGEING);
    net.seen.length = 0;
    send(net, 'a', '10.0.0.2');
    expect(net.seen.filter((s) => s.kind === 'sent').length).toBe(2);
    net.run(AGEING);
    net.seen.length = 0;
    send(net, 'a', '10.0.0.2');
    expect(net.seen.filter((s) => s.kind === 'sent').length).toBe(4);
    send(net, 'b', '10.0.0.1');
    net.run((AGEING + seconds(299)) as typeof AGEING);
    net.seen.length = 0;
    send(net, 'a', '10.0.0.2');
    expect(net.seen.filter((s) => s.kind === 'sent').length).toBe(2);
  });

  test('a static station is never flooded to, moved or aged', () => {
    const net = lan();
    listen(net);
    net.bridge('sw').addStatic(MAC.b, 'eth1');
    net.run(seconds(1000));
    send(net, 'a', '10.0.0.2');
    expect(net.seen.filter((s) => s.kind === 'sent').map((s) => s.at)).toEqual(['0:0', '1:1']);
    expect(net.bridge('sw').netstat().stations[0]).toMatchObject({ mac: MAC.b, port: 'eth1', fixed: true });
  });

  test('a port that loses its carrier forgets its stations, and is not flooded to', () => {
    const net = lan();
    listen(net);
    send(net, 'b', '10.0.0.1');
    net.setUp(1, false);
    expect(net.bridge('sw').netstat().stations).toEqual([]);
    net.seen.length = 0;
    send(net, 'a', '10.0.0.2');
    // The other bridge still believes b to be on this side.
    expect(net.seen.filter((s) => s.kind === 'sent').map((s) => s.at)).toEqual(['0:0', '2:0']);
    expect(net.drops()).toEqual([{ node: 'sw2', drop: 'not-mine', decision: 'at=sw2 stage=bridge kind=same-port' }]);
  });
});

describe('what a bridge does not pass on', () => {
  const frame = (net: TestNet, bytes: readonly number[], length: number): void => {
    const p = net.pool.take(length);
    p.buf.fill(0, p.off, p.off + length);
    p.buf.set(bytes, p.off);
    net.fabric.end(0 as LinkId, 0).send(p);
    net.run();
  };
  test.each<[string, number[], number, string]>([
    ['to a station behind the same port', [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 8, 0], 60, 'at=sw stage=bridge kind=same-port'],
    [
      'to a link-constrained group (IEEE 802.1D table 7-10)',
      [1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc],
      60,
      'at=sw stage=bridge kind=link-constrained',
    ],
    ['shorter than a header', [2, 0, 0, 0, 0, 3], 12, 'at=sw stage=bridge'],
  ])('a frame %s', (_what, bytes, length, decision) => {
    const net = lan();
    frame(net, [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0], 60);
    net.seen.length = 0;
    frame(net, bytes, length);
    expect(net.drops().filter((d) => d.node === 'sw')).toEqual([expect.objectContaining({ decision })]);
    expect(net.pool.live).toBe(0);
  });

  test('a frame longer than the MTU of the port that it must leave by', () => {
    const net = testNet({
      nodes: { a: {}, b: {}, sw: { bridge: true } },
      links: [
        { a: ['a', '10.0.0.1/24'], b: ['sw'] },
        { a: ['b', '10.0.0.2/24'], b: ['sw'], mtu: 1280 },
      ],
    });
    net
      .node('a')
      .udp.bind(net.addr('10.0.0.1'), 0, () => undefined)
      .send(new Uint8Array(1400), 0, 1400, net.addr('10.0.0.2'), 9);
    net.run();
    expect(net.drops()).toEqual([{ node: 'sw', drop: 'mtu-df', decision: 'at=sw stage=bridge' }]);
    expect(net.bridge('sw').netstat().drops).toEqual({ 'mtu-df': 1 });
  });
});

test('neighbours find each other through bridges: one question to all, the answer to one', () => {
  const net = lan(true);
  const got = listen(net);
  net
    .node('a')
    .udp.bind(net.addr('10.0.0.1'), 0, () => undefined)
    .send(new Uint8Array(4), 0, 4, net.addr('10.0.0.3'), 9);
  net.run(millis(10));
  expect(got).toEqual(['c']);
  expect(net.received(1, 0).length).toBe(1);
  net.run();
  expect(net.pool.live).toBe(0);
});
