import { describe, expect, test } from 'vitest';
import { DROP } from '../base/drop.js';
import type { Packet } from '../fabric/packet.js';
import * as checksum from '../wire/checksum.js';
import * as ethernet from '../wire/ethernet.js';
import * as ipv4 from '../wire/ipv4.js';
import { dropVerdict, HOOK_POINTS, HookTable, PRIORITY, STOLEN } from './hook.js';
import { chain, type TestNet } from './testing.js';

const IP = ethernet.HEADER;

function send(net: TestNet, from = '10.0.1.1', to = '10.0.2.1'): void {
  net
    .node('a')
    .udp.bind(net.addr(from), 0, () => undefined)
    .send(new Uint8Array(4), 0, 4, net.addr(to), 9);
  net.run();
}

/** Says at every point of a node what passes: point, interfaces. */
function watch(net: TestNet, name: string): string[] {
  const passed: string[] = [];
  for (const point of HOOK_POINTS) net.node(name).install({ point, priority: 0, family: 0, run: (p) => (passed.push(`${point} ${p.iif} ${p.oif}`), 0) });
  return passed;
}

describe('the walk', () => {
  test.each([
    ['10.0.1.1', '10.0.2.1'],
    ['2001:db8:1::1', '2001:db8:2::1'],
  ])("follows netfilter's picture for %s", (from, to) => {
    const net = chain();
    net.node('b').udp.bind(net.addr(to), 9, () => undefined);
    const passed = Object.fromEntries(['a', 'r1', 'b'].map((name) => [name, watch(net, name)]));
    send(net, from, to);
    expect(passed).toEqual({
      a: ['output -1 1', 'postrouting -1 1'],
      r1: ['prerouting 1 -1', 'forward 1 2', 'postrouting 1 2'],
      b: ['prerouting 1 -1', 'input 1 -1'],
    });
  });

  test('the loopback is walked out and in', () => {
    const net = chain();
    const passed = watch(net, 'a');
    net.node('a').udp.bind(net.addr('10.0.1.1'), 9, () => undefined);
    send(net, '10.0.1.1', '10.0.1.1');
    expect(passed).toEqual(['output -1 0', 'postrouting -1 0', 'prerouting 0 -1', 'input 0 -1']);
  });

  test('smaller priorities run first, of equal ones the last that was installed; the undoing takes one out', () => {
    const net = chain();
    const order: number[] = [];
    net.node('b').udp.bind(net.addr('10.0.2.1'), 9, () => undefined);
    const node = net.node('r1');
    const install = (priority: number, name: number): (() => void) => node.install({ point: 'forward', priority, family: 0, run: () => (order.push(name), 0) });
    install(PRIORITY.FILTER, 1);
    install(PRIORITY.SRCNAT, 2);
    const undo = install(PRIORITY.FILTER, 3);
    install(PRIORITY.RAW, 4);
    send(net);
    expect(order).toEqual([4, 3, 1, 2]);
    undo();
    undo();
    order.length = 0;
    send(net);
    expect(order).toEqual([4, 1, 2]);
  });

  test('a hook of one family does not see the other', () => {
    const table = new HookTable();
    table.install({ point: 'input', priority: 0, family: 4, run: () => 0 });
    expect([table.ipv4.input.length, table.ipv6.input.length]).toEqual([1, 0]);
    table.install({ point: 'input', priority: 0, family: 6, run: () => 0 });
    expect([table.ipv4.input.length, table.ipv6.input.length]).toEqual([1, 1]);
  });
});

describe('verdicts', () => {
  const places = [
    ['a', 'output'],
    ['a', 'postrouting'],
    ['r1', 'prerouting'],
    ['r1', 'forward'],
    ['r1', 'postrouting'],
    ['b', 'input'],
  ] as const;

  test.each(places)('a drop on %s at %s ends the packet with the code and the decision of the hook', (name, point) => {
    for (const [from, to] of [
      ['10.0.1.1', '10.0.2.1'],
      ['2001:db8:1::1', '2001:db8:2::1'],
    ] as const) {
      const net = chain();
      const node = net.node(name);
      const src = { file: 'fw.nft', line: 12, column: 1 };
      const why = node.core.decisions.intern({
        node: node.id,
        stage: point,
        text: {},
        reason: { at: 'firewall', kind: 'rule', chain: 'inet/filter/x', rule: 7, src },
      });
      node.install({ point, priority: 0, family: 0, run: (p) => ((p.decision = why), dropVerdict(DROP.FIREWALL_RULE)) });
      send(net, from, to);
      expect(net.drops()).toEqual([{ node: name, drop: 'firewall-rule', decision: `at=${name} stage=${point} chain=inet/filter/x rule=7 src=fw.nft:12` }]);
      expect(net.pool.live).toBe(0);
    }
  });

  test.each(places)('what is stolen on %s at %s belongs to the hook', (name, point) => {
    const net = chain();
    const held: Packet[] = [];
    net.node(name).install({ point, priority: 0, family: 0, run: (p) => (held.push(p), STOLEN) });
    send(net);
    expect(net.drops()).toEqual([]);
    expect([held.length, net.pool.live]).toEqual([1, 1]);
  });

  test('the decision of an accepting hook stands in the record instead of the route', () => {
    const net = chain();
    const node = net.node('r1');
    const why = node.core.decisions.intern({ node: node.id, stage: 'forward', text: { rule: '3' }, reason: null });
    node.install({ point: 'forward', priority: 0, family: 0, run: (p) => ((p.decision = why), 0) });
    send(net);
    expect(net.seen.find((s) => s.kind === 'sent' && s.at === '1:0')?.decision).toBe('at=r1 stage=forward rule=3');
  });
});

test('a destination that is rewritten before routing decides the way; one rewritten at output is routed again', () => {
  const net = chain();
  const got: string[] = [];
  net.node('b').udp.bind(net.addr('10.0.2.1'), 9, (_b, _o, _n, from) => got.push(net.book.text(from)));
  const to = 0x0a000201;
  const translate = (p: Packet): number => {
    const o = p.off + IP;
    const was = ipv4.dst(p.buf, o);
    ipv4.setDst(p.buf, o, to);
    checksum.adjust32(p.buf, o + ipv4.CHECKSUM, was, to);
    checksum.adjustUdp32(p.buf, o + 20 + 6, was, to);
    return 0;
  };
  const undo = net.node('r1').install({ point: 'prerouting', priority: PRIORITY.DSTNAT, family: 4, run: translate });
  send(net, '10.0.1.1', '198.51.100.1');
  undo();
  net.node('a').routes.delete({ prefix: '0.0.0.0/0' });
  net.node('a').routes.add({ prefix: '10.0.2.0/24', via: '10.0.1.254' });
  net.node('a').install({ point: 'output', priority: PRIORITY.DSTNAT, family: 4, run: translate });
  send(net, '10.0.1.1', '198.51.100.1');
  expect(got).toEqual(['10.0.1.1', '10.0.1.1']);
  expect(net.drops()).toEqual([]);
});

test('a mark set at output chooses another table', () => {
  const net = chain();
  const node = net.node('a');
  node.routes.add({ prefix: '0.0.0.0/0', dev: null, table: 7 });
  node.routes.addRule({ priority: 1, family: 4, table: 7, mark: 5 });
  node.install({ point: 'output', priority: PRIORITY.MANGLE, family: 0, run: (p) => ((p.mark = 5), 0) });
  send(net);
  expect(net.drops()).toEqual([{ node: 'a', drop: 'blackhole', decision: 'at=a stage=route route=0.0.0.0/0 table=7' }]);
});
