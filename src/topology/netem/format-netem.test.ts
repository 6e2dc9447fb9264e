import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Nanos } from '../../base/time.js';
import { NO_IMPAIRMENT } from '../impairment.js';
import type { ImpairmentSpec } from '../impairment.js';
import { formatNetem } from './format-netem.js';
import { parseNetem } from './parse-netem.js';
import { exact } from './units.js';

/** Probabilities in steps of a millionth: what people write. */
const probability = fc.integer({ min: 0, max: 1_000_000 }).map((n) => n / 1e6);
const positive = fc.integer({ min: 1, max: 1_000_000 }).map((n) => n / 1e6);
const time = fc.integer({ min: 0, max: 10e9 }).map((n) => n as Nanos);
const loss = fc.oneof(
  fc.constant(null),
  positive.map((p) => ({ model: 'random' as const, probability: p })),
  fc.record({ model: fc.constant('gemodel' as const), p: probability, r: probability, h: probability.map((x) => exact(1 - x)), k: probability }),
);

/** What the words can say: a distribution only with jitter, a gap only with reordering, reordering only with delay. */
function consistent(spec: ImpairmentSpec): ImpairmentSpec {
  const reorder = spec.delay > 0 ? spec.reorder : 0;
  return { ...spec, reorder, gap: reorder > 0 ? spec.gap : 0, distribution: spec.jitter > 0 ? spec.distribution : 'uniform' };
}

const specs: fc.Arbitrary<ImpairmentSpec> = fc
  .record({
    delay: time,
    jitter: time,
    distribution: fc.constantFrom('uniform', 'normal', 'pareto', 'paretonormal'),
    loss,
    corrupt: probability,
    duplicate: probability,
    reorder: probability,
    gap: fc.integer({ min: 0, max: 1000 }),
    rate: fc.integer({ min: 0, max: 1e11 }),
    limit: fc.integer({ min: 1, max: 1_000_000 }),
    egress: fc.constantFrom('fifo', 'dscp-priority'),
  })
  .map(consistent);

describe('formatNetem', () => {
  it('writes nothing for no impairment', () => expect(formatNetem(NO_IMPAIRMENT)).toBe(''));

  it.each([
    'delay 20ms 5ms distribution normal loss 1%',
    'loss gemodel 1% 10% 70% 0.1% corrupt 0.1% duplicate 1%',
    'delay 10ms reorder 25% gap 5 rate 10mbit limit 20 egress dscp-priority',
  ])('writes what was read: %s', (line) => {
    const read = parseNetem(line);
    expect(read.ok && formatNetem(read.value)).toBe(line);
  });

  it('is read back to the same specification', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        expect(parseNetem(formatNetem(spec))).toEqual({ ok: true, value: spec });
      }),
      { seed: 8, numRuns: 500 },
    );
  });

  it('no line makes the parser throw', () => {
    const word = fc.oneof(
      fc.constantFrom('delay', 'loss', 'gemodel', 'random', 'distribution', 'normal', 'reorder', 'gap', 'rate', 'limit', 'egress', '1%', '5ms', '10mbit', '3'),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const line = words.join(' ');
        const result = parseNetem(line);
        if (!result.ok) for (const fault of result.faults) expect(fault.at).toBeLessThanOrEqual(line.length);
      }),
      { seed: 9, numRuns: 1000 },
    );
  });
});
