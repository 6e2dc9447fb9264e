/**
 * The fabric: all links of a plan, built, changed and counted. It knows frames, time and dice; not IP, but for reading
 * the DSCP, and not who sits at the ends.
 *
 * @example
 * const fabric = createFabric({ links: plan.links, scheduler, pool, tap: NULL_TAP, random: randomRoot(seed) });
 * fabric.end(link.id, 0).attach(port);
 * fabric.control.set(link.id, 'both', { up: false });
 * @module
 */
import type { LinkId } from '../base/brand.js';
import { assertInvariant, must } from '../base/assert.js';
import type { RandomRoot } from '../base/rng.js';
import type { ImpairmentSpec } from '../topology/impairment.js';
import type { PlanLink } from '../topology/plan.js';
import type { LinkControl, LinkEnd, Side, Tap } from './link.js';
import { End, type LinkDeps, LinkDirection } from './links/link-direction.js';
import { LinkCounters, type LinkPhase, type LinkStats, totalStats } from './link-stats.js';
import type { PacketPool } from './packet.js';
import type { Scheduler } from './scheduler.js';

/** What the fabric reads of a plan's link. `id` is the link's index. */
export type FabricLink = Pick<PlanLink, 'id' | 'name' | 'mtu' | 'impairments' | 'up'>;

export interface FabricOptions {
  readonly links: readonly FabricLink[];
  readonly scheduler: Scheduler;
  readonly pool: PacketPool;
  readonly tap: Tap;
  readonly random: RandomRoot;
}

export interface Fabric {
  end(link: LinkId, side: Side): LinkEnd;
  /** `side` is the sending side. */
  readonly control: LinkControl;
  /** Counters of the direction that `side` sends into, as they are now. */
  stats(link: LinkId, side: Side): LinkStats;
  /** The same, parted where what was asked changed; one at least. */
  phases(link: LinkId, side: Side): readonly LinkPhase[];
  /** What the direction that `side` sends into is asked to do now. */
  impairment(link: LinkId, side: Side): ImpairmentSpec;
}

interface BuiltLink {
  readonly ends: readonly [End, End];
  readonly directions: readonly [LinkDirection, LinkDirection];
}

function build(deps: LinkDeps, link: FabricLink): BuiltLink {
  const a = new End(link.id, 0, link.mtu);
  const b = new End(link.id, 1, link.mtu);
  const [there, back] = link.impairments;
  const directions = [new LinkDirection(deps, link.name, a, b, there, link.up), new LinkDirection(deps, link.name, b, a, back, link.up)] as const;
  a.join(directions[0]);
  b.join(directions[1]);
  return { ends: [a, b], directions };
}

export function createFabric(options: FabricOptions): Fabric {
  const { links, scheduler, pool, tap, random } = options;
  const counters = new LinkCounters(links.length * 2);
  const deps: LinkDeps = { scheduler, pool, tap, random, counters };
  const built = links.map((link, index) => {
    assertInvariant(link.id === index, 'the id of a link is its index in the plan');
    return build(deps, link);
  });
  const at = (link: LinkId): BuiltLink => must(built[link], `link ${link}`);
  return {
    end: (link, side) => at(link).ends[side],
    stats: (link, side) =>
      totalStats(
        at(link)
          .directions[side].phases()
          .map((phase) => phase.stats),
      ),
    phases: (link, side) => at(link).directions[side].phases(),
    impairment: (link, side) => at(link).directions[side].spec,
    control: {
      set(link, side, change) {
        const { up, ...impairment } = change;
        for (const s of side === 'both' ? ([0, 1] as const) : [side]) {
          const direction = at(link).directions[s];
          if (Object.keys(impairment).length > 0) direction.configure({ ...direction.spec, ...impairment });
        }
        if (up === undefined) return;
        for (const s of side === 'both' ? ([0, 1] as const) : [side]) at(link).directions[s].setUp(up);
      },
    },
  };
}
