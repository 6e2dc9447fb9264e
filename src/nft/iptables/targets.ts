/**
 * Targets of iptables as statements of nft.
 * @see iptables-extensions(8), "Target extensions"
 * @module
 */
import { LOG_LEVELS } from '../syntax/rule/statements.js';
import { hex } from '../format/values.js';
import type { RuleInWork } from './matches.js';
import { maskedOf, numberOf, positive, unsupportedOption, wrongValue } from './options.js';
import type { Option } from './options.js';
import { iptablesFault } from './save-file.js';
import type { Word } from './save-file.js';

/** Names of the chains of the table, as nft has them. */
export type ChainNames = ReadonlyMap<string, string>;

type Take = (rule: RuleInWork, at: Word) => string;

/** What `-j` or `-g` leads to, with the target's own options. Errors: IPTABLES_*. */
export function takeTarget(rule: RuleInWork, option: Option, chains: ChainNames): string {
  positive(option);
  const word = rule.options.value(option);
  const chain = chains.get(word.text);
  if (option.name === '-g' || option.name === '--goto') return chain === undefined ? noChain(word) : `goto ${chain}`;
  const take = TARGETS[word.text];
  if (take !== undefined) return take(rule, word);
  if (chain !== undefined) return `jump ${chain}`;
  // Targets are in capitals, by custom.
  if (/^[A-Z][A-Z0-9]+$/.test(word.text)) throw iptablesFault('IPTABLES_UNSUPPORTED', word, `the target ${word.text} has no translation`, { hint: 'write the rule by hand, or leave it out' });
  return noChain(word);
}

function noChain(word: Word): never {
  throw iptablesFault('IPTABLES_SYNTAX', word, `there is no chain "${word.text}" in the table`, { expected: `:${word.text} - [0:0] at the head of the table` });
}

const TARGETS: Readonly<Record<string, Take>> = {
  ACCEPT: () => 'accept',
  DROP: () => 'drop',
  RETURN: () => 'return',
  LOG: log,
  REJECT: reject,
  DNAT: (rule) => translate(rule, 'dnat', '--to-destination'),
  SNAT: (rule) => translate(rule, 'snat', '--to-source'),
  MASQUERADE: (rule) => toPorts(rule, 'masquerade'),
  REDIRECT: (rule) => toPorts(rule, 'redirect'),
  MARK: (rule) => setMark(rule, 'meta mark'),
  CONNMARK: connectionMark,
  DSCP: dscp,
  TTL: (rule, at) => lifetime(rule, at, '--ttl-set', 'ip ttl'),
  HL: (rule, at) => lifetime(rule, at, '--hl-set', 'ip6 hoplimit'),
  NOTRACK: () => 'notrack',
  CT: noTracking,
};

/** The target's options, each by its own rule; anything else has no translation. */
function options(rule: RuleInWork, takes: Readonly<Record<string, (option: Option) => void>>): void {
  for (let option = rule.options.take(); option !== undefined; option = rule.options.take()) {
    const take = takes[option.name];
    if (take === undefined) throw unsupportedOption(option);
    positive(option);
    take(option);
  }
}

function log(rule: RuleInWork): string {
  let [prefix, level] = ['', ''];
  options(rule, {
    '--log-prefix': (option) => {
      // nft has no way to write a quote in a text.
      const { text } = rule.options.value(option);
      if (text.includes('"') || text.includes('$')) throw unsupportedOption(option, 'a log prefix with a quote or a dollar sign');
      prefix = ` prefix "${text}"`;
    },
    '--log-level': (option) => (level = ` level ${logLevel(rule.options.value(option), option)}`),
  });
  return `log${prefix}${level}`;
}

function logLevel(word: Word, option: Option): string {
  const named: Readonly<Record<string, string>> = { warning: 'warn', error: 'err', panic: 'emerg' };
  const level = /^\d$/.test(word.text) ? LOG_LEVELS[Number(word.text)] : (named[word.text] ?? word.text);
  if (level === undefined || !(LOG_LEVELS as readonly string[]).includes(level)) throw wrongValue(word, option, `a level from 0 to 7, or one of: ${LOG_LEVELS.join(', ')}`);
  return level;
}

