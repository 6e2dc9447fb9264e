/**
 * BGP while a lab runs: hears of every change of a link, lets the model decide what comes of it and when, and changes
 * the routes of nodes. The same for every substrate; what a node is made of is the lab's.
 * @module
 */
import { must } from '../base/assert.js';
import type { LinkId, NodeId, TimerId } from '../base/brand.js';
import { type Nanos, NEVER } from '../base/time.js';
import type { LinkControl, Side } from '../fabric/link.js';
import type { Scheduler, Target } from '../fabric/scheduler.js';
import { type BgpEvent, BgpNetwork, type BgpNote, step } from '../topology/bgp/network.js';
import type { Plan, RouteChange } from '../topology/plan.js';

export interface BgpDeps {
  readonly plan: Plan;
  readonly scheduler: Scheduler;
  /** Lab time at this moment, where the scheduler's is that of its last event. */
  readonly now: () => Nanos;
  /** The fabric's own. */
  readonly links: LinkControl;
  readonly route: (node: string, changes: readonly RouteChange[]) => void;
  readonly note: (node: NodeId, event: BgpNote['event'], fields: Readonly<Record<string, string>>) => void;
}

/** Gives the links as a lab shows them: the fabric's own where nobody speaks BGP. */
export function linksWithBgp(deps: BgpDeps): LinkControl {
  if (deps.plan.nodes.every((node) => node.bgp === undefined)) return deps.links;
  return new BgpProcess(deps);
}

class BgpProcess implements LinkControl, Target {
  readonly #deps: BgpDeps;
  readonly #ids: ReadonlyMap<string, NodeId>;
  #state: BgpNetwork;
  #timer: TimerId | null = null;

  constructor(deps: BgpDeps) {
    this.#deps = deps;
    this.#ids = new Map(deps.plan.nodes.map((node) => [node.name, node.id]));
    this.#state = must(BgpNetwork.converged(deps.plan), 'a plan whose speakers agree');
  }

  set(link: LinkId, side: Side | 'both', change: Parameters<LinkControl['set']>[2]): void {
    this.#deps.links.set(link, side, change);
    this.#take({ kind: 'link', link, side, change });
  }

  fire(): void {
    this.#timer = null;
    this.#take({ kind: 'time' });
  }

  #take(event: BgpEvent): void {
    const { scheduler, now, route, note } = this.#deps;
    const { state, changes, notes } = step(this.#state, event, now());
    this.#state = state;
    for (const { node, event: name, fields } of notes) note(must(this.#ids.get(node), node), name, fields);
    for (const [node, own] of byNode(changes)) route(node, own);
    if (this.#timer !== null) scheduler.cancel(this.#timer);
    this.#timer = state.deadline === NEVER ? null : scheduler.at(state.deadline, this, 0, null);
  }
}

/** In order, for each node. */
function byNode(changes: readonly (RouteChange & { readonly node: string })[]): ReadonlyMap<string, readonly RouteChange[]> {
  const found = new Map<string, RouteChange[]>();
  for (const { node, op, route } of changes) found.set(node, [...(found.get(node) ?? []), { op, route }]);
  return found;
}
