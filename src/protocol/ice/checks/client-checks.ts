/**
 * Client side of connectivity checks: RFC 8445 section 7.2.
 * @module
 */
import { must } from '../../../base/assert.js';
import { NO_CAUSE } from '../../../base/brand.js';
import { formatDuration, millis, type Nanos } from '../../../base/time.js';
import type { StunAttribute } from '../../stun/attribute.js';
import { checkIntegrity, emitStun, type StunPacket } from '../../stun/codec.js';
import { shortTermKey } from '../../stun/integrity.js';
import { addressOf, errorOf, formatAttributeCode, randomHex, STUN_METHOD } from '../../stun/message.js';
import { DEFAULT_RTO, Retransmission } from '../../stun/retransmission.js';
import { formatAddress, sameAddress, type TransportAddress } from '../../stun/transport-address.js';
import type { IceOut } from '../agent-io.js';
import type { IceBase } from '../candidates/candidate.js';
import { unfreezeFoundation, type CheckList } from './check-list.js';
import type { Check, IceContext } from './context.js';
import { CandidatePair } from './pair.js';
import { checkPriority } from '../candidates/priority.js';

/**
 * A check gives up this long after its first transmission at the latest: as long as a transaction of RTO 500 ms takes,
 * the time on which RFC 8863 rests. Section 14.3 makes the RTO grow with the list; without a bound a silent pair of a
 * long list would be waited for many minutes.
 */
export const CHECK_PATIENCE = millis(39_500);

/** RTO = MAX(500ms, Ta * N * (Num-Waiting + Num-In-Progress)), over all check lists (RFC 8445 section 14.3). */
export function checkRto(ctx: IceContext): Nanos {
  let n = 0;
  let busy = 0;
  for (const list of ctx.lists) {
    for (const pair of list.pairs) {
      if (pair.removed) continue;
      n += 1;
      if (pair.state === 'waiting' || pair.state === 'in-progress') busy += 1;
    }
  }
  return Math.max(DEFAULT_RTO, ctx.pacer.ta * n * busy) as Nanos;
}

/** The attributes of a check, also of a consent check (RFC 8445 section 7.1, RFC 7675 section 5.1). */
export function emitCheck(ctx: IceContext, list: CheckList, pair: CandidatePair, transaction: string, useCandidate: boolean): Uint8Array {
  const remote = must(list.remote, 'description of the peer');
  const attributes: StunAttribute[] = [
    { name: 'username', text: `${remote.ufrag}:${ctx.credentials.ufrag}` },
    { name: ctx.controlling ? 'ice-controlling' : 'ice-controlled', hex: ctx.tieBreaker },
    { name: 'priority', value: checkPriority(pair.local.base.localPreference, pair.component) },
  ];
  if (useCandidate) attributes.push({ name: 'use-candidate' });
  return emitStun({ class: 'request', method: STUN_METHOD.BINDING, transaction, attributes }, { integrity: shortTermKey(remote.pwd), fingerprint: true });
}

/** Starts a check of the pair and sends its first request. */
export function startCheck(ctx: IceContext, list: CheckList, pair: CandidatePair, now: Nanos, out: IceOut[]): void {
  // Only a controlling agent nominates, and only what has succeeded.
  const useCandidate = pair.nominating;
  if (useCandidate) ctx.note(pair, 'nominating check', now);
  else ctx.change(pair, 'in-progress', pair.cause === NO_CAUSE ? 'check started' : 'triggered check started', now, out);
  const transaction = randomHex(ctx.random, 12);
  const check: Check = {
    transaction,
    pair,
    bytes: emitCheck(ctx, list, pair, transaction, useCandidate),
    schedule: new Retransmission(now, { rto: checkRto(ctx), patience: CHECK_PATIENCE }),
    controlling: ctx.controlling,
    useCandidate,
    priority: checkPriority(pair.local.base.localPreference, pair.component),
    superseded: false,
  };
  ctx.checks.set(transaction, check);
  stepCheck(ctx, check, now, out);
}

/** What a check has due: a transmission or its end. */
export function stepCheck(ctx: IceContext, check: Check, now: Nanos, out: IceOut[]): void {
  const pair = check.pair;
  const step = check.schedule.step(now);
  if (step === 'send') {
    pair.requestsSent += 1;
    pair.firstSentAt ??= now;
    out.push({ kind: 'send', base: pair.local.base, to: pair.remote.address, bytes: check.bytes, cause: pair.cause });
    pair.cause = NO_CAUSE;
  } else if (step === 'timeout') {
    ctx.checks.delete(check.transaction);
    failCheck(ctx, check, `no answer to ${check.schedule.sent} requests in ${formatDuration((now - check.schedule.startedAt) as Nanos)}`, now, out);
  }
}

function failCheck(ctx: IceContext, check: Check, why: string, now: Nanos, out: IceOut[]): void {
  const pair = check.pair;
  // A newer check of the pair decides.
  if (check.superseded) return;
  if (check.useCandidate && pair.nominating) {
    const list = ctx.listOf(pair);
    pair.nominating = false;
    for (const valid of [...list.pairs, ...list.discovered]) if (valid.producedBy === pair) valid.valid = false;
    ctx.change(pair, 'failed', `nominating check failed: ${why}`, now, out);
    // The peer may have taken the nomination, whose answer alone was lost: another pair must not be nominated (RFC 8445 section 8.1.1).
    failList(list, `the nominating check of pair ${pair.id} failed: ${why}`, out);
    return;
  }
  if (pair.state === 'in-progress') ctx.change(pair, 'failed', why, now, out);
}

