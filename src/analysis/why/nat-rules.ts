/**
 * Which rule of a node would translate the first packet of a connection, as far as the packet's ends and interfaces alone
 * decide it. Where a rule asks for more, nothing is said: it is no second firewall.
 * @module
 */
import type { Chain, ChainHook, Match, Operand, Pattern, Rule, Ruleset, Selector, SetRef, Table } from '../../nft/ruleset.js';
import { parseAddress } from '../../wire/address.js';
import { contains, parsePrefix } from '../../wire/prefix.js';

/** What is known of a packet. */
export interface PacketFacts {
  readonly family: 4 | 6;
  readonly protocol: number;
  readonly iif: string | null;
  readonly oif: string | null;
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface NatRule {
  /** `family/table/chain`. */
  readonly chain: string;
  readonly rule: Rule;
}

type Answer = NatRule | 'none' | 'unknown';

/** Null: none does, or it can't be said. */
export function natRuleFor(ruleset: Ruleset, hook: ChainHook, facts: PacketFacts): NatRule | null {
  const chains = ruleset.tables.flatMap((table) =>
    table.chains.flatMap((chain) =>
      chain.base?.type === 'nat' && chain.base.hook === hook && speaks(table, facts) ? [{ table, chain, at: chain.base.priority }] : [],
    ),
  );
  for (const { table, chain } of [...chains].sort((a, b) => a.at - b.at)) {
    const answer = walk(table, chain, facts, 0);
    if (answer === 'unknown') return null;
    if (answer !== 'none') return answer;
  }
  return null;
}

function speaks({ family }: Table, facts: PacketFacts): boolean {
  return family === 'inet' || family === (facts.family === 4 ? 'ip' : 'ip6');
}

/** As deep as nftables allows. */
const DEEPEST = 16;

function walk(table: Table, chain: Chain, facts: PacketFacts, depth: number): Answer {
  if (depth > DEEPEST) return 'unknown';
  for (const rule of chain.rules) {
    const answer = apply(table, chain, rule, facts, depth);
    if (answer === 'stop') return 'none';
    if (answer !== 'go on') return answer;
  }
  return 'none';
}

function apply(table: Table, chain: Chain, rule: Rule, facts: PacketFacts, depth: number): Answer | 'stop' | 'go on' {
  for (const statement of rule.statements) {
    switch (statement.do) {
      case 'match':
      case 'lookup': {
        const held = statement.do === 'match' ? matches(statement, facts) : isIn(table, statement.left, statement.set, facts, statement.op === 'ne');
        if (held === null) return 'unknown';
        if (!held) return 'go on';
        break;
      }
      case 'snat':
      case 'dnat':
      case 'masquerade':
      case 'redirect':
        return { chain: `${table.family}/${table.name}/${chain.name}`, rule };
      case 'counter':
      case 'log':
        break;
      case 'verdict': {
        if (statement.verdict === 'continue') break;
        if (statement.verdict === 'accept' || statement.verdict === 'return') return 'stop';
        if (!('chain' in statement)) return 'unknown';
        const { chain: name } = statement;
        const next = table.chains.find((one) => one.name === name);
        const answer = next === undefined ? 'unknown' : walk(table, next, facts, depth + 1);
        if (answer !== 'none' || statement.verdict === 'goto') return answer === 'none' ? 'stop' : answer;
        break;
      }
      default:
        return 'unknown';
    }
  }
  return 'go on';
}

/** Null: it can't be said. */
type Held = boolean | null;

function matches({ left, op, right }: Extract<Match, { do: 'match' }>, facts: PacketFacts): Held {
  if (left.is !== 'selector' || (op !== 'eq' && op !== 'ne')) return null;
  const held = fits(valueOf(left.selector, facts), right);
  return held === null ? null : held === (op === 'eq');
}

function isIn(table: Table, left: Operand, ref: SetRef, facts: PacketFacts, not: boolean): Held {
  const set = ref.is === 'anonymous' ? ref.set : table.sets.find(({ name }) => name === ref.name);
  if (set === undefined || left.is === 'bits') return null;
  const values = (left.is === 'selector' ? [left.selector] : left.parts).map((selector) => valueOf(selector, facts));
  const held = set.elements.map(({ key }) => all(key.map((pattern, i) => fits(values[i] ?? null, pattern))));
  if (held.includes(true)) return !not;
  return held.includes(null) ? null : not;
}

function all(held: readonly Held[]): Held {
  return held.includes(false) ? false : held.includes(null) ? null : true;
}

/** A number, an address or an interface's name; null: not known. False: the packet has none. */
function valueOf(selector: Selector, facts: PacketFacts): string | number | null | false {
  switch (selector.select) {
    case 'meta':
      return {
        iif: null,
        oif: null,
        iifname: facts.iif,
        oifname: facts.oif,
        l4proto: facts.protocol,
        nfproto: facts.family === 4 ? 2 : 10,
        mark: null,
        protocol: null,
        length: null,
        pkttype: null,
      }[selector.key];
    case 'ip':
    case 'ip6': {
      if ((selector.select === 'ip') !== (facts.family === 4)) return false;
      if (selector.field === 'saddr') return facts.source;
      if (selector.field === 'daddr') return facts.destination;
      return selector.field === 'protocol' || selector.field === 'nexthdr' ? facts.protocol : null;
    }
    case 'tcp':
    case 'udp':
    case 'th':
      if (selector.select !== 'th' && facts.protocol !== (selector.select === 'tcp' ? 6 : 17)) return false;
      return selector.field === 'sport' ? facts.sourcePort : selector.field === 'dport' ? facts.destinationPort : null;
    default:
      return null;
  }
}

function fits(value: string | number | null | false, pattern: Pattern): Held {
  if (value === null || value === false) return value === null ? null : false;
  switch (pattern.is) {
    case 'number':
      return typeof value === 'number' ? value === pattern.number : null;
    case 'address':
      return value === pattern.address;
    case 'interface':
      return typeof value !== 'string' ? null : pattern.wildcard ? value.startsWith(pattern.name) : value === pattern.name;
    case 'prefix': {
      const [outer, inner] = [parsePrefix(`${pattern.address}/${pattern.length}`), typeof value === 'string' ? parseAddress(value) : undefined];
      return outer === undefined || inner === undefined ? null : contains(outer, inner);
    }
    case 'range':
      return typeof value === 'number' && pattern.from.is === 'number' && pattern.to.is === 'number'
        ? value >= pattern.from.number && value <= pattern.to.number
        : null;
    case 'any':
      return true;
  }
}
