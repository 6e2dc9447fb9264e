/**
 * One entry of the connection table. Made once per flow; a packet of it allocates nothing.
 * @module
 */
import { UNSET, type Nanos } from '../../base/time.js';
import type { DecisionId } from '../../base/brand.js';
import { IPPROTO } from '../transport.js';
import { CT_ORIGINAL, CT_REPLIED, CT_STATUS, type Connection } from './connection.js';
import type { Moment } from './moment.js';
import { tcpStateName } from './tcp/states.js';
import { TcpTrack } from './tcp/track.js';
import { Tuple } from './tuple.js';

export class Entry implements Connection {
  readonly id: number;
  readonly original: Tuple = new Tuple(this, CT_ORIGINAL);
  readonly reply: Tuple = new Tuple(this, CT_REPLIED);
  status = 0;
  mark = 0;
  expires: Nanos = UNSET;
  readonly master = null;
  verdicts: object | null = null;
  readonly tcp: TcpTrack | null;
  /** From here on a UDP flow counts as a stream. */
  streamSince: Nanos = UNSET;
  /** In the order in which they were confirmed. */
  older: Entry | null = null;
  newer: Entry | null = null;
  /** Interface that a masquerade translation leaves by; -1 = none. */
  masqueradeOn = -1;
  /** What translation writes on packets: for each direction the decision that it was added to, and the sum. */
  readonly natBase: [DecisionId, DecisionId] = [NOT_YET, NOT_YET];
  readonly natDecision: [DecisionId, DecisionId] = [NOT_YET, NOT_YET];

  /** @param reply the inverse of `original` */
  constructor(id: number, original: Tuple, reply: Tuple) {
    this.id = id;
    this.original.set(original);
    this.reply.set(reply);
    this.tcp = original.protocol === IPPROTO.TCP ? new TcpTrack() : null;
  }

  get tcpState(): string | null {
    return this.tcp === null ? null : tcpStateName(this.tcp.state);
  }

  get confirmed(): boolean {
    return (this.status & CT_STATUS.CONFIRMED) !== 0;
  }

  /** hot. Alive for the timeout at that place from now on. */
  refresh(moment: Moment, timeouts: Float64Array, place: number): void {
    if ((this.status & CT_STATUS.FIXED_TIMEOUT) === 0) this.expires = (moment.time + (timeouts[place] as number)) as Nanos;
  }

  /** hot. @param direction 0 or 1 */
  tuple(direction: number): Tuple {
    return direction === CT_ORIGINAL ? this.original : this.reply;
  }
}

const NOT_YET = -1 as DecisionId;
