/**
 * Why a segment is thrown away without a word to its sender. What is answered (by an ACK, a challenge, a RST) needs no
 * reason beside the answer, which names the segment as its cause.
 * @module
 */
import { DROP } from '../../base/drop.js';
import type { Refusal } from '../transport.js';

const unacceptable = (kind: string): Refusal => ({ code: DROP.UNACCEPTABLE, reason: 'unacceptable', kind });

export const REFUSAL = {
  malformed: { code: DROP.MALFORMED, reason: 'malformed', kind: 'tcp' },
  /** For nobody here, and it is not answered: a RST, or the node's parameters say so. */
  nobody: { code: DROP.NO_LISTENER, reason: 'no-listener', kind: '' },
  /** More half-open connections than the listener may have. */
  backlog: { code: DROP.BACKLOG, reason: 'backlog-full', kind: '' },
  /** RFC 5961 section 3: a RST outside the window, or one that no connection attempt caused. */
  reset: unacceptable('tcp-reset'),
  /** RFC 9293 section 3.10.7.3: neither SYN nor RST, before the connection is open. */
  noSyn: unacceptable('tcp-no-syn'),
  /** RFC 9293 section 3.10.7.4, fifth step: "if the ACK bit is off, drop the segment". */
  noAck: unacceptable('tcp-no-ack'),
  /** It would be answered, but so was another a moment ago (RFC 5961 section 7; Linux's `tcp_invalid_ratelimit`). */
  limited: unacceptable('tcp-answer-limited'),
  /** RFC 9293 section 3.10.7.4, seventh step: text after the FIN. */
  afterFin: unacceptable('tcp-after-fin'),
} as const satisfies Readonly<Record<string, Refusal>>;
