/** The life of a TCP connection in the eyes of a router: how it opens, closes, and begins again on ports that are known. */
import { describe, expect, test } from 'vitest';
import { must } from '../../../base/assert.js';
import { ACK_FLAG as ACK, FIN, RST, SYN } from '../../../wire/tcp.js';
import { Talk } from './talk.testkit.js';

const OPEN = 'ESTABLISHED 432000 [ASSURED]';
const BEYOND = 'invalid tcp-beyond-window';

/** Timeouts: the defaults of nf_conntrack-sysctl.rst. */
describe('a connection', () => {
  test('opens', () => {
    const talk = new Talk();
    expect(talk.client(SYN, 100)).toBe('SYN_SENT 120');
    expect(talk.server(SYN | ACK, 900, 101)).toBe('SYN_RECV 60');
    expect(talk.client(ACK, 101, 901)).toBe(OPEN);
  });

  test('closes from either side', () => {
    const talk = new Talk().open();
    expect(talk.client(FIN | ACK, 101, 901)).toBe('FIN_WAIT 120 [ASSURED]');
    expect(talk.server(ACK, 901, 102)).toBe('CLOSE_WAIT 60 [ASSURED]');
    expect(talk.server(FIN | ACK, 901, 102)).toBe('LAST_ACK 30 [ASSURED]');
    expect(talk.client(ACK, 102, 902)).toBe('TIME_WAIT 120 [ASSURED]');
  });

  test('opens from both sides at once', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    expect(talk.server(SYN, 900)).toBe('SYN_SENT2 120');
    expect(talk.client(SYN | ACK, 100, 901)).toBe('SYN_RECV 60');
    expect(talk.server(SYN | ACK, 900, 101)).toBe('SYN_RECV 60');
    expect(talk.server(ACK, 901, 101)).toBe(OPEN);
  });

  test('opens so by a SYN-ACK of the server, too, and closes as others do', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    talk.server(SYN, 900);
    expect(talk.server(SYN | ACK, 900, 101)).toBe('SYN_RECV 60');
    expect(talk.client(ACK, 101, 901)).toBe(OPEN);
    talk.client(FIN | ACK, 101, 901);
    expect(talk.server(ACK, 901, 102)).toBe('CLOSE_WAIT 60 [ASSURED]');
  });

  test('whose beginning was not seen is picked up; what its windows are is not known, so nothing is outside them', () => {
    const talk = new Talk();
    expect(talk.client(ACK, 5000, 7000)).toBe('ESTABLISHED 300');
    expect(talk.server(ACK, 7000, 5000)).toBe('ESTABLISHED 300');
    expect(talk.client(ACK, 5000, 7000)).toBe(OPEN);
    expect(talk.client(ACK, 5_000_000, 7000)).toBe(OPEN);
    expect(talk.server(ACK, 7000, 9_000_000)).toBe(OPEN);
  });
});

describe('how a connection opens', () => {
  test('an ACK of the server that opens nothing leaves it in SYN_RECV, but after SYNs from both sides', () => {
    const one = new Talk();
    one.client(SYN, 100);
    one.server(SYN | ACK, 900, 101);
    expect(one.server(ACK, 901, 101)).toBe('SYN_RECV 60');
    const two = new Talk();
    two.client(SYN, 100);
    two.server(SYN, 900);
    two.client(SYN | ACK, 100, 901);
    expect(two.server(ACK, 901, 101)).toBe('ESTABLISHED 432000 [ASSURED]');
  });

  test.each([
    ['an ACK before the SYN-ACK', (t: Talk) => t.client(ACK, 101, 901)],
    ['a FIN before the SYN-ACK', (t: Talk) => t.client(FIN | ACK, 101, 901)],
    ['a FIN of the server before it', (t: Talk) => t.server(FIN | ACK, 900, 101)],
    ['a SYN-ACK of the client', (t: Talk) => t.client(SYN | ACK, 100, 1)],
  ])('%s does not fit the state', (_what, send) => {
    const talk = new Talk();
    talk.client(SYN, 100);
    expect(send(talk)).toBe('invalid tcp-state');
    expect(talk.entry).toBe('SYN_SENT 120');
  });

  test.each([
    ['SYN-ACK', SYN | ACK, 'invalid no-connection', 'invalid no-connection'],
    ['FIN', FIN | ACK, 'invalid no-connection', 'invalid no-connection'],
    ['RST', RST, 'invalid no-connection', 'invalid no-connection'],
    ['ACK', ACK, 'ESTABLISHED 300', 'invalid not-picked-up'],
    ['SYN', SYN, 'SYN_SENT 120', 'SYN_SENT 120'],
  ])('%s as the first segment, with tcp_loose and without', (_what, flags, loose, strict) => {
    expect(new Talk().client(flags, 100, 900)).toBe(loose);
    expect(new Talk({ nf_conntrack_tcp_loose: 0 }).client(flags, 100, 900)).toBe(strict);
  });

  test.each([
    ['SYN and FIN', SYN | FIN],
    ['nothing', 0],
    ['FIN without ACK', FIN],
    ['SYN and RST', SYN | RST],
  ])('%s: no TCP sends that', (_what, flags) => {
    const talk = new Talk().open();
    expect(talk.client(flags, 101, 901)).toBe('invalid tcp-flags');
    expect(talk.entry).toBe(OPEN);
  });
});

