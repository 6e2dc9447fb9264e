import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../base/time.js';
import * as tcp from '../../wire/tcp.js';
import { A, B, Network, Peer, connected, heard, pair, pattern, same } from './pipe.testkit.js';
import { scaleFor } from './emit.js';

const { ACK_FLAG: ACK, PSH } = tcp;

describe('window scale (RFC 7323 section 2)', () => {
  it('picks the least shift that shows the whole buffer', () => {
    expect([65535, 65536, 131070, 512 * 1024, 2 ** 30].map(scaleFor)).toEqual([0, 1, 1, 4, 14]);
  });

  it('scales every window but those of SYNs, in both directions', () => {
    const { net, peer, socket } = connected({}, { mss: 1460, windowScale: 3 }, 1000);
    expect(net.seen[0]?.tcp).toMatchObject({ window: 65535, options: { windowScale: 4 } });
    expect(net.seen[1]?.tcp.window).toBe((512 * 1024) >>> 4);
    expect(socket.info().peerWindow).toBe(1000);
    peer.send(ACK, 1, 1, { window: 1000 });
    expect(socket.info().peerWindow).toBe(8000);
  });

  it('scales nothing when the peer did not offer it', () => {
    const { net, peer, socket } = connected();
    expect(net.seen[1]?.tcp.window).toBe(65535);
    peer.send(ACK, 1, 1, { window: 1000 });
    expect(socket.info().peerWindow).toBe(1000);
  });
});

describe('a closed window (RFC 9293 section 3.8.6.1)', () => {
  it('is probed by one octet with back-off for as long as the peer answers, and opens again', () => {
    const net = new Network();
    const { a, b } = pair(net, { a: { dataRetries: 3 }, b: { receiveBuffer: 20_000 } });
    net.runFor(millis(30));
    b().reads = false;
    a.send(pattern(60_000)).close();
    net.runFor(seconds(60));
    const probes = net.seen.filter((s) => s.from === A && s.tcp.payload.length === 1);
    expect(probes.length).toBeGreaterThan(5);
    const gaps = probes.slice(1).map((s, i) => s.at - (probes[i]?.at ?? 0));
    gaps.slice(1).forEach((gap, i) => expect(gap).toBe(2 * (gaps[i] ?? 0)));
    expect(net.seen.filter((s) => s.from === B && s.tcp.window === 0).length).toBe(probes.length + 1);
    b().reads = true;
    b().pump();
    net.run();
    expect(same(b().bytes(), pattern(60_000))).toBe(true);
    expect([a.socket.error, net.scheduler.pending]).toEqual([null, 0]);
  });

  it('ends the connection when nothing answers the probes', () => {
    const { net, peer, socket } = connected({ dataRetries: 3 });
    peer.send(ACK, 1, 1, { window: 0 });
    socket.write(pattern(10), 0, 10);
    net.run();
    expect(heard(net, peer)).toEqual(['ACK 1/1 1', 'ACK 1/1 1', 'ACK 1/1 1']);
    expect(socket.error).toBe('timeout');
  });

  it('takes the octet as sent when the peer takes it', () => {
    const { net, peer, socket } = connected();
    peer.send(ACK, 1, 1, { window: 0 });
    socket.write(pattern(10), 0, 10);
    net.runFor(millis(250));
    peer.send(ACK, 1, 2, { window: 0 });
    expect(socket.unacknowledged).toBe(9);
    peer.send(ACK, 1, 2, { window: 100 });
    expect(heard(net, peer)).toEqual(['ACK 1/1 1', 'PSH,ACK 2/1 9']);
  });

  it('holds FIN back, probes with it, and knows when it was taken', () => {
    const { net, peer, socket } = connected();
    peer.send(ACK, 1, 1, { window: 0 });
    socket.shutdown();
    expect(heard(net, peer)).toEqual([]);
    net.runFor(millis(250));
    expect(heard(net, peer)).toEqual(['FIN,ACK 1/1']);
    peer.send(ACK, 1, 2, { window: 0 });
    expect(socket.state).toBe('fin-wait-2');
  });

  it('still takes acknowledgements and resets where text would begin', () => {
    const { net, peer, socket } = connected({ receiveBuffer: 1000 });
    peer.send(ACK, 1, 1, { payload: pattern(1000) });
    net.runFor(millis(50));
    expect(net.seen.at(-1)?.tcp.window).toBe(0);
    socket.write(pattern(10), 0, 10);
    peer.send(ACK, 1001, 11, { payload: pattern(1) });
    expect(socket.unacknowledged).toBe(0);
    expect(socket.readable).toBe(1000);
    peer.send(tcp.RST, 1001);
    expect(socket.error).toBe('reset');
  });
});

