/**
 * `symmetric: { between: [alice, bob] }`: both directions of the media cross the same link groups.
 * @module
 */
import { z } from 'zod';
import { groupsOf } from '../../analysis/direction.js';
import type { Direction } from '../../analysis/direction.js';
import type { Leg } from '../../analysis/legs.js';
import { pair } from '../../scenario/description/fields.js';
import { legEvidence, silences } from '../evidence.js';
import { mediaLegs } from '../media-legs.js';
import { check } from './check.js';

export const symmetric = check({
  key: 'symmetric',
  schema: z.strictObject({ between: pair }),
  form: '{ between }',
  doc: 'the link groups of the media there and back: the same set',
  read: ({ between }) => [{ between }],
  actors: ({ between }) => between,
  about: ({ between }, c) => ({ check: `symmetric/${c.pair(...between)}`, subject: `${c.pair(...between)} media`, expected: 'same links both ways' }),
  judge(e, c) {
    const legs = mediaLegs(c, e.between);
    if (legs.length === 0) return { status: 'unproved', observed: 'no packet', evidence: c.whyNot() };
    const evidence = legEvidence(legs, c.observation, c.plan);
    const silent = silences(legs);
    if (silent.length > 0) return { status: 'unproved', observed: silent.join(', '), evidence };
    const groups = (side: (leg: Leg) => Direction): readonly string[] => [...new Set(legs.flatMap((leg) => groupsOf(side(leg), c.plan)))];
    const [there, back] = [groups((leg) => leg.there), groups((leg) => leg.back)];
    const onlyThere = there.filter((group) => !back.includes(group));
    const onlyBack = back.filter((group) => !there.includes(group));
    if (onlyThere.length + onlyBack.length === 0) return { status: 'pass', observed: 'same links both ways', evidence };
    const [a, b] = [legs[0]?.a.name ?? '?', legs[0]?.b.name ?? '?'];
    const part = (from: string, to: string, only: readonly string[]): string[] => (only.length > 0 ? [`only ${from} > ${to}: ${only.join(', ')}`] : []);
    return { status: 'fail', observed: [...part(a, b, onlyThere), ...part(b, a, onlyBack)].join('; '), evidence };
  },
});
