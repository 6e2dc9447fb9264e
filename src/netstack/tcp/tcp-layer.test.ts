import { describe, expect, it } from 'vitest';
import { NO_CAUSE, type Cause } from '../../base/brand.js';
import { randomRoot } from '../../base/rng.js';
import { millis, seconds } from '../../base/time.js';
import { LabScheduler } from '../../fabric/lab-scheduler.js';
import * as tcp from '../../wire/tcp.js';
import type { Addr, IpOutput } from '../transport.js';
import { A, B, End, Network, Peer, connected, heard, pair, pattern, same } from './pipe.testkit.js';
import { TcpLayer } from './tcp-layer.js';

const { ACK_FLAG: ACK, SYN } = tcp;

describe('ICMP errors (RFC 5461, RFC 5927)', () => {
  it('end an attempt: port unreachable refuses, host unreachable and TTL exceeded say unreachable', () => {
    for (const [kind, error] of [
      ['port-unreachable', 'refused'],
      ['host-unreachable', 'unreachable'],
      ['ttl-exceeded', 'unreachable'],
    ] as const) {
      const net = new Network();
      const end = new End(net.host(A).connect({ to: B, toPort: 5061 }));
      net.icmp(kind, 0, net.seen[0] as never);
      expect([end.socket.error, end.changes, net.scheduler.pending]).toEqual([error, 1, 0]);
    }
  });

  it('do not end a connection that stands, but name the reason when it dies', () => {
    const { net, peer, socket } = connected({ dataRetries: 2 });
    socket.write(pattern(10), 0, 10);
    for (const kind of ['port-unreachable', 'host-unreachable'] as const) net.icmp(kind, 0, net.seen.at(-1) as never);
    expect(socket.state).toBe('established');
    heard(net, peer);
    net.run();
    expect(socket.error).toBe('unreachable');
  });

  it('are ignored about what is not in flight, about nobody, and when too short', () => {
    const { net, peer, socket, layer } = connected({ dataRetries: 2 });
    socket.write(pattern(10), 0, 10);
    const about = net.seen.at(-1);
    peer.send(ACK, 1, 11);
    net.icmp('host-unreachable', 0, about as never);
    layer.error('host-unreachable', 0, A, 77 as Addr, about?.bytes ?? new Uint8Array(8), 0, 8);
    layer.error('host-unreachable', 0, A, B, new Uint8Array(4), 0, 4);
    socket.write(pattern(10), 0, 10);
    net.run();
    expect(socket.error).toBe('timeout');
  });

  it('tell at once, but after connect has returned, that there is no route', () => {
    const net = new Network();
    const layer = net.host(A);
    net.routable = false;
    const end = new End(layer.connect({ to: B, toPort: 5061 }));
    expect(end.changes).toBe(0);
    net.run();
    expect([end.socket.error, end.changes, net.scheduler.now, net.seen.length]).toEqual(['unreachable', 1, 0, 0]);
    expect(layer.netstat().connections).toEqual([]);
  });
});

describe('path MTU (RFC 1191)', () => {
  it('cuts anew what is out when the path shrinks, and sends no segment too large again', () => {
    const net = new Network();
    const { a, b } = pair(net);
    a.send(pattern(300_000)).close();
    net.runFor(millis(70));
    net.linkMtu = 1000;
    const before = net.seen.length;
    net.run();
    expect(same(b().bytes(), pattern(300_000))).toBe(true);
    const after = net.seen.slice(before).filter((s) => s.from === A);
    const tooBig = after.filter((s) => s.bytes.length + 20 > 1000);
    expect(tooBig.length).toBeGreaterThan(0);
    expect(after.slice(after.lastIndexOf(tooBig.at(-1) as never) + 1).length).toBeGreaterThan(200);
    expect(net.scheduler.now).toBeLessThan(seconds(62));
    expect(a.socket.info().mss).toBe(960);
  });

  it('keeps the congestion window: size says nothing about load', () => {
    const { net, socket } = connected();
    socket.write(pattern(14_600), 0, 14_600);
    net.icmp('too-big', 1000, net.seen.at(-1) as never);
    expect(socket.info()).toMatchObject({ mss: 960, cwnd: 14_600, ssthresh: Infinity });
    expect(
      net.seen
        .slice(net.judged + 10)
        .map((s) => s.tcp.payload.length)
        .slice(0, 3),
    ).toEqual([960, 960, 960]);
  });

  it('takes no claim for a limit below 48 octets of text', () => {
    const { net, socket } = connected();
    socket.write(pattern(100), 0, 100);
    net.icmp('too-big', 1, net.seen.at(-1) as never);
    expect(socket.info().mss).toBe(48);
  });
});

describe('what rides along', () => {
  it('marks all segments of a connection with its DSCP, or leaves it to the policy', () => {
    const net = new Network();
    const a = net.host(A);
    const b = net.host(B);
    b.listen({ address: B, port: 5061, dscp: 24 }, (s) => new End(s).send(pattern(10)));
    new End(a.connect({ to: B, toPort: 5061, dscp: 26 })).close();
    a.connect({ to: B, toPort: 9 });
    net.run();
    expect(new Set(net.seen.filter((s) => s.from === A && s.tcp.dstPort === 5061).map((s) => s.dscp))).toEqual(new Set([26]));
    expect(new Set(net.seen.filter((s) => s.from === B && s.tcp.srcPort === 5061).map((s) => s.dscp))).toEqual(new Set([24]));
    expect(new Set(net.seen.filter((s) => s.tcp.dstPort === 9).map((s) => s.dscp))).toEqual(new Set([-1]));
  });

  it('names the packet that made it send, and to the reader the one that brought the bytes', () => {
    const net = new Network();
    const { a, b } = pair(net);
    net.runFor(millis(50));
    // The pipe numbers packets by order of sending: SYN 1, SYN-ACK 2, ACK 3.
    expect(net.seen.map((s) => s.cause)).toEqual([NO_CAUSE, 1, 2]);
    a.socket.write(pattern(10), 0, 10, 77 as Cause);
    net.runFor(millis(100));
    expect(net.seen.slice(3).map((s) => s.cause)).toEqual([77, 4]);
    expect(b().socket.lastCause).toBe(4);
  });
});

