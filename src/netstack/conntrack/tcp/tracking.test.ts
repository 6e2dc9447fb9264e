import { describe, expect, test } from 'vitest';
import { must } from '../../../base/assert.js';
import { seconds } from '../../../base/time.js';
import { type Segment, tcpPacket } from '../../../../test/support/router/frames.js';
import { type RouterSpec, type SimRouter, simRouter } from '../../../../test/support/router/router.js';
import { ACK_FLAG as ACK, FIN, RST, SYN } from '../../../wire/tcp.js';

const CLIENT = { from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 80 } as const;
const SERVER = { from: '10.0.2.1', to: '10.0.1.1', sport: 80, dport: 5000 } as const;

/** Talks through a router; each word is what the router made of the segment: its state, or `invalid`. */
class Talk {
  readonly router: SimRouter;

  constructor(spec: RouterSpec = {}) {
    this.router = simRouter(spec);
  }

  client(flags: number, seq: number, ack = 0, more: Partial<Segment> = {}): string {
    return this.#send('in', tcpPacket({ ...CLIENT, flags, seq, ack, ...more }));
  }

  server(flags: number, seq: number, ack = 0, more: Partial<Segment> = {}): string {
    return this.#send('out', tcpPacket({ ...SERVER, flags, seq, ack, ...more }));
  }

  /** SYN, SYN-ACK, ACK: the client's next number is 101, the server's 901. */
  open(options: Segment['options'] = {}): this {
    this.client(SYN, 100, 0, { options });
    this.server(SYN | ACK, 900, 101, { options });
    this.client(ACK, 101, 901);
    return this;
  }

  /** `ESTABLISHED 432000 [ASSURED]`: state, seconds, assured. */
  get entry(): string {
    const [entry] = this.router.tracker.entries();
    if (entry === undefined) return 'none';
    const rest = (entry.expires - this.router.scheduler.now) / 1e9;
    return `${entry.tcpState ?? ''} ${rest}${(entry.status & 4) !== 0 ? ' [ASSURED]' : ''}`;
  }

  #send(wire: 'in' | 'out', packet: Uint8Array): string {
    const [out] = this.router.send(wire, packet);
    const dscp = must(must(out, 'it passes').frame[15], 'TOS') >>> 2;
    return dscp === 4 ? 'invalid' : this.entry;
  }
}

/** Timeouts: the defaults of nf_conntrack-sysctl.rst. */
describe('a connection', () => {
  test('opens', () => {
    const talk = new Talk();
    expect(talk.client(SYN, 100)).toBe('SYN_SENT 120');
    expect(talk.server(SYN | ACK, 900, 101)).toBe('SYN_RECV 60');
    expect(talk.client(ACK, 101, 901)).toBe('ESTABLISHED 432000 [ASSURED]');
    // Data that is not acknowledged yet: 300 s.
    expect(talk.client(ACK, 101, 901, { length: 10 })).toBe('ESTABLISHED 300 [ASSURED]');
    expect(talk.server(ACK, 901, 111)).toBe('ESTABLISHED 432000 [ASSURED]');
  });

  test('closes from either side', () => {
    const talk = new Talk().open();
    expect(talk.client(FIN | ACK, 101, 901)).toBe('FIN_WAIT 120 [ASSURED]');
    expect(talk.server(ACK, 901, 102)).toBe('CLOSE_WAIT 60 [ASSURED]');
    expect(talk.server(FIN | ACK, 901, 102)).toBe('LAST_ACK 30 [ASSURED]');
    expect(talk.client(ACK, 102, 902)).toBe('TIME_WAIT 120 [ASSURED]');
  });

  test('is opened anew from TIME_WAIT: another entry', () => {
    const talk = new Talk().open();
    talk.client(FIN | ACK, 101, 901);
    talk.server(FIN | ACK, 901, 102);
    talk.client(ACK, 102, 902);
    const [before] = talk.router.tracker.entries();
    expect(talk.client(SYN, 5000)).toBe('SYN_SENT 120');
    expect(talk.router.tracker.entries()[0]).not.toBe(before);
  });

  test('is reset: an exact number closes it, another one waits for a challenge, an old one is invalid', () => {
    expect(new Talk().open().server(RST, 901)).toBe('CLOSE 10 [ASSURED]');
    expect(new Talk().open().server(RST, 950)).toBe('ESTABLISHED 10 [ASSURED]');
    expect(new Talk().open().server(RST, 800)).toBe('invalid');
    expect(new Talk({ conntrack: { nf_conntrack_tcp_ignore_invalid_rst: 1 } }).open().server(RST, 800)).not.toBe('invalid');
  });

  test('is refused: gone at once when it was never answered otherwise', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    expect(talk.server(RST | ACK, 0, 101)).toBe('none');
  });

  test('a repeated SYN does not keep it alive', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    talk.router.at(seconds(50));
    expect(talk.client(SYN, 100)).toBe('SYN_SENT 70');
  });

  test('opens from both sides at once', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    expect(talk.server(SYN, 900)).toBe('SYN_SENT2 120');
    expect(talk.client(SYN | ACK, 100, 901)).toBe('SYN_RECV 60');
    expect(talk.server(SYN | ACK, 900, 101)).toContain('SYN_RECV');
    expect(talk.server(ACK, 901, 101)).toContain('ESTABLISHED');
  });

  test('three acknowledgements again and again: 300 s', () => {
    const talk = new Talk().open();
    for (let i = 0; i < 3; i++) talk.server(ACK, 901, 101);
    expect(talk.server(ACK, 901, 101)).toBe('ESTABLISHED 300 [ASSURED]');
  });
});

