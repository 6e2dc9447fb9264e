/**
 * Targets of iptables as statements of nft.
 * @see iptables-extensions(8), "Target extensions"
 * @module
 */
import { didYouMean } from '../../base/suggest.js';
import { LOG_LEVELS } from '../syntax/rule/statements.js';
import { connectionMark, setMark } from './mark-targets.js';
import { toPorts, translate } from './nat-targets.js';
import { entry, numberOf, otherFamily, positive, unsupportedOption, wrongValue } from './options.js';
import type { Option } from './options.js';
import { OUTSIDE_OPTIONS, OUTSIDE_TARGETS } from './outside.js';
import { dscpClassText, dscpText } from './packet-matches.js';
import type { RuleInWork } from './rule.js';
import { iptablesFault } from './save-file.js';
import type { Word } from './save-file.js';
import { targetOptions } from './target-options.js';

/** Names of the chains of the table, as nft has them. */
export type ChainNames = ReadonlyMap<string, string>;

type Take = (rule: RuleInWork, at: Word) => string;

/** What `-j` or `-g` leads to, with the target's own options. Errors: IPTABLES_*. */
export function takeTarget(rule: RuleInWork, option: Option, chains: ChainNames): void {
  positive(option);
  if (rule.target !== null) throw iptablesFault('IPTABLES_SYNTAX', option.at, 'the rule has two targets', { expected: 'one -j or -g' });
  const word = rule.options.value(option);
  const chain = chains.get(word.text);
  if (option.name === '-g') rule.target = `goto ${chain ?? noChain(word, chains)}`;
  else {
    const take = entry(TARGETS, word.text);
    rule.target = take !== undefined ? take(rule, word) : chain !== undefined ? `jump ${chain}` : noTarget(word, chains);
  }
}

function noTarget(word: Word, chains: ChainNames): never {
  const outside = entry(OUTSIDE_TARGETS, word.text);
  if (outside !== undefined)
    throw iptablesFault('IPTABLES_UNSUPPORTED', word, `the target ${word.text} (${outside}) has no translation`, {
      hint: 'write the rule by hand, or leave it out',
    });
  noChain(word, chains);
}

function noChain(word: Word, chains: ChainNames): never {
  const hint = didYouMean(word.text, [...chains.keys(), ...Object.keys(TARGETS)]);
  throw iptablesFault('IPTABLES_SYNTAX', word, `there is no chain or target "${word.text}" in the table`, {
    expected: `:${word.text} - [0:0] at the head of the table, or one of: ${Object.keys(TARGETS).join(', ')}`,
    ...hint,
  });
}

export const TARGETS: Readonly<Record<string, Take>> = {
  ACCEPT: () => 'accept',
  DROP: () => 'drop',
  RETURN: () => 'return',
  LOG: log,
  REJECT: reject,
  DNAT: (rule, at) => translate(rule, at, 'dnat'),
  SNAT: (rule, at) => translate(rule, at, 'snat'),
  MASQUERADE: (rule) => toPorts(rule, 'masquerade'),
  REDIRECT: (rule) => toPorts(rule, 'redirect'),
  MARK: setMark,
  CONNMARK: connectionMark,
  DSCP: dscp,
  TTL: (rule, at) => lifetime(rule, at, 'ip'),
  HL: (rule, at) => lifetime(rule, at, 'ip6'),
  NOTRACK: () => 'notrack',
  CT: noTracking,
};

// ---- log and reject --------------------------------------------------------------------------------------------------

function log(rule: RuleInWork): string {
  let [prefix, level] = ['', ''];
  targetOptions(rule, {
    '--log-prefix': (option) => {
      const { text } = rule.options.value(option);
      // nft has no way to write a quote in a text, and reads a dollar sign as a variable.
      if (/["$]/.test(text)) throw unsupportedOption(option, 'a log prefix with a quote or a dollar sign', 'write another prefix');
      prefix = text === '' ? '' : ` prefix "${text}"`;
    },
    '--log-level': (option) => (level = ` level ${logLevel(rule.options.value(option), option)}`),
  });
  return `log${prefix}${level}`;
}

const LEVELS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    LOG_LEVELS.flatMap((name, i) => [
      [name, name],
      [String(i), name],
    ]),
  ),
  warning: 'warn',
  error: 'err',
  panic: 'emerg',
};

function logLevel(word: Word, option: Option): string {
  const level = entry(LEVELS, word.text.toLowerCase());
  if (level === undefined) throw wrongValue(word, option, `a level from 0 to 7, or one of: ${LOG_LEVELS.join(', ')}`);
  return level;
}

