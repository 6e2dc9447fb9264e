/**
 * Addresses, interfaces, ports and ICMP messages of iptables in nft's words.
 * @see iptables(8), iptables-extensions(8)
 * @module
 */
import { parseIpv4 } from '../../wire/address.js';
import { CONSTANTS } from '../meaning/values/constants.js';
import type { RuleInWork } from './matches.js';
import { unsupportedOption, wrongValue } from './options.js';
import type { Option } from './options.js';
import type { Word } from './save-file.js';

const op = (option: Option): string => (option.negated ? '!= ' : '');

/** `192.0.2.0/24`, `192.0.2.0/255.255.255.0`. @param before `ct original ` for an address of the connection */
export function addressMatch(rule: RuleInWork, option: Option, field: 'saddr' | 'daddr', before = ''): string | null {
  const word = rule.options.value(option);
  const [address = '', mask] = word.text.split('/');
  if (address.includes(',')) throw unsupportedOption(option, 'a list of addresses', 'iptables-save writes a rule for each');
  const length = mask === undefined ? null : prefixLength(mask, word, option);
  if (length === 0) return option.negated ? never(option) : null;
  const full = rule.family === 'ip' ? 32 : 128;
  return `${before}${rule.family} ${field} ${op(option)}${address}${length === null || length === full ? '' : `/${length}`}`;
}

function never(option: Option): never {
  throw unsupportedOption(option, 'a rule that can never match');
}

function prefixLength(mask: string, word: Word, option: Option): number {
  if (/^\d{1,3}$/.test(mask)) return Number(mask);
  const bits = parseIpv4(mask);
  if (bits === undefined) throw unsupportedOption(option, `the mask ${mask}`);
  const length = Math.clz32(~bits);
  if (((length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0) >>> 0) !== bits) throw unsupportedOption(option, `a mask with holes (${word.text})`);
  return length;
}

/** `eth+` is a wildcard, `+` is every interface. */
export function interfaceMatch({ options }: RuleInWork, option: Option, field: 'iifname' | 'oifname'): string | null {
  const { text } = options.value(option);
  if (text === '+') return option.negated ? never(option) : null;
  const name = text.endsWith('+') ? `${text.slice(0, -1)}*` : text.replace(/\*$/, '\\*');
  return `${field} ${op(option)}"${name}"`;
}

const PROTOCOLS: Readonly<Record<string, string>> = { tcp: 'tcp', udp: 'udp', icmp: 'icmp', icmpv6: 'icmpv6', 'ipv6-icmp': 'icmpv6', esp: 'esp', ah: 'ah', gre: 'gre', sctp: 'sctp', igmp: 'igmp', all: 'all', udplite: 'udplite', dccp: 'dccp' };

/** A protocol by its name or number; `all` for every one. */
export function protocolName(word: Word, option: Option): string {
  const text = word.text.toLowerCase();
  const known = PROTOCOLS[text];
  if (known !== undefined) return known;
  if (!/^\d{1,3}$/.test(text) || Number(text) > 255) throw wrongValue(word, option, 'a protocol by name or number');
  if (text === '0') return 'all';
  const name = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6' }[Number(text)];
  return name ?? String(Number(text));
}

export function transportPorts(rule: RuleInWork, option: Option, field: 'sport' | 'dport'): string {
  const module = rule.modules.has('tcp') ? 'tcp' : 'udp';
  return `${module} ${field} ${op(option)}${portsOf(rule.options.value(option), option)}`;
}

/** `80`, `1024:65535`, `:1023`, `1024:`; names as /etc/services has them. */
export function portsOf(word: Word, option: Option): string {
  const parts = word.text.split(':');
  if (parts.length > 2) throw wrongValue(word, option, 'a port or a range: 1024:65535');
  const [from, to] = [portOf(parts[0] ?? '', 0, word, option), parts.length === 1 ? null : portOf(parts[1] ?? '', 65535, word, option)];
  return to === null || to === from ? String(from) : `${from}-${to}`;
}

function portOf(text: string, empty: number, word: Word, option: Option): number {
  if (text === '') return empty;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : CONSTANTS.inet_service.get(text);
  if (port === undefined || port > 65535) throw wrongValue(word, option, 'a port from 0 to 65535');
  return port;
}

// ---- ICMP ------------------------------------------------------------------------------------------------------------

/** Names of iptables with type and code; types alone are in nft's own list. */
const MESSAGES: Readonly<Record<'icmp' | 'icmpv6', Readonly<Record<string, readonly [number, number | null]>>>> = {
  icmp: {
    'network-unreachable': [3, 0], 'host-unreachable': [3, 1], 'protocol-unreachable': [3, 2], 'port-unreachable': [3, 3], 'fragmentation-needed': [3, 4], 'source-route-failed': [3, 5],
    'network-prohibited': [3, 9], 'host-prohibited': [3, 10], 'communication-prohibited': [3, 13], 'ttl-exceeded': [11, null], 'ttl-zero-during-transit': [11, 0], 'ttl-zero-during-reassembly': [11, 1],
    ping: [8, null], pong: [0, null],
  },
  icmpv6: {
    'no-route': [1, 0], 'communication-prohibited': [1, 1], 'address-unreachable': [1, 3], 'port-unreachable': [1, 4], 'ttl-exceeded': [3, null], 'ttl-zero-during-transit': [3, 0], 'ttl-zero-during-reassembly': [3, 1],
    'router-solicitation': [133, null], 'router-advertisement': [134, null], 'neighbour-solicitation': [135, null], 'neighbor-solicitation': [135, null], 'neighbour-advertisement': [136, null], 'neighbor-advertisement': [136, null], redirect: [137, null],
  },
};

export function messageMatch({ options }: RuleInWork, option: Option, protocol: 'icmp' | 'icmpv6'): string | null {
  const word = options.value(option);
  if (word.text === 'any') return option.negated ? never(option) : null;
  const [type, code] = MESSAGES[protocol][word.text] ?? numbered(word, option, protocol);
  if (code === null) return `${protocol} type ${op(option)}${type}`;
  return option.negated ? `${protocol} type . ${protocol} code != { ${type} . ${code} }` : `${protocol} type ${type} ${protocol} code ${code}`;
}

function numbered(word: Word, option: Option, protocol: 'icmp' | 'icmpv6'): readonly [number, number | null] {
  const named = CONSTANTS[protocol === 'icmp' ? 'icmp_type' : 'icmpv6_type'].get(word.text);
  if (named !== undefined) return [named, null];
  const match = /^(\d{1,3})(?:\/(\d{1,3}))?$/.exec(word.text);
  if (match === null || Number(match[1]) > 255 || Number(match[2] ?? 0) > 255) throw wrongValue(word, option, 'a type, a type and a code (3/4), or a name such as echo-request');
  return [Number(match[1]), match[2] === undefined ? null : Number(match[2])];
}
