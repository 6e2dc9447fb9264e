/** How long a TCP connection is remembered (nf_conntrack-sysctl.rst), and what keeps it alive. */
import { describe, expect, test } from 'vitest';
import { ACK_FLAG as ACK, FIN, RST, SYN } from '../../../wire/tcp.js';
import { CT_STATUS } from '../connection.js';
import { must } from '../../../base/assert.js';
import { Talk } from './talk.testkit.js';

const OPEN = 'ESTABLISHED 432000 [ASSURED]';
const UNANSWERED = 'ESTABLISHED 300 [ASSURED]';

test('each state by its own setting', () => {
  const talk = new Talk({
    nf_conntrack_tcp_timeout_syn_sent: 11,
    nf_conntrack_tcp_timeout_syn_recv: 12,
    nf_conntrack_tcp_timeout_established: 13,
    nf_conntrack_tcp_timeout_fin_wait: 14,
    nf_conntrack_tcp_timeout_close_wait: 15,
    nf_conntrack_tcp_timeout_last_ack: 16,
    nf_conntrack_tcp_timeout_time_wait: 17,
    nf_conntrack_tcp_timeout_close: 18,
  });
  expect([
    talk.client(SYN, 100),
    talk.server(SYN | ACK, 900, 101),
    talk.client(ACK, 101, 901),
    talk.client(FIN | ACK, 101, 901),
    talk.server(ACK, 901, 102),
    talk.server(FIN | ACK, 901, 102),
    talk.client(ACK, 102, 902),
    talk.client(RST, 102),
  ]).toEqual([
    'SYN_SENT 11',
    'SYN_RECV 12',
    'ESTABLISHED 13 [ASSURED]',
    'FIN_WAIT 14 [ASSURED]',
    'CLOSE_WAIT 15 [ASSURED]',
    'LAST_ACK 16 [ASSURED]',
    'TIME_WAIT 17 [ASSURED]',
    'CLOSE 18 [ASSURED]',
  ]);
});

describe('data that nobody acknowledges', () => {
  test('300 s, of either side, until all of it is acknowledged', () => {
    const talk = new Talk().open();
    expect(talk.client(ACK, 101, 901, { length: 10 })).toBe(UNANSWERED);
    expect(talk.server(ACK, 901, 110)).toBe(UNANSWERED);
    expect(talk.server(ACK, 901, 111)).toBe(OPEN);
    expect(talk.server(ACK, 901, 111, { length: 10 })).toBe(UNANSWERED);
    expect(talk.client(ACK, 111, 911)).toBe(OPEN);
  });

  test('what was sent before does not count again', () => {
    const talk = new Talk().open();
    talk.client(ACK, 101, 901, { length: 10 });
    talk.server(ACK, 901, 111);
    expect(talk.client(ACK, 101, 901, { length: 10 })).toBe(OPEN);
  });

  test('makes nothing longer than its state has it', () => {
    expect(new Talk({ nf_conntrack_tcp_timeout_unacknowledged: 500_000 }).open().client(ACK, 101, 901, { length: 10 })).toBe(OPEN);
    expect(new Talk({ nf_conntrack_tcp_timeout_unacknowledged: 50 }).open().client(ACK, 101, 901, { length: 10 })).toBe('ESTABLISHED 50 [ASSURED]');
    const closing = new Talk().open();
    closing.client(ACK, 101, 901, { length: 10 });
    expect(closing.client(FIN | ACK, 111, 901)).toBe('FIN_WAIT 120 [ASSURED]');
  });
});

describe('a window of 0', () => {
  test('300 s (tcp_timeout_max_retrans) until it opens', () => {
    const talk = new Talk().open();
    expect(talk.server(ACK, 901, 101, { window: 0 })).toBe(UNANSWERED);
    expect(talk.server(ACK, 901, 101, { window: 1 })).toBe(OPEN);
  });

  test('makes nothing longer', () => {
    const talk = new Talk({ nf_conntrack_tcp_timeout_max_retrans: 40 }).open();
    expect(talk.server(ACK, 901, 101, { window: 0 })).toBe('ESTABLISHED 40 [ASSURED]');
    expect(new Talk({ nf_conntrack_tcp_timeout_max_retrans: 500_000 }).open().server(ACK, 901, 101, { window: 0 })).toBe(OPEN);
  });
});

