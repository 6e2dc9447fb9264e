/**
 * Which packets a role speaks of when it says that it sent one datagram because of others: the lab's half of
 * role/cause-log.ts. It sees the datagrams of one node at its taps, with the ids of their packets, and matches them with
 * what the role tells of them.
 *
 * Alike datagrams are told apart by their order, as kernels keep it within a flow; a match must also fit in time: a
 * socket is at most {@link WAY} away from the tap. What fits nothing is left out and counted: fragments (a role sees the
 * whole datagram, a tap its parts), datagrams that a rule of the node translated, those of a node to itself.
 * @module
 */
import type { PacketId } from '../../../base/brand.js';
import { type Nanos, seconds } from '../../../base/time.js';
import type { ToldCauses } from '../rpc/frame.js';
import { keyOfFrame, NO_KEY } from './datagram-key.js';
import { Recent } from './recent.js';

/** Longest way between a socket and the tap of its node. Less than what ends a run of alike datagrams. */
const WAY = seconds(2);
/** How long a datagram is kept after the last one alike: causes are named late, by DNS servers that ask others first. */
const KEPT = seconds(15);

export interface CauseCounts {
  /** Datagrams that the role said it sent because of others. */
  told: number;
  /** Of these: recorded with all of their causes. */
  resolved: number;
  /** Recorded with some of their causes. */
  partly: number;
  /** Not recorded: neither they themselves nor their causes could be found. */
  unknown: number;
}

interface Sighting {
  readonly id: PacketId;
  readonly at: Nanos;
}

type Sent = ToldCauses['sent'][number];

export class CauseResolver {
  readonly counts: CauseCounts = { told: 0, resolved: 0, partly: 0, unknown: 0 };
  /** The time of now, by the clock of the roles: the fabric's own is read once for many frames. */
  readonly now: () => Nanos;
  readonly #record: (id: PacketId, causes: readonly PacketId[]) => void;
  readonly #arrivals = new Recent<Sighting[]>(KEPT);
  readonly #departures = new Recent<Sighting[]>(KEPT);
  /** Ids by the role's numbers; 0 = it was told, and not found. */
  readonly #numbers = new Recent<PacketId | 0>(KEPT);
  /** Told before the tap was read. */
  #waiting: Sent[] = [];

  constructor(now: () => Nanos, record: (id: PacketId, causes: readonly PacketId[]) => void) {
    this.now = now;
    this.#record = record;
  }

  /** A frame went into the node's kernel. @param at no later than that */
  arrived(b: Uint8Array, off: number, len: number, id: PacketId, at: Nanos): void {
    see(this.#arrivals, b, off, len, id, at);
  }

  /** A frame came out of it. */
  departed(b: Uint8Array, off: number, len: number, id: PacketId): void {
    const now = this.now();
    const key = see(this.#departures, b, off, len, id, now);
    if (this.#waiting.length > 0 && this.#waiting.some((sent) => sent[0] === key)) this.#retry(now);
  }

  told({ received, sent }: ToldCauses): void {
    const now = this.now();
    for (const [number, key, at, nth, since] of received) {
      this.#numbers.set(number, find(this.#arrivals, key, nth, since, at - WAY, at, now)?.id ?? 0, now);
    }
    this.#retry(now);
    for (const one of sent) {
      this.counts.told++;
      if (!this.#resolve(one, now)) this.#waiting.push(one);
    }
  }

  /** The packet of a number that the role was given; null when it is not known. */
  idOf(number: number): PacketId | null {
    const id = this.#numbers.get(number, this.now());
    return id === undefined || id === 0 ? null : id;
  }

  /** The lab is over: what is not known by now never will be. */
  flush(): void {
    this.counts.unknown += this.#waiting.length;
    this.#waiting = [];
  }

  #retry(now: Nanos): void {
    this.#waiting = this.#waiting.filter((one) => {
      if (this.#resolve(one, now)) return false;
      const over = one[1] + WAY < now;
      if (over) this.counts.unknown++;
      return !over;
    });
  }

  /** False when it has not been seen at the tap yet. */
  #resolve([key, at, nth, since, ...numbers]: Sent, now: Nanos): boolean {
    const departure = find(this.#departures, key, nth, since, at, at + WAY, now);
    if (departure === undefined) return false;
    const causes = numbers.flatMap((number) => this.idOf(number) ?? []);
    if (causes.length > 0) this.#record(departure.id, causes);
    if (causes.length === numbers.length) this.counts.resolved++;
    else if (causes.length > 0) this.counts.partly++;
    else this.counts.unknown++;
    return true;
  }
}

function see(seen: Recent<Sighting[]>, b: Uint8Array, off: number, len: number, id: PacketId, at: Nanos): number {
  const key = keyOfFrame(b, off, len);
  if (key === NO_KEY) return key;
  const alike = seen.get(key, at);
  if (alike === undefined) seen.set(key, [{ id, at }], at);
  else alike.push({ id, at });
  return key;
}

/** The nth of its run, if it was seen when it can have been. */
function find(seen: Recent<Sighting[]>, key: number, nth: number, since: number, earliest: number, latest: number, now: Nanos): Sighting | undefined {
  const alike = seen.get(key, now);
  const first = alike?.findIndex(({ at }) => at >= since - WAY) ?? -1;
  const found = first < 0 ? undefined : alike?.[first + nth];
  return found !== undefined && found.at >= earliest && found.at <= latest ? found : undefined;
}
