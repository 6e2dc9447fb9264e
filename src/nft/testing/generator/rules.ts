/**
 * Generated rules: matches that do not contradict each other, then what is done.
 * @module
 */
import { formatRule } from '../format.js';
import { BITMASKS } from '../../meaning/values/constants.js';
import { maximum, typeOf } from '../../meaning/values/types.js';
import type { Match, NatFlags, Operand, Rule, Selector, SetRef, Statement, Verdict } from '../../ruleset.js';
import type { TableContents } from './contents.js';
import { NOWHERE, anyElements, anyPattern, anyValue, setBody } from './values.js';
import type { Dice, World } from './world.js';

/** What a rule is generated for. */
export interface RulePlace {
  readonly dice: Dice;
  readonly world: World;
  readonly table: TableContents;
  /** Family of the packets; null: both. */
  readonly family: 4 | 6 | null;
  /** Chains that may be jumped to. */
  readonly chains: readonly string[];
  readonly may: { readonly reject: boolean; readonly source: boolean; readonly destination: boolean; readonly notrack: boolean; readonly log: boolean };
}

/** What the matches so far have pinned down. */
interface Pinned {
  family: 4 | 6 | null;
  transport: 'tcp' | 'udp' | 'icmp' | 'icmpv6' | null;
}

export function anyRule(place: RulePlace): Omit<Rule, 'number'> {
  const { dice } = place;
  const pinned: Pinned = { family: place.family, transport: null };
  const statements: Statement[] = [];
  for (let i = dice.below(4); i > 0; i--) statements.push(anyMatch(place, pinned));
  for (let i = dice.below(3); i > 0; i--) statements.push(anyAction(place, pinned));
  const end = anyEnd(place, pinned);
  if (end !== null) statements.push(end);
  if (statements.length === 0) statements.push({ do: 'counter', name: null, packets: 0, bytes: 0 });
  const comment = dice.chance(20) ? `rule ${dice.below(1000)}` : null;
  return { statements, comment, text: formatRule({ statements, comment: null }), src: NOWHERE };
}

// ---- matches ---------------------------------------------------------------------------------------------------------

const META = ['iifname', 'oifname', 'mark', 'l4proto', 'length', 'pkttype', 'protocol'] as const;
const IP = ['saddr', 'daddr', 'saddr', 'daddr', 'protocol', 'ttl', 'dscp', 'ecn', 'length', 'id', 'version', 'hdrlength'] as const;
const IP6 = ['saddr', 'daddr', 'saddr', 'daddr', 'nexthdr', 'hoplimit', 'dscp', 'ecn', 'flowlabel', 'length', 'version'] as const;
const TRANSPORT = {
  tcp: ['sport', 'dport', 'dport', 'flags', 'window', 'sequence'],
  udp: ['sport', 'dport', 'dport', 'length'],
  icmp: ['type', 'code'],
  icmpv6: ['type', 'code'],
} as const;

/** A field that fits what is known, which it adds to. */
function anySelector(place: RulePlace, pinned: Pinned): Selector {
  const { dice, table } = place;
  switch (dice.below(6)) {
    case 0: {
      const key = dice.pick(table.family === 'inet' ? [...META, 'nfproto' as const] : META);
      // What follows would have to know which value it was compared with.
      return { select: 'meta', key: key === 'nfproto' && pinned.family !== null ? 'mark' : key };
    }
    case 1:
    case 2:
      return anyNetworkField(place, pinned);
    case 3:
    case 4:
      return anyTransportField(place, pinned);
    default:
      return { select: 'ct', key: dice.pick(['state', 'state', 'state', 'status', 'mark', 'direction'] as const) };
  }
}

function anyNetworkField({ dice, world }: RulePlace, pinned: Pinned): Selector {
  const families = ([4, 6] as const).filter((f) => (f === 4 ? world.hosts4 : world.hosts6).length > 0);
  pinned.family ??= dice.pick(families);
  return pinned.family === 4 ? { select: 'ip', field: dice.pick(IP) } : { select: 'ip6', field: dice.pick(IP6) };
}

function anyTransportField({ dice }: RulePlace, pinned: Pinned): Selector {
  if (pinned.transport === null) {
    const icmp = pinned.family === 6 ? (['icmpv6'] as const) : pinned.family === 4 ? (['icmp'] as const) : (['icmp', 'icmpv6'] as const);
    pinned.transport = dice.pick(['tcp', 'udp', 'tcp', 'udp', ...icmp]);
    if (pinned.transport === 'icmp') pinned.family = 4;
    if (pinned.transport === 'icmpv6') pinned.family = 6;
  }
  return { select: pinned.transport, field: dice.pick<string>(TRANSPORT[pinned.transport]) } as Selector;
}

/** True for fields whose value says what the packet is, so that a match on them could contradict another one. */
function pins(selector: Selector): boolean {
  return (
    (selector.select === 'meta' && ['l4proto', 'nfproto', 'protocol'].includes(selector.key)) ||
    (selector.select === 'ip' && selector.field === 'protocol') ||
    (selector.select === 'ip6' && selector.field === 'nexthdr')
  );
}

