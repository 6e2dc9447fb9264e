/**
 * Addresses, interfaces, ports, flags and ICMP messages of iptables in nft's words.
 * @see iptables(8), iptables-extensions(8)
 * @module
 */
import { parseIpv4, parseIpv6 } from '../../wire/address.js';
import { bitsText, maskText, numberText } from '../format.js';
import { CONSTANTS } from '../meaning/values/constants.js';
import { typeInfo } from '../meaning/values/types.js';
import { messageOf } from './icmp-names.js';
import { entry, never, numberOf, otherFamily, positive, rangeOf, unsupportedOption, wrongValue } from './options.js';
import type { Option } from './options.js';
import type { ModuleUse, RuleInWork } from './rule.js';
import { iptablesFault } from './save-file.js';
import type { Word } from './save-file.js';

const op = (option: Option): string => (option.negated ? '!= ' : '');

// ---- addresses and interfaces ----------------------------------------------------------------------------------------

/** `192.0.2.0/24`, `192.0.2.0/255.255.255.0`. @param before `ct original ` for an address of the connection */
export function addressMatch(rule: RuleInWork, option: Option, field: 'saddr' | 'daddr', before = ''): string | null {
  const word = rule.options.value(option);
  if (word.text.includes(',')) throw unsupportedOption(option, 'a list of addresses', 'iptables-save writes a rule for each');
  const [address = '', mask] = word.text.split('/');
  const full = rule.family === 'ip' ? 32 : 128;
  const length = mask === undefined ? full : prefixLength(mask, word, option, full);
  const text = addressText(address, word, option, rule);
  if (length === 0) {
    if (option.negated) throw never(option);
    return null;
  }
  return `${before}${rule.family} ${field} ${op(option)}${text}${length === full ? '' : `/${length}`}`;
}

/** An address of the family, as it is written. Errors: IPTABLES_*. */
function addressText(text: string, word: Word, option: Option, { family }: Pick<RuleInWork, 'family'>): string {
  const good = family === 'ip' ? parseIpv4(text) !== undefined : parseIpv6(text) !== undefined;
  if (good) return text;
  const other = family === 'ip' ? parseIpv6(text) !== undefined : parseIpv4(text) !== undefined;
  if (other) throw otherFamily(word, family, `the address ${text}`);
  if (word.text === text && /^[A-Za-z][\w.-]*$/.test(text))
    throw iptablesFault('IPTABLES_UNSUPPORTED', word, `a host by its name ("${text}") has no translation`, {
      expected: 'an address',
      hint: 'iptables asks the name service once, when it loads the rule: write the address',
    });
  throw wrongValue(word, option, family === 'ip' ? 'an IPv4 address or network: 192.0.2.0/24' : 'an IPv6 address or network: 2001:db8::/32');
}

function prefixLength(mask: string, word: Word, option: Option, full: number): number {
  if (/^\d{1,3}$/.test(mask)) {
    if (Number(mask) > full) throw wrongValue(word, option, `a prefix of at most ${full} bits`);
    return Number(mask);
  }
  const bits = full === 32 ? parseIpv4(mask) : undefined;
  if (bits === undefined)
    throw full === 128 && parseIpv6(mask) !== undefined
      ? unsupportedOption(option, `the mask ${mask}`, 'write the length of the prefix')
      : wrongValue(word, option, 'the length of a prefix after "/", or a mask');
  const length = Math.clz32(~bits);
  if ((length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0) !== bits) throw unsupportedOption(option, `a mask with holes (${word.text})`);
  return length;
}

/** `10.0.0.1-10.0.0.9` */
export function addressRange(rule: RuleInWork, option: Option, field: 'saddr' | 'daddr'): string {
  const word = rule.options.value(option);
  return `${rule.family} ${field} ${op(option)}${rangeText(word.text, word, option, rule)}`;
}

/** One address, or two and a dash. */
export function rangeText(text: string, word: Word, option: Option, rule: Pick<RuleInWork, 'family'>): string {
  const [from = '', to = from, more] = text.split('-');
  if (more !== undefined) throw wrongValue(word, option, 'an address, or two with a dash between them');
  const [first, last] = [addressText(from, word, option, rule), addressText(to, word, option, rule)];
  return first === last ? first : `${first}-${last}`;
}

/** IFNAMSIZ without the terminating zero. */
const LONGEST_INTERFACE = 15;