describe('sockets', () => {
  it('press back on the writer, and tell it when there is room again', () => {
    const net = new Network();
    const { a, b } = pair(net, { a: { sendBuffer: 9000 }, b: { receiveBuffer: 9000 } });
    net.runFor(millis(30));
    b().reads = false;
    expect(a.socket.write(pattern(30_000), 0, 30_000)).toBe(9000);
    expect(a.socket.writable).toBe(0);
    net.runFor(seconds(1));
    expect([a.socket.unacknowledged, a.socket.writable]).toEqual([0, 9000]);
    expect(a.socket.write(pattern(30_000).subarray(9000), 0, 21_000)).toBe(9000);
    const changes = a.changes;
    net.runFor(seconds(5));
    expect(a.socket.writable).toBe(0);
    expect(a.changes).toBe(changes);
    b().reads = true;
    b().pump();
    net.runFor(seconds(5));
    expect(a.changes).toBe(changes + 1);
    expect(same(b().bytes(), pattern(30_000).subarray(0, 18_000))).toBe(true);
  });

  it('hear once per event, after it was handled', () => {
    const { peer, socket } = connected();
    const log: string[] = [];
    socket.onChange = () => log.push(`${socket.readable} ${socket.state} ${socket.eof}`);
    peer.send(ACK | tcp.FIN, 1, 1, { payload: pattern(10) });
    expect(log).toEqual(['10 close-wait false']);
  });

  it('may abort, write and open others while they hear', () => {
    const net = new Network();
    const a = net.host(A);
    const b = net.host(B);
    let aborted = 0;
    b.listen({ address: B, port: 1 }, (s) => {
      s.onChange = () => {
        s.write(pattern(5), 0, 5);
        s.abort();
        aborted += 1;
      };
    });
    const first = a.connect({ to: B, toPort: 1 });
    let second: End | null = null;
    first.onChange = () => {
      if (first.error === 'reset') second = new End(a.connect({ to: B, toPort: 1 }));
    };
    net.run();
    expect([first.error, (second as End | null)?.socket.error, aborted]).toEqual(['reset', 'reset', 2]);
    expect(net.scheduler.pending).toBe(0);
  });

  it('give bytes to a listener that came with the handshake', () => {
    const net = new Network();
    const layer = net.host(A);
    let got = new Uint8Array(0);
    layer.listen({ address: A, port: 5061 }, (s) => {
      s.onChange = () => (got = s.read(100) as Uint8Array<ArrayBuffer>);
    });
    const peer = new Peer(net, 5061, 40000);
    peer.send(SYN, 0);
    peer.send(ACK, 1, 1, { payload: pattern(20) });
    expect(got).toEqual(pattern(20));
  });
});

describe('a node that talks to itself', () => {
  it('may be delivered to within send', () => {
    const scheduler = new LabScheduler();
    let depth = 0;
    let deepest = 0;
    const output: IpOutput = {
      send(_p, from, to, buf, off, len, dscp, _df, cause) {
        deepest = Math.max(deepest, ++depth);
        layer.receive(from, to, buf, off, len, dscp, cause);
        depth -= 1;
      },
      sourceFor: () => A,
      pathMtu: () => 65535,
      family: () => 4,
    };
    const layer = new TcpLayer({ output, scheduler, random: randomRoot(1).stream('tcp') });
    let server: End | null = null;
    layer.listen({ address: A, port: 5061 }, (s) => (server = new End(s)));
    const client = new End(layer.connect({ to: A, toPort: 5061 }));
    client.send(pattern(500_000)).close();
    while (scheduler.pending > 0) scheduler.step();
    expect(same((server as End | null)?.bytes() ?? new Uint8Array(0), pattern(500_000))).toBe(true);
    expect([client.socket.state, deepest]).toEqual(['closed', 1]);
  });
});

describe('netstat', () => {
  it('shows listeners, connections and counters as plain data', () => {
    const net = new Network({ loss: 0.1 }, 5);
    const { a, b, hostA, hostB } = pair(net);
    net.runFor(seconds(10));
    a.send(pattern(200_000));
    net.runFor(seconds(60));
    const stat = hostA.netstat();
    expect(stat.connections).toMatchObject([{ local: A, remote: B, remotePort: 5061, state: 'established', sendQueue: 0, mss: 1460 }]);
    expect(hostB.netstat().listeners).toEqual([{ address: B, port: 5061, halfOpen: 0 }]);
    expect(stat.counters.retransmitted).toBeGreaterThan(5);
    expect(stat.counters.segmentsOut).toBe(net.seen.filter((s) => s.from === A).length);
    expect(structuredClone(stat)).toEqual(stat);
    expect(b().socket.state).toBe('established');
  });

  it('is the same in two equal runs', () => {
    const run = (): string[] => {
      const net = new Network({ loss: 0.1, jitter: millis(5), duplicate: 0.05 }, 5);
      const { a } = pair(net);
      a.send(pattern(50_000)).close();
      net.run();
      return net.seen.map((s) => `${s.at} ${s.tcp.seq} ${s.tcp.ack} ${s.tcp.flags} ${s.tcp.window} ${s.tcp.payload.length}`);
    };
    expect(run()).toEqual(run());
  });
});
