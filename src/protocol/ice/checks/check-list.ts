/**
 * The check list of one data stream: which pairs there are, in which order and state. RFC 8445 section 6.1.2, with the
 * rules of RFC 8838 section 12 for pairs that come late.
 * @module
 */
import type { Cause } from '../../../base/brand.js';
import type { Nanos } from '../../../base/time.js';
import { isLinkLocal, sameAddress, type TransportAddress } from '../../stun/transport-address.js';
import { describeCandidate, type Candidate, type IceBase, type LocalCandidate, type TcpType } from '../candidates/candidate.js';
import { CandidatePair } from './pair.js';
import { comparePriority } from '../candidates/priority.js';
import type { IceContext } from './context.js';
import type { IceOut } from '../agent-io.js';

export type CheckListState = 'running' | 'completed' | 'failed';

export interface RemoteDescription {
  readonly ufrag: string;
  readonly pwd: string;
  readonly lite: boolean;
}

/** A check that came before the peer's description (RFC 8445 section 7.3): answered at once, acted upon later. */
export interface EarlyCheck {
  readonly base: IceBase;
  readonly from: TransportAddress;
  readonly priority: number;
  readonly useCandidate: boolean;
  readonly cause: Cause;
}

/** A combination that never became a pair of the list. */
export interface PrunedPair {
  readonly at: Nanos;
  readonly local: string;
  readonly remote: string;
  readonly why: string;
}

export class CheckList {
  readonly stream: number;
  readonly components: readonly number[];
  state: CheckListState = 'running';
  why = '';
  remote: RemoteDescription | null = null;
  /** The peer has named all its candidates (RFC 8838 section 13). */
  remoteEnded = false;
  readonly remoteCandidates: Candidate[] = [];
  /** Highest priority first. */
  readonly pairs: CandidatePair[] = [];
  /** Valid pairs whose local candidate the check discovered; nothing is sent for them. */
  readonly discovered: CandidatePair[] = [];
  readonly triggered: CandidatePair[] = [];
  readonly pruned: PrunedPair[] = [];
  readonly early: EarlyCheck[] = [];
  readonly firstValidAt = new Map<number, Nanos>();
  readonly selected = new Map<number, CandidatePair>();

  constructor(stream: number, components: number) {
    this.stream = stream;
    this.components = Array.from({ length: components }, (_, i) => i + 1);
  }

  sort(): void {
    this.pairs.sort((a, b) => comparePriority(b.priority, a.priority) || a.id - b.id);
  }

  /** Valid pairs of a component, best first. */
  valid(component: number): CandidatePair[] {
    return [...this.pairs, ...this.discovered]
      .filter((p) => p.component === component && p.valid)
      .sort((a, b) => comparePriority(b.priority, a.priority) || a.id - b.id);
  }

  /** Pairs of a component that may still succeed. */
  live(component: number): CandidatePair[] {
    return this.pairs.filter((p) => p.component === component && !p.removed && (p.state === 'frozen' || p.state === 'waiting' || p.state === 'in-progress'));
  }

  find(base: IceBase, remote: TransportAddress): CandidatePair | undefined {
    return this.pairs.find((p) => p.local.base === base && sameAddress(p.remote.address, remote));
  }

  enqueue(pair: CandidatePair): void {
    if (!this.triggered.includes(pair)) this.triggered.push(pair);
  }

  nextWaiting(): CandidatePair | undefined {
    return this.pairs.find((p) => p.state === 'waiting' && !p.removed);
  }
}

/** Whom a TCP candidate of ours asks; who is passive is asked (RFC 6544 section 6.2). */
const ASKED_BY: Readonly<Record<TcpType, TcpType | null>> = { active: 'passive', so: 'so', passive: null };

/** Whether two candidates make a pair: component, transport, family, link-local with link-local only (RFC 8445 section 6.1.2.2). */
function fits(local: LocalCandidate, remote: Candidate): boolean {
  if (local.component !== remote.component || local.transport !== remote.transport) return false;
  if (local.transport === 'tcp' && remote.tcpType !== ASKED_BY[local.tcpType ?? 'passive']) return false;
  return local.address.family === remote.address.family && isLinkLocal(local.address) === isLinkLocal(remote.address);
}

/** Pairs every local with every remote candidate that is not paired yet, prunes, limits and sets the states. */
export function formPairs(ctx: IceContext, list: CheckList, locals: readonly LocalCandidate[], remotes: readonly Candidate[], now: Nanos, out: IceOut[]): void {
  const fresh: CandidatePair[] = [];
  for (const local of locals) {
    if (local.base.stream !== list.stream) continue;
    for (const remote of remotes) {
      if (!fits(local, remote)) continue;
      const pair = formPair(ctx, list, local, remote, now);
      if (pair !== null) fresh.push(pair);
    }
  }
  if (fresh.length === 0) return;
  list.sort();
  limitPairs(ctx, now);
  for (const pair of fresh.sort((a, b) => comparePriority(b.priority, a.priority))) {
    if (pair.removed) continue;
    const [state, why] = initialState(ctx, pair);
    ctx.change(pair, state, why, now, out);
  }
}

