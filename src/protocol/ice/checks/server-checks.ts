/**
 * Server side of connectivity checks: RFC 8445 section 7.3.
 * @module
 */
import type { Cause } from '../../../base/brand.js';
import type { Nanos } from '../../../base/time.js';
import type { StunAttribute } from '../../stun/attribute.js';
import { checkIntegrity, emitStun, type StunPacket } from '../../stun/codec.js';
import { shortTermKey } from '../../stun/integrity.js';
import { hasAttribute, hexOf, numberOf, STUN_METHOD, textOf } from '../../stun/message.js';
import { formatAddress, sameAddress, type TransportAddress } from '../../stun/transport-address.js';
import type { IceOut } from '../agent-io.js';
import type { Candidate, IceBase } from '../candidates/candidate.js';
import { type CheckList, type EarlyCheck, fullOfPairs } from './check-list.js';
import type { IceContext } from './context.js';
import { CandidatePair } from './pair.js';

export interface IncomingCheck {
  readonly base: IceBase;
  readonly from: TransportAddress;
  readonly packet: StunPacket;
  readonly cause: Cause;
}

/** The fragment that names whose check it is: what stands before the colon. */
export function addressedUfrag(packet: StunPacket): string | undefined {
  const username = textOf(packet, 'username');
  const colon = username?.indexOf(':') ?? -1;
  return colon < 0 ? undefined : username?.slice(0, colon);
}

/** An error answer; signed only when the request has proved that it knows the password (RFC 8489 section 9.1.3). */
export function refuseCheck(check: IncomingCheck, code: number, reason: string, key: Uint8Array | null, out: IceOut[]): void {
  const attributes: StunAttribute[] = [{ name: 'error-code', code, reason }];
  if (code === 420) attributes.push({ name: 'unknown-attributes', types: check.packet.unknown });
  const message = { class: 'error', method: STUN_METHOD.BINDING, transaction: check.packet.transaction, attributes } as const;
  const bytes = emitStun(message, key === null ? { fingerprint: true } : { integrity: key, fingerprint: true });
  out.push({ kind: 'send', base: check.base, to: check.from, bytes, cause: check.cause });
}

export function handleCheckRequest(ctx: IceContext, check: IncomingCheck, now: Nanos, out: IceOut[]): void {
  const { packet, base, from, cause } = check;
  const list = ctx.listOf(base);
  const key = shortTermKey(ctx.credentials.pwd);
  if (packet.integrityAt < 0 || addressedUfrag(packet) === undefined) {
    refuseCheck(check, 400, 'Bad Request', null, out);
    return;
  }
  if (addressedUfrag(packet) !== ctx.credentials.ufrag || !checkIntegrity(packet, key)) {
    refuseCheck(check, 401, 'Unauthorized', null, out);
    return;
  }
  if (packet.unknown.length > 0) {
    refuseCheck(check, 420, 'Unknown Attribute', key, out);
    return;
  }
  // Answers would keep the peer's consent alive for a session that has none.
  if (list.state === 'failed') {
    out.push({ kind: 'discard', why: 'ice-failed', cause });
    return;
  }
  if (!roleAgreed(ctx, packet, out)) {
    refuseCheck(check, 487, 'Role Conflict', key, out);
    return;
  }
  const response = {
    class: 'success',
    method: STUN_METHOD.BINDING,
    transaction: packet.transaction,
    attributes: [{ name: 'xor-mapped-address', address: from }],
  } as const;
  out.push({ kind: 'send', base, to: from, bytes: emitStun(response, { integrity: key, fingerprint: true }), cause });
  const early: EarlyCheck = { base, from, cause, priority: numberOf(packet, 'priority') ?? 1, useCandidate: hasAttribute(packet, 'use-candidate') };
  if (list.remote === null) list.early.push(early);
  else triggerCheck(ctx, list, early, now, out);
}

/** RFC 8445 section 7.3.1.1; false when the peer has to give way. Hex digits of equal length compare like the numbers. */
function roleAgreed(ctx: IceContext, packet: StunPacket, out: IceOut[]): boolean {
  const theirs = hexOf(packet, ctx.controlling ? 'ice-controlling' : 'ice-controlled');
  if (theirs === undefined) return true;
  const stay = ctx.tieBreaker >= theirs;
  if (ctx.controlling) {
    if (stay) return false;
    ctx.switchRole(false, 'role conflict: the peer controls too and has the larger tie-breaker', out);
  } else {
    if (!stay) return false;
    ctx.switchRole(true, 'role conflict: both were controlled and our tie-breaker is the larger', out);
  }
  return true;
}

