/**
 * Matches on connections, marks and rates in nft's words.
 * @see iptables-extensions(8): conntrack, state, mark, connmark, limit
 * @module
 */
import { hex } from '../format.js';
import { entry, maskedOf, numberOf, positive, rangeOf, unsupportedOption, wrongValue } from './options.js';
import type { Option } from './options.js';
import { addressMatch, portsOf, protocolName } from './packet-matches.js';
import type { ModuleUse, RuleInWork } from './rule.js';

const op = (option: Option): string => (option.negated ? '!= ' : '');

const STATES = ['INVALID', 'NEW', 'ESTABLISHED', 'RELATED', 'UNTRACKED'];
/** Among the states of `-m conntrack`; nft has them as status. */
const TRANSLATED = ['SNAT', 'DNAT'];

export function states({ options }: RuleInWork, option: Option): string {
  const word = options.value(option);
  const names = word.text.toUpperCase().split(',');
  const known = option.name === '--state' ? STATES : [...STATES, ...TRANSLATED];
  if (!names.every((name) => known.includes(name))) throw wrongValue(word, option, `a list of: ${known.join(', ')}`);
  const translated = names.filter((name) => TRANSLATED.includes(name));
  if (translated.length > 0 && translated.length < names.length)
    throw unsupportedOption(option, 'a match on states or translations', 'write two rules, one for each');
  return `ct ${translated.length > 0 ? 'status' : 'state'} ${option.negated ? '! ' : ''}${names.map((name) => name.toLowerCase()).join(',')}`;
}

const STATUSES: Readonly<Record<string, string>> = { EXPECTED: 'expected', SEEN_REPLY: 'seen-reply', ASSURED: 'assured', CONFIRMED: 'confirmed' };

export function statuses({ options }: RuleInWork, option: Option): string {
  const word = options.value(option);
  const names = word.text
    .toUpperCase()
    .split(',')
    .map((name) => {
      if (name === 'NONE') throw unsupportedOption(option, '--ctstatus NONE');
      const known = entry(STATUSES, name);
      if (known === undefined) throw wrongValue(word, option, `a list of: ${Object.keys(STATUSES).join(', ')}`);
      return known;
    });
  return `ct status ${option.negated ? '! ' : ''}${names.join(',')}`;
}

export function direction({ options }: RuleInWork, option: Option): string {
  positive(option);
  const word = options.value(option);
  const name = word.text.toUpperCase();
  if (name !== 'ORIGINAL' && name !== 'REPLY') throw wrongValue(word, option, 'ORIGINAL or REPLY');
  return `ct direction ${name.toLowerCase()}`;
}

/** iptables counts whole seconds, nft milliseconds. */
export function expiry({ options }: RuleInWork, option: Option): string {
  const word = options.value(option);
  const { from, to } = rangeOf(word, option, 0xffff_ffff);
  if (from > LONGEST_EXPIRY) throw wrongValue(word, option, `at most ${LONGEST_EXPIRY} seconds`);
  if (to > LONGEST_EXPIRY) return `ct expiration ${option.negated ? '<' : '>='} ${from}s`;
  return `ct expiration ${op(option)}${from}s-${to}s999ms`;
}

/** nft has 32 bits of milliseconds. */
const LONGEST_EXPIRY = 4_294_966;

export function tupleProtocol({ options }: RuleInWork, option: Option): string {
  const word = options.value(option);
  const name = protocolName(word, option);
  if (name === 'all') throw wrongValue(word, option, 'a protocol by name or number');
  return `ct original protocol ${op(option)}${name}`;
}

export function tupleAddress(rule: RuleInWork, option: Option, way: 'original' | 'reply', field: 'saddr' | 'daddr'): string | null {
  return addressMatch(rule, option, field, `ct ${way} `);
}

export function tuplePorts(rule: RuleInWork, option: Option, field: string): string {
  if (rule.protocol !== 'tcp' && rule.protocol !== 'udp')
    throw unsupportedOption(option, `${option.name} without a protocol`, 'say of which protocol the port is: -p tcp or -p udp');
  return `ct ${field} ${op(option)}${portsOf(rule.options.value(option), option)}`;
}

// ---- marks and rates -------------------------------------------------------------------------------------------------

export function mark({ options }: RuleInWork, option: Option, use: ModuleUse | null): string {
  const { value, mask } = maskedOf(options.value(option), option);
  const own = use?.name === 'connmark' ? 'ct mark' : 'meta mark';
  if (mask === 0xffff_ffff) return `${own} ${op(option)}${hex(value)}`;
  return `${own} & ${hex(mask)} ${option.negated ? '!=' : '=='} ${hex(value)}`;
}

const UNITS = ['second', 'minute', 'hour', 'day'] as const;

/** `5/sec`: iptables takes every beginning of a unit, and seconds where there is none. */
export function limit({ options }: RuleInWork, option: Option, use: ModuleUse | null): null {
  positive(option);
  const word = options.value(option);
  const [, amount = '', unit = 's'] = /^(\d{1,9})(?:\/([a-z]+))?$/i.exec(word.text) ?? [];
  const known = UNITS.find((name) => name.startsWith(unit.toLowerCase()));
  if (Number(amount) === 0 || known === undefined) throw wrongValue(word, option, 'a number and a unit: 5/sec');
  return changeLimit(use, { rate: `${Number(amount)}/${known}` });
}

export function limitBurst({ options }: RuleInWork, option: Option, use: ModuleUse | null): null {
  positive(option);
  const word = options.value(option);
  const burst = numberOf(word, option, 0xffff_ffff);
  if (burst === 0) throw wrongValue(word, option, 'a number of packets, at least 1');
  return changeLimit(use, { burst });
}

function changeLimit(use: ModuleUse | null, change: { readonly rate?: string; readonly burst?: number }): null {
  const own = use?.limit ?? null;
  if (own === null) return null;
  own.rate = change.rate ?? own.rate;
  own.burst = change.burst ?? own.burst;
  own.piece.text = `limit rate ${own.rate} burst ${own.burst} packets`;
  return null;
}
