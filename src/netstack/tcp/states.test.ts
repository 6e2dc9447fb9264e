import { describe, expect, it } from 'vitest';
import { millis, seconds } from '../../base/time.js';
import * as tcp from '../../wire/tcp.js';
import { A, B, End, Network, Peer, SIX_A, SIX_B, connected, heard, pair, pattern, trace } from './pipe.testkit.js';
import type { TcpState } from './tcb.js';

const { SYN, FIN, RST, PSH, ACK_FLAG: ACK } = tcp;

describe('opening (RFC 9293 section 3.5)', () => {
  it('shakes hands as in figure 6', () => {
    const net = new Network();
    const { a, b } = pair(net);
    expect(a.socket.state).toBe('syn-sent');
    net.runFor(millis(25));
    expect(trace(net.seen)).toEqual(['A SYN 0', 'B SYN,ACK 0/1', 'A ACK 1/1']);
    expect(a.socket.state).toBe('established');
    net.runFor(millis(10));
    expect(b().socket.state).toBe('established');
    expect(b().socket.remote).toEqual({ address: A, port: a.socket.local.port });
  });

  it('opens simultaneously as in figure 7', () => {
    const net = new Network();
    const hosts = [net.host(A), net.host(B)] as const;
    const a = hosts[0].connect({ to: B, toPort: 7000, fromPort: 6000 });
    const b = hosts[1].connect({ to: A, toPort: 6000, fromPort: 7000 });
    net.runFor(millis(15));
    expect([a.state, b.state]).toEqual(['syn-received', 'syn-received']);
    net.runFor(millis(10));
    expect([a.state, b.state]).toEqual(['established', 'established']);
    expect(trace(net.seen)).toEqual(['A SYN 0', 'B SYN 0', 'B SYN,ACK 0/1', 'A SYN,ACK 0/1']);
    expect(a.write(pattern(10), 0, 10)).toBe(10);
    net.runFor(millis(100));
    expect(b.read(100)).toEqual(pattern(10));
  });

  it('refuses an acknowledgement of an old SYN and goes on, as in figure 8', () => {
    const net = new Network();
    const socket = net.host(A).connect({ to: B, toPort: 5061, fromPort: 40000 });
    const peer = new Peer(net, 40000, 5061);
    heard(net, peer);
    peer.send(SYN | ACK, 0, 91);
    expect(heard(net, peer)).toEqual(['RST 91']);
    expect(socket.state).toBe('syn-sent');
    peer.send(SYN | ACK, 0, 1);
    expect(heard(net, peer)).toEqual(['ACK 1/1']);
    expect(socket.state).toBe('established');
  });

  it('is refused by a port without listener', () => {
    const net = new Network();
    net.host(B);
    const a = new End(net.host(A).connect({ to: B, toPort: 9 }));
    net.run();
    expect(trace(net.seen)).toEqual(['A SYN 0', 'B RST,ACK 0/1']);
    expect([a.socket.state, a.socket.error, a.changes]).toEqual(['closed', 'refused', 1]);
    expect(net.scheduler.pending).toBe(0);
  });

  it('is not answered by a node told to be silent', () => {
    const net = new Network();
    net.host(B, { resetUnknown: false });
    const a = net.host(A).connect({ to: B, toPort: 9 });
    net.run();
    expect(net.seen.every((s) => s.from === A)).toBe(true);
    expect(a.error).toBe('timeout');
  });

  it('answers a repeated SYN by the SYN-ACK, and RST in SYN-RECEIVED by going back to LISTEN', () => {
    const net = new Network();
    const layer = net.host(A);
    let accepted = 0;
    const listener = layer.listen({ address: A, port: 5061 }, () => (accepted += 1));
    const peer = new Peer(net, 5061, 40000);
    peer.send(SYN, 0, 0, { options: { mss: 1000 } });
    peer.send(SYN, 0, 0, { options: { mss: 1000 } });
    expect(heard(net, peer)).toEqual(['SYN,ACK 0/1', 'SYN,ACK 0/1']);
    expect(layer.netstat().listeners).toEqual([{ address: A, port: 5061, halfOpen: 1 }]);
    peer.send(RST, 1);
    expect(layer.netstat().connections).toEqual([]);
    expect(net.scheduler.pending).toBe(0);
    peer.send(SYN, 0);
    peer.send(ACK, 1, 5);
    expect(heard(net, peer)).toEqual(['SYN,ACK 0/1', 'RST 5']);
    listener?.close();
    expect(heard(net, peer)).toEqual(['RST,ACK 1/1']);
    expect([accepted, net.scheduler.pending]).toEqual([0, 0]);
  });

  it('drops SYNs beyond the backlog, and gives up half-open connections', () => {
    const net = new Network();
    const layer = net.host(A, { synAckRetries: 2 });
    layer.listen({ address: A, port: 5061, backlog: 2 }, () => undefined);
    for (const port of [1, 2, 3]) new Peer(net, 5061, port).send(SYN, 0);
    expect(net.seen.map((s) => s.tcp.dstPort)).toEqual([1, 2]);
    expect(layer.netstat().counters.backlogFull).toBe(1);
    expect(new Peer(net, 5061, 4).send(SYN, 0)).toMatchObject({ reason: 'backlog-full' });
    net.run();
    // 1 + 2 + 4 s of waiting, two repetitions each.
    expect([net.seen.length, net.scheduler.now]).toEqual([6, seconds(7)]);
    expect(layer.netstat().listeners[0]?.halfOpen).toBe(0);
  });

  it('takes an address and port once, and frees them', () => {
    const net = new Network();
    const layer = net.host(A);
    const first = layer.listen({ address: A, port: 5061 }, () => undefined);
    expect(layer.listen({ address: A, port: 5061 }, () => undefined)).toBe(null);
    first?.close();
    expect(layer.listen({ address: A, port: 5061 }, () => undefined)).not.toBe(null);
    layer.connect({ to: B, toPort: 5061, fromPort: 40000 });
    expect(() => layer.connect({ to: B, toPort: 5061, fromPort: 40000 })).toThrow(expect.objectContaining({ code: 'NET_ADDRESS_IN_USE' }));
  });

  it('draws dynamic ports in 32768..60999, and initial sequence numbers that differ', () => {
    const net = new Network();
    const layer = net.host(A);
    for (let i = 0; i < 50; i++) layer.connect({ to: B, toPort: 5061 });
    const ports = net.seen.map((s) => s.tcp.srcPort);
    expect(new Set(ports).size).toBe(50);
    expect(ports.every((p) => p >= 32768 && p <= 60999)).toBe(true);
    expect(new Set(net.seen.map((s) => s.tcp.seq)).size).toBe(50);
  });

  it('runs over IPv6 addresses with 1440 octets a segment', () => {
    const net = new Network();
    const a = net.host(SIX_A);
    const b = net.host(SIX_B);
    let got: End | null = null;
    b.listen({ address: SIX_B, port: 5061 }, (s) => (got = new End(s)));
    const client = new End(a.connect({ to: SIX_B, toPort: 5061 })).send(pattern(5000)).close();
    net.run();
    expect((got as End | null)?.bytes()).toEqual(pattern(5000));
    expect(Math.max(...net.seen.map((s) => s.tcp.payload.length))).toBe(1440);
    expect(net.seen[0]?.tcp.options.mss).toBe(1440);
    expect(client.socket.state).toBe('closed');
  });
});