describe('a connection whose beginning was not seen', () => {
  test('is picked up, and believed for 300 s until it is answered', () => {
    const talk = new Talk();
    expect(talk.client(ACK, 5000, 7000)).toBe('ESTABLISHED 300');
    expect(talk.server(ACK, 7000, 5000)).toBe('ESTABLISHED 300');
    expect(talk.client(ACK, 5000, 7000)).toBe('ESTABLISHED 432000 [ASSURED]');
    // Its windows are not known: nothing is outside them.
    expect(talk.client(ACK, 5_000_000, 7000)).not.toBe('invalid');
  });

  test('is invalid with tcp_loose=0', () => {
    expect(new Talk({ conntrack: { nf_conntrack_tcp_loose: 0 } }).client(ACK, 5000, 7000)).toBe('invalid');
  });

  test('a SYN-ACK opens nothing: what a firewall sees whose SYN went another way', () => {
    expect(new Talk().server(SYN | ACK, 900, 101)).toBe('invalid');
  });
});

describe('the window', () => {
  /** Both offer 8192. */
  test.each([
    ['its last octet', 901 + 8191, 0, false],
    ['beyond it by more than a window', 901 + 8192 + 8193, 0, true],
  ])('of the receiver: %s', (_what, seq, length, invalid) => {
    const talk = new Talk().open();
    expect(talk.server(ACK, seq, 101, { length }) === 'invalid').toBe(invalid);
  });

  test('an acknowledgement of what was never sent', () => {
    expect(new Talk().open().server(ACK, 901, 102)).toBe('invalid');
    expect(new Talk({ conntrack: { nf_conntrack_tcp_be_liberal: 1 } }).open().server(ACK, 901, 102)).not.toBe('invalid');
  });

  test('is scaled when both offer it', () => {
    const far = 901 + 8192 * 8;
    expect(new Talk().open().server(ACK, far, 101)).toBe('invalid');
    const scaled = new Talk().open({ windowScale: 7 });
    expect(scaled.client(ACK, 101, 901)).toContain('ESTABLISHED');
    expect(scaled.server(ACK, far, 101)).not.toBe('invalid');
    const half = new Talk();
    half.client(SYN, 100, 0, { options: { windowScale: 7 } });
    half.server(SYN | ACK, 900, 101);
    half.client(ACK, 101, 901);
    expect(half.server(ACK, far, 101)).toBe('invalid');
  });

  test('SACK counts as an acknowledgement', () => {
    const talk = new Talk().open({ sackPermitted: true });
    expect(talk.server(ACK, 901, 101, { options: { sack: [[200, 300]] } })).toBe('invalid');
    talk.client(ACK, 200, 901, { length: 100 });
    expect(talk.server(ACK, 901, 101, { options: { sack: [[200, 300]] } })).not.toBe('invalid');
  });

  test('a FIN outside it, answered by another one, ends the hope for the connection', () => {
    const talk = new Talk().open();
    expect(talk.server(FIN | ACK, 50_000, 101)).toBe('invalid');
    expect(talk.entry).toBe('ESTABLISHED 432000 [ASSURED]');
    expect(talk.client(FIN | ACK, 60_000, 901)).toBe('invalid');
    expect(talk.entry).toBe('ESTABLISHED 300 [ASSURED]');
  });
});

test('a connection that the ends opened behind our back: the SYN passes, its SYN-ACK brings us in step', () => {
  const talk = new Talk().open();
  expect(talk.client(SYN, 40_000)).toBe('ESTABLISHED 432000 [ASSURED]');
  expect(talk.server(SYN | ACK, 70_000, 40_001)).toContain('SYN_RECV');
  expect(talk.client(ACK, 40_001, 70_001)).toContain('ESTABLISHED');
});

test('a challenge ACK (RFC 5961) does not acknowledge the last FIN', () => {
  const talk = new Talk().open();
  talk.client(FIN | ACK, 101, 901);
  talk.server(FIN | ACK, 901, 102);
  expect(talk.client(SYN, 5000)).toContain('LAST_ACK');
  expect(talk.server(ACK, 902, 102)).toContain('LAST_ACK');
  expect(talk.server(ACK, 902, 102)).toContain('TIME_WAIT');
});
