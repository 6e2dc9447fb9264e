/**
 * Matches of iptables as matches of nft.
 * @see iptables(8), iptables-extensions(8); `iptables-translate` does the like
 * @module
 */
import { hex } from '../format/values.js';
import { addressMatch, interfaceMatch, messageMatch, portsOf, protocolName, transportPorts } from './packet-matches.js';
import { maskedOf, numberOf, positive, unsupportedOption, wrongValue } from './options.js';
import type { Option, Options } from './options.js';
import { iptablesFault } from './save-file.js';
import type { Word } from './save-file.js';

/** A rule while its options are read. */
export interface RuleInWork {
  readonly family: 'ip' | 'ip6';
  readonly options: Options;
  /** Matches in nft's words, in order. */
  readonly matches: string[];
  /** By `-p`, without `!`. */
  protocol: string | null;
  /** Modules that were named by `-m`, and the protocol's own. */
  readonly modules: Set<string>;
  readonly comments: string[];
  limit: { rate: string; burst: number; at: number } | null;
}

/** Modules that are understood; what each can do is in its options. */
const MODULES = new Set(['tcp', 'udp', 'icmp', 'icmp6', 'ipv6icmp', 'multiport', 'conntrack', 'state', 'mark', 'connmark', 'limit', 'comment', 'dscp', 'ttl', 'hl', 'length', 'pkttype', 'iprange']);

type Take = (rule: RuleInWork, option: Option) => string | null;

const op = (option: Option): string => (option.negated ? '!= ' : '');

/** Takes a match; false when the option is none. Errors: IPTABLES_SYNTAX, IPTABLES_UNSUPPORTED. */
export function takeMatch(rule: RuleInWork, option: Option): boolean {
  const [modules, take] = MATCHES[option.name] ?? [];
  if (take === undefined || modules === undefined) return false;
  if (modules.length > 0 && !modules.some((module) => rule.modules.has(module))) throw iptablesFault('IPTABLES_SYNTAX', option.at, `${option.name} needs -m ${modules[0] ?? ''} before it`);
  const match = take(rule, option);
  if (match !== null) rule.matches.push(match);
  return true;
}

/** Options with the modules that have them; none: of iptables itself. */
const MATCHES: Readonly<Record<string, readonly [readonly string[], Take]>> = {
  '-p': [[], protocol],
  '-s': [[], (rule, option) => addressMatch(rule, option, 'saddr')],
  '-d': [[], (rule, option) => addressMatch(rule, option, 'daddr')],
  '-i': [[], (rule, option) => interfaceMatch(rule, option, 'iifname')],
  '-o': [[], (rule, option) => interfaceMatch(rule, option, 'oifname')],
  '-f': [[], (rule, option) => fragment(rule, option)],
  '-m': [[], module],
  '--sport': [['tcp', 'udp'], (rule, option) => transportPorts(rule, option, 'sport')],
  '--dport': [['tcp', 'udp'], (rule, option) => transportPorts(rule, option, 'dport')],
  '--tcp-flags': [['tcp'], tcpFlags],
  '--syn': [['tcp'], (_, option) => `tcp flags ${op(option)}syn / fin,syn,rst,ack`],
  '--icmp-type': [['icmp'], (rule, option) => messageMatch(rule, option, 'icmp')],
  '--icmpv6-type': [['icmp6', 'ipv6icmp'], (rule, option) => messageMatch(rule, option, 'icmpv6')],
  '--sports': [['multiport'], (rule, option) => multiport(rule, option, 'sport')],
  '--dports': [['multiport'], (rule, option) => multiport(rule, option, 'dport')],
  '--state': [['state'], (rule, option) => states(rule.options.value(option), option)],
  '--ctstate': [['conntrack'], (rule, option) => states(rule.options.value(option), option)],
  '--ctstatus': [['conntrack'], (rule, option) => statuses(rule.options.value(option), option)],
  '--ctdir': [['conntrack'], direction],
  '--ctproto': [['conntrack'], (rule, option) => `ct original protocol ${op(option)}${protocolName(rule.options.value(option), option)}`],
  '--ctorigsrc': [['conntrack'], (rule, option) => addressMatch(rule, option, 'saddr', 'ct original ')],
  '--ctorigdst': [['conntrack'], (rule, option) => addressMatch(rule, option, 'daddr', 'ct original ')],
  '--ctreplsrc': [['conntrack'], (rule, option) => addressMatch(rule, option, 'saddr', 'ct reply ')],
  '--ctrepldst': [['conntrack'], (rule, option) => addressMatch(rule, option, 'daddr', 'ct reply ')],
  '--ctexpire': [['conntrack'], expiry],
  '--mark': [['mark', 'connmark'], mark],
  '--limit': [['limit'], limit],
  '--limit-burst': [['limit'], burst],
  '--comment': [['comment'], comment],
  '--dscp': [['dscp'], (rule, option) => `${rule.family} dscp ${op(option)}${numberOf(rule.options.value(option), option)}`],
  '--dscp-class': [['dscp'], (rule, option) => `${rule.family} dscp ${op(option)}${rule.options.value(option).text.toLowerCase()}`],
  '--ttl-eq': [['ttl'], (rule, option) => `ip ttl ${op(option)}${numberOf(rule.options.value(option), option)}`],
  '--ttl-lt': [['ttl'], (rule, option) => plain(option, `ip ttl < ${numberOf(rule.options.value(option), option)}`)],
  '--ttl-gt': [['ttl'], (rule, option) => plain(option, `ip ttl > ${numberOf(rule.options.value(option), option)}`)],
  '--hl-eq': [['hl'], (rule, option) => `ip6 hoplimit ${op(option)}${numberOf(rule.options.value(option), option)}`],
  '--hl-lt': [['hl'], (rule, option) => plain(option, `ip6 hoplimit < ${numberOf(rule.options.value(option), option)}`)],
  '--hl-gt': [['hl'], (rule, option) => plain(option, `ip6 hoplimit > ${numberOf(rule.options.value(option), option)}`)],
  '--length': [['length'], (rule, option) => `meta length ${op(option)}${rangeOf(rule.options.value(option), option, 65535)}`],
  '--pkt-type': [['pkttype'], packetType],
  '--src-range': [['iprange'], (rule, option) => `${rule.family} saddr ${op(option)}${rule.options.value(option).text}`],
  '--dst-range': [['iprange'], (rule, option) => `${rule.family} daddr ${op(option)}${rule.options.value(option).text}`],
};