describe('closing (RFC 9293 section 3.6)', () => {
  it('closes as in figure 12, TIME-WAIT lasting 2 MSL', () => {
    const { net, peer, socket } = connected();
    const states: TcpState[] = [];
    const step = (): number => states.push(socket.state);
    socket.shutdown();
    step();
    expect(heard(net, peer)).toEqual(['FIN,ACK 1/1']);
    peer.send(ACK, 1, 2);
    step();
    peer.send(FIN | ACK, 1, 2);
    step();
    expect(heard(net, peer)).toEqual(['ACK 2/2']);
    expect(states).toEqual(['fin-wait-1', 'fin-wait-2', 'time-wait']);
    expect(socket.eof).toBe(true);
    net.run();
    expect([socket.state, socket.error, net.scheduler.now]).toEqual(['closed', null, seconds(60)]);
  });

  it('closes passively: CLOSE-WAIT, LAST-ACK, CLOSED', () => {
    const { net, peer, socket } = connected();
    peer.send(FIN | ACK, 1, 1);
    expect([socket.state, socket.eof]).toEqual(['close-wait', true]);
    socket.shutdown();
    expect(socket.state).toBe('last-ack');
    expect(heard(net, peer)).toEqual(['ACK 1/2', 'FIN,ACK 1/2']);
    peer.send(ACK, 2, 2);
    expect([socket.state, socket.error, net.scheduler.pending]).toEqual(['closed', null, 0]);
  });

  it('closes simultaneously as in figure 13', () => {
    const { net, peer, socket } = connected();
    socket.shutdown();
    peer.send(FIN | ACK, 1, 1);
    expect(socket.state).toBe('closing');
    expect(heard(net, peer)).toEqual(['FIN,ACK 1/1', 'ACK 2/2']);
    peer.send(ACK, 2, 2);
    expect(socket.state).toBe('time-wait');
    net.run();
    expect(socket.state).toBe('closed');
  });

  it('goes from FIN-WAIT-1 to TIME-WAIT when FIN and its acknowledgement come together', () => {
    const { peer, socket } = connected();
    socket.shutdown();
    peer.send(FIN | ACK, 1, 2);
    expect(socket.state).toBe('time-wait');
  });

  it('stays half-closed in both orders', () => {
    for (const first of ['a', 'b'] as const) {
      const net = new Network({ delay: millis(10) });
      const { a, b } = pair(net);
      net.runFor(millis(50));
      for (const end of [a, b()]) end.closeOnEof = false;
      const [closer, other] = first === 'a' ? [a, b()] : [b(), a];
      closer.send(pattern(3000)).close();
      net.runFor(millis(200));
      expect([closer.socket.state, other.socket.state, other.sawEof]).toEqual(['fin-wait-2', 'close-wait', true]);
      expect(closer.socket.write(pattern(1), 0, 1)).toBe(0);
      other.send(pattern(20_000, 5));
      net.runFor(millis(500));
      expect(closer.bytes()).toEqual(pattern(20_000, 5));
      other.close();
      net.run();
      expect([closer.socket.state, other.socket.state, net.scheduler.pending]).toEqual(['closed', 'closed', 0]);
    }
  });

  it('close: sends what was written and FIN, waits for the peer in the background, not for ever', () => {
    const net = new Network();
    const { a, b, hostA } = pair(net);
    net.runFor(millis(50));
    b().closeOnEof = false;
    a.socket.write(pattern(20_000), 0, 20_000);
    a.socket.close();
    net.runFor(seconds(1));
    expect(b().bytes()).toEqual(pattern(20_000));
    expect([a.socket.state, b().socket.error]).toEqual(['fin-wait-2', null]);
    net.runFor(seconds(61));
    expect(hostA.netstat().connections).toEqual([]);
    // Linux's FIN_WAIT_2 time-out: whoever writes now learns that nobody is there.
    b().send(pattern(1));
    net.run();
    expect([b().socket.error, net.scheduler.pending]).toEqual(['reset', 0]);
  });

  it('close: answers text that nobody will read by RST, and a FIN by TIME-WAIT', () => {
    const net = new Network();
    const { a, b } = pair(net);
    net.runFor(millis(50));
    b().closeOnEof = false;
    a.socket.close();
    net.runFor(millis(100));
    b().send(pattern(5));
    net.runFor(millis(100));
    expect([a.socket.state, a.socket.error, b().socket.error]).toEqual(['closed', null, 'reset']);
    const unread = connected();
    unread.peer.send(ACK, 1, 1, { payload: pattern(5) });
    unread.socket.close();
    expect(heard(unread.net, unread.peer)).toEqual(['RST,ACK 1/6']);
    const orderly = connected();
    orderly.socket.close();
    orderly.peer.send(FIN | ACK, 1, 2);
    expect(orderly.socket.state).toBe('time-wait');
    orderly.net.run();
    expect(orderly.net.scheduler.now).toBe(seconds(60));
  });

  it('sends FIN after all that was written, also when it was written before the connection stood', () => {
    const net = new Network();
    const { a, b } = pair(net);
    a.send(pattern(40_000)).close();
    expect(a.socket.state).toBe('syn-sent');
    net.run();
    expect(b().bytes()).toEqual(pattern(40_000));
  });

  it('acknowledges a repeated FIN in TIME-WAIT and waits anew', () => {
    const { net, peer, socket } = connected();
    socket.shutdown();
    peer.send(FIN | ACK, 1, 2);
    heard(net, peer);
    net.runFor(seconds(50));
    peer.send(FIN | ACK, 1, 2);
    expect(heard(net, peer)).toEqual(['ACK 2/2']);
    net.runFor(seconds(59));
    expect(socket.state).toBe('time-wait');
    net.runFor(seconds(1));
    expect(socket.state).toBe('closed');
  });

  it('lets a SYN beyond what was received end TIME-WAIT', () => {
    const net = new Network();
    const layer = net.host(A);
    layer.listen({ address: A, port: 5061 }, (s) => new End(s).close());
    const old = new Peer(net, 5061, 40000);
    old.send(SYN, 0);
    old.send(ACK, 1, 1);
    old.send(FIN | ACK, 1, 2);
    expect(layer.netstat().connections.map((c) => c.state)).toEqual(['time-wait']);
    old.send(SYN, 0);
    expect(layer.netstat().connections.map((c) => c.state)).toEqual(['time-wait']);
    new Peer(net, 5061, 40000, 90_000).send(SYN, 0);
    expect(layer.netstat().connections.map((c) => c.state)).toEqual(['syn-received']);
  });
});

