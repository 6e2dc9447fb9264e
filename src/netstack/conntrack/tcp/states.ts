/**
 * The states of a TCP connection as connection tracking sees them, between the two ends: which state a segment's control
 * bits lead to, by direction. Behaves as Linux's nf_conntrack_proto_tcp; the names are conntrack(8)'s.
 * @module
 */
import * as tcp from '../../../wire/tcp.js';

export const TCP = {
  NONE: 0,
  /** A SYN was seen. */
  SYN_SENT: 1,
  /** A SYN-ACK was seen. */
  SYN_RECV: 2,
  ESTABLISHED: 3,
  /** A FIN was seen. */
  FIN_WAIT: 4,
  /** An ACK after the FIN. */
  CLOSE_WAIT: 5,
  /** A second FIN. */
  LAST_ACK: 6,
  TIME_WAIT: 7,
  /** An RST was seen. */
  CLOSE: 8,
  /** A SYN came from the other side too: simultaneous open. */
  SYN_SENT2: 9,
} as const;
/** What a segment leads to beside a state: it is `invalid`; or it passes and changes nothing, for the ends may know better. */
export const TCP_INVALID = 10;
export const TCP_IGNORE = 11;
/** Places of the two other timeouts behind those of the states. */
export const TCP_RETRANS = 10;
export const TCP_UNACK = 11;

type StateName = keyof typeof TCP;
const NAMES = Object.keys(TCP) as StateName[];

/** conntrack(8)'s word. */
export function tcpStateName(state: number): string {
  return NAMES[state] ?? 'NONE';
}

/** Kinds of segment, by their control bits. */
export const SEGMENT = { SYN: 0, SYN_ACK: 1, FIN: 2, ACK: 3, RST: 4, NONE: 5 } as const;

/** hot. RST outranks SYN, SYN outranks FIN. */
export function segmentKind(flags: number): number {
  if ((flags & tcp.RST) !== 0) return SEGMENT.RST;
  if ((flags & tcp.SYN) !== 0) return (flags & tcp.ACK_FLAG) !== 0 ? SEGMENT.SYN_ACK : SEGMENT.SYN;
  if ((flags & tcp.FIN) !== 0) return SEGMENT.FIN;
  return (flags & tcp.ACK_FLAG) !== 0 ? SEGMENT.ACK : SEGMENT.NONE;
}

type Move = StateName | 'ignore';
/** Where a kind of segment leads from each state; from the states that are left out it is invalid. */
type Moves = Partial<Record<StateName, Move>>;

const OPEN: readonly StateName[] = ['ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK'];

function all(states: readonly StateName[], move: Move): Moves {
  return Object.fromEntries(states.map((state) => [state, move]));
}

/** The same in both directions. */
const FIN: Moves = {
  SYN_RECV: 'FIN_WAIT',
  ESTABLISHED: 'FIN_WAIT',
  FIN_WAIT: 'LAST_ACK',
  CLOSE_WAIT: 'LAST_ACK',
  LAST_ACK: 'LAST_ACK',
  TIME_WAIT: 'TIME_WAIT',
  CLOSE: 'CLOSE',
};
const ACK: Moves = {
  ESTABLISHED: 'ESTABLISHED',
  FIN_WAIT: 'CLOSE_WAIT',
  CLOSE_WAIT: 'CLOSE_WAIT',
  LAST_ACK: 'TIME_WAIT',
  TIME_WAIT: 'TIME_WAIT',
  CLOSE: 'CLOSE',
};
const RST: Moves = all(
  NAMES.filter((name) => name !== 'NONE'),
  'CLOSE',
);

/** In the order of {@link SEGMENT}. */
const ORIGINAL: readonly Moves[] = [
  // A SYN on a living connection may open a new one of which we know nothing yet: the answer will tell.
  { NONE: 'SYN_SENT', SYN_SENT: 'SYN_SENT', SYN_SENT2: 'SYN_SENT2', SYN_RECV: 'ignore', ...all(OPEN, 'ignore'), TIME_WAIT: 'SYN_SENT', CLOSE: 'SYN_SENT' },
  { SYN_SENT2: 'SYN_RECV', SYN_RECV: 'SYN_RECV' },
  FIN,
  // NONE: a connection whose beginning was not seen (tcp_loose).
  { ...ACK, NONE: 'ESTABLISHED', SYN_RECV: 'ESTABLISHED' },
  RST,
  {},
];

const REPLY: readonly Moves[] = [
  // TIME_WAIT: the ends have changed roles.
  { SYN_SENT: 'SYN_SENT2', SYN_SENT2: 'SYN_SENT2', TIME_WAIT: 'SYN_SENT' },
  { SYN_SENT: 'SYN_RECV', SYN_SENT2: 'SYN_RECV', SYN_RECV: 'ignore', ...all(OPEN, 'ignore'), TIME_WAIT: 'ignore', CLOSE: 'ignore' },
  FIN,
  // SYN_SENT: the server may hold a half-open connection.
  { ...ACK, SYN_SENT: 'ignore', SYN_SENT2: 'ignore', SYN_RECV: 'SYN_RECV' },
  RST,
  {},
];

/** `direction * 60 + kind * 10 + state` to what it leads to. */
const TABLE = Uint8Array.from(
  [ORIGINAL, REPLY].flatMap((direction) =>
    direction.flatMap((moves) =>
      NAMES.map((name) => {
        const move = moves[name];
        if (move === undefined) return TCP_INVALID;
        return move === 'ignore' ? TCP_IGNORE : TCP[move];
      }),
    ),
  ),
);

/** hot. The state after a segment of that kind, or {@link TCP_INVALID}, {@link TCP_IGNORE}. */
export function nextState(direction: number, kind: number, state: number): number {
  return TABLE[direction * 60 + kind * 10 + state] as number;
}

const CHECKED = tcp.FIN | tcp.SYN | tcp.RST | tcp.ACK_FLAG | tcp.URG;
const SOUND = new Uint8Array(256);
for (const flags of [tcp.SYN, tcp.SYN | tcp.ACK_FLAG, tcp.RST, tcp.RST | tcp.ACK_FLAG, tcp.FIN | tcp.ACK_FLAG, tcp.ACK_FLAG]) SOUND[flags] = 1;
for (const flags of [tcp.SYN, tcp.FIN | tcp.ACK_FLAG, tcp.ACK_FLAG]) SOUND[flags | tcp.URG] = 1;

/** hot. Whether a TCP would send those control bits together; PSH, ECE and CWR go with all. */
export function soundFlags(flags: number): boolean {
  return SOUND[flags & CHECKED] === 1;
}

/** Closing states: forgotten early when the table is full. */
export function isClosing(state: number): boolean {
  return state >= TCP.FIN_WAIT && state <= TCP.CLOSE;
}