function anyMatch(place: RulePlace, pinned: Pinned): Match {
  const { dice, world } = place;
  const selector = anySelector(place, pinned);
  const info = typeOf(selector);
  const left: Operand = { is: 'selector', selector };
  if (pins(selector)) return anyPin(place, pinned, selector);
  if (BITMASKS.has(info.type) && dice.chance(60)) {
    const value = anyValue(dice, world, info);
    return { do: 'match-any-bit', left: selector, op: dice.chance(80) ? 'eq' : 'ne', bits: value.is === 'number' ? value.number : 0 };
  }
  if ((info.type === 'mark' || info.type === 'tcp_flag') && dice.chance(40)) {
    const mask = dice.pick([0x1, 0x3, 0x12, 0x17].filter((m) => m < maximum(info.bits)));
    return { do: 'match-masked', left: selector, op: dice.pick(['eq', 'ne']), mask, value: dice.pick([0, 1, 2, 0x10, 0x12]) & mask };
  }
  if (dice.chance(25)) return anyLookup(place, selector, pinned);
  if (dice.chance(15) && ['inet_service', 'ipv4_addr', 'mark'].includes(info.type))
    return { do: 'match', left, op: dice.pick(['lt', 'gt', 'le', 'ge']), right: anyValue(dice, world, info) };
  return { do: 'match', left, op: dice.chance(75) ? 'eq' : 'ne', right: anyPattern(dice, world, info) };
}

const NUMBERS = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58 } as const;

/** A match that says which protocol it is: one that fits what is known. */
function anyPin(place: RulePlace, pinned: Pinned, selector: Selector): Match {
  const { dice } = place;
  const left: Operand = { is: 'selector', selector };
  if (selector.select === 'meta' && selector.key === 'protocol')
    return { do: 'match', left, op: dice.pick(['eq', 'ne']), right: { is: 'number', number: dice.pick([0x800, 0x86dd]) } };
  if (selector.select === 'meta' && selector.key === 'nfproto') {
    pinned.family ??= dice.pick([4, 6]);
    return { do: 'match', left, op: 'eq', right: { is: 'number', number: pinned.family === 4 ? 2 : 10 } };
  }
  if (dice.chance(25)) return { do: 'lookup', left, op: 'ne', set: anonymous(place, [selector]) };
  // Not ICMP: "meta l4proto icmp" says nothing of the family to nft, so a reject after it asks for the family once more.
  pinned.transport ??= dice.pick(['tcp', 'udp']);
  return { do: 'match', left, op: 'eq', right: { is: 'number', number: NUMBERS[pinned.transport] } };
}

function anyLookup(place: RulePlace, selector: Selector, pinned: Pinned): Match {
  const { dice, table } = place;
  const op = dice.chance(75) ? 'eq' : 'ne';
  const named = table.sets.filter(({ gives, key }) => gives === null && key.length === 1 && key[0]?.type === typeOf(selector).type);
  const [set] = named;
  if (set !== undefined && dice.chance(60)) return { do: 'lookup', left: { is: 'selector', selector }, op, set: { is: 'named', name: set.name } };
  if (dice.chance(40)) {
    const both: Pinned = { ...pinned };
    const parts = [selector, anySelector(place, both)].filter((s) => !pins(s) && !(s.select === 'ip6' && s.field === 'dscp'));
    if (parts.length === 2) Object.assign(pinned, both);
    if (parts.length === 2) return { do: 'lookup', left: { is: 'concat', parts }, op, set: anonymous(place, parts) };
  }
  return { do: 'lookup', left: { is: 'selector', selector }, op, set: anonymous(place, [selector]) };
}

function anonymous({ dice, world }: RulePlace, parts: readonly Selector[]): SetRef {
  const key = parts.map(typeOf);
  return { is: 'anonymous', set: setBody(key, null, anyElements(dice, world, key, { ranges: true, data: null })) };
}

// ---- what is done ----------------------------------------------------------------------------------------------------

function anyAction(place: RulePlace, pinned: Pinned): Statement {
  const { dice, table, world } = place;
  switch (dice.below(world.deterministic ? 4 : 7)) {
    case 0:
      return { do: 'counter', name: null, packets: dice.pick([0, 0, 7]), bytes: dice.pick([0, 0, 420]) };
    case 1:
      return table.counters.length > 0
        ? { do: 'counter', name: dice.pick(table.counters), packets: 0, bytes: 0 }
        : { do: 'counter', name: null, packets: 0, bytes: 0 };
    case 2:
      return anyMark(place);
    case 3:
      return place.may.notrack && dice.chance(30) ? { do: 'notrack' } : anyField(place, pinned);
    case 4:
      return { do: 'log', prefix: dice.chance(50) ? 'seen: ' : null, level: dice.pick([null, 'info', 'debug']) };
    default: {
      const [limit] = table.limits;
      if (limit !== undefined && dice.chance(50)) return { do: 'limit', ...limit };
      return {
        do: 'limit',
        name: null,
        limit: {
          over: dice.chance(30),
          what: 'packets',
          amount: dice.between(1, 400),
          unit: dice.pick(['second', 'minute', 'hour', 'day', 'week']),
          burst: dice.between(1, 20),
        },
      };
    }
  }
}