describe('segments that must not pass (RFC 9293 section 3.10.7.4, RFC 5961)', () => {
  it('acknowledges and drops text outside the window', () => {
    const { net, peer, socket } = connected();
    peer.send(ACK | PSH, 1 + 600_000, 1, { payload: pattern(5) });
    peer.send(ACK | PSH, -10, 1, { payload: pattern(5) });
    expect(heard(net, peer)).toEqual(['ACK 1/1', 'ACK 1/1']);
    expect(socket.readable).toBe(0);
  });

  it('takes only the new part of a segment that overlaps', () => {
    const { peer, socket } = connected();
    peer.send(ACK, 1, 1, { payload: pattern(10) });
    peer.send(ACK, 6, 1, { payload: pattern(30).subarray(5) });
    expect(socket.read(100)).toEqual(pattern(30));
  });

  it('resets by the exact number only; another in the window is challenged, one outside ignored', () => {
    const { net, peer, socket } = connected();
    peer.send(RST, 100);
    expect(heard(net, peer)).toEqual(['ACK 1/1']);
    peer.send(RST, 10_000_000);
    expect(heard(net, peer)).toEqual([]);
    expect(socket.state).toBe('established');
    peer.send(RST, 1);
    expect([socket.state, socket.error, net.scheduler.pending]).toEqual(['closed', 'reset', 0]);
  });

  it('challenges a SYN and an impossible acknowledgement, at most as often as allowed', () => {
    const { net, peer, socket } = connected({ challengeAcks: 3 });
    peer.send(SYN, 1);
    peer.send(ACK, 1, 2);
    peer.send(ACK, 1, 1 - 70_000);
    peer.send(SYN, 1);
    expect(heard(net, peer)).toEqual(['ACK 1/1', 'ACK 1/1', 'ACK 1/1']);
    net.runFor(seconds(1));
    peer.send(SYN, 1);
    expect(heard(net, peer)).toEqual(['ACK 1/1']);
    expect(socket.state).toBe('established');
  });

  it('ends by RST in every state, without anything left', () => {
    for (const at of [0, 5, 12, 22, 33, 41, 60, 90]) {
      const net = new Network({ delay: millis(10) });
      const { a, hostA, hostB } = pair(net);
      a.send(pattern(30_000)).close();
      net.runFor(millis(at));
      a.socket.abort();
      expect([a.socket.state, a.socket.error]).toEqual(['closed', null]);
      net.run();
      expect([hostA.netstat().connections, hostB.netstat().connections, net.scheduler.pending]).toEqual([[], [], 0]);
    }
  });

  it('tells the other end of an abort, and keeps what it had not read', () => {
    const net = new Network();
    const { a, b } = pair(net);
    net.runFor(millis(50));
    b().reads = false;
    a.send(pattern(100));
    net.runFor(millis(50));
    a.socket.abort();
    net.run();
    expect([b().socket.state, b().socket.error, b().socket.eof]).toEqual(['closed', 'reset', false]);
    expect(b().socket.read(1000)).toEqual(pattern(100));
  });

  it('ignores what is no segment', () => {
    const { net, layer } = connected();
    net.inject(B, A, new Uint8Array(12));
    expect(layer.netstat().counters.malformed).toBe(1);
    expect(net.seen.length).toBe(net.judged);
  });
});