function plain(option: Option, match: string): string {
  positive(option);
  return match;
}

function module(rule: RuleInWork, option: Option): null {
  positive(option);
  const word = rule.options.value(option);
  if (!MODULES.has(word.text)) throw iptablesFault('IPTABLES_UNSUPPORTED', word, `the match -m ${word.text} has no translation`, { hint: 'write the rule by hand, or leave it out' });
  rule.modules.add(word.text);
  return null;
}

function protocol(rule: RuleInWork, option: Option): string | null {
  const name = protocolName(rule.options.value(option), option);
  if (name === 'all') return option.negated ? never(option) : null;
  if (option.negated) return `meta l4proto != ${name}`;
  rule.protocol = name;
  return `meta l4proto ${name}`;
}

function never(option: Option): never {
  throw unsupportedOption(option, 'a rule that can never match');
}

function fragment({ family }: RuleInWork, option: Option): string {
  if (family === 'ip6') throw unsupportedOption(option);
  return `ip frag-off & 0x1fff ${option.negated ? '==' : '!='} 0`;
}

/** `--tcp-flags FIN,SYN,RST,ACK SYN`: those of the first list that are set are those of the second. */
function tcpFlags({ options }: RuleInWork, option: Option): string {
  const mask = flagBits(options.value(option), option);
  const set = flagBits(options.value(option), option);
  return `tcp flags & ${hex(mask)} ${option.negated ? '!=' : '=='} ${hex(set)}`;
}

const FLAGS: Readonly<Record<string, number>> = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 0x10, URG: 0x20, ALL: 0x3f, NONE: 0 };

function flagBits(word: Word, option: Option): number {
  return word.text.split(',').reduce((bits, flag) => {
    const bit = FLAGS[flag];
    if (bit === undefined) throw wrongValue(word, option, `a list of: ${Object.keys(FLAGS).join(', ')}`);
    return bits | bit;
  }, 0);
}

function multiport(rule: RuleInWork, option: Option, field: 'sport' | 'dport'): string {
  const word = rule.options.value(option);
  if (rule.protocol !== 'tcp' && rule.protocol !== 'udp') throw unsupportedOption(option, `${option.name} for ${rule.protocol ?? 'all protocols'}`, 'nft matches ports of tcp and udp here');
  const ports = word.text.split(',').map((part) => portsOf({ ...word, text: part }, option));
  return `${rule.protocol} ${field} ${op(option)}{ ${ports.join(', ')} }`;
}

// ---- connection tracking ---------------------------------------------------------------------------------------------

const STATES = new Set(['INVALID', 'NEW', 'ESTABLISHED', 'RELATED', 'UNTRACKED']);

