/**
 * A TCP connection through a router, for tests of what the router makes of it.
 * @module
 */
import { must } from '../../../base/assert.js';
import { type Nanos, seconds } from '../../../base/time.js';
import { type Segment, tcpPacket } from '../../../../test/support/router/frames.js';
import { type RouterSpec, type SimRouter, simRouter } from '../../../../test/support/router/router.js';
import { ACK_FLAG as ACK, SYN } from '../../../wire/tcp.js';
import { CT_STATUS } from '../connection.js';

const CLIENT = { from: '10.0.1.1', to: '10.0.2.1', sport: 5000, dport: 80 } as const;
const SERVER = { from: '10.0.2.1', to: '10.0.1.1', sport: 80, dport: 5000 } as const;

/** Each word is what the router made of the segment: the entry after it, or `invalid` and why. */
export class Talk {
  readonly router: SimRouter;
  #why: string | null = null;

  constructor(conntrack: RouterSpec['conntrack'] = {}) {
    const router = simRouter({ conntrack });
    router.node.install({ point: 'forward', priority: 0, family: 0, run: (p) => ((this.#why = router.tracker.invalidReason(p)), 0) });
    this.router = router;
  }

  client(flags: number, seq: number, ack = 0, more: Partial<Segment> = {}): string {
    return this.#send('in', tcpPacket({ ...CLIENT, flags, seq, ack, ...more }));
  }

  server(flags: number, seq: number, ack = 0, more: Partial<Segment> = {}): string {
    return this.#send('out', tcpPacket({ ...SERVER, flags, seq, ack, ...more }));
  }

  /** SYN, SYN-ACK, ACK: the client's next number is 101, the server's 901; both offer a window of 8192 unless it is said. */
  open(more: Partial<Segment> = {}): this {
    this.client(SYN, 100, 0, more);
    this.server(SYN | ACK, 900, 101, more);
    this.client(ACK, 101, 901, more);
    return this;
  }

  /** Time passes, so that an entry that is kept alive can be told from one that is not. */
  later(s: number): this {
    const { scheduler } = this.router;
    this.router.at((scheduler.now + seconds(s)) as Nanos);
    return this;
  }

  /** `ESTABLISHED 432000 [ASSURED]`: state, seconds, assured. */
  get entry(): string {
    const [entry] = this.router.tracker.entries();
    if (entry === undefined) return 'none';
    const rest = (entry.expires - this.router.scheduler.now) / seconds(1);
    return `${entry.tcpState ?? ''} ${rest}${(entry.status & CT_STATUS.ASSURED) !== 0 ? ' [ASSURED]' : ''}`;
  }

  #send(wire: 'in' | 'out', packet: Uint8Array): string {
    must(this.router.send(wire, packet)[0], 'it passes');
    return this.#why === null ? this.entry : `invalid ${this.#why}`;
  }
}
