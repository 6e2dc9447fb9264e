/**
 * Matches of iptables as matches of nft.
 * @see iptables(8), iptables-extensions(8); `iptables-translate` does the like
 * @module
 */
import { didYouMean } from '../../base/suggest.js';
import { direction, expiry, limit, limitBurst, mark, states, statuses, tupleAddress, tuplePorts, tupleProtocol } from './connection-matches.js';
import { entry, never, otherFamily, positive, unsupportedOption } from './options.js';
import type { Option } from './options.js';
import { OUTSIDE_MATCHES, OUTSIDE_OPTIONS } from './outside.js';
import {
  addressMatch,
  addressRange,
  dscpMatch,
  dscpClassMatch,
  fragment,
  interfaceMatch,
  length,
  lifetime,
  messageMatch,
  multiport,
  packetType,
  protocolName,
  tcpFlags,
  transportPorts,
} from './packet-matches.js';
import type { ModuleUse, Piece, RuleInWork } from './rule.js';
import { iptablesFault } from './save-file.js';

/** The match, or null for one that every packet passes. */
type Take = (rule: RuleInWork, option: Option, use: ModuleUse | null) => string | null;

const op = (option: Option): string => (option.negated ? '!= ' : '');

/** Options of iptables itself. */
const OWN: Readonly<Record<string, Take>> = {
  '-s': (rule, option) => addressMatch(rule, option, 'saddr'),
  '-d': (rule, option) => addressMatch(rule, option, 'daddr'),
  '-i': (rule, option) => interfaceMatch(rule, option, 'iifname'),
  '-o': (rule, option) => interfaceMatch(rule, option, 'oifname'),
  '-f': fragment,
};

/** Options with the modules that have them. */
export const MATCHES: Readonly<Record<string, readonly [modules: readonly string[], take: Take]>> = {
  '--sport': [['tcp', 'udp'], (rule, option, use) => transportPorts(rule, option, use, 'sport')],
  '--dport': [['tcp', 'udp'], (rule, option, use) => transportPorts(rule, option, use, 'dport')],
  '--tcp-flags': [['tcp'], tcpFlags],
  '--syn': [['tcp'], (_, option) => `tcp flags ${op(option)}syn / fin,syn,rst,ack`],
  '--icmp-type': [['icmp'], (rule, option) => messageMatch(rule, option, 'icmp')],
  '--icmpv6-type': [['icmp6'], (rule, option) => messageMatch(rule, option, 'icmpv6')],
  '--sports': [['multiport'], (rule, option) => multiport(rule, option, 'sport')],
  '--dports': [['multiport'], (rule, option) => multiport(rule, option, 'dport')],
  '--state': [['state'], states],
  '--ctstate': [['conntrack'], states],
  '--ctstatus': [['conntrack'], statuses],
  '--ctdir': [['conntrack'], direction],
  '--ctproto': [['conntrack'], tupleProtocol],
  '--ctorigsrc': [['conntrack'], (rule, option) => tupleAddress(rule, option, 'original', 'saddr')],
  '--ctorigdst': [['conntrack'], (rule, option) => tupleAddress(rule, option, 'original', 'daddr')],
  '--ctreplsrc': [['conntrack'], (rule, option) => tupleAddress(rule, option, 'reply', 'saddr')],
  '--ctrepldst': [['conntrack'], (rule, option) => tupleAddress(rule, option, 'reply', 'daddr')],
  '--ctorigsrcport': [['conntrack'], (rule, option) => tuplePorts(rule, option, 'original proto-src')],
  '--ctorigdstport': [['conntrack'], (rule, option) => tuplePorts(rule, option, 'original proto-dst')],
  '--ctreplsrcport': [['conntrack'], (rule, option) => tuplePorts(rule, option, 'reply proto-src')],
  '--ctrepldstport': [['conntrack'], (rule, option) => tuplePorts(rule, option, 'reply proto-dst')],
  '--ctexpire': [['conntrack'], expiry],
  '--mark': [['mark', 'connmark'], mark],
  '--limit': [['limit'], limit],
  '--limit-burst': [['limit'], limitBurst],
  '--comment': [['comment'], comment],
  '--dscp': [['dscp'], dscpMatch],
  '--dscp-class': [['dscp'], dscpClassMatch],
  '--ttl-eq': [['ttl'], (rule, option) => lifetime(rule, option, op(option))],
  '--ttl-lt': [['ttl'], (rule, option) => lifetime(rule, option, '< ')],
  '--ttl-gt': [['ttl'], (rule, option) => lifetime(rule, option, '> ')],
  '--hl-eq': [['hl'], (rule, option) => lifetime(rule, option, op(option))],
  '--hl-lt': [['hl'], (rule, option) => lifetime(rule, option, '< ')],
  '--hl-gt': [['hl'], (rule, option) => lifetime(rule, option, '> ')],
  '--length': [['length'], length],
  '--pkt-type': [['pkttype'], packetType],
  '--src-range': [['iprange'], (rule, option) => addressRange(rule, option, 'saddr')],
  '--dst-range': [['iprange'], (rule, option) => addressRange(rule, option, 'daddr')],
};

