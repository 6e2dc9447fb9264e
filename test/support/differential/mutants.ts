/**
 * Evaluators with one mistake each: right about a rule set that was changed behind their back.
 * @module
 */
import type { Chain, NatTarget, NumberSource, RejectWith, Rule, Ruleset, Statement } from '../../../src/nft/ruleset.js';

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

/** One translation target changed, where it is no map. */
const target = (change: (to: NatTarget) => NatTarget): ((statement: Statement) => Statement) => {
  return (s) => ((s.do === 'snat' || s.do === 'dnat') && 'addresses' in s.to ? { ...s, to: change(s.to) } : s);
};

/** The address after it: another one of the same network. */
function next(address: string): string {
  const separator = address.includes(':') ? ':' : '.';
  const at = address.lastIndexOf(separator) + 1;
  const radix = separator === ':' ? 16 : 10;
  return `${address.slice(0, at)}${(Number.parseInt(address.slice(at), radix) + 1).toString(radix)}`;
}

const nextAddress = target((to) =>
  to.addresses === null ? to : { ...to, addresses: { ...to.addresses, from: next(to.addresses.from), to: next(to.addresses.to) } },
);

const plusOne = (source: NumberSource): NumberSource => (source.from === 'value' ? { ...source, number: source.number ^ 1 } : source);

const wrongField =
  (...fields: readonly string[]) =>
  (s: Statement): Statement =>
    s.do === 'set-field' && fields.includes(s.field.field) ? { ...s, to: plusOne(s.to) } : s;

function nextCode(reject: RejectWith): RejectWith {
  switch (reject.with) {
    case 'tcp-reset':
      return reject;
    case 'icmpx':
      return { ...reject, code: reject.code === 3 ? 2 : 3 };
    case 'icmp':
    case 'icmpv6':
      return { ...reject, code: reject.code ^ 1 };
  }
}

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
  // ---- one wrong value each ----
  { name: 'translates sources to the next address', mutate: of((s) => (s.do === 'snat' ? nextAddress(s) : s)) },
  { name: 'translates destinations to the next address', mutate: of((s) => (s.do === 'dnat' ? nextAddress(s) : s)) },
  {
    name: 'translates to the next port',
    mutate: of(target((to) => (to.ports === null ? to : { ...to, ports: { from: to.ports.from + 1, to: to.ports.to + 1 } }))),
  },
  {
    name: 'redirects to the next port',
    mutate: of((s) => (s.do === 'redirect' && s.ports !== null ? { ...s, ports: { from: s.ports.from + 1, to: s.ports.to + 1 } } : s)),
  },
  { name: 'sets another TTL', mutate: of(wrongField('ttl', 'hoplimit')) },
  { name: 'sets another DSCP', mutate: of(wrongField('dscp')) },
  { name: 'sets another ECN', mutate: of(wrongField('ecn')) },
  { name: 'sets another mark', mutate: of((s) => (s.do === 'set-meta-mark' ? { ...s, to: plusOne(s.to) } : s)) },
  { name: 'rejects with another code', mutate: of((s) => (s.do === 'reject' ? { ...s, reject: nextCode(s.reject) } : s)) },
  { name: 'counts from one packet more', mutate: of((s) => (s.do === 'counter' && s.name === null ? { ...s, packets: s.packets + 1 } : s)) },
];