/** `eth+` is a wildcard, `+` is every interface. */
export function interfaceMatch({ options }: RuleInWork, option: Option, field: 'iifname' | 'oifname'): string | null {
  const word = options.value(option);
  const { text } = word;
  if (text === '+') {
    if (option.negated) throw never(option);
    return null;
  }
  if (text === '' || text.length > LONGEST_INTERFACE || /[\s/"$]/.test(text))
    throw wrongValue(word, option, `the name of an interface, at most ${LONGEST_INTERFACE} characters; eth+ for all that begin so`);
  const name = text.endsWith('+') ? `${text.slice(0, -1)}*` : text.replace(/\*$/, '\\*');
  return `${field} ${op(option)}"${name}"`;
}

// ---- protocols and ports ---------------------------------------------------------------------------------------------

/** A protocol by its name or number; `all` for every one. */
export function protocolName(word: Word, option: Option): string {
  const text = word.text.toLowerCase();
  if (text === 'all') return 'all';
  const number = /^\d{1,3}$/.test(text) ? Number(text) : CONSTANTS.inet_proto.get(text);
  if (number === undefined || number > 255) throw wrongValue(word, option, 'a protocol by name or number');
  return number === 0 ? 'all' : numberText(number, typeInfo('inet_proto'));
}

export function transportPorts(rule: RuleInWork, option: Option, use: ModuleUse | null, field: 'sport' | 'dport'): string {
  return `${use?.name === 'udp' ? 'udp' : 'tcp'} ${field} ${op(option)}${portsOf(rule.options.value(option), option)}`;
}

const LAST_PORT = 65535;

/** `80`, `1024:65535`, `:1023`, `1024:`; names as /etc/services has them. */
export function portsOf(word: Word, option: Option): string {
  const named = word.text.split(':').map((part) => (CONSTANTS.inet_service.get(part) ?? part).toString());
  const { from, to } = rangeOf({ ...word, text: named.join(':') }, option, LAST_PORT);
  return from === to ? String(from) : `${from}-${to}`;
}

export function multiport(rule: RuleInWork, option: Option, field: 'sport' | 'dport'): string {
  const word = rule.options.value(option);
  if (rule.protocol === null) throw iptablesFault('IPTABLES_SYNTAX', option.at, `${option.name} needs a protocol`, { expected: '-p tcp or -p udp before it' });
  if (rule.protocol !== 'tcp' && rule.protocol !== 'udp') throw unsupportedOption(option, `${option.name} of ${rule.protocol}`);
  const ports = [...new Set(word.text.split(',').map((part) => portsOf({ ...word, text: part }, option)))];
  const [only = ''] = ports;
  return `${rule.protocol} ${field} ${op(option)}${ports.length === 1 ? only : `{ ${ports.join(', ')} }`}`;
}

// ---- other fields ----------------------------------------------------------------------------------------------------

/** Second and later fragments. */
export function fragment({ family }: RuleInWork, option: Option): string {
  if (family === 'ip6') throw iptablesFault('IPTABLES_SYNTAX', option.at, 'ip6tables has no -f');
  return `ip frag-off & 0x1fff ${option.negated ? '==' : '!='} 0`;
}

/** `--tcp-flags FIN,SYN,RST,ACK SYN`: of the first list those of the second are set, and no others. */
export function tcpFlags({ options }: RuleInWork, option: Option): string {
  const mask = flagBits(options.value(option), option);
  const set = flagBits(options.value(option), option);
  const info = typeInfo('tcp_flag');
  return `tcp flags & ${maskText(mask, info)} ${option.negated ? '!=' : '=='} ${bitsText(set, 'tcp_flag', '|')}`;
}

const FLAGS: Readonly<Record<string, number>> = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 0x10, URG: 0x20, ALL: 0x3f, NONE: 0 };

function flagBits(word: Word, option: Option): number {
  return word.text.split(',').reduce((bits, flag) => {
    const bit = entry(FLAGS, flag.toUpperCase());
    if (bit === undefined) throw wrongValue(word, option, `a list of: ${Object.keys(FLAGS).join(', ')}`);
    return bits | bit;
  }, 0);
}

/** Names say more where the type is the one that they are of. */
const UNREACHABLE = { icmp: 3, icmpv6: 1 } as const;

export function messageMatch({ options }: RuleInWork, option: Option, protocol: 'icmp' | 'icmpv6'): string | null {
  const [type, code] = messageOf(options.value(option), option, protocol);
  if (type === null) {
    if (option.negated) throw never(option);
    return null;
  }
  const typeText = numberText(type, typeInfo(`${protocol}_type`));
  if (code === null) return `${protocol} type ${op(option)}${typeText}`;
  const codeText = type === UNREACHABLE[protocol] ? numberText(code, typeInfo(`${protocol}_code`)) : String(code);
  return option.negated ? `${protocol} type . ${protocol} code != { ${typeText} . ${codeText} }` : `${protocol} type ${typeText} ${protocol} code ${codeText}`;
}

export function dscpText(word: Word, option: Option): string {
  return numberText(numberOf(word, option, 63), typeInfo('dscp'));
}

export function dscpClassText(word: Word, option: Option): string {
  const name = word.text.toLowerCase();
  if (!CONSTANTS.dscp.has(name)) throw wrongValue(word, option, `a class: ${[...CONSTANTS.dscp.keys()].join(', ')}`);
  return name;
}

export function dscpMatch({ family, options }: RuleInWork, option: Option): string {
  return `${family} dscp ${op(option)}${dscpText(options.value(option), option)}`;
}

export function dscpClassMatch({ family, options }: RuleInWork, option: Option): string {
  return `${family} dscp ${op(option)}${dscpClassText(options.value(option), option)}`;
}

/** TTL or hop limit. @param sign `< `, `> `, `!= ` or nothing */
export function lifetime({ family, options }: RuleInWork, option: Option, sign: string): string {
  if (sign === '< ' || sign === '> ') positive(option);
  return `${family === 'ip' ? 'ip ttl' : 'ip6 hoplimit'} ${sign}${numberOf(options.value(option), option, 255)}`;
}

export function length({ options }: RuleInWork, option: Option): string {
  const { from, to } = rangeOf(options.value(option), option, 65535);
  return `meta length ${op(option)}${from === to ? from : `${from}-${to}`}`;
}

const PACKET_TYPES = ['unicast', 'broadcast', 'multicast'];

export function packetType({ options }: RuleInWork, option: Option): string {
  const word = options.value(option);
  if (!PACKET_TYPES.includes(word.text)) throw wrongValue(word, option, `one of: ${PACKET_TYPES.join(', ')}`);
  return `meta pkttype ${op(option)}${word.text}`;
}
