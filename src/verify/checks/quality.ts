/**
 * `quality: { between: [alice, bob], loss: '< 1%', delay: '< 50ms', jitter: '< 30ms' }`.
 * @module
 */
import { z } from 'zod';
import type { Nanos } from '../../base/time.js';
import { formatDuration } from '../../base/time.js';
import { pair, time } from '../../scenario/description/fields.js';
import { legEvidence, silences } from '../evidence.js';
import { needsCalls } from '../fit.js';
import { heardStreams, mediaTalk } from '../media-talk.js';
import { check } from './check.js';

const percent = z.string().regex(/^<\s*\d+(?:\.\d+)?\s*%$/, { error: 'an upper bound such as "< 1%"' });
const duration = z.string().regex(/^<\s*\d+(?:\.\d+)?\s*(?:ms|us|s)$/, { error: 'an upper bound such as "< 1ms"' });

/** Upper bounds: share of packets, one-way time, RFC 3550 jitter. */
interface Bounds {
  readonly loss: number | null;
  readonly delay: Nanos | null;
  readonly jitter: Nanos | null;
}

/** A bound that everything keeps, or nothing, says nothing. */
const share = percent.refine((text) => /[1-9]/.test(text) && Number.parseFloat(upper(text)) <= 100, {
  error: 'a share above 0% and up to 100%, such as "< 1%"',
});
const longer = duration.refine((text) => /[1-9]/.test(text), { error: 'a time above 0, such as "< 50ms"' });

const schema = z
  .strictObject({ between: pair, loss: share.optional(), delay: longer.optional(), jitter: longer.optional() })
  .refine(({ loss, delay, jitter }) => [loss, delay, jitter].some((one) => one !== undefined), { error: 'at least one of loss, delay, jitter' });

export const quality = check({
  key: 'quality',
  schema,
  form: '{ between, loss, delay, jitter }',
  doc:
    'the media: share of packets lost, mean one-way delay, greatest interarrival jitter (RFC 3550) at a receiver; ' +
    'each an upper bound such as `< 1%`, `< 50ms`; the worse direction counts',
  read({ between, loss, delay, jitter }) {
    const bounds: Bounds = {
      loss: loss === undefined ? null : Number(upper(loss).replace('%', '')) / 100,
      delay: delay === undefined ? null : time(upper(delay)),
      jitter: jitter === undefined ? null : time(upper(jitter)),
    };
    return [{ between, ...bounds }];
  },
  actors: ({ between }) => between,
  fit: ({ between, src }, _plan, script) => needsCalls(between, script, src),
  about: (e, c) => ({ check: `quality/${c.pair(...e.between)}`, subject: `${c.pair(...e.between)} quality`, expected: boundsText(e) }),
  judge(e, c) {
    const talks = mediaTalk(c, e.between);
    const directions = talks.flatMap(({ there, back }) => [there, back]);
    if (directions.length === 0) return { status: 'unproved', observed: 'no packet', evidence: c.whyNot() };
    const evidence = legEvidence(talks, c.observation, c.plan);
    const silent = silences(talks);
    if (silent.length > 0) return { status: 'unproved', observed: silent.join(', '), evidence };
    const loss = Math.max(...directions.map((direction) => direction.lost / direction.packets));
    const delay = Math.max(...directions.map((direction) => direction.delay?.mean ?? Infinity)) as Nanos;
    // As their receivers had it: interarrival jitter of RFC 3550, its greatest value.
    const streams = heardStreams(talks);
    const untold = streams.find(({ maxJitter }) => maxJitter === null);
    if (e.jitter !== null && untold !== undefined) {
      return { status: 'unproved', observed: `jitter unknown: nobody told the clock rate of payload type ${untold.payloadType}`, evidence };
    }
    const jitter = Math.max(0, ...streams.map(({ maxJitter }) => maxJitter ?? 0)) as Nanos;
    const ok = (e.loss === null || loss < e.loss) && (e.delay === null || delay < e.delay) && (e.jitter === null || jitter < e.jitter);
    const observed = [
      ...(e.loss === null ? [] : [`loss ${(loss * 100).toFixed(2)}%`]),
      ...(e.delay === null ? [] : [`delay ${rounded(delay)}`]),
      ...(e.jitter === null ? [] : [`jitter ${rounded(jitter)}`]),
    ];
    return { status: ok ? 'pass' : 'fail', observed: observed.join(', '), evidence };
  },
});

function upper(text: string): string {
  return text.replace(/^<\s*/, '');
}

function boundsText(e: Bounds): string {
  return [
    ...(e.loss === null ? [] : [`loss < ${Number((e.loss * 100).toPrecision(12))}%`]),
    ...(e.delay === null ? [] : [`delay < ${formatDuration(e.delay)}`]),
    ...(e.jitter === null ? [] : [`jitter < ${formatDuration(e.jitter)}`]),
  ].join(', ');
}

/** To the microsecond. */
function rounded(time: Nanos): string {
  return formatDuration((Math.round(time / 1000) * 1000) as Nanos);
}