export function failList(list: CheckList, why: string, out: IceOut[]): void {
  if (list.state === 'failed') return;
  list.state = 'failed';
  list.why = why;
  list.triggered.length = 0;
  out.push({ kind: 'failed', stream: list.stream, why });
}

/** True when the answer belonged to a check of this session. */
export function handleCheckResponse(ctx: IceContext, base: IceBase, from: TransportAddress, packet: StunPacket, now: Nanos, out: IceOut[]): boolean {
  const check = ctx.checks.get(packet.transaction);
  if (check === undefined) return false;
  const pair = check.pair;
  const list = ctx.listOf(pair);
  const error = errorOf(packet);
  const remote = list.remote;
  if (remote === null || !checkIntegrity(packet, shortTermKey(remote.pwd))) {
    // RFC 8489 section 9.1.4: as if it had never been received; but people want to know.
    ctx.note(pair, `ignored an answer without right integrity${error === undefined ? '' : ` (${error.code} ${error.reason})`}`, now);
    return true;
  }
  ctx.checks.delete(check.transaction);
  if (!sameAddress(from, pair.remote.address) || base !== pair.local.base) {
    failCheck(ctx, check, `answer from ${formatAddress(from)} to ${formatAddress(base.address)}: not symmetric (RFC 8445 7.2.5.2.1)`, now, out);
    return true;
  }
  if (packet.unknown.length > 0) {
    // RFC 8489 sections 6.3.3 and 6.3.4: an answer that can't be understood is none, and no other will come.
    failCheck(ctx, check, `answer with unknown attributes ${packet.unknown.map(formatAttributeCode).join(', ')}`, now, out);
    return true;
  }
  if (packet.class === 'error') {
    if (error?.code === 487) onRoleConflict(ctx, list, check, now, out);
    else failCheck(ctx, check, error === undefined ? 'answered with an error that has no code' : `answered with ${error.code} ${error.reason}`, now, out);
    return true;
  }
  const mapped = addressOf(packet, 'xor-mapped-address');
  if (mapped === undefined) failCheck(ctx, check, 'answer without XOR-MAPPED-ADDRESS', now, out);
  else onSuccess(ctx, list, check, mapped, now, out);
  return true;
}

/** RFC 8445 section 7.2.5.1: take the other role, a new tie-breaker, and check the pair again. */
function onRoleConflict(ctx: IceContext, list: CheckList, check: Check, now: Nanos, out: IceOut[]): void {
  if (check.controlling === ctx.controlling) {
    ctx.switchRole(!check.controlling, `role conflict: 487 to the check of pair ${check.pair.id}`, out);
    ctx.tieBreaker = randomHex(ctx.random, 8);
  }
  if (check.pair.state !== 'succeeded' && list.state === 'running')
    ctx.change(check.pair, 'waiting', '487 Role Conflict: checked again in the other role', now, out);
  list.enqueue(check.pair);
}

/** RFC 8445 section 7.2.5.3. */
function onSuccess(ctx: IceContext, list: CheckList, check: Check, mapped: TransportAddress, now: Nanos, out: IceOut[]): void {
  const pair = check.pair;
  const first = pair.state !== 'succeeded';
  pair.answeredAt ??= now;
  pair.rtt = (now - check.schedule.lastSentAt) as Nanos;
  for (const other of ctx.checks.values()) {
    if (other.pair !== pair || other.useCandidate) continue;
    other.superseded = true;
    other.schedule.stop();
  }
  const valid = validPair(ctx, list, check, mapped, now);
  if (first) {
    const seen = valid === pair ? '' : `; the peer sees us as ${formatAddress(mapped)}, valid pair ${valid.id}`;
    ctx.change(pair, 'succeeded', `answered after ${formatDuration(pair.rtt)}${seen}`, now, out);
  }
  if (!valid.valid) {
    valid.valid = true;
    if (!list.firstValidAt.has(pair.component)) list.firstValidAt.set(pair.component, now);
    if (valid !== pair) ctx.change(valid, 'succeeded', `valid by the check of pair ${pair.id}`, now, out);
  }
  if (first) unfreezeFoundation(ctx, pair.foundation, pair.id, now, out);
  const byUs = check.useCandidate && ctx.controlling;
  const byPeer = !ctx.controlling && pair.nominateOnSuccess;
  if (byUs || byPeer) valid.nominated = true;
}

/** The pair that the answer proves: with the local candidate that the peer sees (sections 7.2.5.3.1 and 7.2.5.3.2). */
function validPair(ctx: IceContext, list: CheckList, check: Check, mapped: TransportAddress, now: Nanos): CandidatePair {
  const pair = check.pair;
  if (sameAddress(mapped, pair.local.address)) return pair;
  const known = ctx.local.find(pair.local.base, mapped);
  const local =
    known ??
    ctx.local.add({
      type: 'prflx',
      base: pair.local.base,
      address: mapped,
      learnedFrom: pair.remote.address,
      related: pair.local.base.address,
      priority: check.priority,
    }).candidate;
  const other = [...list.discovered, ...list.pairs].find((p) => p.local === local && p.remote === pair.remote);
  if (other !== undefined) return other;
  const valid = new CandidatePair(ctx.nextPairId(), local, pair.remote, ctx.controlling);
  valid.producedBy = pair;
  if (known === undefined) ctx.note(pair, `discovered the peer-reflexive candidate ${formatAddress(mapped)}`, now);
  list.discovered.push(valid);
  return valid;
}