const ANSWERS: Readonly<Record<string, string>> = {
  'tcp-reset': 'tcp reset',
  'icmp-net-unreachable': 'icmp net-unreachable', 'icmp-host-unreachable': 'icmp host-unreachable', 'icmp-proto-unreachable': 'icmp prot-unreachable', 'icmp-port-unreachable': 'icmp port-unreachable',
  'icmp-net-prohibited': 'icmp net-prohibited', 'icmp-host-prohibited': 'icmp host-prohibited', 'icmp-admin-prohibited': 'icmp admin-prohibited',
  'icmp6-no-route': 'icmpv6 no-route', 'icmp6-adm-prohibited': 'icmpv6 admin-prohibited', 'icmp6-addr-unreachable': 'icmpv6 addr-unreachable', 'icmp6-port-unreachable': 'icmpv6 port-unreachable',
  'icmp6-policy-fail': 'icmpv6 policy-fail', 'icmp6-reject-route': 'icmpv6 reject-route',
};

function reject(rule: RuleInWork): string {
  let answer = rule.family === 'ip' ? 'icmp port-unreachable' : 'icmpv6 port-unreachable';
  options(rule, {
    '--reject-with': (option) => {
      const word = rule.options.value(option);
      const found = ANSWERS[word.text];
      if (found === undefined) throw wrongValue(word, option, `one of: ${Object.keys(ANSWERS).join(', ')}`);
      answer = found;
    },
  });
  return `reject with ${answer}`;
}

// ---- translation -----------------------------------------------------------------------------------------------------

function translate(rule: RuleInWork, kind: 'snat' | 'dnat', target: string): string {
  const flags: string[] = [];
  let to: string | null = null;
  options(rule, {
    [target]: (option) => {
      if (to !== null) throw unsupportedOption(option, 'a second destination');
      to = targetText(rule.options.value(option), option, rule);
    },
    '--random': () => flags.push('random'),
    '--random-fully': () => flags.push('fully-random'),
    '--persistent': () => flags.push('persistent'),
  });
  if (to === null) throw iptablesFault('IPTABLES_SYNTAX', rule.options.place, `the translation leads nowhere`, { expected: target });
  return `${kind} to ${to as string}${flagsText(flags)}`;
}

const flagsText = (flags: readonly string[]): string => (flags.length === 0 ? '' : ` ${flags.join(',')}`);

/** `10.0.0.1-10.0.0.9:80-90`, `[2001:db8::1]-[2001:db8::9]:80`, `2001:db8::1`, `:80` */
function targetText(word: Word, option: Option, { family }: RuleInWork): string {
  if (/\/\d+$/.test(word.text)) throw unsupportedOption(option, 'a base port');
  const pattern = family === 'ip' ? /^([\d.]*(?:-[\d.]+)?)(?::(\d+)(?:-(\d+))?)?$/ : /^((?:\[[^\]]+\](?:-\[[^\]]+\])?)?)(?::(\d+)(?:-(\d+))?)?$/;
  const match = pattern.exec(word.text);
  // Without brackets all colons of an IPv6 address are its own.
  if (match === null && family === 'ip6' && /^[0-9a-fA-F:.]+(-[0-9a-fA-F:.]+)?$/.test(word.text)) return word.text;
  if (match === null || word.text === '') throw wrongValue(word, option, 'an address or a range, with a port or a range: 10.0.0.1-10.0.0.9:80-90');
  const [, addresses = '', from, to] = match;
  if (from === undefined) return addresses.replace(/[[\]]/g, '');
  return `${addresses}:${from}${to === undefined || to === from ? '' : `-${to}`}`;
}

function toPorts(rule: RuleInWork, kind: 'masquerade' | 'redirect'): string {
  const flags: string[] = [];
  let to = '';
  options(rule, {
    '--to-ports': (option) => {
      const word = rule.options.value(option);
      if (!/^\d{1,5}(-\d{1,5})?$/.test(word.text)) throw wrongValue(word, option, 'a port or a range: 1024-2048');
      to = ` to :${word.text}`;
    },
    '--random': () => flags.push('random'),
    '--random-fully': () => flags.push('fully-random'),
  });
  return `${kind}${to}${flagsText(flags)}`;
}

// ---- marks and fields ------------------------------------------------------------------------------------------------