/** Modules that are translated. */
export const MODULES: ReadonlySet<string> = new Set(Object.values(MATCHES).flatMap(([modules]) => modules));
const PROTOCOL_MODULES: ReadonlySet<string> = new Set(['tcp', 'udp', 'icmp', 'icmp6']);
/** Those that match by themselves, without an option. */
const COMPLETE: ReadonlySet<string> = new Set([...PROTOCOL_MODULES, 'limit']);
const ALIASES: Readonly<Record<string, string>> = { icmpv6: 'icmp6', 'ipv6-icmp': 'icmp6' };
/** The module that iptables loads for a protocol when it meets an option that it does not know. */
const OF_PROTOCOL: Readonly<Record<string, string>> = { tcp: 'tcp', udp: 'udp', icmp: 'icmp', icmpv6: 'icmp6' };
const ONE_FAMILY: Readonly<Record<string, 'ip' | 'ip6'>> = { icmp: 'ip', ttl: 'ip', icmp6: 'ip6', hl: 'ip6' };

/** Takes a match; false when the option is none. Errors: IPTABLES_SYNTAX, IPTABLES_UNSUPPORTED. */
export function takeMatch(rule: RuleInWork, option: Option): boolean {
  if (option.name === '-p') once(rule.taken, option, () => protocol(rule, option));
  else if (option.name === '-m') module(rule, option);
  else if (entry(OWN, option.name) !== undefined) once(rule.taken, option, () => add(rule.head, OWN[option.name]?.(rule, option, null) ?? null));
  else {
    const [modules, take] = entry(MATCHES, option.name) ?? [];
    if (modules === undefined || take === undefined) return false;
    const use = useOf(rule, option, modules);
    once(use.taken, option, () => add(rule.matches, take(rule, option, use)));
  }
  return true;
}

function once(taken: Set<string>, option: Option, step: () => void): void {
  if (taken.has(option.name)) throw iptablesFault('IPTABLES_SYNTAX', option.at, `${option.name} stands twice`, { expected: 'each option once' });
  taken.add(option.name);
  step();
}

function add(to: Piece[], text: string | null): void {
  if (text !== null) to.push({ is: 'other', text });
}

function useOf(rule: RuleInWork, option: Option, modules: readonly string[]): ModuleUse {
  const named = rule.modules.filter(({ name }) => modules.includes(name)).at(-1);
  if (named !== undefined) return named;
  const own = rule.protocol === null ? undefined : entry(OF_PROTOCOL, rule.protocol);
  if (own === undefined || !modules.includes(own)) {
    if (rule.protocol !== null && own === undefined && modules.includes('tcp')) throw unsupportedOption(option, `${option.name} of ${rule.protocol}`);
    throw iptablesFault('IPTABLES_SYNTAX', option.at, `${option.name} stands without its match`, { expected: `-m ${modules.join(' or -m ')} before it` });
  }
  const use: ModuleUse = { name: own, at: option.at, taken: new Set(), limit: null };
  rule.modules.push(use);
  return use;
}

function module(rule: RuleInWork, option: Option): void {
  positive(option);
  const word = rule.options.value(option);
  const name = entry(ALIASES, word.text) ?? word.text;
  const outside = entry(OUTSIDE_MATCHES, name);
  if (outside !== undefined)
    throw iptablesFault('IPTABLES_UNSUPPORTED', word, `the match -m ${name} (${outside}) has no translation`, {
      hint: 'write the rule by hand, or leave it out',
    });
  if (!MODULES.has(name))
    throw iptablesFault('IPTABLES_SYNTAX', word, `there is no match -m ${name}`, {
      expected: `one of: ${[...MODULES].sort().join(', ')}`,
      ...didYouMean(name, MODULES),
    });
  if ((entry(ONE_FAMILY, name) ?? rule.family) !== rule.family) throw otherFamily(word, rule.family, `-m ${name}`);
  // The module of a protocol is there once, however often it is named.
  if (PROTOCOL_MODULES.has(name) && rule.modules.some((use) => use.name === name)) return;
  rule.modules.push({ name, at: word, taken: new Set(), limit: name === 'limit' ? usualLimit(rule) : null });
}

/** What `-m limit` matches when it is told nothing more. Its place among the matches is that of the module. */
function usualLimit(rule: RuleInWork): NonNullable<ModuleUse['limit']> {
  const piece: Piece = { is: 'limit', text: 'limit rate 3/hour burst 5 packets' };
  rule.matches.push(piece);
  return { rate: '3/hour', burst: 5, piece };
}

/** After the last option: modules that were named and told nothing. Errors: IPTABLES_SYNTAX. */
export function checkModules(rule: RuleInWork): void {
  for (const { name, at, taken } of rule.modules) {
    if (taken.size > 0 || COMPLETE.has(name)) continue;
    const options = Object.keys(MATCHES).filter((option) => MATCHES[option]?.[0].includes(name));
    throw iptablesFault('IPTABLES_SYNTAX', at, `-m ${name} is told nothing`, { expected: `one of: ${options.join(', ')}` });
  }
}

function protocol(rule: RuleInWork, option: Option): void {
  const name = protocolName(rule.options.value(option), option);
  if (name === 'all') {
    if (option.negated) throw never(option);
    return;
  }
  rule.head.push({ is: option.negated ? 'other' : 'protocol', text: `meta l4proto ${op(option)}${name}` });
  if (!option.negated) rule.protocol = name;
}

function comment(rule: RuleInWork, option: Option): null {
  positive(option);
  rule.comments.push(rule.options.value(option).text);
  return null;
}

/** What to say of an option that nobody takes. */
export function strangeOption(option: Option): Error {
  const hint = entry(OUTSIDE_OPTIONS, option.name);
  if (hint !== undefined) return unsupportedOption(option, option.name, hint);
  return iptablesFault('IPTABLES_SYNTAX', option.at, `${option.name} is no option of this rule`, {
    expected: 'an option as iptables-save writes it',
    ...didYouMean(option.name, [...Object.keys(MATCHES), ...Object.keys(OUTSIDE_OPTIONS)]),
  });
}
