/** The window as Linux judges it (tcp_in_window): what is beyond it is invalid, what is old passes and is not learned from. */
import { describe, expect, test } from 'vitest';
import type { Segment } from '../../../../test/support/router/frames.js';
import { ACK_FLAG as ACK, FIN, RST, SYN } from '../../../wire/tcp.js';
import { Talk } from './talk.testkit.js';

/** It was let through, and the entry was not kept alive by it: 10 s later than it was. */
const UNSEEN = 'ESTABLISHED 431990 [ASSURED]';
const SEEN = 'ESTABLISHED 432000 [ASSURED]';
/** Seen, and ahead of what is acknowledged. */
const AHEAD = 'ESTABLISHED 300 [ASSURED]';
const BEYOND = 'invalid tcp-beyond-window';
const UNSENT = 'invalid tcp-ack-beyond';

/** Open for 10 s. */
const opened = (more: Partial<Segment> = {}): Talk => new Talk().open(more).later(10);

describe('I: not beyond what the receiver allows', () => {
  // The client acknowledged 901 and offered 8192: up to 9093. By less than the largest window more, the receiver may take it.
  test.each([
    [9093, 0, AHEAD],
    [9094, 0, UNSEEN],
    [16285, 999, UNSEEN],
    [16285, 1000, BEYOND],
  ])('number %i with %i octets', (seq, length, word) => {
    expect(opened().server(ACK, seq, 101, { length })).toBe(word);
  });

  test('what was sent beyond it may be acknowledged', () => {
    const talk = opened();
    expect(talk.client(ACK, 101, 9194)).toBe(UNSENT);
    talk.server(ACK, 9094, 101, { length: 100 });
    expect(talk.client(ACK, 101, 9195)).toBe(UNSENT);
    // As long as it is not, the connection is one with unacknowledged data.
    expect(talk.client(ACK, 101, 9193)).toBe(AHEAD);
    expect(talk.client(ACK, 101, 9194)).toBe(SEEN);
  });

  test('beyond it, the acknowledgement must hold all the same', () => {
    expect(opened().server(ACK, 9094, 102)).toBe(BEYOND);
  });

  test('it never shrinks: an offer of less does not take back what was allowed', () => {
    const talk = new Talk().open();
    talk.client(ACK, 101, 901, { window: 1000 });
    expect(talk.later(10).server(ACK, 9093, 101)).toBe(AHEAD);
  });

  test('it moves with acknowledgement and offer', () => {
    const talk = new Talk().open();
    talk.client(ACK, 101, 901, { window: 8193 });
    expect(talk.later(10).server(ACK, 9094, 101)).toBe(AHEAD);
    expect(talk.later(10).server(ACK, 9095, 101)).toBe('ESTABLISHED 290 [ASSURED]');
  });

  test('a segment that begins in it and ends beyond it shows a window that is larger', () => {
    const talk = opened();
    talk.server(ACK, 9093, 101, { length: 100 });
    expect(talk.server(ACK, 16385, 101, { length: 999 })).not.toBe(BEYOND);
    expect(talk.server(ACK, 16385, 101, { length: 1001 })).toBe(BEYOND);
  });

  test('a closed window is open for the one octet that asks whether it still is (RFC 9293 3.8.6.1)', () => {
    const closed = (): Talk => {
      const talk = new Talk();
      talk.client(SYN, 100, 0, { window: 0 });
      talk.server(SYN | ACK, 900, 101);
      talk.client(ACK, 101, 901, { window: 0 });
      return talk;
    };
    expect(closed().server(ACK, 901, 101, { length: 1 })).toContain('ESTABLISHED');
    expect(closed().server(ACK, 902, 101)).toContain('ESTABLISHED');
    expect(closed().server(ACK, 903, 101)).toBe(BEYOND);
    // And what is older than one octet is old.
    expect(closed().later(10).server(ACK, 899, 101)).toBe('ESTABLISHED 290 [ASSURED]');
  });
});