/** With the names that iptables-save writes, and the short ones. */
const ANSWERS: Readonly<Record<'ip' | 'ip6', Readonly<Record<string, string>>>> = {
  ip: {
    'icmp-net-unreachable': 'icmp net-unreachable',
    'icmp-host-unreachable': 'icmp host-unreachable',
    'icmp-proto-unreachable': 'icmp prot-unreachable',
    'icmp-port-unreachable': 'icmp port-unreachable',
    'icmp-net-prohibited': 'icmp net-prohibited',
    'icmp-host-prohibited': 'icmp host-prohibited',
    'icmp-admin-prohibited': 'icmp admin-prohibited',
    'tcp-reset': 'tcp reset',
    'net-unreach': 'icmp net-unreachable',
    'host-unreach': 'icmp host-unreachable',
    'proto-unreach': 'icmp prot-unreachable',
    'port-unreach': 'icmp port-unreachable',
    'net-prohib': 'icmp net-prohibited',
    'host-prohib': 'icmp host-prohibited',
    'admin-prohib': 'icmp admin-prohibited',
    'tcp-rst': 'tcp reset',
  },
  ip6: {
    'icmp6-no-route': 'icmpv6 no-route',
    'icmp6-adm-prohibited': 'icmpv6 admin-prohibited',
    'icmp6-addr-unreachable': 'icmpv6 addr-unreachable',
    'icmp6-port-unreachable': 'icmpv6 port-unreachable',
    'icmp6-policy-fail': 'icmpv6 policy-fail',
    'icmp6-reject-route': 'icmpv6 reject-route',
    'tcp-reset': 'tcp reset',
    'no-route': 'icmpv6 no-route',
    'adm-prohibited': 'icmpv6 admin-prohibited',
    'addr-unreach': 'icmpv6 addr-unreachable',
    'port-unreach': 'icmpv6 port-unreachable',
    'policy-fail': 'icmpv6 policy-fail',
    'reject-route': 'icmpv6 reject-route',
  },
};

function reject(rule: RuleInWork, at: Word): string {
  let answer = rule.family === 'ip' ? 'icmp port-unreachable' : 'icmpv6 port-unreachable';
  targetOptions(rule, {
    '--reject-with': (option) => {
      const word = rule.options.value(option);
      const found = entry(ANSWERS[rule.family], word.text);
      if (found === undefined)
        throw wrongValue(
          word,
          option,
          `one of: ${Object.keys(ANSWERS[rule.family])
            .filter((name) => /^(icmp|tcp-reset)/.test(name))
            .join(', ')}`,
        );
      answer = found;
    },
  });
  if (answer === 'tcp reset' && rule.protocol !== 'tcp')
    throw iptablesFault('IPTABLES_SYNTAX', at, 'only TCP is answered by a reset', { expected: '-p tcp before it' });
  return `reject with ${answer}`;
}

// ---- fields ----------------------------------------------------------------------------------------------------------

function dscp(rule: RuleInWork, at: Word): string {
  let to = '';
  targetOptions(rule, {
    '--set-dscp': (option) => (to = dscpText(rule.options.value(option), option)),
    '--set-dscp-class': (option) => (to = dscpClassText(rule.options.value(option), option)),
  });
  if (to === '') throw iptablesFault('IPTABLES_SYNTAX', at, 'DSCP is told no value', { expected: '--set-dscp 0x2e' });
  return `${rule.family} dscp set ${to}`;
}

function lifetime(rule: RuleInWork, at: Word, family: 'ip' | 'ip6'): string {
  if (rule.family !== family) throw otherFamily(at, rule.family, `-j ${at.text}`);
  const name = family === 'ip' ? '--ttl-set' : '--hl-set';
  let to = '';
  targetOptions(rule, { [name]: (option) => (to = String(numberOf(rule.options.value(option), option, 255))) });
  if (to === '') throw iptablesFault('IPTABLES_SYNTAX', at, `${at.text} is told no value`, { expected: `${name} 64` });
  return `${family === 'ip' ? 'ip ttl' : 'ip6 hoplimit'} set ${to}`;
}

function noTracking(rule: RuleInWork, at: Word): string {
  let found = false;
  targetOptions(rule, { '--notrack': () => (found = true) });
  const other = rule.options.take();
  if (other !== undefined) {
    const hint = entry(OUTSIDE_OPTIONS, other.name);
    if (!found && hint !== undefined) throw unsupportedOption(other, `-j CT ${other.name}`, hint);
    rule.options.back();
  }
  if (!found) throw iptablesFault('IPTABLES_SYNTAX', at, 'CT is not told what to do', { expected: '--notrack' });
  return 'notrack';
}
