/**
 * `silence: { from: alice, to: bob, for: '> 5s' }`: media was sent and nothing of it arrived.
 * @module
 */
import { z } from 'zod';
import { longestSilence } from '../../analysis/silence.js';
import { formatDuration } from '../../base/time.js';
import type { Nanos } from '../../base/time.js';
import { actor, time } from '../../scenario/description/fields.js';
import { legEvidence } from '../evidence.js';
import { needsCalls } from '../fit.js';
import { mediaTalk } from '../media-talk.js';
import { check } from './check.js';

export const silence = check({
  key: 'silence',
  schema: z.strictObject({ from: actor, to: actor, for: z.string().regex(/^>\s*\d+(\.\d+)?\s*(ms|s|m)$/, { error: 'a lower bound such as "> 5s"' }) }),
  form: '{ from, to, for }',
  doc: 'RTP of one actor to the other: for longer than the bound, such as `> 5s`, it was sent and none of it arrived',
  read: (raw) => [{ from: raw.from, to: raw.to, longer: time(raw.for.replace(/^>\s*/, '').replace(/\s/g, '')) }],
  actors: ({ from, to }) => [from, to],
  fit: ({ from, to, src }, _plan, script) => needsCalls([from, to], script, src),
  about: ({ from, to, longer }, c) => ({
    check: `silence/${c.pair(from, to)}`,
    subject: `${c.node(from)} > ${c.node(to)} silence`,
    expected: `longer than ${formatDuration(longer)}`,
  }),
  judge(e, c) {
    const [from, to] = [c.node(e.from), c.node(e.to)];
    const talks = mediaTalk(c, [e.from, e.to]);
    const longest = longestSilence(c.observation.media.filter((path) => path.from === from && path.to === to));
    const evidence = legEvidence(talks, c.observation, c.plan);
    if (evidence.total === 0) return { status: 'unproved', observed: 'no packet', evidence: c.whyNot(evidence) };
    if (longest === null) return { status: 'fail', observed: `everything that ${from} said arrived`, evidence };
    const length = (longest.to - longest.from) as Nanos;
    const observed = `${formatDuration(rounded(length))}: ${longest.packets.length} packets of ${from} from ${(longest.from / 1e9).toFixed(1)} s on, none arrived`;
    return {
      status: length > e.longer ? 'pass' : 'fail',
      observed,
      evidence: { ...evidence, packets: longest.packets.slice(0, 10), total: longest.packets.length },
    };
  },
});

/** To the millisecond. */
function rounded(time: Nanos): Nanos {
  return (Math.round(time / 1e6) * 1e6) as Nanos;
}