/** The client's port as the first of the entry's: 5000 while it is the one that asked. */
const asker = (talk: Talk): number => must(talk.router.tracker.entries()[0], 'entry').original.sport;

describe('a SYN on a connection that is over opens another one', () => {
  function closed(first: 'client' | 'server'): Talk {
    const talk = new Talk().open();
    if (first === 'client') {
      talk.client(FIN | ACK, 101, 901);
      talk.server(FIN | ACK, 901, 102);
      talk.client(ACK, 102, 902);
    } else {
      talk.server(FIN | ACK, 901, 101);
      talk.client(FIN | ACK, 101, 902);
      talk.server(ACK, 902, 102);
    }
    return talk;
  }

  test.each(['client', 'server'] as const)('from TIME_WAIT, the %s having closed it', (first) => {
    const talk = closed(first);
    expect(talk.entry).toBe('TIME_WAIT 120 [ASSURED]');
    expect(talk.client(SYN, 5000)).toBe('SYN_SENT 120');
    expect(talk.router.tracker.entries()).toHaveLength(1);
    expect(talk.server(SYN | ACK, 6000, 5001)).toBe('SYN_RECV 60');
  });

  test('from TIME_WAIT, with changed roles', () => {
    const talk = closed('client');
    expect([asker(talk), talk.server(SYN, 5000), asker(talk)]).toEqual([5000, 'SYN_SENT 120', 80]);
  });

  test('from CLOSE after FIN', () => {
    const talk = new Talk().open();
    talk.client(FIN | ACK, 101, 901);
    talk.server(RST, 901);
    expect(talk.client(SYN, 5000)).toBe('SYN_SENT 120');
  });

  test('from CLOSE by the RST of the one who asks again', () => {
    const talk = new Talk().open();
    expect(talk.client(RST, 101)).toBe('CLOSE 10 [ASSURED]');
    expect(talk.client(SYN, 5000)).toBe('SYN_SENT 120');
  });

  test('not from CLOSE by the RST of the other, nor when something came between: it passes, and the answer tells', () => {
    const other = new Talk().open();
    other.server(RST, 901);
    expect(other.later(1).client(SYN, 5000)).toBe('CLOSE 9 [ASSURED]');
    expect(other.server(SYN | ACK, 6000, 5001)).toBe('SYN_RECV 60 [ASSURED]');
    const between = new Talk().open();
    between.client(RST, 101);
    between.client(ACK, 101, 901);
    expect(between.later(1).client(SYN, 5000)).toBe('CLOSE 9 [ASSURED]');
  });
});