function anyMark({ dice }: RulePlace): Statement {
  const target = dice.pick(['set-meta-mark', 'set-ct-mark'] as const);
  if (dice.chance(50)) return { do: target, to: { from: 'value', number: dice.pick([1, 2, 0x10, 0xff00]) } };
  const of: Selector = dice.chance(50) ? { select: 'meta', key: 'mark' } : { select: 'ct', key: 'mark' };
  const mask = dice.pick([0xff, 0xffff_ff00, 0xf]);
  return { do: target, to: { from: 'bits', bits: { of, mask, xor: dice.pick([0, 1, 0x100]) } } };
}

function anyField({ dice }: RulePlace, pinned: Pinned): Statement {
  pinned.family ??= dice.pick([4, 6]);
  const field =
    pinned.family === 4
      ? ({ select: 'ip', field: dice.pick(['dscp', 'ecn', 'ttl'] as const) } as const)
      : ({ select: 'ip6', field: dice.pick(['dscp', 'ecn', 'hoplimit'] as const) } as const);
  return { do: 'set-field', field, to: { from: 'value', number: dice.pick([1, 2, 3]) } };
}

function anyEnd(place: RulePlace, pinned: Pinned): Statement | null {
  const { dice, may, chains } = place;
  if ((may.source || may.destination) && dice.chance(60)) return anyNat(place, pinned);
  if (may.reject && dice.chance(15)) return { do: 'reject', reject: anyReject(place, pinned) };
  if (dice.chance(10)) return anyVerdictMap(place, pinned);
  if (chains.length > 0 && dice.chance(25)) return { do: 'verdict', verdict: dice.pick(['jump', 'goto']), chain: dice.pick(chains) };
  return dice.chance(15) ? null : { do: 'verdict', verdict: dice.pick(['accept', 'accept', 'drop', 'return', 'continue'] as const) };
}

function anyReject({ dice, table }: RulePlace, pinned: Pinned): Extract<Statement, { do: 'reject' }>['reject'] {
  if (pinned.transport === 'tcp' && dice.chance(50)) return { with: 'tcp-reset' };
  if (pinned.family === 4) return { with: 'icmp', code: dice.pick([1, 3, 13]) };
  if (pinned.family === 6) return { with: 'icmpv6', code: dice.pick([0, 1, 4]) };
  return table.family === 'inet' ? { with: 'icmpx', code: dice.pick([0, 1, 2, 3]) } : { with: 'icmp', code: 3 };
}

function anyVerdictMap(place: RulePlace, pinned: Pinned): Statement {
  const { dice, world, chains } = place;
  const selector = anySelector(place, pinned);
  const key = [typeOf(selector)];
  const verdict = (): Verdict =>
    chains.length > 0 && dice.chance(30)
      ? { verdict: 'jump', chain: dice.pick(chains) }
      : { verdict: dice.pick(['accept', 'drop', 'return', 'continue'] as const) };
  const elements = anyElements(dice, world, key, { ranges: true, data: () => ({ is: 'verdict', verdict: verdict() }) });
  return { do: 'vmap', key: { is: 'selector', selector }, map: { is: 'anonymous', set: setBody(key, 'verdict', elements) } };
}

// ---- translation -----------------------------------------------------------------------------------------------------

function anyNat(place: RulePlace, pinned: Pinned): Statement {
  const { dice, world, may } = place;
  const flags = anyFlags(place);
  const ports = (pinned.transport === 'tcp' || pinned.transport === 'udp') && dice.chance(40) ? anyPorts(place) : null;
  if (dice.chance(35)) return { do: may.source ? 'masquerade' : 'redirect', ports, flags };
  const family = pinned.family ?? (world.nat6.length > 0 && dice.chance(30) ? 6 : 4);
  const pool = family === 4 ? world.nat4 : world.nat6;
  if (pool.length === 0) return { do: 'verdict', verdict: 'accept' };
  const [from, to] = world.deterministic ? [pool[0] as string, pool[0] as string] : dice.pair(pool);
  return { do: may.source ? 'snat' : 'dnat', family, to: { addresses: { family, from, to }, ports }, flags };
}

function anyPorts({ dice, world }: RulePlace): { from: number; to: number } {
  const [from, to] = dice.pair([...world.ports].sort((a, b) => a - b));
  return world.deterministic ? { from, to: from } : { from, to };
}

function anyFlags({ dice, world }: RulePlace): NatFlags {
  if (world.deterministic) return { random: false, fullyRandom: false, persistent: dice.chance(20) };
  return { random: dice.chance(20), fullyRandom: dice.chance(20), persistent: dice.chance(20) };
}