/** RFC 8445 sections 7.3.1.3 to 7.3.1.5: the request is worth a check of our own, and may nominate. */
export function triggerCheck(ctx: IceContext, list: CheckList, early: EarlyCheck, now: Nanos, out: IceOut[]): void {
  const { base, from, cause } = early;
  const local = ctx.local.ofBase(base);
  if (local === undefined) {
    out.push({ kind: 'discard', why: 'ice-no-candidate-at-base', cause });
    return;
  }
  let pair = list.find(base, from);
  if (pair === undefined) {
    if (list.state === 'completed') return;
    // Behind two NATs that map by destination every check comes from another address: without an end.
    if (fullOfPairs(ctx)) {
      out.push({ kind: 'discard', why: 'ice-too-many-pairs', cause });
      return;
    }
    pair = new CandidatePair(ctx.nextPairId(), local, remoteCandidate(ctx, list, early), ctx.controlling);
    list.pairs.push(pair);
    list.sort();
    ctx.change(
      pair,
      'waiting',
      `request from ${formatAddress(from)}, which ${pair.remote.type === 'prflx' ? 'nobody had named: peer-reflexive' : 'had no pair yet'}`,
      now,
      out,
    );
  }
  pair.requestsReceived += 1;
  if (list.state === 'running' && !pair.removed) trigger(ctx, list, pair, cause, now, out);
  if (early.useCandidate && !ctx.controlling) acceptNomination(ctx, list, pair, now);
}

function trigger(ctx: IceContext, list: CheckList, pair: CandidatePair, cause: Cause, now: Nanos, out: IceOut[]): void {
  switch (pair.state) {
    case 'succeeded':
      return;
    case 'in-progress':
      // Section 7.3.1.4: no more of the old requests, whose answer may still come, and a new check at once.
      for (const check of ctx.checks.values()) {
        if (check.pair !== pair) continue;
        check.superseded = true;
        check.schedule.stop();
      }
      ctx.change(pair, 'waiting', 'request came while our check was under way: triggered check', now, out);
      break;
    case 'failed':
      ctx.change(pair, 'waiting', 'request came after our check had failed: triggered check', now, out);
      break;
    case 'frozen':
    case 'waiting':
      if (!list.triggered.includes(pair)) ctx.change(pair, 'waiting', 'request came: triggered check', now, out);
      break;
  }
  pair.cause = cause;
  list.enqueue(pair);
}

/** RFC 8445 section 7.3.1.5. */
function acceptNomination(ctx: IceContext, list: CheckList, pair: CandidatePair, now: Nanos): void {
  if (!pair.nominateOnSuccess) {
    pair.nominateOnSuccess = true;
    ctx.note(pair, pair.state === 'succeeded' ? 'nominated by the peer' : 'nominated by the peer, waits for our own check', now);
  }
  for (const valid of [...list.pairs, ...list.discovered]) if (valid.producedBy === pair && valid.valid) valid.nominated = true;
}

/** The remote candidate of that address, or a new peer-reflexive one (section 7.3.1.3). */
function remoteCandidate(ctx: IceContext, list: CheckList, early: EarlyCheck): Candidate {
  const { base, from } = early;
  const known = list.remoteCandidates.find((c) => c.component === base.component && c.transport === base.transport && sameAddress(c.address, from));
  if (known !== undefined) return known;
  const tcpType = base.tcpType === undefined ? undefined : base.tcpType === 'passive' ? 'active' : base.tcpType === 'active' ? 'passive' : 'so';
  const candidate: Candidate = {
    // Random, so that it differs from every foundation that the peer gives.
    foundation: `prflx${ctx.random.below(0x100000000).toString(36)}`,
    component: base.component,
    transport: base.transport,
    ...(tcpType !== undefined && { tcpType }),
    priority: early.priority,
    address: { address: from.address, port: from.port, family: from.family },
    type: 'prflx',
  };
  list.remoteCandidates.push(candidate);
  return candidate;
}
