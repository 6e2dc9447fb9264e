/**
 * Evaluators with one mistake each: right about a rule set that was changed behind their back.
 * @module
 */
import type { Chain, Rule, Ruleset, Statement } from '../../../src/nft/ruleset.js';

export interface Mutant {
  readonly name: string;
  readonly mutate: (ruleset: Ruleset) => Ruleset;
}

function chains(ruleset: Ruleset, change: (chain: Chain) => Chain): Ruleset {
  return { ...ruleset, tables: ruleset.tables.map((table) => ({ ...table, chains: table.chains.map(change) })) };
}

function statements(ruleset: Ruleset, change: (statement: Statement) => Statement): Ruleset {
  const rule = (r: Rule): Rule => ({ ...r, statements: r.statements.map(change) });
  return chains(ruleset, (chain) => ({ ...chain, rules: chain.rules.map(rule) }));
}

const ofBase = (change: (base: NonNullable<Chain['base']>) => NonNullable<Chain['base']>) => (ruleset: Ruleset) =>
  chains(ruleset, (chain) => (chain.base === null ? chain : { ...chain, base: change(chain.base) }));

const of =
  (change: (statement: Statement) => Statement) =>
  (ruleset: Ruleset): Ruleset =>
    statements(ruleset, change);

export const MUTANTS: readonly Mutant[] = [
  { name: 'knows no policy but accept', mutate: ofBase((base) => ({ ...base, policy: 'accept' })) },
  {
    name: 'runs all chains at one priority',
    mutate: ofBase((base) => (base.type === 'filter' && base.hook !== 'prerouting' && base.hook !== 'output' ? { ...base, priority: 0 } : base)),
  },
  { name: 'takes goto for jump', mutate: of((s) => (s.do === 'verdict' && s.verdict === 'goto' ? { ...s, verdict: 'jump' } : s)) },
  { name: 'takes return for continue', mutate: of((s) => (s.do === 'verdict' && s.verdict === 'return' ? { do: 'verdict', verdict: 'continue' } : s)) },
  { name: 'takes <= for <', mutate: of((s) => (s.do === 'match' && s.op === 'le' ? { ...s, op: 'lt' } : s)) },
  { name: 'forgets != of sets', mutate: of((s) => (s.do === 'lookup' ? { ...s, op: 'eq' } : s)) },
  { name: 'takes a drop without answer for a reject', mutate: of((s) => (s.do === 'reject' ? { do: 'verdict', verdict: 'drop' } : s)) },
  {
    name: 'lets one packet more through a limit',
    mutate: of((s) => (s.do === 'limit' && s.name === null ? { ...s, limit: { ...s.limit, burst: s.limit.burst + 1 } } : s)),
  },
  { name: 'does not set marks', mutate: of((s) => (s.do === 'set-meta-mark' ? { do: 'verdict', verdict: 'continue' } : s)) },
  {
    name: 'takes related for established',
    mutate: of((s) =>
      s.do === 'match-any-bit' && s.left.select === 'ct' && s.left.key === 'state' ? { ...s, bits: (s.bits & 2) !== 0 ? s.bits | 4 : s.bits } : s,
    ),
  },
  {
    name: 'leaves a port alone that a translation names',
    mutate: of((s) => ((s.do === 'snat' || s.do === 'dnat') && 'ports' in s.to ? { ...s, to: { ...s.to, ports: null } } : s)),
  },
];
