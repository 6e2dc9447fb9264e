import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.js';
import { randomRoot } from '../../base/rng.js';
import { millis, seconds, type Nanos } from '../../base/time.js';
import { describeFrame } from '../../../test/support/router/frames.js';
import { TcpLayer } from '../tcp/tcp-layer.js';
import type { TcpSocket } from '../tcp/tcp-socket.js';
import { type TestNet, testNet } from '../testing.js';
import { IPPROTO } from '../transport.js';
import type { UdpBinding } from '../udp-layer.js';
import type { NatBehaviour } from './behaviour.js';
import { NatBox } from './nat-box.js';

const RFC4787: NatBehaviour = {
  outside: ['eth2'],
  addresses: ['198.51.100.1'],
  mapping: 'endpoint-independent',
  filtering: 'endpoint-independent',
  pooling: 'paired',
  ports: 'preservation',
  portRange: null,
  parity: false,
  contiguity: false,
  hairpinning: 'external',
  refresh: 'both',
  mappingChange: null,
  timeouts: { udp: seconds(300), tcpEstablished: seconds(7440), tcpTransitory: seconds(240), icmp: seconds(60) },
};

/** a and b inside, at links of their own; x outside, with two addresses. */
class Net {
  readonly net: TestNet;
  readonly box: NatBox;
  /** What arrived where, as `who from:port`. */
  readonly heard: string[] = [];
  readonly #sockets = new Map<string, UdpBinding>();

  constructor(behaviour: Partial<NatBehaviour> = {}) {
    this.net = testNet({
      nodes: { a: {}, b: {}, nat: { forwards: true }, x: {} },
      links: [
        { a: ['a', '10.0.1.1/24'], b: ['nat', '10.0.1.254/24'] },
        { a: ['b', '10.0.2.1/24'], b: ['nat', '10.0.2.254/24'] },
        { a: ['nat', '198.51.100.1/24 198.51.100.2/24'], b: ['x', '198.51.100.9/24 198.51.100.10/24'], mtu: 1400 },
      ],
      routes: { a: [{ prefix: '0.0.0.0/0', via: '10.0.1.254' }], b: [{ prefix: '0.0.0.0/0', via: '10.0.2.254' }] },
    });
    this.box = new NatBox(this.net.node('nat'), { ...RFC4787, ...behaviour }, randomRoot(1).stream('nat'));
  }