describe('the same acknowledgement again and again', () => {
  test('three repetitions are too many', () => {
    const talk = new Talk().open();
    expect([0, 1, 2, 3].map(() => talk.server(ACK, 901, 101))).toEqual([OPEN, OPEN, OPEN, UNANSWERED]);
    expect(talk.client(ACK, 101, 901)).toBe(OPEN);
  });

  test('by settings: how many, and how long it is remembered then', () => {
    const talk = new Talk({ nf_conntrack_tcp_max_retrans: 1, nf_conntrack_tcp_timeout_max_retrans: 50 }).open();
    expect([0, 1].map(() => talk.server(ACK, 901, 101))).toEqual([OPEN, 'ESTABLISHED 50 [ASSURED]']);
    const longer = new Talk({ nf_conntrack_tcp_max_retrans: 1, nf_conntrack_tcp_timeout_max_retrans: 500_000 }).open();
    expect([0, 1].map(() => longer.server(ACK, 901, 101))).toEqual([OPEN, OPEN]);
  });

  // Both sides have the same numbers here, so that each of the five can differ alone.
  test.each([
    ['from the other side', (t: Talk) => t.client(ACK, 890, 901)],
    ['another number', (t: Talk) => t.server(ACK, 889, 901, { length: 1 })],
    ['another acknowledgement', (t: Talk) => t.server(ACK, 890, 900)],
    ['another end', (t: Talk) => t.server(ACK, 890, 901, { length: 1 })],
    ['another window', (t: Talk) => t.server(ACK, 890, 901, { window: 8191 })],
  ])('%s: it is counted from the beginning', (_what, other) => {
    const talk = new Talk();
    talk.client(SYN, 900);
    talk.server(SYN | ACK, 900, 901);
    talk.client(ACK, 901, 901);
    const same = (): string => talk.server(ACK, 890, 901);
    expect([same(), same(), same(), other(talk), same(), same(), same(), same()]).toEqual([...Array<string>(7).fill(OPEN), UNANSWERED]);
  });
});

describe('what keeps nothing alive', () => {
  test('a SYN that is repeated, but in SYN_SENT only', () => {
    const talk = new Talk();
    talk.client(SYN, 100);
    expect(talk.later(50).client(SYN, 100)).toBe('SYN_SENT 70');
    talk.server(SYN, 900);
    expect(talk.later(50).client(SYN, 100)).toBe('SYN_SENT2 120');
  });

  test('what is invalid or let through unseen', () => {
    const talk = new Talk().open().later(10);
    talk.server(ACK, 901, 102);
    talk.client(SYN, 5000);
    talk.server(SYN | ACK, 900, 101);
    expect(talk.entry).toBe('ESTABLISHED 431990 [ASSURED]');
  });

  test('anything, of an entry whose time is fixed (IPS_FIXED_TIMEOUT)', () => {
    const talk = new Talk().open();
    must(talk.router.tracker.entries()[0], 'entry').status |= CT_STATUS.FIXED_TIMEOUT;
    expect(talk.later(10).client(ACK, 101, 901)).toBe('ESTABLISHED 431990 [ASSURED]');
    talk.server(FIN | ACK, 50_000, 101);
    talk.client(FIN | ACK, 60_000, 901);
    expect(talk.entry).toBe('ESTABLISHED 431990 [ASSURED]');
  });
});

describe('a connection whose beginning was not seen', () => {
  test('without an answer it is believed for as long as data without acknowledgement, not longer than its state', () => {
    expect(new Talk({ nf_conntrack_tcp_timeout_unacknowledged: 40 }).client(ACK, 5000, 7000)).toBe('ESTABLISHED 40');
    const long = { nf_conntrack_tcp_timeout_unacknowledged: 500_000, nf_conntrack_tcp_timeout_max_retrans: 500_000 };
    expect(new Talk(long).client(ACK, 5000, 7000)).toBe('ESTABLISHED 432000');
    expect(new Talk().client(ACK, 5000, 7000, { window: 0 })).toBe('ESTABLISHED 300');
  });

  test('the answer to a keep-alive (RFC 1122 4.2.3.6) counts as what it is', () => {
    const talk = new Talk();
    talk.client(ACK, 4999, 7000);
    talk.server(ACK, 7000, 5000);
    expect(talk.client(RST, 4999)).toBe('invalid tcp-old-rst');
    expect(talk.client(RST, 5000)).toBe('CLOSE 10');
  });
});
