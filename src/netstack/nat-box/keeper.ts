/**
 * How long a NAT's mappings live, and whom they let in.
 * @module
 */
import type { Nanos } from '../../base/time.js';
import * as tcp from '../../wire/tcp.js';
import type { Moment } from '../conntrack/moment.js';
import type { NatBehaviour } from './behaviour.js';
import { BOTH_FINS, BOTH_SYNS, type Mapping, SEEN, type Session, SLOT } from './mapping.js';

export class Keeper {
  readonly #behaviour: NatBehaviour;
  readonly #moment: Moment;
  readonly #refreshedIn: boolean;
  readonly #refreshedOut: boolean;

  constructor(behaviour: NatBehaviour, moment: Moment) {
    this.#behaviour = behaviour;
    this.#moment = moment;
    this.#refreshedIn = behaviour.refresh !== 'outbound';
    this.#refreshedOut = behaviour.refresh !== 'inbound';
  }

  begin(mapping: Mapping): void {
    mapping.created = this.#moment.time;
    mapping.usedAt = this.#moment.time;
    this.#extend(mapping, null);
  }

  /** hot. The inside sends by a mapping. @param flags of TCP, else 0 */
  sent(mapping: Mapping, remoteKey: number, remotePort: number, flags: number): void {
    const known = mapping.session(remoteKey, remotePort);
    const session = known ?? mapping.open(remoteKey, remotePort);
    mapping.usedAt = this.#moment.time;
    if (mapping.slot === SLOT.TCP) this.#segment(session, flags, 0);
    else if (known === null || this.#refreshedOut) this.#extend(mapping, session);
  }

  /**
   * hot. Whether a mapping lets an endpoint outside in (RFC 4787 REQ-8, RFC 5382 REQ-3). Of TCP only what opens a
   * connection or belongs to one: an unasked SYN that is not let in is dropped silently (RFC 5382 REQ-4).
   */
  admits(mapping: Mapping, remoteKey: number, remotePort: number, flags: number): boolean {
    const session = mapping.session(remoteKey, remotePort);
    const open = session !== null && session.expires > this.#moment.time;
    if (mapping.slot === SLOT.TCP && !open && (flags & tcp.SYN) === 0) return false;
    switch (this.#behaviour.filtering) {
      case 'endpoint-independent':
        return true;
      case 'address-dependent':
        return open || mapping.knows(remoteKey, this.#moment);
      case 'address-and-port-dependent':
        return open;
    }
  }

  /** hot. A packet from outside was let in. */
  received(mapping: Mapping, remoteKey: number, remotePort: number, flags: number): void {
    if (mapping.slot === SLOT.TCP) {
      this.#segment(mapping.session(remoteKey, remotePort) ?? mapping.open(remoteKey, remotePort), flags, 1);
      return;
    }
    if (this.#refreshedIn) this.#extend(mapping, mapping.session(remoteKey, remotePort));
  }

  /** Whether it is time for another mapping in place of this one. */
  changes(mapping: Mapping): boolean {
    const change = this.#behaviour.mappingChange;
    if (change === null) return false;
    const now = this.#moment.time;
    switch (change.kind) {
      case 'at':
        return now >= change.time && mapping.created < change.time;
      case 'after':
        return now - mapping.created >= change.time;
      case 'idle':
        return now - mapping.usedAt >= change.time;
    }
  }

  /** hot. */
  #extend(mapping: Mapping, session: Session | null): void {
    const { timeouts } = this.#behaviour;
    const time = mapping.slot === SLOT.UDP ? timeouts.udp : mapping.slot === SLOT.ICMP ? timeouts.icmp : timeouts.tcpTransitory;
    mapping.expires = (this.#moment.time + time) as Nanos;
    if (session !== null) session.expires = mapping.expires;
  }

  /** hot. RFC 5382 section 5: long while it is open, short while it opens or closes. @param side 0 inside, 1 outside */
  #segment(session: Session, flags: number, side: 0 | 1): void {
    if ((flags & tcp.SYN) !== 0) {
      // A new connection on the same endpoints.
      if ((session.seen & (BOTH_FINS | SEEN.RST)) !== 0 && (flags & tcp.ACK_FLAG) === 0) session.seen = 0;
      session.seen |= SEEN.SYN << side;
    }
    if ((flags & tcp.FIN) !== 0) session.seen |= SEEN.FIN << side;
    if ((flags & tcp.RST) !== 0) session.seen |= SEEN.RST;
    const { timeouts } = this.#behaviour;
    const closing = (session.seen & SEEN.RST) !== 0 || (session.seen & BOTH_FINS) === BOTH_FINS;
    const established = (session.seen & BOTH_SYNS) === BOTH_SYNS && !closing;
    session.expires = (this.#moment.time + (established ? timeouts.tcpEstablished : timeouts.tcpTransitory)) as Nanos;
  }
}
