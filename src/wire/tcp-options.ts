/**
 * TCP options: maximum segment size (RFC 9293 3.7.1), window scale and timestamps (RFC 7323), selective
 * acknowledgement (RFC 2018). The walk is tolerant: unknown options are skipped by their length, a broken length ends
 * the walk.
 * @module
 */
import { setU16, setU32, u16, u32 } from './bytes.js';

export const KIND = { END: 0, NOP: 1, MSS: 2, WINDOW_SCALE: 3, SACK_PERMITTED: 4, SACK: 5, TIMESTAMPS: 8 } as const;

export interface TcpOptions {
  readonly mss?: number;
  /** Shift count, as sent (RFC 7323 2.3 limits its use to 14). */
  readonly windowScale?: number;
  readonly sackPermitted?: boolean;
  /** Left and right edge of each block. */
  readonly sack?: readonly (readonly [left: number, right: number])[];
  readonly timestamps?: { readonly value: number; readonly echoReply: number };
}

export const NO_OPTIONS: TcpOptions = {};

/** Octets of each fixed-size option; SACK is 2 + 8 per block. */
function lengthIsRight(kind: number, length: number): boolean {
  switch (kind) {
    case KIND.MSS:
      return length === 4;
    case KIND.WINDOW_SCALE:
      return length === 3;
    case KIND.SACK_PERMITTED:
      return length === 2;
    case KIND.SACK:
      return length >= 10 && (length - 2) % 8 === 0;
    case KIND.TIMESTAMPS:
      return length === 10;
    default:
      return true;
  }
}

/** Length of the option at `at`, or 0 when the walk must end there. */
function step(b: Uint8Array, at: number, end: number): number {
  const kind = b[at] as number;
  if (kind === KIND.END) return 0;
  if (kind === KIND.NOP) return 1;
  if (at + 2 > end) return 0;
  const length = b[at + 1] as number;
  return length < 2 || at + length > end ? 0 : length;
}

/**
 * hot. Offset of the first option of a kind in the `n` octets at `o`, or -1. An option whose length is wrong for its
 * kind is passed over.
 */
export function find(b: Uint8Array, o: number, n: number, kind: number): number {
  const end = o + n;
  for (let at = o; at < end; ) {
    const length = step(b, at, end);
    if (length === 0) return -1;
    if (b[at] === kind && lengthIsRight(kind, length)) return at;
    at += length;
  }
  return -1;
}

export function parse(b: Uint8Array, o: number, n: number): TcpOptions {
  const out: { -readonly [K in keyof TcpOptions]: TcpOptions[K] } = {};
  const end = o + n;
  for (let at = o; at < end; ) {
    const length = step(b, at, end);
    if (length === 0) break;
    const kind = b[at] as number;
    if (lengthIsRight(kind, length)) {
      if (kind === KIND.MSS) out.mss = u16(b, at + 2);
      else if (kind === KIND.WINDOW_SCALE) out.windowScale = b[at + 2] as number;
      else if (kind === KIND.SACK_PERMITTED) out.sackPermitted = true;
      else if (kind === KIND.TIMESTAMPS) out.timestamps = { value: u32(b, at + 2), echoReply: u32(b, at + 6) };
      else if (kind === KIND.SACK) {
        const blocks: [number, number][] = [];
        for (let i = at + 2; i < at + length; i += 8) blocks.push([u32(b, i), u32(b, i + 4)]);
        out.sack = blocks;
      }
    }
    at += length;
  }
  return out;
}

/**
 * Octets that {@link emit} writes. Every option is padded to a multiple of 4 by NOPs in front, as Linux lays them out,
 * so its 32-bit fields are aligned (RFC 7323 appendix A). More than 40 do not fit a header: timestamps and three SACK
 * blocks do, just.
 */
export function length(v: TcpOptions): number {
  const blocks = v.sack?.length ?? 0;
  return (
    (v.mss === undefined ? 0 : 4) +
    (v.timestamps === undefined ? (v.sackPermitted === true ? 4 : 0) : 12) +
    (v.windowScale === undefined ? 0 : 4) +
    (blocks === 0 ? 0 : 4 + 8 * blocks)
  );
}

/** Kind and length, the last two octets of a word whose first two are NOPs, or SACK-permitted before timestamps. */
function setPair(b: Uint8Array, at: number, kind: number, optionLength: number, sackPermitted = false): void {
  b[at] = sackPermitted ? KIND.SACK_PERMITTED : KIND.NOP;
  b[at + 1] = sackPermitted ? 2 : KIND.NOP;
  b[at + 2] = kind;
  b[at + 3] = optionLength;
}

export function emit(v: TcpOptions, b: Uint8Array, o: number): number {
  let at = o;
  if (v.mss !== undefined) {
    b[at] = KIND.MSS;
    b[at + 1] = 4;
    setU16(b, at + 2, v.mss);
    at += 4;
  }
  if (v.timestamps !== undefined) {
    setPair(b, at, KIND.TIMESTAMPS, 10, v.sackPermitted === true);
    setU32(b, at + 4, v.timestamps.value);
    setU32(b, at + 8, v.timestamps.echoReply);
    at += 12;
  } else if (v.sackPermitted === true) {
    setPair(b, at, KIND.SACK_PERMITTED, 2);
    at += 4;
  }
  if (v.windowScale !== undefined) {
    b[at] = KIND.NOP;
    b[at + 1] = KIND.WINDOW_SCALE;
    b[at + 2] = 3;
    b[at + 3] = v.windowScale;
    at += 4;
  }
  if (v.sack !== undefined && v.sack.length > 0) {
    setPair(b, at, KIND.SACK, 2 + 8 * v.sack.length);
    at += 4;
    for (const [left, right] of v.sack) {
      setU32(b, at, left);
      setU32(b, at + 4, right);
      at += 8;
    }
  }
  return at - o;
}

export function format(v: TcpOptions): string {
  const parts: string[] = [];
  if (v.mss !== undefined) parts.push(`mss=${v.mss}`);
  if (v.windowScale !== undefined) parts.push(`wscale=${v.windowScale}`);
  if (v.sackPermitted === true) parts.push('sackOK');
  if (v.timestamps !== undefined) parts.push(`ts=${v.timestamps.value}/${v.timestamps.echoReply}`);
  for (const [l, r] of v.sack ?? []) parts.push(`sack=${l}-${r}`);
  return parts.join(' ');
}
