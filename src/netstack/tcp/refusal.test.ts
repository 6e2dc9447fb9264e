/**
 * Every segment that is thrown away without an answer has its reason; what is answered has none.
 */
import { describe, expect, it } from 'vitest';
import { FLAG } from '../../wire/tcp.js';
import { A, Network, Peer } from './pipe.testkit.js';
import type { TcpParameters } from './parameters.js';

const { ACK, FIN, RST, SYN } = FLAG;

/** A listener at port 5061 and a peer at 1000. */
function stage(parameters: Partial<TcpParameters> = {}): { net: Network; peer: Peer; answers: () => number } {
  const net = new Network();
  net.host(A, parameters).listen({ address: A, port: 5061 }, () => undefined);
  return { net, peer: new Peer(net, 5061, 1000), answers: () => net.seen.filter((s) => s.from === A).length };
}

function established(parameters: Partial<TcpParameters> = {}): ReturnType<typeof stage> {
  const on = stage(parameters);
  on.peer.send(SYN, 0);
  on.peer.send(ACK, 1, 1);
  return on;
}

describe('a segment that is thrown away without a word', () => {
  it('beyond the half-open connections that there may be', () => {
    const { net, peer } = stage({ somaxconn: 1 });
    expect(peer.send(SYN, 0)).toBeNull();
    expect(new Peer(net, 5061, 1001).send(SYN, 0)).toMatchObject({ reason: 'backlog-full' });
  });

  it('a listener has 4096 of them, as Linux since 5.4', () => {
    const { net } = stage();
    for (let port = 1; port <= 4096; port++) expect(new Peer(net, 5061, port).send(SYN, 0)).toBeNull();
    expect(new Peer(net, 5061, 5000).send(SYN, 0)).toMatchObject({ reason: 'backlog-full' });
  });

  it('a RST that is for nobody', () => {
    const { net, peer } = stage();
    expect(peer.send(RST, 0)).toMatchObject({ reason: 'no-listener' });
    expect(new Peer(net, 9, 1000).send(RST, 0)).toMatchObject({ reason: 'no-listener' });
  });

  it('whatever is for nobody, where the node stays silent', () => {
    const { net } = stage({ resetUnknown: false });
    expect(new Peer(net, 9, 1000).send(SYN, 0)).toMatchObject({ reason: 'no-listener' });
  });

  it('RFC 9293 3.10.7.4: without ACK; a RST outside the window; text after the FIN', () => {
    const { peer } = established();
    expect(peer.send(0, 1, 0, { payload: new Uint8Array(3) })).toMatchObject({ reason: 'unacceptable', kind: 'tcp-no-ack' });
    expect(peer.send(RST, 0x7000_0000)).toMatchObject({ reason: 'unacceptable', kind: 'tcp-reset' });
    expect(peer.send(FIN | ACK, 1, 1)).toBeNull();
    expect(peer.send(ACK, 2, 1, { payload: new Uint8Array(3) })).toMatchObject({ reason: 'unacceptable', kind: 'tcp-after-fin' });
  });

  it('RFC 5961 section 7: challenges beyond what a second may have', () => {
    const { peer, answers } = established({ challengeAcks: 1 });
    expect(peer.send(SYN, 5)).toBeNull();
    const before = answers();
    expect(peer.send(SYN, 5)).toMatchObject({ kind: 'tcp-answer-limited' });
    expect(answers()).toBe(before);
  });

  it('while a connection is asked for: no SYN, a RST that acknowledges nothing', () => {
    const net = new Network();
    const layer = net.host(A);
    layer.connect({ to: (A + 1) as typeof A, toPort: 1000, fromPort: 5061 });
    const peer = new Peer(net, 5061, 1000);
    expect(peer.send(ACK, 0, 1)).toMatchObject({ kind: 'tcp-no-syn' });
    expect(peer.send(RST, 0)).toMatchObject({ kind: 'tcp-reset' });
    expect(peer.send(RST | ACK, 0, 77)).toMatchObject({ kind: 'tcp-reset' });
    expect(peer.send(RST | ACK, 0, 1)).toBeNull();
  });
});

describe('a segment that is answered', () => {
  it.each([
    ['a SYN to a port where nobody listens, by a RST', 9, SYN, 0, 0],
    ['an ACK to a listener, by a RST', 5061, ACK, 1, 9],
  ] as const)('%s', (_what, port, flags, seq, ack) => {
    const { net, answers } = stage();
    expect(new Peer(net, port, 1000).send(flags, seq, ack)).toBeNull();
    expect(answers()).toBe(1);
    expect((net.seen[0]?.tcp.flags ?? 0) & RST).toBe(RST);
  });

  it('text that came before, by an ACK', () => {
    const { peer, answers } = established();
    const before = answers();
    expect(peer.send(ACK, -100, 1, { payload: new Uint8Array(3) })).toBeNull();
    expect(answers()).toBe(before + 1);
  });
});
