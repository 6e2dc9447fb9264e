import { expect, test } from 'vitest';
import { millis, seconds } from '../base/time.js';
import { IPPROTO } from './transport.js';
import { TcpLayer } from './tcp/tcp-layer.js';
import { testNet, type TestNet } from './testing.js';

/** a - r1 - r2 - b; the link in the middle is narrow, slow and lossy, and the ends do not know. */
function line(): TestNet {
  return testNet({
    nodes: { a: {}, r1: { forwards: true }, r2: { forwards: true }, b: {} },
    links: [
      { a: ['a', '10.0.1.1/24 2001:db8:1::1/64'], b: ['r1', '10.0.1.254/24 2001:db8:1::fe/64'] },
      {
        a: ['r1', '10.0.12.1/30 2001:db8:12::1/64'],
        b: ['r2', '10.0.12.2/30 2001:db8:12::2/64'],
        mtu: 1300,
        spec: { delay: millis(10), rate: 10_000_000, loss: { model: 'random', probability: 0.01 } },
      },
      { a: ['r2', '10.0.2.254/24 2001:db8:2::fe/64'], b: ['b', '10.0.2.1/24 2001:db8:2::1/64'] },
    ],
    routes: {
      a: [
        { prefix: '0.0.0.0/0', via: '10.0.1.254' },
        { prefix: '::/0', via: '2001:db8:1::fe' },
      ],
      r1: [
        { prefix: '10.0.2.0/24', via: '10.0.12.2' },
        { prefix: '2001:db8:2::/48', via: '2001:db8:12::2' },
      ],
      r2: [
        { prefix: '10.0.1.0/24', via: '10.0.12.1' },
        { prefix: '2001:db8:1::/48', via: '2001:db8:12::1' },
      ],
      b: [
        { prefix: '0.0.0.0/0', via: '10.0.2.254' },
        { prefix: '::/0', via: '2001:db8:2::fe' },
      ],
    },
  });
}

function tcpOf(net: TestNet, name: string): TcpLayer {
  const { output, core } = net.node(name);
  const layer = new TcpLayer({ output, scheduler: core.scheduler, random: core.random });
  net.node(name).registerTransport(IPPROTO.TCP, layer);
  return layer;
}

test.each([
  ['10.0.1.1', '10.0.2.1'],
  ['2001:db8:1::1', '2001:db8:2::1'],
])('TCP from %s to %s carries bytes over a lossy link that is narrower than its ends know', (from, to) => {
  const net = line();
  const size = 300_000;
  const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 9)) & 0xff);
  const got: number[] = [];
  let ended = false;
  tcpOf(net, 'b').listen({ address: net.addr(to), port: 5061 }, (socket) => {
    const take = (): void => {
      for (let chunk = socket.read(65536); chunk.length > 0; chunk = socket.read(65536)) got.push(...chunk);
      ended ||= socket.eof;
    };
    socket.onChange = take;
    take();
  });
  const client = tcpOf(net, 'a').connect({ to: net.addr(to), toPort: 5061, from: net.addr(from) });
  let written = 0;
  const push = (): void => {
    if (client.state !== 'established') return;
    written += client.write(bytes, written, size - written);
    if (written === size) client.shutdown();
  };
  client.onChange = push;
  net.run(seconds(60));
  expect(ended).toBe(true);
  expect(Uint8Array.from(got)).toEqual(bytes);
  // The first flight is too big for the middle; the router says so, and from then on nothing is.
  const tooBig = net.seen.filter((s) => s.kind === 'dropped');
  expect(new Set(tooBig.map((s) => `${s.at} ${s.drop}`))).toEqual(new Set(['r1 mtu-df']));
  expect(Math.max(...tooBig.map((s) => s.time))).toBeLessThan(millis(500));
  expect(net.node('a').output.pathMtu(net.addr(to))).toBe(1300);
});

test('a closed port refuses by reset, an absent host is unreachable', () => {
  const net = line();
  tcpOf(net, 'b');
  const layer = tcpOf(net, 'a');
  const refused = layer.connect({ to: net.addr('10.0.2.1'), toPort: 1 });
  const absent = layer.connect({ to: net.addr('10.0.2.99'), toPort: 1, timeout: seconds(20) });
  net.run(seconds(30));
  expect(refused.error).toBe('refused');
  expect(absent.error).toBe('unreachable');
});
