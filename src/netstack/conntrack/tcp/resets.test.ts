/** RST through a firewall (RFC 5961 3.2, and what Linux makes of it): believed, waited for, or invalid. */
import { describe, expect, test } from 'vitest';
import { ACK_FLAG as ACK, FIN, RST, SYN } from '../../../wire/tcp.js';
import { Talk } from './talk.testkit.js';

const CLOSED = 'CLOSE 10 [ASSURED]';
/** The number is not the one that the receiver waits for: it may answer by a challenge ACK and go on. */
const WAITS = 'ESTABLISHED 10 [ASSURED]';
const OLD = 'invalid tcp-old-rst';
const BEYOND = 'invalid tcp-beyond-window';
const UNSENT = 'invalid tcp-ack-beyond';

describe('of an open connection', () => {
  test.each([
    ['the number that is waited for', 901, CLOSED],
    ['a number in the window', 902, WAITS],
    ['an old number', 900, OLD],
    ['number 0', 0, OLD],
    ['a number beyond the window', 50_000, BEYOND],
  ])('%s', (_what, seq, word) => {
    expect(new Talk().open().server(RST, seq)).toBe(word);
    expect(new Talk().open().server(RST | ACK, seq, 101)).toBe(word);
  });

  test('the highest acknowledgement says what is waited for, not the last', () => {
    const talk = new Talk().open();
    talk.server(ACK, 901, 101, { length: 10 });
    talk.client(ACK, 101, 911);
    talk.client(ACK, 101, 901);
    expect(talk.server(RST, 901)).toBe(OLD);
    expect(talk.server(RST, 911)).toBe(CLOSED);
  });

  test('behind data of the same side, in one train', () => {
    const data = (): Talk => {
      const talk = new Talk().open();
      talk.server(ACK, 901, 101, { length: 10 });
      return talk;
    };
    expect(data().server(RST, 911)).toBe(CLOSED);
    expect(data().server(RST, 912)).toBe(WAITS);
    const between = data();
    between.client(ACK, 905, 901, { length: 6 });
    expect(between.server(RST, 911)).toBe(WAITS);
  });

  test('an acknowledgement of 0 is none, of some stacks; another one counts', () => {
    expect(new Talk().open().server(RST | ACK, 901, 0)).toBe(CLOSED);
    expect(new Talk().open().server(RST | ACK, 901, 102)).toBe(UNSENT);
    // Without ACK the field means nothing.
    expect(new Talk().open().server(RST, 901, 102)).toBe(CLOSED);
  });

  test('what was repeated too often stays so', () => {
    const talk = new Talk().open();
    for (let i = 0; i < 4; i++) talk.server(ACK, 901, 101);
    expect(talk.server(RST, 950)).toBe('ESTABLISHED 300 [ASSURED]');
  });

  test('with nf_conntrack_tcp_ignore_invalid_rst an old one is as good as one in the window', () => {
    expect(new Talk({ nf_conntrack_tcp_ignore_invalid_rst: 1 }).open().server(RST, 800)).toBe(WAITS);
  });
});

describe('of a connection that is not open yet', () => {
  const answered = (): Talk => {
    const talk = new Talk();
    talk.client(SYN, 100);
    talk.server(SYN | ACK, 900, 101);
    return talk;
  };

  test.each([
    ['the number that is waited for', 101, 'CLOSE 10'],
    ['a number in the window', 105, 'CLOSE 10'],
    ['an old number', 100, OLD],
    ['number 0, as in an answer to a SYN', 0, 'CLOSE 10'],
  ])('%s', (_what, seq, word) => {
    expect(answered().client(RST, seq)).toBe(word);
  });

  test('the answer to a SYN: it is gone, whatever is acknowledged of what was sent', () => {
    const refused = (ack: number, flags = RST | ACK, isn = 100): string => {
      const talk = new Talk();
      talk.client(SYN, isn);
      return talk.server(flags, 0, ack);
    };
    // From here 0 is a number that was not sent.
    expect(refused(0, RST | ACK, 4_294_967_000)).toBe('none');
    expect([refused(101), refused(55), refused(0), refused(103), refused(103, RST)]).toEqual(['none', 'none', 'none', UNSENT, 'none']);
  });

  test('the client takes its SYN back: with a number that fits, or 0', () => {
    const taken = (isn: number, seq: number): string => {
      const talk = new Talk();
      talk.client(SYN, isn);
      return talk.client(RST, seq);
    };
    expect([taken(100, 101), taken(4_294_967_000, 0), taken(4_294_967_000, 200), taken(100, 50_000)]).toEqual(['none', 'none', BEYOND, BEYOND]);
  });

  test('once it is answered, 0 is a number like others', () => {
    const talk = new Talk();
    talk.client(SYN, 4_294_967_000);
    talk.server(SYN | ACK, 900, 4_294_967_001, { window: 100 });
    expect(talk.client(RST, 0)).toBe(BEYOND);
  });

  test('picked up, and not answered often enough to be sure of it', () => {
    const talk = (): Talk => {
      const t = new Talk();
      t.client(ACK, 5000, 7000);
      t.server(ACK, 7000, 5000);
      return t;
    };
    expect(talk().client(RST, 4999)).toBe(OLD);
    expect(talk().client(RST, 5000)).toBe('CLOSE 10');
    expect(talk().client(RST, 6000)).toBe('CLOSE 10');
    expect(talk().client(RST, 0)).toBe('CLOSE 10');
  });
});

