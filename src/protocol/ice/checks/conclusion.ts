/**
 * How ICE ends: nomination, selection, completion and failure. RFC 8445 section 8, RFC 8863.
 * Regular nomination only: when no pair that may still succeed outranks the best valid one, else 3 s after the first success.
 * @module
 */
import { formatDuration, NEVER, plus, type Nanos } from '../../../base/time.js';
import type { IceOut } from '../agent-io.js';
import { failList } from './client-checks.js';
import type { CheckList } from './check-list.js';
import type { IceContext } from './context.js';
import type { CandidatePair } from './pair.js';
import { comparePriority } from '../candidates/priority.js';

/** Brings a list as far as it can go at this time. */
export function concludeList(ctx: IceContext, list: CheckList, now: Nanos, out: IceOut[]): void {
  if (list.state === 'failed') return;
  if (ctx.controlling && list.state === 'running') nominate(ctx, list, now);
  for (const component of list.components) selectPair(ctx, list, component, now, out);
  if (list.state === 'running' && list.components.every((c) => list.selected.has(c))) {
    list.state = 'completed';
    list.triggered.length = 0;
    out.push({ kind: 'completed', stream: list.stream });
  }
  if (list.state === 'running') failIfHopeless(ctx, list, now, out);
}

/** When, after `now`, `concludeList` may have more to do though nothing arrives. */
export function conclusionDeadline(ctx: IceContext, list: CheckList, now: Nanos): Nanos {
  if (list.state !== 'running' || ctx.startedAt === null) return NEVER;
  const times: Nanos[] = [];
  for (const component of list.components) {
    const first = list.firstValidAt.get(component);
    if (ctx.controlling && first !== undefined && !isNominated(list, component) && list.valid(component).length > 0)
      times.push(plus(first, ctx.options.nominationWait));
  }
  const pac = plus(ctx.startedAt, ctx.options.pac);
  times.push(pac, plus(pac, ctx.options.nominationPatience));
  return Math.min(...times.filter((t) => t > now)) as Nanos;
}

function isNominated(list: CheckList, component: number): boolean {
  return list.selected.has(component) || [...list.pairs, ...list.discovered].some((p) => p.component === component && (p.nominating || p.nominated));
}

function nominate(ctx: IceContext, list: CheckList, now: Nanos): void {
  for (const component of list.components) {
    const best = list.valid(component)[0];
    const first = list.firstValidAt.get(component);
    if (best === undefined || first === undefined || isNominated(list, component)) continue;
    const reason = reasonToNominate(ctx, list, best, first, now);
    if (reason === null) continue;
    best.producedBy.nominating = true;
    ctx.note(best, `nominated: ${reason}`, now);
    list.enqueue(best.producedBy);
  }
}

/** Why the best valid pair is to be nominated now; null = not yet. */
function reasonToNominate(ctx: IceContext, list: CheckList, best: CandidatePair, first: Nanos, now: Nanos): string | null {
  const wait = ctx.options.nominationWait;
  if (now >= plus(first, wait)) return `best valid pair ${formatDuration(wait)} after the first success`;
  if (ctx.pathsMayCome || !list.remoteEnded) return null;
  const better = list.live(best.component).some((p) => p !== best && comparePriority(p.priority, best.priority) > 0);
  return better ? null : 'no pending pair outranks it';
}

/** RFC 8445 sections 8.1.1 and 8.1.2: of the nominated pairs the highest is selected; the rest of the component rests. */
function selectPair(ctx: IceContext, list: CheckList, component: number, now: Nanos, out: IceOut[]): void {
  const best = list.valid(component).find((p) => p.nominated);
  if (best === undefined || list.selected.get(component) === best) return;
  const old = list.selected.get(component);
  if (old !== undefined) old.selected = false;
  best.selected = true;
  best.producedBy.nominating = false;
  list.selected.set(component, best);
  ctx.change(best, 'succeeded', `selected for component ${component}`, now, out);
  restOthers(ctx, list, best, now, out);
  out.push({ kind: 'selected', pair: best.id, stream: list.stream, component, base: best.local.base, local: best.local, remote: best.remote });
}

function restOthers(ctx: IceContext, list: CheckList, best: CandidatePair, now: Nanos, out: IceOut[]): void {
  for (const pair of list.pairs) {
    if (pair.component !== best.component || pair === best.producedBy || pair.removed) continue;
    if (pair.state === 'frozen' || pair.state === 'waiting') {
      pair.removed = true;
      const queued = list.triggered.indexOf(pair);
      if (queued >= 0) list.triggered.splice(queued, 1);
      ctx.change(pair, pair.state, `taken off the list: pair ${best.id} is selected (RFC 8445 8.1.2)`, now, out);
    } else if (pair.state === 'in-progress') {
      ctx.note(pair, `no more requests: pair ${best.id} is selected (RFC 8445 8.1.2)`, now);
    }
  }
  for (const check of ctx.checks.values()) {
    if (check.pair.stream === list.stream && check.pair.component === best.component) check.schedule.stop();
  }
}

function failIfHopeless(ctx: IceContext, list: CheckList, now: Nanos, out: IceOut[]): void {
  if (ctx.startedAt === null || ctx.pathsMayCome || !list.remoteEnded) return;
  const pac = plus(ctx.startedAt, ctx.options.pac);
  // RFC 8863 section 4: a check of the peer may still open what none of ours could.
  if (now < pac) return;
  const waiting = list.components.filter((c) => list.live(c).length > 0 || list.pairs.some((p) => p.component === c && p.nominating));
  if (waiting.length > 0) return;
  const dead = list.components.filter((c) => list.valid(c).length === 0);
  if (dead.length > 0) {
    failList(list, `component ${dead.join(' and ')}: no pair succeeded`, out);
    return;
  }
  if (!ctx.controlling && now >= plus(pac, ctx.options.nominationPatience)) failList(list, 'pairs succeeded, but the controlling agent nominated none', out);
}