  /** Sends a datagram and gives what was heard of it: `x<198.51.100.1:5000`, or why it was dropped. */
  send(node: string, from: string, to: string, size = 4): string {
    this.#bind(node, from);
    const [address = '', port = ''] = to.split(':');
    const before = this.net.drops().length;
    this.heard.length = 0;
    const server = ['a', 'b', 'x'].find((name) => this.net.node(name).isLocal(this.net.addr(address)));
    if (server !== undefined) this.#bind(server, to);
    must(this.#sockets.get(`${node} ${from}`), from).send(new Uint8Array(size), 0, size, this.net.addr(address), Number(port));
    this.net.run((this.net.scheduler.now + millis(10)) as Nanos);
    const drop = this.net.drops()[before];
    return this.heard[0] ?? (drop === undefined ? 'nothing' : `${drop.drop} ${/kind=(\S+)/.exec(drop.decision)?.[1] ?? ''}`.trim());
  }

  /** The endpoint outside of one inside, as x sees it. */
  outside(node: string, from: string, to = '198.51.100.9:1000'): string {
    return this.send(node, from, to).replace('x<', '');
  }

  after(time: Nanos): this {
    this.net.run((this.net.scheduler.now + time) as Nanos);
    return this;
  }

  #bind(node: string, at: string): void {
    const [address = '', port = ''] = at.split(':');
    if (this.#sockets.has(`${node} ${at}`)) return;
    const socket = this.net
      .node(node)
      .udp.bind(this.net.addr(address), Number(port), (_b, _o, _n, from, sport) => this.heard.push(`${node}<${this.net.book.text(from)}:${sport}`));
    this.#sockets.set(`${node} ${at}`, socket);
  }
}

const A = '10.0.1.1:5000';
const B = '10.0.2.1:5000';
const X = '198.51.100.9:1000';

describe('REQ-1: mapping', () => {
  test.each([
    ['endpoint-independent', [true, true]],
    ['address-dependent', [true, false]],
    ['address-and-port-dependent', [false, false]],
  ] as const)('%s: another port of the same address, another address', (mapping, same) => {
    const net = new Net({ mapping, ports: 'random' });
    const first = net.outside('a', A, X);
    expect(net.outside('a', A, X)).toBe(first);
    expect([net.outside('a', A, '198.51.100.9:1001') === first, net.outside('a', A, '198.51.100.10:1000') === first]).toEqual(same);
  });
});

describe('REQ-2: pooling', () => {
  const two = ['198.51.100.1', '198.51.100.2'];
  const addresses = (net: Net): string[] => [5000, 5001, 5002].map((port) => must(net.outside('a', `10.0.1.1:${port}`).split(':')[0], 'address'));

  test('paired: a host has one address; arbitrary: each mapping its own', () => {
    const paired = new Net({ addresses: two });
    expect(new Set(addresses(paired)).size).toBe(1);
    expect(paired.outside('b', B)).not.toContain(addresses(paired)[0]);
    expect(new Set(addresses(new Net({ addresses: two, pooling: 'arbitrary' }))).size).toBe(2);
  });

  test('exhaustion drops what is new, and says so', () => {
    const net = new Net({ portRange: { from: 40000, to: 40001 } });
    const known = net.outside('a', '10.0.1.1:5000');
    net.outside('a', '10.0.1.1:5001');
    expect(net.send('a', '10.0.1.1:5002', X)).toBe('nat-pool-exhausted');
    expect(net.outside('a', '10.0.1.1:5000')).toBe(known);
    net.after(seconds(301));
    expect(net.send('a', '10.0.1.1:5002', X)).toMatch(/^x<198.51.100.1:4000[01]$/);
  });
});

describe('REQ-3, REQ-4: ports', () => {
  const port = (text: string): number => Number(text.split(':')[1]);

  test('are kept where they are free, and never shared', () => {
    const net = new Net();
    expect(net.outside('a', A)).toBe('198.51.100.1:5000');
    const other = net.outside('b', B);
    expect(other).not.toBe('198.51.100.1:5000');
    expect(port(other)).toBeGreaterThanOrEqual(1024);
    expect(port(net.outside('a', '10.0.1.1:600'))).toBe(600);
    expect(port(net.outside('b', '10.0.2.1:600'))).toBeLessThan(1024);
  });

  test('one after the other', () => {
    const net = new Net({ ports: 'sequential', portRange: { from: 40000, to: 40010 } });
    expect([5005, 5003, 5009].map((inside) => port(net.outside('a', `10.0.1.1:${inside}`)))).toEqual([40000, 40001, 40002]);
  });

  test('parity', () => {
    const net = new Net({ ports: 'random', parity: true });
    for (const inside of [5000, 5001, 5002, 5003]) expect(port(net.outside('a', `10.0.1.1:${inside}`)) % 2).toBe(inside % 2);
  });

  test('contiguity: RTP and RTCP stay together', () => {
    const together = (contiguity: boolean): boolean[] => {
      const net = new Net({ ports: 'random', contiguity });
      return [5000, 5002, 5004].map((rtp) => {
        const even = port(net.outside('a', `10.0.1.1:${rtp}`));
        return even % 2 === 0 && port(net.outside('a', `10.0.1.1:${rtp + 1}`)) === even + 1;
      });
    };
    expect(together(true)).toEqual([true, true, true]);
    expect(together(false)).toContain(false);
  });
});

describe('REQ-5, REQ-6: time', () => {
  test('a mapping is over after its timeout, and it is said so', () => {
    const net = new Net({ timeouts: { ...RFC4787.timeouts, udp: seconds(30) } });
    net.outside('a', A);
    expect(net.after(seconds(29)).send('x', X, '198.51.100.1:5000')).toBe('a<198.51.100.9:1000');
    expect(net.after(seconds(31)).send('x', X, '198.51.100.1:5000')).toBe('nat-no-mapping expired');
    expect(net.net.scheduler.pending).toBe(0);
  });

  test.each([
    ['outbound', true, false],
    ['inbound', false, true],
    ['both', true, true],
  ] as const)('%s packets keep it alive', (refresh, out, into) => {
    const udp = seconds(30);
    const kept = (keep: (net: Net) => void): boolean => {
      const net = new Net({ refresh, timeouts: { ...RFC4787.timeouts, udp } });
      net.outside('a', A);
      net.after(seconds(20));
      keep(net);
      return net.after(seconds(20)).send('x', X, '198.51.100.1:5000') === 'a<198.51.100.9:1000';
    };
    expect([kept((net) => net.send('a', A, X)), kept((net) => net.send('x', X, '198.51.100.1:5000'))]).toEqual([out, into]);
  });
});

describe('REQ-8: filtering', () => {
  test.each([
    ['endpoint-independent', ['a<198.51.100.9:1001', 'a<198.51.100.10:1000']],
    ['address-dependent', ['a<198.51.100.9:1001', 'nat-no-mapping filtered']],
    ['address-and-port-dependent', ['nat-no-mapping filtered', 'nat-no-mapping filtered']],
  ] as const)('%s: another port of the same address, another address', (filtering, expected) => {
    const net = new Net({ filtering });
    net.outside('a', A, X);
    expect(net.send('x', X, '198.51.100.1:5000')).toBe('a<198.51.100.9:1000');
    expect([net.send('x', '198.51.100.9:1001', '198.51.100.1:5000'), net.send('x', '198.51.100.10:1000', '198.51.100.1:5000')]).toEqual(expected);
  });

  test('where nothing is mapped nothing passes; nor by an address inside', () => {
    const net = new Net();
    expect(net.send('x', X, '198.51.100.1:5000')).toBe('nat-no-mapping no-mapping');
    net.net.node('x').routes.add({ prefix: '10.0.0.0/8', via: '198.51.100.1' });
    expect(net.send('x', X, A)).toBe('nat-no-mapping no-mapping');
  });
});

describe('REQ-9: hairpinning', () => {
  test.each([
    ['external', 'b<198.51.100.1:5000'],
    ['internal', 'b<10.0.1.1:5000'],
    ['none', 'nat-no-mapping no-hairpin'],
  ] as const)('%s', (hairpinning, expected) => {
    const net = new Net({ hairpinning });
    const b = net.outside('b', '10.0.2.1:6000');
    expect(net.send('a', A, b)).toBe(expected);
    if (hairpinning === 'external') expect(net.send('b', '10.0.2.1:6000', '198.51.100.1:5000')).toBe('a<198.51.100.1:6000');
  });

  test('is filtered as what comes from outside', () => {
    const net = new Net({ filtering: 'address-and-port-dependent' });
    const b = net.outside('b', '10.0.2.1:6000');
    expect(net.send('a', A, b)).toBe('nat-no-mapping filtered');
    expect(net.send('b', '10.0.2.1:6000', net.outside('a', A))).toBe('a<198.51.100.1:6000');
    expect(net.send('a', A, b)).toBe('b<198.51.100.1:5000');
  });
});

describe('REQ-11: a mapping does not change; a bad NAT changes it', () => {
  test.each([
    ['never', null, [true, true]],
    ['at a time', { kind: 'at', time: seconds(15) }, [true, false]],
    ['at an age', { kind: 'after', time: seconds(15) }, [true, false]],
    ['after a pause', { kind: 'idle', time: seconds(12) }, [true, true]],
    ['after a shorter pause', { kind: 'idle', time: seconds(8) }, [false, false]],
  ] as const)('%s', (_when, mappingChange, same) => {
    const net = new Net({ mappingChange });
    const first = net.outside('a', A);
    const later = [net.after(seconds(10)).outside('a', A), net.after(seconds(10)).outside('a', A)];
    expect(later.map((outside) => outside === first)).toEqual(same);
    // The old one is closed.
    if (later[1] !== first) expect(net.send('x', X, first)).toMatch(/^nat-no-mapping/);
  });
});

describe('REQ-12 to REQ-14', () => {
  test('an ICMP error comes back translated, and ends no mapping', () => {
    const net = new Net();
    const errors: string[] = [];
    const socket = net.net.node('a').udp.bind(net.net.addr('10.0.1.1'), 5000, () => undefined);
    socket.onError = (kind, _to, port) => errors.push(`${kind} ${port}`);
    socket.send(new Uint8Array(4), 0, 4, net.net.addr('198.51.100.9'), 7777);
    net.after(millis(10));
    expect(errors).toEqual(['port-unreachable 7777']);
    const frames = net.net.received(0, 0).map(describeFrame);
    expect(frames[0]).toMatch(/^198.51.100.9 > 10.0.1.1 .* \[10.0.1.1 > 198.51.100.9 proto=17 5000 > 7777 len=\d+\]$/);
    expect(net.box.mappings()).toEqual(['udp 10.0.1.1:5000 > 198.51.100.1:5000 300 198.51.100.9:7777']);
  });

  test('an error of a host inside goes out with its outside address', () => {
    const net = new Net();
    const socket = net.net.node('a').udp.bind(net.net.addr('10.0.1.1'), 5000, () => undefined);
    socket.send(new Uint8Array(4), 0, 4, net.net.addr('198.51.100.9'), 1000);
    net.after(millis(10));
    socket.close();
    net.send('x', X, '198.51.100.1:5000');
    const last = describeFrame(must(net.net.received(2, 1).at(-1), 'frame'));
    expect(last).toMatch(/^198.51.100.1 > 198.51.100.9 .*destination-unreachable code=3 .*\[198.51.100.9 > 198.51.100.1 proto=17 1000 > 5000/);
    expect(last).not.toContain('BAD');
  });

  test('what is too big with DF is reported to the sender; fragments pass, in and out of order', () => {
    const net = new Net();
    expect(net.send('a', A, X, 3000)).toBe('x<198.51.100.1:5000');
    expect(net.send('x', X, '198.51.100.1:5000', 3000)).toBe('a<198.51.100.9:1000');
  });
});

test('a query is mapped by its identifier, and answered', () => {
  const net = new Net();
  const done: string[] = [];
  for (const node of ['a', 'b']) net.net.node(node).ping.send({ to: net.net.addr('198.51.100.9') }, (result) => done.push(`${node} ${result.kind}`));
  net.after(seconds(1));
  expect(done.sort()).toEqual(['a reply', 'b reply']);
  expect(net.box.mappings()).toHaveLength(2);
});

describe('TCP (RFC 5382)', () => {
  function connected(behaviour: Partial<NatBehaviour> = {}): { net: Net; client: TcpSocket; server: () => TcpSocket } {
    const net = new Net(behaviour);
    const layers = Object.fromEntries(
      ['a', 'x'].map((name) => {
        const node = net.net.node(name);
        const layer = new TcpLayer({ output: node.output, scheduler: net.net.scheduler, random: randomRoot(2).stream(name) });
        node.registerTransport(IPPROTO.TCP, layer);
        return [name, layer];
      }),
    );
    let server: TcpSocket | null = null;
    must(layers['x'], 'x').listen({ address: net.net.addr('198.51.100.9'), port: 80 }, (socket) => {
      server = socket;
    });
    const client = must(layers['a'], 'a').connect({ to: net.net.addr('198.51.100.9'), toPort: 80 });
    net.after(seconds(1));
    return { net, client, server: () => must(server, 'accepted') };
  }

  test('REQ-5: an established connection lives 2 h 4 min, one that closes 4 min', () => {
    const { net, client, server } = connected();
    const rest = (): number => {
      const [mapping] = net.box.table.list();
      const [ports] = [...must(mapping, 'mapping').sessions.values()];
      const [session] = [...must(ports, 'ports').values()];
      return Math.round((must(session, 'session').expires - net.net.scheduler.now) / 1e9);
    };
    expect(rest()).toBe(7439);
    client.shutdown();
    server().shutdown();
    net.after(seconds(1));
    expect(rest()).toBe(239);
    expect(net.after(seconds(240)).box.mappings()).toEqual([]);
  });

  test('REQ-4: an unasked SYN is dropped without an answer', () => {
    const { net } = connected({ filtering: 'address-and-port-dependent' });
    const before = net.net.received(2, 1).length;
    const other = new TcpLayer({ output: net.net.node('x').output, scheduler: net.net.scheduler, random: randomRoot(3).stream('o') });
    other.connect({ to: net.net.addr('198.51.100.1'), toPort: must(net.box.table.list()[0], 'mapping').outsidePort });
    net.after(seconds(1));
    expect(net.net.drops().at(-1)).toMatchObject({ node: 'nat', drop: 'nat-no-mapping', decision: 'at=nat stage=prerouting kind=filtered' });
    expect(net.net.received(2, 1).length).toBe(before);
  });
});

test('what it says of itself', () => {
  const net = new Net();
  net.send('a', A, X);
  net.send('x', X, '198.51.100.1:5000');
  expect(net.net.seen.filter((s) => s.kind === 'sent' && s.decision.includes('nat=')).map((s) => s.decision)).toEqual([
    'at=nat stage=route route=198.51.100.0/24 dev=eth2 nat=10.0.1.1:5000>198.51.100.1:5000',
    'at=nat stage=route route=10.0.1.0/24 dev=eth0 nat=198.51.100.1:5000>10.0.1.1:5000',
  ]);
});