describe('II: not older than a window', () => {
  // The server is at 9093; the client's window is 8192.
  test.each([
    [901, 0, AHEAD],
    [900, 1, AHEAD],
    [900, 0, 'ESTABLISHED 290 [ASSURED]'],
    [800, 100, 'ESTABLISHED 290 [ASSURED]'],
  ])('number %i with %i octets', (seq, length, word) => {
    const talk = new Talk().open();
    talk.server(ACK, 7733, 101, { length: 1360 });
    expect(talk.later(10).server(ACK, seq, 101, { length })).toBe(word);
  });
});

describe('III: nothing acknowledged that was not sent', () => {
  test.each([
    [101, SEEN],
    [102, UNSENT],
  ])('acknowledgement of %i', (ack, word) => {
    expect(opened().server(ACK, 901, ack)).toBe(word);
  });

  test('SYN and FIN count as one octet each, data and options as what they are', () => {
    const fast = new Talk();
    // RFC 7413: a SYN with data.
    fast.client(SYN, 100, 0, { length: 10, options: { mss: 1460 } });
    expect(fast.server(SYN | ACK, 900, 112)).toBe(UNSENT);
    expect(fast.server(SYN | ACK, 900, 111)).toBe('SYN_RECV 60');
    const talk = new Talk().open();
    talk.client(FIN | ACK, 101, 901, { length: 10, options: { timestamps: { value: 1, echoReply: 2 } } });
    expect(talk.server(ACK, 901, 113)).toBe(UNSENT);
    expect(talk.server(ACK, 901, 112)).toBe('CLOSE_WAIT 60 [ASSURED]');
  });
});

describe('IV: an acknowledgement not older than a window, of 66000 at least', () => {
  /** The client is at 101 + `sent`, of which all but the last is acknowledged. */
  function far(sent: number, scale: number): Talk {
    const window = 60_000;
    const talk = new Talk().open({ window, options: { windowScale: scale } });
    for (let at = 30_000; at < sent; at += 30_000) {
      talk.client(ACK, at + 1, 901, { length: 100, window });
      talk.server(ACK, 901, at + 101, { window });
    }
    talk.client(ACK, sent + 1, 901, { length: 100, window });
    return talk.later(10);
  }

  test.each([
    [66_000, 0, AHEAD],
    [66_001, 0, 'ESTABLISHED 290 [ASSURED]'],
    [120_000, 1, AHEAD],
    [120_001, 1, 'ESTABLISHED 290 [ASSURED]'],
  ])('%i octets behind, scale %i', (sent, scale, word) => {
    expect(far(sent, scale).server(ACK, 901, 101, { window: 60_000 })).toBe(word);
  });

  test('nor when it is beyond the window', () => {
    expect(far(66_000, 0).server(ACK, 901 + 60_001, 101)).not.toBe(BEYOND);
    expect(far(66_001, 0).server(ACK, 901 + 60_001, 101)).toBe(BEYOND);
  });
});

describe('numbers are a circle', () => {
  test.each([0xffff_ffff, 0x7fff_ffff, 0xffff_f000, 0x7fff_f000, 3_000_000_000])('from %i on', (isn) => {
    const talk = new Talk();
    talk.client(SYN, isn);
    expect(talk.server(SYN | ACK, isn + 800, isn + 1)).toBe('SYN_RECV 60');
    expect(talk.client(ACK, isn + 1, isn + 801)).toBe(SEEN);
    expect(talk.server(ACK, isn + 801 + 8192, isn + 1)).toBe(AHEAD);
    expect(talk.server(ACK, isn + 801, isn + 2)).toBe(UNSENT);
    expect(talk.server(ACK, isn + 801 + 16384, isn + 1)).toBe(BEYOND);
    expect(talk.server(RST, isn + 800)).toBe('invalid tcp-old-rst');
    expect(talk.server(RST, isn + 801)).toBe('CLOSE 10 [ASSURED]');
  });
});

