import { describe, expect, test } from 'vitest';
import { ACK_FLAG as ACK, CWR, ECE, FIN, PSH, RST, SYN, URG } from '../../../wire/tcp.js';
import { isClosing, nextState, SEGMENT, segmentKind, soundFlags, TCP, TCP_IGNORE, TCP_INVALID, tcpStateName } from './states.js';

const STATES = ['NONE', 'SYN_SENT', 'SYN_RECV', 'ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT', 'CLOSE', 'SYN_SENT2'] as const;

/**
 * What nf_conntrack_proto_tcp.c says above its table, state by state in the order of {@link STATES}: `-` is invalid, `.`
 * passes and changes nothing.
 */
const TABLE = [
  ['original', 'SYN', 'SYN_SENT SYN_SENT . . . . . SYN_SENT SYN_SENT SYN_SENT2'],
  ['original', 'SYN_ACK', '- - SYN_RECV - - - - - - SYN_RECV'],
  ['original', 'FIN', '- - FIN_WAIT FIN_WAIT LAST_ACK LAST_ACK LAST_ACK TIME_WAIT CLOSE -'],
  ['original', 'ACK', 'ESTABLISHED - ESTABLISHED ESTABLISHED CLOSE_WAIT CLOSE_WAIT TIME_WAIT TIME_WAIT CLOSE -'],
  ['original', 'RST', '- CLOSE CLOSE CLOSE CLOSE CLOSE CLOSE CLOSE CLOSE CLOSE'],
  ['original', 'NONE', '- - - - - - - - - -'],
  ['reply', 'SYN', '- SYN_SENT2 - - - - - SYN_SENT - SYN_SENT2'],
  ['reply', 'SYN_ACK', '- SYN_RECV . . . . . . . SYN_RECV'],
  ['reply', 'FIN', '- - FIN_WAIT FIN_WAIT LAST_ACK LAST_ACK LAST_ACK TIME_WAIT CLOSE -'],
  ['reply', 'ACK', '- . SYN_RECV ESTABLISHED CLOSE_WAIT CLOSE_WAIT TIME_WAIT TIME_WAIT CLOSE .'],
  ['reply', 'RST', '- CLOSE CLOSE CLOSE CLOSE CLOSE CLOSE CLOSE CLOSE CLOSE'],
  ['reply', 'NONE', '- - - - - - - - - -'],
] as const;

test.each(TABLE)('%s %s: where it leads from each state', (direction, kind, line) => {
  const words = STATES.map((state) => {
    const next = nextState(direction === 'original' ? 0 : 1, SEGMENT[kind], TCP[state]);
    return next === TCP_INVALID ? '-' : next === TCP_IGNORE ? '.' : tcpStateName(next);
  });
  expect(words.join(' ')).toBe(line);
});

test("states have conntrack(8)'s names; of what is none it says NONE", () => {
  expect(STATES.map((state) => tcpStateName(TCP[state]))).toEqual(STATES);
  expect(tcpStateName(10)).toBe('NONE');
});

describe('control bits', () => {
  test.each([
    ['RST', RST | SYN | FIN | ACK],
    ['SYN', SYN],
    ['SYN', SYN | FIN],
    ['SYN_ACK', SYN | ACK],
    ['SYN_ACK', SYN | ACK | FIN],
    ['FIN', FIN],
    ['FIN', FIN | ACK],
    ['ACK', ACK],
    ['ACK', ACK | PSH],
    ['NONE', 0],
    ['NONE', PSH | URG],
  ] as const)('%s of %i: RST outranks SYN, SYN outranks FIN', (kind, flags) => {
    expect(segmentKind(flags)).toBe(SEGMENT[kind]);
  });

  test('that a TCP sends together (tcp_valid_flags); PSH, ECE and CWR go with all of them', () => {
    const valid = [SYN, SYN | URG, SYN | ACK, RST, RST | ACK, FIN | ACK, FIN | ACK | URG, ACK, ACK | URG];
    const all = Array.from({ length: 256 }, (_, flags) => flags);
    expect(all.filter(soundFlags)).toEqual(all.filter((flags) => valid.includes(flags & ~(PSH | ECE | CWR))));
  });
});

test('states that are forgotten early under pressure (tcp_can_early_drop)', () => {
  expect(STATES.filter((state) => isClosing(TCP[state]))).toEqual(['FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT', 'CLOSE']);
});