describe('a SYN on a living connection passes; its SYN-ACK brings us in step', () => {
  const scaled = { options: { windowScale: 3, sackPermitted: true } };

  test('with numbers, window and options of both', () => {
    const talk = new Talk().open().later(1);
    expect(talk.client(SYN, 40_000, 0, { window: 100, ...scaled })).toBe('ESTABLISHED 431999 [ASSURED]');
    expect(talk.server(SYN | ACK, 70_000, 40_001, scaled)).toBe('SYN_RECV 60 [ASSURED]');
    // The SYN offered 100; the answer is at 70001 and may not go beyond yet: less than a window is let through.
    expect(talk.server(ACK, 70_100, 40_001)).toBe('SYN_RECV 60 [ASSURED]');
    expect(talk.server(ACK, 70_101, 40_001)).toBe(BEYOND);
    expect(talk.server(ACK, 70_001, 40_002)).toBe('invalid tcp-ack-beyond');
    expect(talk.client(ACK, 40_001, 70_001)).toBe('ESTABLISHED 300 [ASSURED]');
    // 8192 scaled by 3.
    expect(talk.server(ACK, 70_001 + 65_536, 40_001)).toBe('ESTABLISHED 300 [ASSURED]');
    expect(talk.server(ACK, 70_001 + 65_536, 40_001, { options: { sack: [[40_002, 40_003]] } })).toBe('invalid tcp-ack-beyond');
  });

  test('without options there are none, whatever the old connection had', () => {
    const talk = new Talk().open(scaled);
    talk.client(SYN, 40_000, 0, scaled);
    talk.client(SYN, 40_000);
    talk.server(SYN | ACK, 70_000, 40_001, scaled);
    talk.client(ACK, 40_001, 70_001);
    expect(talk.server(ACK, 70_001 + 16_384, 40_001)).toBe(BEYOND);
    expect(talk.server(ACK, 70_001, 40_001, { options: { sack: [[40_002, 40_003]] } })).toBe(OPEN);
  });

  test('a window of 0 is one of 1', () => {
    const talk = new Talk().open();
    talk.client(SYN, 40_000, 0, { window: 0 });
    talk.server(SYN | ACK, 70_000, 40_001);
    expect(talk.server(ACK, 70_001, 40_001)).toBe('SYN_RECV 60 [ASSURED]');
    expect(talk.server(ACK, 70_002, 40_001)).toBe(BEYOND);
  });

  test('data in the SYN counts', () => {
    const talk = new Talk().open();
    talk.client(SYN, 40_000, 0, { length: 5 });
    expect(talk.server(SYN | ACK, 70_000, 40_001)).toBe(OPEN);
    talk.client(SYN, 40_000, 0, { length: 5 });
    expect(talk.server(SYN | ACK, 70_000, 40_006)).toBe('SYN_RECV 60 [ASSURED]');
  });

  test('not another SYN-ACK, nor one after something else', () => {
    const wrong = new Talk().open();
    wrong.client(SYN, 40_000);
    expect(wrong.server(SYN | ACK, 70_000, 40_002)).toBe(OPEN);
    const late = new Talk().open();
    late.client(SYN, 40_000);
    late.client(ACK, 101, 901);
    expect(late.server(SYN | ACK, 70_000, 40_001)).toBe(OPEN);
  });
});

describe('a challenge ACK (RFC 5961 4.2) acknowledges no FIN', () => {
  const lastAck = (): Talk => {
    const talk = new Talk().open();
    talk.client(FIN | ACK, 101, 901);
    talk.server(FIN | ACK, 901, 102);
    return talk;
  };

  test('it answers a SYN of the other side, once', () => {
    const talk = lastAck();
    talk.client(SYN, 5000);
    expect(talk.server(ACK, 902, 102)).toBe('LAST_ACK 30 [ASSURED]');
    expect(talk.server(ACK, 902, 102)).toBe('TIME_WAIT 120 [ASSURED]');
  });

  test('from the side of the SYN it is the last ACK', () => {
    const talk = lastAck();
    talk.client(SYN, 5000);
    expect(talk.client(ACK, 102, 902)).toBe('TIME_WAIT 120 [ASSURED]');
  });

  test('after another segment it is, too', () => {
    const talk = lastAck();
    talk.client(SYN, 5000);
    expect(talk.later(10).server(FIN | ACK, 901, 102)).toBe('LAST_ACK 30 [ASSURED]');
    expect(talk.client(ACK, 102, 902)).toBe('TIME_WAIT 120 [ASSURED]');
  });
});
