import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { CONTOSO, CONTOSO_FILE, planOf as planOfText } from '../testing/lab.js';
import { randomRoot } from '../../base/rng.js';
import type { Plan } from '../plan.js';

const text = CONTOSO;
const planOf = (changed: string): Plan => planOfText(changed, CONTOSO_FILE);

/** The same values with the keys of every mapping in another order. */
function shuffled(value: unknown, pick: (n: number) => number): unknown {
  if (Array.isArray(value)) return value.map((v) => shuffled(v, pick));
  if (typeof value !== 'object' || value === null) return value;
  const rest = Object.entries(value);
  const out: [string, unknown][] = [];
  while (rest.length > 0) out.push(...rest.splice(pick(rest.length), 1).map(([k, v]): [string, unknown] => [k, shuffled(v, pick)]));
  return Object.fromEntries(out);
}

/** The plan without the places in the file. */
function meaning(plan: Plan): unknown {
  return JSON.parse(JSON.stringify(plan, (key, value: unknown) => (key === 'src' ? undefined : value)));
}

describe('planHash', () => {
  const plan = planOf(text);

  it('is SHA-256 in hex', () => expect(plan.hash).toMatch(/^[0-9a-f]{64}$/));

  it('does not change with comments, blank lines, anchors and the order of keys, and neither does the plan', () => {
    const plain = parse(text, { merge: true }) as unknown;
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const rng = randomRoot(seed).stream('order of keys');
        const pick = (n: number): number => rng.below(n);
        const other = planOf(stringify(shuffled(plain, pick), { aliasDuplicateObjects: false }));
        expect(other.hash).toBe(plan.hash);
        expect(meaning(other)).toEqual(meaning(plan));
      }),
      { seed: 5, numRuns: 4 },
    );
  });

  it.each([
    ['delay 4ms', 'delay 5ms'],
    ['prefixes: [10.0.0.0/30', 'prefixes: [10.0.0.96/30'],
    ['internet-edge.nft', 'internet-edge-no-return.nft'],
    ['password: bob-secret', 'password: rob-secret'],
    ['home: dc-fe, password: alice', 'home: online-fe, password: alice'],
    ['via: msee1, metric: 10', 'via: msee1, metric: 11'],
    ['group: er', 'group: circuit'],
    ['dscp: EF', 'dscp: AF41'],
    ['domains: [contoso.example] }', 'domains: [contoso.example, x.example] }'],
    ['weight: 1, port: 443', 'weight: 2, port: 443'],
    ['name: contoso\n', 'name: another\n'],
    ['site: hq', 'site: headquarters'],
  ])('changes when %s becomes %s', (from, to) => {
    expect(text).toContain(from);
    expect(planOf(text.replace(from, to)).hash).not.toBe(plan.hash);
  });
});
