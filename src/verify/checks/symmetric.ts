/**
 * `symmetric: { between: [alice, bob] }`: both directions of the media cross the same link groups.
 * @module
 */
import { z } from 'zod';
import { groupsOf } from '../../analysis/direction.js';
import { pair } from '../../scenario/description/fields.js';
import { legEvidence, silences } from '../evidence.js';
import { needsCalls } from '../fit.js';
import { mediaTalk } from '../media-talk.js';
import { check } from './check.js';

export const symmetric = check({
  key: 'symmetric',
  schema: z.strictObject({ between: pair }),
  form: '{ between }',
  doc: 'the link groups of the media there and back: the same set',
  read: ({ between }) => [{ between }],
  actors: ({ between }) => between,
  fit: ({ between, src }, _plan, script) => needsCalls(between, script, src),
  about: ({ between }, c) => ({ check: `symmetric/${c.pair(...between)}`, subject: `${c.pair(...between)} media`, expected: 'same links both ways' }),
  judge(e, c) {
    const talks = mediaTalk(c, e.between);
    const [talk] = talks;
    if (talk === undefined) return { status: 'unproved', observed: 'no packet', evidence: c.whyNot() };
    const evidence = legEvidence(talks, c.observation, c.plan);
    const silent = silences(talks);
    if (silent.length > 0) return { status: 'unproved', observed: silent.join(', '), evidence };
    const [there, back] = [groupsOf(talk.there, c.plan), groupsOf(talk.back, c.plan)];
    const onlyThere = there.filter((group) => !back.includes(group));
    const onlyBack = back.filter((group) => !there.includes(group));
    if (onlyThere.length + onlyBack.length === 0) return { status: 'pass', observed: 'same links both ways', evidence };
    const [a, b] = [talk.a.name, talk.b.name];
    const part = (from: string, to: string, only: readonly string[]): string[] => (only.length > 0 ? [`only ${from} > ${to}: ${only.join(', ')}`] : []);
    return { status: 'fail', observed: [...part(a, b, onlyThere), ...part(b, a, onlyBack)].join('; '), evidence };
  },
});
