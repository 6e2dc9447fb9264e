/**
 * BGP played in time, for tests: links go down and up, and what routers then use is looked at.
 * @module
 */
import { must } from '../../base/assert.js';
import type { LinkId } from '../../base/brand.js';
import { formatDuration, type Nanos, ZERO } from '../../base/time.js';
import { type BgpEvent, BgpNetwork, type BgpNote, step } from '../bgp/network.js';
import type { Plan, PlanRoute } from '../plan.js';
import { nodeOf, planOf } from './lab.js';

type Change = Extract<BgpEvent, { kind: 'link' }>['change'];

export class BgpLab {
  readonly plan: Plan;
  readonly notes: { readonly at: Nanos; readonly note: BgpNote }[] = [];
  state: BgpNetwork;
  #now: Nanos = ZERO;
  /** As a kernel would have them: what was planned, and every change since. */
  readonly #routes = new Map<string, PlanRoute>();

  constructor(text: string) {
    this.plan = planOf(text);
    this.state = must(BgpNetwork.converged(this.plan), 'a network that comes to rest');
    for (const node of this.plan.nodes) for (const route of node.routes) if (route.origin === 'bgp') this.#routes.set(keyOf(node.name, route), route);
  }

  /** What is booked up to that time happens. */
  until(at: Nanos): void {
    while (this.state.deadline <= at) {
      const due = this.state.deadline;
      this.#take({ kind: 'time' }, due);
    }
    this.#now = at;
  }

  set(link: string, change: Change, side: 0 | 1 | 'both' = 'both'): void {
    const id = must(
      this.plan.links.find((l) => l.name === link),
      `link ${link}`,
    ).id as LinkId;
    this.#take({ kind: 'link', link: id, side, change }, this.#now);
  }

  /** Routes of a node that come from BGP, as `prefix via next-hop dev interface metric`. */
  routes(node: string): readonly string[] {
    nodeOf(this.plan, node);
    const own = [...this.#routes].filter(([key]) => key.startsWith(`${node} `)).map(([, route]) => route);
    return own.map((r) => `${r.prefix} ${(r.nextHops ?? [{ via: r.via, dev: r.dev }]).map((h) => `via ${h.via} dev ${h.dev}`).join(' + ')} ${r.metric}`).sort();
  }

  /** Sessions that went up and down since the start: `1.5s ce down msee1: interface down`. */
  sessions(): readonly string[] {
    return this.notes
      .filter(({ note }) => note.event === 'bgp-session')
      .map(
        ({ at, note }) =>
          `${formatDuration(at)} ${note.node} ${note.fields['state']} ${note.fields['peer']}${note.fields['why'] === undefined ? '' : `: ${note.fields['why']}`}`,
      );
  }

  /** When routes of a node to a prefix changed, and to what: `1.5s via 192.0.2.1`, `9s gone`. */
  changes(node: string, prefix: string): readonly string[] {
    const own = this.notes.filter(({ note }) => note.event === 'bgp-route' && note.node === node && note.fields['prefix'] === prefix);
    return own.map(({ at, note }) => `${formatDuration(at)} ${note.fields['via'] === undefined ? 'gone' : `via ${note.fields['via']}`}`);
  }

  #take(event: BgpEvent, now: Nanos): void {
    const { state, changes, notes } = step(this.state, event, now);
    this.state = state;
    this.notes.push(...notes.map((note) => ({ at: now, note })));
    for (const { node, op, route } of changes) {
      if (op === 'delete') this.#routes.delete(keyOf(node, route));
      else this.#routes.set(keyOf(node, route), route);
    }
  }
}

function keyOf(node: string, route: PlanRoute): string {
  return `${node} ${route.prefix} ${route.metric}`;
}
