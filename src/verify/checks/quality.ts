/**
 * `quality: { between: [alice, bob], loss: '< 1%', delay: '< 50ms', jitter: '< 30ms' }`; of what is meant to be bad
 * `loss: '> 10%'`.
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

const percent = z.string().regex(/^[<>]\s*\d+(?:\.\d+)?\s*%$/, { error: 'a bound such as "< 1%", or "> 1%" of what is meant to be bad' });
const duration = z.string().regex(/^[<>]\s*\d+(?:\.\d+)?\s*(?:ms|us|s)$/, { error: 'a bound such as "< 1ms", or "> 1ms" of what is meant to be bad' });

/** Share of packets, one-way time, RFC 3550 jitter. */
export interface QualityLimits {
  readonly loss: number | null;
  readonly delay: Nanos | null;
  readonly jitter: Nanos | null;
}

/** Upper bounds, and lower ones. */
interface Bounds extends QualityLimits {
  readonly above?: QualityLimits;
}

/** In the unit that was written. */
const limit = (text: string): number => Number.parseFloat(text.slice(1));

/** A bound that everything keeps, or nothing, says nothing. */
const share = percent
  .refine((text) => !text.startsWith('<') || (limit(text) > 0 && limit(text) <= 100), { error: 'a share above 0% and up to 100%, such as "< 1%"' })
  .refine((text) => !text.startsWith('>') || limit(text) < 100, { error: 'a share below 100%, such as "> 10%"' });
const longer = duration.refine((text) => !text.startsWith('<') || limit(text) > 0, { error: 'a time above 0, such as "< 50ms"' });

const schema = z
  .strictObject({ between: pair, loss: share.optional(), delay: longer.optional(), jitter: longer.optional() })
  .refine(({ loss, delay, jitter }) => [loss, delay, jitter].some((one) => one !== undefined), { error: 'at least one of loss, delay, jitter' });

export const quality = check({
  key: 'quality',
  schema,
  form: '{ between, loss, delay, jitter }',
  doc:
    'the media: share of packets lost, mean one-way delay, greatest interarrival jitter (RFC 3550) at a receiver; ' +
    'each a bound such as `< 1%`, `< 50ms`, or `> 10%` of what is meant to be bad; the worse direction counts',
  read({ between, loss, delay, jitter }) {
    const limits = (sign: '<' | '>'): QualityLimits => {
      const of = (text: string | undefined): string | null => (text?.startsWith(sign) === true ? text.slice(1).trim() : null);
      const [l, d, j] = [of(loss), of(delay), of(jitter)];
      return { loss: l === null ? null : Number.parseFloat(l) / 100, delay: d === null ? null : time(d), jitter: j === null ? null : time(j) };
    };
    const above = limits('>');
    return [{ between, ...limits('<'), ...(Object.values(above).some((one) => one !== null) && { above }) }];
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
    const { above = NO_LIMITS } = e;
    if ((e.jitter ?? above.jitter) !== null && untold !== undefined) {
      return { status: 'unproved', observed: `jitter unknown: nobody told the clock rate of payload type ${untold.payloadType}`, evidence };
    }
    const jitter = Math.max(0, ...streams.map(({ maxJitter }) => maxJitter ?? 0)) as Nanos;
    const fits = (value: number, below: number | null, over: number | null): boolean => (below === null || value < below) && (over === null || value > over);
    const ok = fits(loss, e.loss, above.loss) && fits(delay, e.delay, above.delay) && fits(jitter, e.jitter, above.jitter);
    const observed = [
      ...(e.loss === null && above.loss === null ? [] : [`loss ${(loss * 100).toFixed(2)}%`]),
      ...(e.delay === null && above.delay === null ? [] : [`delay ${rounded(delay)}`]),
      ...(e.jitter === null && above.jitter === null ? [] : [`jitter ${rounded(jitter)}`]),
    ];
    return { status: ok ? 'pass' : 'fail', observed: observed.join(', '), evidence };
  },
});

const NO_LIMITS: QualityLimits = { loss: null, delay: null, jitter: null };

function boundsText({ above = NO_LIMITS, ...below }: Bounds): string {
  const text = ({ loss, delay, jitter }: QualityLimits, sign: string): readonly string[] => [
    ...(loss === null ? [] : [`loss ${sign} ${Number((loss * 100).toPrecision(12))}%`]),
    ...(delay === null ? [] : [`delay ${sign} ${formatDuration(delay)}`]),
    ...(jitter === null ? [] : [`jitter ${sign} ${formatDuration(jitter)}`]),
  ];
  return [...text(below, '<'), ...text(above, '>')].join(', ');
}

/** To the microsecond. */
function rounded(time: Nanos): string {
  return formatDuration((Math.round(time / 1000) * 1000) as Nanos);
}