/** `--set-xmark VALUE/MASK`: the bits of the mask are cleared, then the value is added by exclusive or. */
function setMark(rule: RuleInWork, field: 'meta mark' | 'ct mark'): string {
  let to: string | null = null;
  const one = (make: (value: number, mask: number) => string) => (option: Option): void => {
    const { value, mask } = maskedOf(rule.options.value(option), option);
    to = make(value, mask);
  };
  options(rule, {
    '--set-xmark': one((value, mask) => xmark(field, value, mask)),
    // Bits of the value stand outside of the mask too.
    '--set-mark': one((value, mask) => xmark(field, value, (mask | value) >>> 0)),
    '--and-mark': one((value) => `${field} & ${hex(value)}`),
    '--or-mark': one((value) => `${field} | ${hex(value)}`),
    '--xor-mark': one((value) => `${field} ^ ${hex(value)}`),
  });
  if (to === null) throw iptablesFault('IPTABLES_SYNTAX', rule.options.place, 'the mark has no value', { expected: '--set-xmark VALUE/MASK' });
  return `${field} set ${to as string}`;
}

function xmark(field: string, value: number, mask: number): string {
  if (mask === 0xffff_ffff) return hex(value);
  return `${field} & ${hex(~mask >>> 0)} ^ ${hex(value)}`;
}

/** Saving and restoring whole marks; with masks on both sides nft has no single expression. */
function connectionMark(rule: RuleInWork, at: Word): string {
  const first = rule.options.take();
  if (first === undefined) throw iptablesFault('IPTABLES_SYNTAX', at, 'CONNMARK says nothing of what to do', { expected: '--save-mark, --restore-mark or --set-xmark' });
  if (first.name !== '--save-mark' && first.name !== '--restore-mark') return setConnectionMark(rule, first);
  let [packet, connection] = [0xffff_ffff, 0xffff_ffff];
  options(rule, {
    '--nfmask': (option) => (packet = numberOf(rule.options.value(option), option)),
    '--ctmask': (option) => (connection = numberOf(rule.options.value(option), option)),
    '--mask': (option) => (packet = connection = numberOf(rule.options.value(option), option)),
  });
  const [from, fromMask, to, toMask] = first.name === '--save-mark' ? ['meta mark', packet, 'ct mark', connection] : ['ct mark', connection, 'meta mark', packet];
  if (toMask !== 0xffff_ffff) throw unsupportedOption(first, `${first.name} into a part of the mark`);
  return `${to} set ${from}${fromMask === 0xffff_ffff ? '' : ` & ${hex(fromMask)}`}`;
}

function setConnectionMark(rule: RuleInWork, option: Option): string {
  positive(option);
  const { value, mask } = maskedOf(rule.options.value(option), option);
  options(rule, {});
  switch (option.name) {
    case '--set-xmark':
      return `ct mark set ${xmark('ct mark', value, mask)}`;
    case '--set-mark':
      return `ct mark set ${xmark('ct mark', value, (mask | value) >>> 0)}`;
    case '--and-mark':
      return `ct mark set ct mark & ${hex(value)}`;
    case '--or-mark':
      return `ct mark set ct mark | ${hex(value)}`;
    case '--xor-mark':
      return `ct mark set ct mark ^ ${hex(value)}`;
    default:
      throw unsupportedOption(option);
  }
}

function dscp(rule: RuleInWork, at: Word): string {
  let to: string | null = null;
  options(rule, {
    '--set-dscp': (option) => (to = String(numberOf(rule.options.value(option), option))),
    '--set-dscp-class': (option) => (to = rule.options.value(option).text.toLowerCase()),
  });
  if (to === null) throw iptablesFault('IPTABLES_SYNTAX', at, 'DSCP has no value', { expected: '--set-dscp 0x2e' });
  return `${rule.family} dscp set ${to as string}`;
}

function lifetime(rule: RuleInWork, at: Word, name: string, field: string): string {
  let to: string | null = null;
  options(rule, { [name]: (option) => (to = String(numberOf(rule.options.value(option), option))) });
  if (to === null) throw iptablesFault('IPTABLES_SYNTAX', at, `the target has no value`, { expected: name });
  return `${field} set ${to as string}`;
}

function noTracking(rule: RuleInWork, at: Word): string {
  let found = false;
  options(rule, { '--notrack': () => (found = true) });
  if (!found) throw iptablesFault('IPTABLES_SYNTAX', at, 'CT says nothing of what to do', { expected: '--notrack' });
  return 'notrack';
}
