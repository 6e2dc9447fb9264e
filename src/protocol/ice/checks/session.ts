/**
 * One ICE session: from a pair of credentials to selected pairs (or failure), and consent after that. A restart makes a
 * new one. RFC 8445 sections 6 to 8.
 * @module
 */
import type { Cause } from '../../../base/brand.js';
import { NEVER, type Nanos } from '../../../base/time.js';
import type { StunPacket } from '../../stun/codec.js';
import { sameAddress, type TransportAddress } from '../../stun/transport-address.js';
import type { IceOut } from '../agent-io.js';
import type { Candidate, IceBase, LocalCandidate, NetFault } from '../candidates/candidate.js';
import { formPairs, thawable, type CheckList, type RemoteDescription } from './check-list.js';
import { handleCheckResponse, startCheck, stepCheck } from './client-checks.js';
import { concludeList, conclusionDeadline } from './conclusion.js';
import { Consent } from './consent.js';
import type { IceContext } from './context.js';
import type { CandidatePair } from './pair.js';
import { handleCheckRequest, triggerCheck } from './server-checks.js';

export class IceSession {
  readonly ctx: IceContext;
  /** One for each selected pair, by stream and component. */
  readonly consents = new Map<string, Consent>();
  #turn = 0;
  #lastRun = -1 as Nanos;

  constructor(ctx: IceContext) {
    this.ctx = ctx;
  }

  get completed(): boolean {
    return this.ctx.lists.every((l) => l.state === 'completed');
  }

  addLocal(candidate: LocalCandidate, now: Nanos, out: IceOut[]): void {
    const list = this.ctx.listOf(candidate.base);
    if (list.remote !== null && list.state === 'running') formPairs(this.ctx, list, [candidate], list.remoteCandidates, now, out);
  }

  setRemote(list: CheckList, remote: RemoteDescription, candidates: readonly Candidate[], complete: boolean, now: Nanos, out: IceOut[]): void {
    list.remote = remote;
    this.ctx.startedAt ??= now;
    if (remote.lite) this.ctx.switchRole(true, 'the peer is lite (RFC 8445 6.1.1)', out);
    for (const candidate of candidates) addRemote(list, candidate);
    formPairs(this.ctx, list, this.ctx.local.all, list.remoteCandidates, now, out);
    if (complete) list.remoteEnded = true;
    for (const early of list.early.splice(0)) triggerCheck(this.ctx, list, early, now, out);
  }

  addRemoteCandidate(list: CheckList, candidate: Candidate, now: Nanos, out: IceOut[]): void {
    if (list.state !== 'running') return;
    addRemote(list, candidate);
    if (list.remote !== null) formPairs(this.ctx, list, this.ctx.local.all, [candidate], now, out);
  }

  handleRequest(base: IceBase, from: TransportAddress, packet: StunPacket, cause: Cause, now: Nanos, out: IceOut[]): void {
    handleCheckRequest(this.ctx, { base, from, packet, cause }, now, out);
  }

  handleResponse(base: IceBase, from: TransportAddress, packet: StunPacket, now: Nanos, out: IceOut[]): boolean {
    if (handleCheckResponse(this.ctx, base, from, packet, now, out)) return true;
    for (const consent of this.consents.values()) if (consent.handleResponse(base, from, packet, now)) return true;
    return false;
  }

  noteError(base: IceBase, to: TransportAddress, error: NetFault, now: Nanos): void {
    const pair = this.ctx.listOf(base).find(base, to);
    if (pair !== undefined) this.ctx.note(pair, `ICMP ${error} came back`, now);
  }

  /** Does all that is due. Called after every input and at every deadline. */
  run(now: Nanos, out: IceOut[]): void {
    for (const check of [...this.ctx.checks.values()]) if (check.schedule.deadline <= now) stepCheck(this.ctx, check, now, out);
    for (const list of this.ctx.lists) concludeList(this.ctx, list, now, out);
    for (const check of [...this.ctx.checks.values()]) if (this.ctx.listOf(check.pair).state === 'failed') this.ctx.checks.delete(check.transaction);
    while (now >= this.ctx.pacer.free) {
      const next = this.#nextCheck(now, out);
      if (next === null) break;
      this.ctx.pacer.take(now);
      startCheck(this.ctx, next.list, next.pair, now, out);
    }
    this.#watchConsent(now, out);
    this.#lastRun = now;
  }

  get deadline(): Nanos {
    let next: number = NEVER;
    for (const check of this.ctx.checks.values()) next = Math.min(next, check.schedule.deadline);
    for (const list of this.ctx.lists) next = Math.min(next, conclusionDeadline(this.ctx, list, this.#lastRun));
    for (const consent of this.consents.values()) next = Math.min(next, consent.deadline);
    if (this.#hasWork()) next = Math.min(next, this.ctx.pacer.free);
    return next as Nanos;
  }

  #hasWork(): boolean {
    return this.ctx.lists.some((l) => isActive(l) && (l.triggered.length > 0 || l.nextWaiting() !== undefined || thawable(this.ctx, l).length > 0));
  }

  /** RFC 8445 section 6.1.4.2: the lists take turns; a triggered check goes before an ordinary one. */
  #nextCheck(now: Nanos, out: IceOut[]): { readonly list: CheckList; readonly pair: CandidatePair } | null {
    const lists = this.ctx.lists;
    for (let i = 0; i < lists.length; i++) {
      const list = lists[(this.#turn + i) % lists.length];
      if (list === undefined || !isActive(list)) continue;
      const pair = takeTriggered(list) ?? this.#takeOrdinary(list, now, out);
      if (pair === undefined) continue;
      this.#turn = (this.#turn + i + 1) % lists.length;
      return { list, pair };
    }
    return null;
  }

  #takeOrdinary(list: CheckList, now: Nanos, out: IceOut[]): CandidatePair | undefined {
    if (list.nextWaiting() === undefined) {
      for (const pair of thawable(this.ctx, list)) this.ctx.change(pair, 'waiting', `nobody tries foundation ${pair.foundation} any more`, now, out);
    }
    return list.nextWaiting();
  }

  #watchConsent(now: Nanos, out: IceOut[]): void {
    for (const list of this.ctx.lists) {
      for (const [component, pair] of list.selected) {
        const key = `${list.stream} ${component}`;
        if (this.consents.get(key)?.pair.producedBy !== pair.producedBy) this.consents.set(key, new Consent(this.ctx, pair.producedBy, now));
      }
      if (list.state === 'failed') for (const component of list.components) this.consents.delete(`${list.stream} ${component}`);
    }
    for (const consent of this.consents.values()) consent.tick(now, out);
  }
}

function isActive(list: CheckList): boolean {
  return list.state === 'running' && list.remote !== null;
}

/** The next queued pair that still wants a check: it waits, or it carries the nomination. */
function takeTriggered(list: CheckList): CandidatePair | undefined {
  for (;;) {
    const pair = list.triggered.shift();
    if (pair === undefined || pair.nominating || (pair.state === 'waiting' && !pair.removed)) return pair;
  }
}

function addRemote(list: CheckList, candidate: Candidate): void {
  const same = list.remoteCandidates.findIndex(
    (c) => c.component === candidate.component && c.transport === candidate.transport && sameAddress(c.address, candidate.address),
  );
  if (same < 0) list.remoteCandidates.push(candidate);
  else if (list.remoteCandidates[same]?.type === 'prflx') list.remoteCandidates[same] = candidate;
}