describe('the scale of windows (RFC 7323)', () => {
  const scaled = (windowScale: number, window = 8192) => ({ options: { windowScale }, window });

  test('holds when both have offered it; never for the window of a SYN', () => {
    const both = opened(scaled(3));
    expect(both.server(ACK, 901 + 65_536, 101, scaled(3))).toBe(AHEAD);
    // The server has only sent a SYN-ACK: 8192, as it is.
    const early = new Talk().open(scaled(3)).later(10);
    expect(early.client(ACK, 101 + 8192, 901)).toBe(AHEAD);
    expect(new Talk().open(scaled(3)).client(ACK, 101 + 16_384, 901)).toBe(BEYOND);
  });

  test.each([
    ['the client', 7, undefined],
    ['the server', undefined, 7],
  ])('does not when only %s has', (_who, client, server) => {
    const talk = new Talk();
    talk.client(SYN, 100, 0, { options: { mss: 1460, ...(client === undefined ? {} : { windowScale: client }) } });
    talk.server(SYN | ACK, 900, 101, { options: { mss: 1460, ...(server === undefined ? {} : { windowScale: server }) } });
    talk.client(ACK, 101, 901);
    talk.server(ACK, 901, 101);
    expect(talk.server(ACK, 901 + 16_384, 101)).toBe(BEYOND);
    expect(talk.client(ACK, 101 + 16_384, 901)).toBe(BEYOND);
  });

  test('2.3: more than 14 means 14', () => {
    const most = 8192 * 2 ** 14;
    expect(opened(scaled(14)).server(ACK, 901 + most, 101)).toBe(AHEAD);
    expect(opened(scaled(15)).server(ACK, 901 + most, 101)).toBe(AHEAD);
    expect(opened(scaled(15)).server(ACK, 902 + most, 101)).toBe(UNSEEN);
  });

  test('each side has its own', () => {
    const talk = new Talk();
    talk.client(SYN, 100, 0, scaled(1));
    talk.server(SYN | ACK, 900, 101, scaled(4));
    talk.client(ACK, 101, 901);
    talk.server(ACK, 901, 101);
    talk.later(10);
    expect(talk.server(ACK, 901 + 2 * 8192, 101)).toBe(AHEAD);
    expect(talk.later(10).server(ACK, 902 + 2 * 8192, 101)).toBe('ESTABLISHED 290 [ASSURED]');
    expect(talk.client(ACK, 101 + 16 * 8192, 901)).toBe(AHEAD);
    expect(talk.client(ACK, 102 + 32 * 8192, 901)).toBe(BEYOND);
  });
});

describe('SACK (RFC 2018)', () => {
  /** What the client has sent: 101 to 300. */
  function sent(client: boolean, server: boolean): Talk {
    const talk = new Talk();
    talk.client(SYN, 100, 0, { options: { mss: 1460, sackPermitted: client } });
    talk.server(SYN | ACK, 900, 101, { options: { mss: 1460, sackPermitted: server } });
    talk.client(ACK, 101, 901);
    talk.client(ACK, 201, 901, { length: 99 });
    return talk;
  }
  const sack = (...blocks: [number, number][]): Partial<Segment> => ({ options: { timestamps: { value: 1, echoReply: 1 }, sack: blocks } });

  test('the highest right edge of the blocks counts, wherever it stands', () => {
    const words = [sack([250, 300]), sack([250, 301]), sack([110, 120], [250, 301], [130, 140]), sack([250, 301], [110, 120]), sack([110, 120], [250, 300])];
    expect(words.map((more) => sent(true, true).server(ACK, 901, 101, more))).toEqual([AHEAD, UNSENT, UNSENT, UNSENT, AHEAD]);
  });

  test('blocks below the acknowledgement (duplicates, RFC 2883) count for nothing', () => {
    expect(sent(true, true).server(ACK, 901, 300, sack([101, 201]))).toBe(SEEN);
  });

  test('counts when the one that it is told to has permitted it', () => {
    expect(sent(true, false).server(ACK, 901, 101, sack([250, 301]))).toBe(UNSENT);
    expect(sent(false, true).server(ACK, 901, 101, sack([250, 301]))).toBe(AHEAD);
  });

  test('what it spans is window: the offer begins behind it', () => {
    const talk = sent(true, true);
    talk.server(ACK, 901, 101, sack([200, 300]));
    talk.later(10);
    expect(talk.client(ACK, 300 + 8192, 901)).toBe(AHEAD);
    expect(talk.later(10).client(ACK, 301 + 8192, 901)).toBe('ESTABLISHED 290 [ASSURED]');
    // Largest window: 8192 and the 199 between acknowledgement and edge.
    expect(talk.client(ACK, 299 + 8192 + 8391, 901)).not.toBe(BEYOND);
    expect(talk.client(ACK, 300 + 8192 + 8391, 901)).toBe(BEYOND);
  });
});

