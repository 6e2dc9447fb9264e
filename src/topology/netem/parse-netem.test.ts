import { describe, expect, it } from 'vitest';
import { NO_IMPAIRMENT } from '../impairment.js';
import type { ImpairmentSpec } from '../impairment.js';
import { parseNetem, parseNetemChange } from './parse-netem.js';

function specOf(line: string): Partial<ImpairmentSpec> {
  const result = parseNetem(line);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return Object.fromEntries(Object.entries(result.value).filter(([k, v]) => v !== NO_IMPAIRMENT[k as keyof ImpairmentSpec]));
}

function faultsOf(line: string): readonly string[] {
  const result = parseNetem(line);
  return result.ok ? [] : result.faults.map((f) => `${f.at} ${f.message}; ${f.expected}${f.hint === undefined ? '' : `; ${f.hint}`}`);
}

describe('parseNetem, the examples of tc-netem(8) and its syntax', () => {
  it.each<[string, Partial<ImpairmentSpec>]>([
    ['', {}],
    ['delay 10ms', { delay: 10e6 as never }],
    ['delay 20ms 5ms', { delay: 20e6 as never, jitter: 5e6 as never }],
    ['delay 20ms 5ms distribution normal', { delay: 20e6 as never, jitter: 5e6 as never, distribution: 'normal' }],
    ['delay 20ms 5ms distribution paretonormal', { delay: 20e6 as never, jitter: 5e6 as never, distribution: 'paretonormal' }],
    ['loss 1%', { loss: { model: 'random', probability: 0.01 } }],
    ['loss random 0.1%', { loss: { model: 'random', probability: 0.001 } }],
    ['loss 0%', {}],
    ['corrupt 0.1%', { corrupt: 0.001 }],
    ['duplicate 1%', { duplicate: 0.01 }],
    ['delay 10ms reorder 25% gap 5', { delay: 10e6 as never, reorder: 0.25, gap: 5 }],
    ['delay 10ms reorder 25%', { delay: 10e6 as never, reorder: 0.25 }],
    ['rate 100kbit', { rate: 100e3 }],
    ['limit 20', { limit: 20 }],
    ['egress dscp-priority', { egress: 'dscp-priority' }],
    ['  rate 5mbit   delay 1ms ', { rate: 5e6, delay: 1e6 as never }],
  ])('%s', (line, spec) => expect(specOf(line)).toEqual(spec));

  // "To use the Bernoulli model, the only needed parameter is p while the others will be set to the default values
  // r=1-p, 1-h=1 and 1-k=0."
  it.each([
    ['loss gemodel 1%', { p: 0.01, r: 0.99, h: 0, k: 1 }],
    ['loss gemodel 1% 10%', { p: 0.01, r: 0.1, h: 0, k: 1 }],
    ['loss gemodel 1% 10% 70%', { p: 0.01, r: 0.1, h: 0.3, k: 1 }],
    ['loss gemodel 1% 10% 70% 0.1%', { p: 0.01, r: 0.1, h: 0.3, k: 0.999 }],
  ])('%s', (line, model) => expect(specOf(line)).toEqual({ loss: { model: 'gemodel', ...model } }));

  it('lays words over a base', () => {
    const base = { ...NO_IMPAIRMENT, rate: 1e6, corrupt: 0.5 };
    expect(parseNetem('rate 2mbit', base)).toEqual({ ok: true, value: { ...base, rate: 2e6 } });
  });
  it('a change names only what its clauses set, and all of that', () => {
    expect(parseNetemChange('delay 20ms loss 0%')).toEqual({ ok: true, value: { delay: 20e6, jitter: 0, distribution: 'uniform', loss: null } });
  });
});

describe('parseNetem, refusals with their columns', () => {
  it.each([
    ['delay', ['5 the line ends where a time with its unit, such as 20ms should stand; a time with its unit, such as 20ms']],
    ['delay 20', ['6 "20" can\'t stand here; a time with its unit, such as 20ms; write the unit: 20ms (tc alone would read microseconds)']],
    ['delay 20ms 5', ['11 "5" has no unit; a time with its unit, such as 20ms; write 5ms']],
    ['delay 20ms 5ms 25%', ['15 delay takes no correlation; delay without "25%"; leave it out; netem itself calls it unreliable']],
    ['delay 20ms distribution normal', ['11 a distribution without jitter spreads nothing; delay TIME JITTER distribution NAME']],
    ['delay 20ms 5ms distribution nromal', ['28 "nromal" can\'t stand here; one of: uniform, normal, pareto, paretonormal; did you mean "normal"?']],
    ['loss 101%', ['5 "101%" can\'t stand here; a percentage from 0% to 100%']],
    ['loss 1% 25%', ['8 loss takes no correlation; loss without "25%"; for losses that come in bursts use: loss gemodel P R']],
    ['loss state 1%', ['5 loss state is not emulated; loss [random] P% or loss gemodel p [r [1-h [1-k]]]']],
    [
      'loss 1% ecn',
      ['8 "ecn" starts no impairment; one of: delay, loss, corrupt, duplicate, reorder, rate, limit, egress; marking instead of dropping is not emulated'],
    ],
    ['slot 800us', ['0 "slot" starts no impairment; one of: delay, loss, corrupt, duplicate, reorder, rate, limit, egress; slotting is not emulated']],
    ['reorder 25%', ['0 reorder without a delay overtakes nothing; a delay beside it: delay 10ms reorder 25%']],
    ['rate 5kbit 20 100 5', ["11 rate's packet overhead and cell sizes are not emulated; rate RATE"]],
    ['limit 0', ['6 "0" can\'t stand here; a number of packets from 1 to 1000000']],
    ['egress wfq', ['7 "wfq" can\'t stand here; fifo or dscp-priority']],
    ['loss 1% loss 2%', ['8 "loss" stands twice; each impairment once per direction']],
    ['constructor 1', ['0 "constructor" starts no impairment; one of: delay, loss, corrupt, duplicate, reorder, rate, limit, egress']],
  ])('%s', (line, faults) => expect(faultsOf(line)).toEqual(faults));

  it('reports every clause at fault, each at its own word', () => {
    expect(faultsOf('dleay 20ms loss x rate 1mbit corrupt 200%').map((f) => f.split(' ')[0])).toEqual(['0', '16', '37']);
  });
});