test.each([
  ['FIN_WAIT', 1],
  ['CLOSE_WAIT', 2],
  ['LAST_ACK', 3],
  ['TIME_WAIT', 4],
  ['CLOSE', 5],
])('of a connection in %s: it is closing anyway, so nothing is judged', (state, steps) => {
  const talk = new Talk().open();
  const words = ['', talk.client(FIN | ACK, 101, 901)];
  if (steps > 1) words.push(talk.server(ACK, 901, 102));
  if (steps > 2) words.push(talk.server(FIN | ACK, 901, 102));
  if (steps > 3) words.push(talk.client(ACK, 102, 902));
  if (steps > 4) words.push(talk.client(RST, 102));
  expect(words[steps]).toContain(state);
  expect(talk.later(1).server(RST, 500_000, 500_000)).toBe(CLOSED);
});

describe('the answer to what passed unseen', () => {
  test('to a SYN of an open connection: it acknowledges that SYN, so the window is not asked', () => {
    const asked = (): Talk => {
      const talk = new Talk().open();
      talk.client(SYN, 40_000);
      return talk;
    };
    expect(asked().server(RST | ACK, 0, 40_001)).toBe(CLOSED);
    expect(asked().server(RST | ACK, 500_000, 40_001)).toBe(CLOSED);
    expect(asked().server(RST | ACK, 0, 40_002)).toBe(UNSENT);
    // Numbers of the connection that is known hold, too: old ones, since the SYN may have changed what is waited for.
    expect(asked().server(RST | ACK, 800, 101)).toBe(CLOSED);
  });

  test('not to an acknowledgement of an open connection', () => {
    const talk = new Talk().open();
    talk.client(ACK, 101, 901, { length: 10 });
    expect(talk.server(RST | ACK, 50_000, 111)).toBe(BEYOND);
  });

  test('to an ACK of a server that holds a half-open connection (RFC 9293 3.5.1)', () => {
    const halfOpen = (): Talk => {
      const talk = new Talk();
      talk.client(SYN, 100);
      expect(talk.server(ACK, 5555, 7777)).toBe('SYN_SENT 120');
      return talk;
    };
    // By the number that was acknowledged, or an acknowledgement of the number that was sent.
    expect(halfOpen().client(RST, 7777)).toBe('CLOSE 10');
    expect(halfOpen().client(RST | ACK, 999_999, 5555)).toBe('CLOSE 10');
    expect(halfOpen().client(RST, 7778)).toBe(BEYOND);
    expect(halfOpen().client(RST | ACK, 999_999, 5556)).toBe(BEYOND);
  });

  test('not to an ACK that came before the SYN was repeated', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    talk.server(ACK, 5555, 7777);
    talk.client(SYN, 100);
    expect(talk.client(RST, 7777)).toBe(BEYOND);
  });

  test('nothing was answered: the window holds', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    expect(talk.client(RST, 50_000)).toBe(BEYOND);
  });
});

describe('a FIN or RST outside of the window, and one that answers it', () => {
  const LONG = 'ESTABLISHED 432000 [ASSURED]';
  const SHORT = 'ESTABLISHED 300 [ASSURED]';
  const both = (talk: Talk): string => {
    talk.server(FIN | ACK, 50_000, 101);
    talk.client(FIN | ACK, 60_000, 901);
    return talk.entry;
  };

  test('the connection may well be dead: 300 s are enough', () => {
    expect(both(new Talk().open())).toBe(SHORT);
    const reset = new Talk().open();
    expect(reset.server(RST, 50_000)).toBe(BEYOND);
    expect(reset.client(RST, 60_000)).toBe(BEYOND);
    expect(reset.entry).toBe(SHORT);
    const mixed = new Talk().open();
    mixed.server(FIN | ACK, 50_000, 101);
    mixed.client(RST, 60_000);
    expect(mixed.entry).toBe(SHORT);
  });

  test('the same side again is no answer, and other segments neither count nor disturb', () => {
    const talk = new Talk().open();
    talk.server(FIN | ACK, 50_000, 101);
    talk.server(FIN | ACK, 50_000, 101);
    expect(talk.entry).toBe(LONG);
    talk.client(ACK, 60_000, 901);
    expect(talk.entry).toBe(LONG);
    talk.client(FIN | ACK, 60_000, 901);
    expect(talk.entry).toBe(SHORT);
  });

  test('a segment in the window between them: the second is the first again', () => {
    const talk = new Talk().open();
    talk.server(FIN | ACK, 50_000, 101);
    talk.client(ACK, 101, 901);
    talk.client(FIN | ACK, 60_000, 901);
    expect(talk.entry).toBe(LONG);
    talk.server(FIN | ACK, 50_000, 101);
    expect(talk.entry).toBe(SHORT);
  });

  test.each([
    ['a rest below 120 s is short enough', 119, 50, 119],
    ['120 s are not', 120, 50, 50],
    ['it is never made longer', 200, 300, 200],
  ])('%s', (_what, established, unacknowledged, rest) => {
    const settings = { nf_conntrack_tcp_timeout_established: established, nf_conntrack_tcp_timeout_unacknowledged: unacknowledged };
    expect(both(new Talk(settings).open())).toBe(`ESTABLISHED ${rest} [ASSURED]`);
  });

  test('the rest is what is left of it', () => {
    const settings = { nf_conntrack_tcp_timeout_established: 125, nf_conntrack_tcp_timeout_unacknowledged: 50 };
    expect(both(new Talk(settings).open().later(6))).toBe('ESTABLISHED 119 [ASSURED]');
  });

  test('only of connections that are assured', () => {
    const talk = new Talk({ nf_conntrack_tcp_timeout_syn_recv: 1000, nf_conntrack_tcp_timeout_max_retrans: 1000 });
    talk.client(SYN, 100);
    talk.server(SYN | ACK, 900, 101);
    expect(both(talk)).toBe('SYN_RECV 1000');
  });
});
