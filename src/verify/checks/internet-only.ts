/**
 * `internet-only: [dns]`: services that must be seen on the Internet and never on ExpressRoute.
 * @module
 */
import { z } from 'zod';
import { linksOf } from '../../analysis/direction.js';
import type { Leg } from '../../analysis/legs.js';
import type { PlanLink, Segment } from '../../topology/plan.js';
import { list } from '../../scenario/description/fields.js';
import type { Context } from '../context.js';
import { legEvidence, silences } from '../evidence.js';
import { needsSegment } from '../fit.js';
import { check } from './check.js';

/** Services that the article keeps off ExpressRoute, as far as a run has them. */
const SERVICES = ['dns'] as const;

export const internetOnly = check({
  key: 'internet-only',
  schema: list(z.enum(SERVICES)),
  form: '[dns]',
  doc: 'every packet of the service: seen on the Internet, and on no link of segment `expressroute`',
  read: (services) => services.map((traffic) => ({ traffic })),
  actors: () => [],
  fit: ({ src }, plan) => needsSegment('Internet', plan, src),
  about: ({ traffic }) => ({ check: `internet-only/${traffic}`, subject: traffic, expected: 'Internet' }),
  judge({ traffic }, c) {
    const legs = c.observation.legs.filter((leg) => leg.medium === traffic);
    const onCircuit = legs.filter((leg) => crossed(c, leg, 'expressroute').length > 0);
    if (onCircuit.length > 0) {
      const links = onCircuit.flatMap((leg) => crossed(c, leg, 'expressroute').map((link) => link.name));
      const observed = `ExpressRoute: ${[...new Set(links)].join(', ')} (${onCircuit.map((leg) => leg.id).join(', ')})`;
      return { status: 'fail', observed, evidence: legEvidence(onCircuit, c.observation, c.plan) };
    }
    const outside = legs.filter((leg) => crossed(c, leg, 'internet').length > 0);
    if (outside.length === 0) {
      const observed = legs.length === 0 ? 'no packet' : 'no packet on the Internet';
      return { status: 'unproved', observed, evidence: c.whyNot(legEvidence(legs, c.observation, c.plan)) };
    }
    const silent = silences(outside);
    return { status: silent.length > 0 ? 'fail' : 'pass', observed: ['Internet', ...silent].join(', '), evidence: legEvidence(outside, c.observation, c.plan) };
  },
});

function crossed(c: Context, leg: Leg, segment: Segment): readonly PlanLink[] {
  return [leg.there, leg.back].flatMap((direction) => linksOf(direction, c.plan)).filter((link) => link.segment === segment);
}
