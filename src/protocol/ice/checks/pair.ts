/**
 * A candidate pair and its life: RFC 8445 section 6.1.2. Every change of state leaves a line with time and reason, which
 * is what explains later why a pair won or died.
 * @module
 */
import { NO_CAUSE, type Cause } from '../../../base/brand.js';
import type { Nanos } from '../../../base/time.js';
import { sameAddress } from '../../stun/transport-address.js';
import { describeCandidate, formatCandidate, type Candidate, type LocalCandidate } from '../candidates/candidate.js';
import { formatPairPriority, pairPriority, type PairPriority } from '../candidates/priority.js';

export type PairState = 'frozen' | 'waiting' | 'in-progress' | 'succeeded' | 'failed';

export interface PairNote {
  readonly at: Nanos;
  readonly state: PairState;
  readonly why: string;
}

export class CandidatePair {
  readonly id: number;
  readonly stream: number;
  readonly component: number;
  readonly local: LocalCandidate;
  #remote: Candidate;
  #foundation: string;
  priority: PairPriority;
  state: PairState = 'frozen';
  readonly history: PairNote[] = [];
  /** In the valid list (RFC 8445 section 7.2.5.3.2). */
  valid = false;
  nominated = false;
  selected = false;
  /** Taken off the check list once its component had a nominated pair (section 8.1.2). */
  removed = false;
  /** Controlled side: USE-CANDIDATE came before our own check succeeded (section 7.3.1.5). */
  nominateOnSuccess = false;
  /** Controlling side: the nominating check is queued or under way. */
  nominating = false;
  /** The pair whose check brought this valid pair forth; itself when they are one. */
  producedBy: CandidatePair;
  /** What made the triggered check due; goes with its first transmission. */
  cause: Cause = NO_CAUSE;
  requestsSent = 0;
  requestsReceived = 0;
  firstSentAt: Nanos | null = null;
  answeredAt: Nanos | null = null;
  rtt: Nanos | null = null;

  constructor(id: number, local: LocalCandidate, remote: Candidate, controlling: boolean) {
    this.id = id;
    this.stream = local.base.stream;
    this.component = local.component;
    this.local = local;
    this.#remote = remote;
    this.#foundation = `${local.foundation}:${remote.foundation}`;
    this.priority = priorityOf(local, remote, controlling);
    this.producedBy = this;
  }

  get remote(): Candidate {
    return this.#remote;
  }

  get foundation(): string {
    return this.#foundation;
  }

  recompute(controlling: boolean): void {
    this.priority = priorityOf(this.local, this.#remote, controlling);
  }

  /** The peer names a candidate that we had met as peer-reflexive: its own words about it count from now on. */
  adoptRemote(remote: Candidate, controlling: boolean): void {
    this.#remote = remote;
    this.#foundation = `${this.local.foundation}:${remote.foundation}`;
    this.recompute(controlling);
  }

  /** Same way out and same destination: what the wire can tell apart. */
  sameWay(local: LocalCandidate, remote: Candidate): boolean {
    return this.local.base === local.base && sameAddress(this.remote.address, remote.address);
  }
}

function priorityOf(local: Candidate, remote: Candidate, controlling: boolean): PairPriority {
  return controlling ? pairPriority(local.priority, remote.priority) : pairPriority(remote.priority, local.priority);
}

/** A pair as plain data. Times are nanoseconds since the run's start. */
export interface PairSnapshot {
  readonly id: number;
  readonly stream: number;
  readonly component: number;
  /** Values of `a=candidate`. */
  readonly local: string;
  readonly remote: string;
  /** `host udp 10.0.0.1:50000 > srflx udp 198.51.100.7:50002`. */
  readonly text: string;
  readonly foundation: string;
  /** Decimal, 64 bits. */
  readonly priority: string;
  readonly state: PairState;
  readonly why: string;
  readonly valid: boolean;
  readonly nominated: boolean;
  readonly selected: boolean;
  readonly removed: boolean;
  readonly producedBy: number;
  readonly requestsSent: number;
  readonly requestsReceived: number;
  readonly firstSentAt: Nanos | null;
  readonly answeredAt: Nanos | null;
  readonly rtt: Nanos | null;
  readonly history: readonly PairNote[];
}

export function describePair(local: Candidate, remote: Candidate): string {
  return `${describeCandidate(local)} > ${describeCandidate(remote)}`;
}

export function snapshotPair(p: CandidatePair): PairSnapshot {
  return {
    id: p.id,
    stream: p.stream,
    component: p.component,
    local: formatCandidate(p.local),
    remote: formatCandidate(p.remote),
    text: describePair(p.local, p.remote),
    foundation: p.foundation,
    priority: formatPairPriority(p.priority),
    state: p.state,
    why: p.history.at(-1)?.why ?? '',
    valid: p.valid,
    nominated: p.nominated,
    selected: p.selected,
    removed: p.removed,
    producedBy: p.producedBy.id,
    requestsSent: p.requestsSent,
    requestsReceived: p.requestsReceived,
    firstSentAt: p.firstSentAt,
    answeredAt: p.answeredAt,
    rtt: p.rtt,
    history: [...p.history],
  };
}