/** `SNAT` and `DNAT` among the states are what nft has as status. */
function states(word: Word, option: Option): string {
  const names = word.text.split(',');
  const [translated, others] = [names.filter((n) => n === 'SNAT' || n === 'DNAT'), names.filter((n) => STATES.has(n))];
  if (translated.length + others.length !== names.length) throw wrongValue(word, option, `a list of: ${[...STATES].join(', ')}, SNAT, DNAT`);
  if (translated.length > 0 && others.length > 0) throw unsupportedOption(option, 'states and translations in one match', 'two rules, one for each, say the same');
  const [key, list] = translated.length > 0 ? ['status', translated] : ['state', others];
  return `ct ${key} ${option.negated ? '! ' : ''}${list.map((n) => n.toLowerCase()).join(',')}`;
}

const STATUSES: Readonly<Record<string, string>> = { EXPECTED: 'expected', SEEN_REPLY: 'seen-reply', ASSURED: 'assured', CONFIRMED: 'confirmed' };

function statuses(word: Word, option: Option): string {
  const names = word.text.split(',').map((name) => {
    if (name === 'NONE') throw unsupportedOption(option, '--ctstatus NONE');
    return STATUSES[name] ?? fail(word, option, Object.keys(STATUSES));
  });
  return `ct status ${option.negated ? '! ' : ''}${names.join(',')}`;
}

function fail(word: Word, option: Option, known: readonly string[]): never {
  throw wrongValue(word, option, `one of: ${known.join(', ')}`);
}

function direction({ options }: RuleInWork, option: Option): string {
  positive(option);
  const word = options.value(option);
  if (word.text !== 'ORIGINAL' && word.text !== 'REPLY') fail(word, option, ['ORIGINAL', 'REPLY']);
  return `ct direction ${word.text.toLowerCase()}`;
}

function expiry({ options }: RuleInWork, option: Option): string {
  const [from = '', to = from] = rangeOf(options.value(option), option, 0xffff_ffff).split('-');
  // iptables counts whole seconds, nft milliseconds.
  return `ct expiration ${op(option)}${from}s-${to}s999ms`;
}

// ---- marks, limits, lengths ------------------------------------------------------------------------------------------

function mark(rule: RuleInWork, option: Option): string {
  const { value, mask } = maskedOf(rule.options.value(option), option);
  // The module that was named last has the option.
  const own = [...rule.modules].filter((name) => name === 'mark' || name === 'connmark').at(-1) === 'connmark' ? 'ct mark' : 'meta mark';
  if (mask === 0xffff_ffff) return `${own} ${op(option)}${hex(value)}`;
  return `${own} & ${hex(mask)} ${option.negated ? '!=' : '=='} ${hex(value)}`;
}

const UNITS: Readonly<Record<string, string>> = { s: 'second', sec: 'second', second: 'second', m: 'minute', min: 'minute', minute: 'minute', h: 'hour', hour: 'hour', d: 'day', day: 'day' };

function limit(rule: RuleInWork, option: Option): null {
  const word = rule.options.value(option);
  const [amount = '', unit = 'second'] = word.text.split('/');
  const known = UNITS[unit];
  if (!/^\d{1,9}$/.test(amount) || known === undefined) throw wrongValue(word, option, 'a number and a unit: 5/sec');
  positive(option);
  rule.limit = { rate: `${Number(amount)}/${known}`, burst: rule.limit?.burst ?? 5, at: rule.matches.length };
  return null;
}

function burst(rule: RuleInWork, option: Option): null {
  positive(option);
  const amount = numberOf(rule.options.value(option), option);
  rule.limit = { rate: rule.limit?.rate ?? '3/hour', burst: amount, at: rule.limit?.at ?? rule.matches.length };
  return null;
}

function comment(rule: RuleInWork, option: Option): null {
  positive(option);
  rule.comments.push(rule.options.value(option).text);
  return null;
}

function rangeOf(word: Word, option: Option, most: number): string {
  const match = /^(\d*)(?::(\d*))?$/.exec(word.text);
  if (match === null || word.text === '' || word.text === ':') throw wrongValue(word, option, 'a number or a range: 100:200');
  const from = Number(match[1] === '' ? 0 : match[1]);
  const to = match[2] === undefined ? from : match[2] === '' ? most : Number(match[2]);
  return from === to ? String(from) : `${from}-${to}`;
}

function packetType({ options }: RuleInWork, option: Option): string {
  const word = options.value(option);
  if (!['unicast', 'broadcast', 'multicast'].includes(word.text)) fail(word, option, ['unicast', 'broadcast', 'multicast']);
  return `meta pkttype ${op(option)}${word.text}`;
}
