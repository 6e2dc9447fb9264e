import { expect, test } from 'vitest';
import { must } from '../../../base/assert.js';
import { randomRoot } from '../../../base/rng.js';
import { type Nanos, seconds } from '../../../base/time.js';
import { describeFrame } from '../../../../test/support/router/frames.js';
import { NatBox } from '../../nat-box/nat-box.js';
import { TcpLayer } from '../../tcp/tcp-layer.js';
import type { TcpSocket } from '../../tcp/tcp-socket.js';
import { type TestNet, testNet } from '../../testing.js';
import { IPPROTO } from '../../transport.js';
import { SipAlg } from './sip-alg.js';

function net(): { lab: TestNet; box: NatBox; alg: SipAlg } {
  const lab = testNet({
    nodes: { a: {}, nat: { forwards: true }, x: {} },
    links: [
      { a: ['a', '10.0.1.1/24'], b: ['nat', '10.0.1.254/24'] },
      { a: ['nat', '198.51.100.200/24'], b: ['x', '198.51.100.9/24'] },
    ],
    routes: { a: [{ prefix: '0.0.0.0/0', via: '10.0.1.254' }] },
  });
  const box = new NatBox(
    lab.node('nat'),
    {
      outside: ['eth1'],
      addresses: ['198.51.100.200'],
      mapping: 'endpoint-independent',
      filtering: 'endpoint-independent',
      pooling: 'paired',
      ports: 'sequential',
      portRange: { from: 40000, to: 40100 },
      parity: false,
      contiguity: false,
      hairpinning: 'external',
      refresh: 'both',
      mappingChange: null,
      timeouts: { udp: seconds(300), tcpEstablished: seconds(7440), tcpTransitory: seconds(240), icmp: seconds(60) },
    },
    randomRoot(1).stream('nat'),
  );
  return { lab, box, alg: new SipAlg(lab.node('nat'), box) };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text.replaceAll('\n', '\r\n'));
const text = (b: Uint8Array): string => new TextDecoder().decode(b).replaceAll('\r\n', '\n');
const SDP = 'v=0\nc=IN IP4 10.0.1.1\nm=audio 50000 RTP/AVP 0\n';
const invite = (transport: string): string =>
  `INVITE sip:bob@198.51.100.9 SIP/2.0\nVia: SIP/2.0/${transport} 10.0.1.1:5060\nContact: <sip:alice@10.0.1.1:5060>\nContent-Type: application/sdp\nContent-Length: ${bytes(SDP).length}\n\n${SDP}`;

test('UDP: outwards and back, with a mapping for the media, which then finds its way in', () => {
  const { lab, box, alg } = net();
  const heard: string[] = [];
  const server = lab.node('x').udp.bind(lab.addr('198.51.100.9'), 5060, (b, o, n, from, port) => {
    const message = text(b.subarray(o, o + n));
    heard.push(message);
    const via = /^Via:.*$/m.exec(message)?.[0] ?? '';
    // Short: it must fit a small slot made larger.
    const answer = bytes(`SIP/2.0 200 OK\n${via}\nContact: <sip:bob@198.51.100.9>\nX: ${'y'.repeat(60)}\nContent-Length: 0\n\n`);
    server.send(answer, 0, answer.length, from, port);
    // To where the SDP says.
    const [, address = '', media = ''] = /c=IN IP4 (\S+)\nm=audio (\d+)/.exec(message) ?? [];
    server.send(bytes('rtp'), 0, 3, lab.addr(address), Number(media));
  });
  const client = lab.node('a').udp.bind(lab.addr('10.0.1.1'), 5060, (b, o, n) => heard.push(text(b.subarray(o, o + n))));
  lab.node('a').udp.bind(lab.addr('10.0.1.1'), 50000, (_b, _o, n) => heard.push(`media ${n}`));
  const message = bytes(invite('UDP'));
  client.send(message, 0, message.length, lab.addr('198.51.100.9'), 5060);
  lab.run(seconds(1));
  expect(heard[0]).toBe(
    `INVITE sip:bob@198.51.100.9 SIP/2.0\nVia: SIP/2.0/UDP 198.51.100.200:40000\nContact: <sip:alice@198.51.100.200:40000>\nContent-Type: application/sdp\nContent-Length: ${bytes(SDP).length + 6}\n\nv=0\nc=IN IP4 198.51.100.200\nm=audio 40001 RTP/AVP 0\n`,
  );
  expect(heard[1]).toContain('Via: SIP/2.0/UDP 10.0.1.1:5060\n');
  expect(heard[2]).toBe('media 3');
  expect(alg.rewritten).toBe(2);
  expect(box.mappings().map((line) => line.split(' ').slice(0, 4).join(' '))).toEqual([
    'udp 10.0.1.1:5060 > 198.51.100.200:40000',
    'udp 10.0.1.1:50000 > 198.51.100.200:40001',
  ]);
  for (const frame of [...lab.received(0, 0), ...lab.received(1, 1)]) expect(describeFrame(frame)).not.toContain('BAD');
  expect(lab.drops()).toEqual([]);
});