describe('the window of the peer', () => {
  it('is that of its newest segment, not of one that was overtaken (RFC 9293 section 3.10.7.4, WL1 and WL2)', () => {
    const { peer, socket } = connected();
    peer.send(ACK, 11, 1, { payload: pattern(10), window: 5000 });
    peer.send(ACK, 1, 1, { payload: pattern(10), window: 9000 });
    expect(socket.info().peerWindow).toBe(5000);
    peer.send(ACK, 21, 1, { window: 7000 });
    expect(socket.info().peerWindow).toBe(7000);
  });
});

describe('silly windows (RFC 9293 section 3.8.6.2)', () => {
  it('receiver: offers nothing new until a segment or half the buffer is free', () => {
    const { net, peer, socket } = connected({ receiveBuffer: 4000 });
    peer.send(ACK, 1, 1, { payload: pattern(1460) });
    peer.send(ACK, 1461, 1, { payload: pattern(1460) });
    peer.send(ACK, 2921, 1, { payload: pattern(1080) });
    net.runFor(millis(50));
    expect(net.seen.at(-1)?.tcp.window).toBe(0);
    heard(net, peer);
    socket.read(1000);
    expect(heard(net, peer)).toEqual([]);
    socket.read(500);
    expect(heard(net, peer)).toEqual(['ACK 1/4001']);
    expect(net.seen.at(-1)?.tcp.window).toBe(1500);
  });

  it('sender: waits for more than a sliver, but not for ever', () => {
    const { net, peer, socket } = connected({}, { mss: 1460 }, 10_000);
    peer.send(ACK, 1, 1, { window: 300 });
    socket.write(pattern(5000), 0, 5000);
    expect(heard(net, peer)).toEqual([]);
    net.runFor(millis(201));
    expect(heard(net, peer)).toEqual(['ACK 1/1 300']);
    peer.send(ACK, 1, 301, { window: 5000 });
    expect(heard(net, peer).length).toBe(4);
  });

  it('a slow reader gets everything, in large segments', () => {
    const net = new Network();
    const { a, b } = pair(net, { b: { receiveBuffer: 16_384 } });
    net.runFor(millis(30));
    const data = pattern(100_000);
    b().reads = false;
    a.send(data).close();
    const got = new Uint8Array(data.length);
    let at = 0;
    while (!b().socket.eof && net.scheduler.now < seconds(60)) {
      net.runFor(millis(20));
      const part = b().socket.read(500);
      got.set(part, at);
      at += part.length;
    }
    expect(same(got, data)).toBe(true);
    const sizes = net.seen.filter((s) => s.from === A && s.tcp.payload.length > 1).map((s) => s.tcp.payload.length);
    expect(sizes.reduce((n, size) => n + size, 0) / sizes.length).toBeGreaterThan(1000);
  });
});

describe('Nagle (RFC 9293 section 3.7.4)', () => {
  it('off: sends each write; on: holds a small segment while another is out', () => {
    const { net, peer, socket } = connected();
    for (let i = 0; i < 3; i++) socket.write(pattern(10), 0, 10);
    expect(heard(net, peer)).toEqual(['PSH,ACK 1/1 10', 'PSH,ACK 11/1 10', 'PSH,ACK 21/1 10']);
    socket.noDelay = false;
    for (let i = 0; i < 3; i++) socket.write(pattern(10), 0, 10);
    expect(heard(net, peer)).toEqual([]);
    peer.send(ACK, 1, 31);
    expect(heard(net, peer)).toEqual(['PSH,ACK 31/1 30']);
    socket.write(pattern(10), 0, 10);
    socket.noDelay = true;
    expect(heard(net, peer)).toEqual(['PSH,ACK 61/1 10']);
  });
});

