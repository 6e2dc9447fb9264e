/**
 * `dscp: { between: [alice, bob], is: EF }`: media comes to its listeners with the mark that it shall have (RFC 2474).
 * @module
 */
import { z } from 'zod';
import type { PacketId } from '../../../src/base/brand.js';
import { pair } from '../../../src/scenario/description/fields.js';
import { readDscp } from '../../../src/topology/drafting/dscp.js';
import type { Context } from '../../../src/verify/context.js';
import { legEvidence } from '../../../src/verify/evidence.js';
import { mediaTalk } from '../../../src/verify/media-talk.js';
import { check } from '../../../src/verify/checks/check.js';
import { dissect, ipOf } from '../../../src/wire/frame.js';

const codePoint = z.string().refine((text) => readDscp(text) !== undefined, { error: 'a code point such as EF, AF41 or 46' });

export const dscp = check({
  key: 'dscp',
  schema: z.strictObject({ between: pair, is: codePoint }),
  form: '{ between, is }',
  doc: 'the code point of every RTP packet of both, as it arrived',
  read: ({ between, is }) => [{ between, is, value: readDscp(is) ?? 0 }],
  actors: ({ between }) => between,
  about: ({ between, is }, c) => ({ check: `dscp/${c.pair(...between)}`, subject: `${c.pair(...between)} DSCP`, expected: is }),
  judge(e, c) {
    const talks = mediaTalk(c, e.between);
    const evidence = legEvidence(talks, c.observation, c.plan);
    const heard = talks
      .flatMap(({ pathsThere, pathsBack }) => [...pathsThere, ...pathsBack])
      .flatMap(({ utterances }) => utterances.filter(({ fate }) => fate === 'delivered'))
      .map(({ id }) => ({ id, mark: markOf(c, id) }));
    // Nothing passes by absence.
    if (heard.length === 0) return { status: 'unproved', observed: 'no packet', evidence: c.whyNot(evidence) };
    const counts = new Map<number | null, number>();
    for (const { mark } of heard) counts.set(mark, (counts.get(mark) ?? 0) + 1);
    const observed = [...counts].map(([mark, packets]) => `${mark ?? 'none'}: ${packets} packets`).join(', ');
    const others = heard.filter(({ mark }) => mark !== e.value).map(({ id }) => id);
    if (others.length === 0) return { status: 'pass', observed, evidence };
    return { status: 'fail', observed, evidence: { ...evidence, packets: others.slice(0, 10), total: others.length } };
  },
});

/** Of the frame as it was recorded where the packet ended. */
function markOf(c: Context, id: PacketId): number | null {
  const end = c.ledger.journey(id)?.end;
  const frame = end?.kind === 'delivered' ? c.ledger.bytes(id, end.point) : null;
  return frame === null ? null : (ipOf(dissect(frame, 0, frame.length))?.header.dscp ?? null);
}