test('a packet that is made longer than its slot keeps its identity', () => {
  const { lab } = net();
  const got: string[] = [];
  lab.node('x').udp.bind(lab.addr('198.51.100.9'), 5060, (b, o, n) => got.push(text(b.subarray(o, o + n))));
  const short = 'OPTIONS sip:x@198.51.100.9 SIP/2.0\nVia: SIP/2.0/UDP 10.0.1.1\nContact: <sip:10.0.1.1>\n\n';
  const padded = bytes(short.replace('\n\n', `\nX: ${'y'.repeat(210 - short.length - 8)}\n\n`));
  lab
    .node('a')
    .udp.bind(lab.addr('10.0.1.1'), 5060, () => undefined)
    .send(padded, 0, padded.length, lab.addr('198.51.100.9'), 5060);
  lab.run(seconds(1));
  expect(got).toHaveLength(1);
  expect(padded.length + 42).toBeLessThanOrEqual(256);
  expect(must(got[0], 'message').length).toBeGreaterThan(padded.length - 10);
  expect(new Set(lab.seen.filter((s) => s.kind === 'sent').map((s) => s.id))).toEqual(new Set([1]));
  expect(lab.pool.live).toBe(0);
});

test('TCP: the stream stays whole in both directions, whatever becomes longer or shorter', () => {
  const { lab, alg } = net();
  const layers = ['a', 'x'].map((name) => {
    const layer = new TcpLayer({ output: lab.node(name).output, scheduler: lab.scheduler, random: randomRoot(2).stream(name) });
    lab.node(name).registerTransport(IPPROTO.TCP, layer);
    return layer;
  });
  const received = { a: '', x: '' };
  const reading = (who: 'a' | 'x', socket: TcpSocket): void => {
    socket.onChange = () => {
      for (let b = socket.read(4096); b.length > 0; b = socket.read(4096)) received[who] += text(b);
    };
  };
  let server: TcpSocket | null = null;
  must(layers[1], 'x').listen({ address: lab.addr('198.51.100.9'), port: 5060 }, (socket) => {
    server = socket;
    reading('x', socket);
  });
  const client = must(layers[0], 'a').connect({ to: lab.addr('198.51.100.9'), toPort: 5060 });
  reading('a', client);
  lab.run(seconds(1));
  const outward = bytes(invite('TCP'));
  const inward = bytes('BYE sip:alice@198.51.100.200:40000 SIP/2.0\nContent-Length: 0\n\n');
  for (let i = 0; i < 5; i++) {
    client.write(outward, 0, outward.length);
    must(server as TcpSocket | null, 'server').write(inward, 0, inward.length);
    lab.run((lab.scheduler.now + seconds(1)) as Nanos);
  }
  client.write(bytes('bye'), 0, 3);
  client.shutdown();
  must(server as TcpSocket | null, 'server').shutdown();
  lab.run((lab.scheduler.now + seconds(5)) as Nanos);
  expect(alg.rewritten).toBeGreaterThanOrEqual(5);
  expect(received.x.match(/Via: SIP\/2\.0\/TCP 198\.51\.100\.200:\d+\n/g)).toHaveLength(5);
  expect(received.x.endsWith('bye')).toBe(true);
  expect(received.a.match(/BYE sip:alice@\S+ SIP/g)).toHaveLength(5);
  expect([client.state, must(server as TcpSocket | null, 'server').state]).not.toContain('established');
  expect(client.error).toBeNull();
  for (const frame of [...lab.received(0, 0), ...lab.received(1, 1)]) expect(describeFrame(frame)).not.toContain('BAD');
});