describe('delayed acknowledgements (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2)', () => {
  it('waits 40 ms for one segment, answers the second full one and what is out of order at once', () => {
    const { net, peer } = connected();
    peer.send(ACK, 1, 1, { payload: pattern(1460) });
    net.runFor(millis(39));
    expect(heard(net, peer)).toEqual([]);
    net.runFor(millis(1));
    expect(heard(net, peer)).toEqual(['ACK 1/1461']);
    peer.send(ACK, 1461, 1, { payload: pattern(1460) });
    peer.send(ACK, 2921, 1, { payload: pattern(1460) });
    expect(heard(net, peer)).toEqual(['ACK 1/4381']);
    peer.send(ACK, 5841, 1, { payload: pattern(1460) });
    peer.send(ACK, 4381, 1, { payload: pattern(1460) });
    expect(heard(net, peer)).toEqual(['ACK 1/4381', 'ACK 1/7301']);
    net.runFor(seconds(1));
    expect(heard(net, peer)).toEqual([]);
  });

  it('answers at once what fills a gap, however small', () => {
    const { net, peer } = connected();
    peer.send(ACK, 11, 1, { payload: pattern(10) });
    peer.send(ACK, 1, 1, { payload: pattern(5) });
    expect(heard(net, peer)).toEqual(['ACK 1/1', 'ACK 1/6']);
  });

  it('repeats the window in duplicates, though the reader makes room meanwhile', () => {
    const { net, peer, socket } = connected({ receiveBuffer: 20_000 });
    for (let i = 0; i < 4; i++) peer.send(ACK, 1 + 1460 * i, 1, { payload: pattern(1460) });
    heard(net, peer);
    const from = net.seen.length;
    for (let i = 5; i < 8; i++) {
      peer.send(ACK, 1 + 1460 * i, 1, { payload: pattern(1460) });
      socket.read(1460);
    }
    expect(new Set(net.seen.slice(from).map((s) => `${s.tcp.ack - peer.iss} ${s.tcp.window}`)).size).toBe(1);
  });

  it('is not forestalled by the reader of the first text', () => {
    const { net, peer, socket } = connected({}, { mss: 1460, windowScale: 7 });
    peer.send(ACK, 1, 1, { payload: pattern(500) });
    expect(socket.read(1000).length).toBe(500);
    expect(heard(net, peer)).toEqual([]);
    const lone = new Network();
    const server = lone.host(A);
    server.listen({ address: A, port: 5061 }, (s) => (s.onChange = () => s.read(1000)));
    const client = new Peer(lone, 5061, 40000);
    client.send(tcp.SYN, 0, 0, { options: { windowScale: 7 } });
    client.send(ACK, 1, 1, { payload: pattern(500) });
    expect(heard(lone, client)).toEqual(['SYN,ACK 0/1']);
  });

  it('rides on text that goes the other way', () => {
    const { net, peer, socket } = connected();
    peer.send(ACK | PSH, 1, 1, { payload: pattern(100) });
    socket.write(pattern(5), 0, 5);
    net.runFor(millis(100));
    expect(heard(net, peer)).toEqual(['PSH,ACK 1/101 5']);
  });
});

describe('keep-alive (RFC 9293 section 3.8.4)', () => {
  it('is off by default', () => {
    const { net } = connected();
    expect(net.scheduler.pending).toBe(0);
  });

  it('probes one octet back, and ends the connection when nothing answers', () => {
    const { net, peer, socket } = connected({ keepAliveIdle: seconds(100), keepAliveInterval: seconds(10), keepAliveProbes: 2 });
    net.runFor(seconds(100));
    expect(heard(net, peer)).toEqual(['ACK 0/1']);
    peer.send(ACK, 1, 1);
    net.run();
    expect(heard(net, peer)).toEqual(['ACK 0/1', 'ACK 0/1', 'RST,ACK 1/1']);
    expect([socket.error, net.scheduler.now]).toEqual(['timeout', seconds(220)]);
  });

  it('answers a keep-alive', () => {
    const { net, peer } = connected();
    peer.send(ACK, 0, 1);
    expect(heard(net, peer)).toEqual(['ACK 1/1']);
  });
});