function formPair(ctx: IceContext, list: CheckList, local: LocalCandidate, remote: Candidate, now: Nanos): CandidatePair | null {
  const prune = (why: string): null => {
    list.pruned.push({ at: now, local: describeCandidate(local), remote: describeCandidate(remote), why });
    return null;
  };
  const known = list.pairs.find((p) => p.sameWay(local, remote));
  if (known !== undefined) {
    if (known.remote.type === 'prflx' && remote.type !== 'prflx') {
      for (const pair of [known, ...list.discovered]) if (pair.producedBy === known) pair.adoptRemote(remote, ctx.controlling);
      list.sort();
      ctx.note(known, 'the peer has now named the candidate that was peer-reflexive', now);
      return null;
    }
    return prune(`redundant: leaves from the same base to the same address as pair ${known.id} (RFC 8445 6.1.2.4)`);
  }
  // A reflexive candidate can't send but from its base, and the base is a candidate itself: its pair is the same way.
  if (local.type === 'srflx' || local.type === 'prflx') return prune('reflexive: checked from its base (RFC 8445 6.1.2.4)');
  const pair = new CandidatePair(ctx.nextPairId(), local, remote, ctx.controlling);
  list.pairs.push(pair);
  return pair;
}

/** RFC 8445 section 6.1.2.5: whether all lists together have as many pairs as they may. */
export function fullOfPairs(ctx: IceContext): boolean {
  return pairCount(ctx) >= ctx.options.maxPairs;
}

function pairCount(ctx: IceContext): number {
  return ctx.lists.reduce((n, l) => n + l.pairs.length, 0);
}

/** RFC 8445 section 6.1.2.5: at most so many pairs in all lists together; the lowest that have not been tried go. */
function limitPairs(ctx: IceContext, now: Nanos): void {
  let total = pairCount(ctx);
  while (total > ctx.options.maxPairs) {
    const idle = ctx.lists.flatMap((l) => l.pairs).filter((p) => p.state === 'frozen');
    const lowest = idle.sort((a, b) => comparePriority(a.priority, b.priority) || b.id - a.id)[0];
    if (lowest === undefined) return;
    const list = ctx.listOf(lowest);
    list.pairs.splice(list.pairs.indexOf(lowest), 1);
    lowest.removed = true;
    const why = `more than ${ctx.options.maxPairs} pairs (RFC 8445 6.1.2.5)`;
    list.pruned.push({ at: now, local: describeCandidate(lowest.local), remote: describeCandidate(lowest.remote), why });
    total -= 1;
  }
}

/** RFC 8445 section 6.1.2.6 and the three rules of RFC 8838 section 12. */
function initialState(ctx: IceContext, pair: CandidatePair): readonly ['waiting' | 'frozen', string] {
  const group = ctx.lists.flatMap((l) => l.pairs).filter((p) => p.foundation === pair.foundation);
  if (group.some((p) => p.state === 'succeeded')) return ['waiting', `a pair of foundation ${pair.foundation} has succeeded`];
  const [first = pair] = group.sort((a, b) => a.component - b.component || comparePriority(b.priority, a.priority) || a.id - b.id);
  if (first === pair) return ['waiting', `first of foundation ${pair.foundation}`];
  return ['frozen', `foundation ${pair.foundation} is tried by pair ${first.id} first`];
}

/** The foundation has proved itself: what was held back for it may go (RFC 8445 section 7.2.5.3.3). */
export function unfreezeFoundation(ctx: IceContext, foundation: string, by: number, now: Nanos, out: IceOut[]): void {
  for (const list of ctx.lists) {
    for (const pair of list.pairs) {
      if (pair.state === 'frozen' && !pair.removed && pair.foundation === foundation)
        ctx.change(pair, 'waiting', `pair ${by} of the same foundation succeeded`, now, out);
    }
  }
}

/** Frozen pairs whose foundation nobody is trying: RFC 8445 section 6.1.4.2. */
export function thawable(ctx: IceContext, list: CheckList): CandidatePair[] {
  const busy = new Set<string>();
  for (const l of ctx.lists) {
    for (const p of l.pairs) if (!p.removed && (p.state === 'waiting' || p.state === 'in-progress')) busy.add(p.foundation);
  }
  return list.pairs.filter((p) => {
    if (p.state !== 'frozen' || p.removed || busy.has(p.foundation)) return false;
    busy.add(p.foundation);
    return true;
  });
}