describe('a SYN that begins anew uses larger numbers (RFC 9293 3.4.2)', () => {
  test('its numbers and options hold', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    expect(talk.client(SYN, 5000, 0, { options: { windowScale: 3 } })).toBe('SYN_SENT 120');
    expect(talk.server(SYN | ACK, 900, 5002, { options: { windowScale: 3 } })).toBe(UNSENT);
    expect(talk.server(SYN | ACK, 900, 5001, { options: { windowScale: 3 } })).toBe('SYN_RECV 60');
    expect(talk.client(ACK, 5001, 901)).toBe(SEEN);
    expect(talk.server(ACK, 901 + 65_536, 5001)).toBe(AHEAD);
  });

  test('without any option, what was offered before holds', () => {
    const talk = new Talk();
    talk.client(SYN, 100, 0, { options: { windowScale: 3 } });
    talk.client(SYN, 5000);
    talk.server(SYN | ACK, 900, 5001, { options: { windowScale: 3 } });
    talk.client(ACK, 5001, 901);
    expect(talk.server(ACK, 901 + 65_536, 5001)).toBe(AHEAD);
  });

  test('with smaller ones it is an old one', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    talk.client(SYN, 50);
    expect(talk.server(SYN | ACK, 900, 102)).toBe(UNSENT);
    expect(talk.server(SYN | ACK, 900, 101)).toBe('SYN_RECV 60');
  });

  test('also the SYN-ACK of a simultaneous open', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    talk.server(SYN, 900);
    talk.client(SYN | ACK, 100, 901);
    expect(talk.later(10).client(SYN | ACK, 300, 901)).toBe('SYN_RECV 60');
    expect(talk.server(ACK, 901, 302)).toBe(UNSENT);
    expect(talk.server(ACK, 901, 301)).toBe(SEEN);
  });

  test('not once the other side has sent one of its own', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    talk.server(SYN, 900);
    expect(talk.later(10).client(SYN, 5000)).toBe('SYN_SENT2 110');
  });

  test('not once the connection is open', () => {
    const talk = new Talk().open();
    talk.client(SYN, 5000);
    expect(talk.server(ACK, 901, 5001)).toBe(UNSENT);
  });
});

describe('nf_conntrack_tcp_be_liberal', () => {
  const liberal = (): Talk => new Talk({ nf_conntrack_tcp_be_liberal: 1 }).open();

  test('nothing is outside of the window, but an old RST', () => {
    expect(liberal().server(ACK, 500_000, 101)).toBe(SEEN);
    expect(liberal().server(ACK, 901, 500_000)).toBe(SEEN);
    expect(liberal().server(FIN | ACK, 500_000, 101)).toBe('FIN_WAIT 120 [ASSURED]');
    expect(liberal().server(RST, 500_000)).toBe('ESTABLISHED 10 [ASSURED]');
    expect(liberal().server(RST, 800)).toBe('invalid tcp-old-rst');
  });

  test('what is outside is not learned from', () => {
    const talk = liberal();
    talk.client(ACK, 101, 500_000);
    expect(talk.server(RST, 901)).toBe('CLOSE 10 [ASSURED]');
  });
});
