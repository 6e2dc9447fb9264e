/**
 * Targets that translate addresses.
 * @see iptables-extensions(8): SNAT, DNAT, MASQUERADE, REDIRECT
 * @module
 */
import { rangeOf, unsupportedOption, wrongValue } from './options.js';
import type { Option } from './options.js';
import { rangeText } from './packet-matches.js';
import type { RuleInWork } from './rule.js';
import { iptablesFault } from './save-file.js';
import type { Word } from './save-file.js';
import { targetOptions } from './target-options.js';

const LAST_PORT = 65535;

export function translate(rule: RuleInWork, at: Word, kind: 'snat' | 'dnat'): string {
  const flags: string[] = [];
  let to = '';
  const target = kind === 'snat' ? '--to-source' : '--to-destination';
  targetOptions(rule, {
    [target]: (option) => (to = targetText(rule.options.value(option), option, rule)),
    ...flagOptions(flags),
    '--persistent': () => flags.push('persistent'),
  });
  if (to === '')
    throw iptablesFault('IPTABLES_SYNTAX', at, 'the translation leads nowhere', {
      expected: `${target} ${rule.family === 'ip' ? '192.0.2.1' : '2001:db8::1'}`,
    });
  return `${kind} to ${to}${flagsText(flags)}`;
}

function flagOptions(flags: string[]): Readonly<Record<string, (option: Option) => void>> {
  return { '--random': () => flags.push('random'), '--random-fully': () => flags.push('fully-random') };
}

const flagsText = (flags: readonly string[]): string => (flags.length === 0 ? '' : ` ${flags.join(',')}`);

/** `10.0.0.1-10.0.0.9:80-90`, `[2001:db8::1-2001:db8::9]:80`, `2001:db8::1`, `:80` */
function targetText(word: Word, option: Option, rule: RuleInWork): string {
  if (/:[\d-]+\/\d+$/.test(word.text)) throw unsupportedOption(option, 'a base port', 'write a rule for each port');
  const { addresses, ports } = partsOf(word.text, rule.family);
  if (addresses === '' && ports === '') throw wrongValue(word, option, 'an address or a range, with a port or a range: 10.0.0.1-10.0.0.9:80-90');
  const range = addresses === '' ? '' : rangeText(addresses, word, option, rule);
  if (ports === '') return range;
  // In brackets, or the port would be read as a part of the address.
  const shown =
    rule.family === 'ip6' && range !== ''
      ? range
          .split('-')
          .map((one) => `[${one}]`)
          .join('-')
      : range;
  return `${shown}:${portsText({ ...word, text: ports }, option)}`;
}

/** Without brackets all colons of an IPv6 address are its own. */
function partsOf(text: string, family: 'ip' | 'ip6'): { readonly addresses: string; readonly ports: string } {
  if (family === 'ip' || /^:\d/.test(text)) {
    const colon = text.indexOf(':');
    return colon < 0 ? { addresses: text, ports: '' } : { addresses: text.slice(0, colon), ports: text.slice(colon + 1) };
  }
  const [, addresses, ports = ''] = /^\[([^\]]*)\](?::(.*))?$/.exec(text) ?? [];
  return addresses === undefined ? { addresses: text, ports: '' } : { addresses, ports };
}

/** `80`, `80-90` */
function portsText(word: Word, option: Option): string {
  if (word.text.includes(':') || /^-|-$/.test(word.text)) throw wrongValue(word, option, 'a port or a range: 1024-2048');
  const { from, to } = rangeOf({ ...word, text: word.text.replace('-', ':') }, option, LAST_PORT);
  return from === to ? String(from) : `${from}-${to}`;
}

export function toPorts(rule: RuleInWork, kind: 'masquerade' | 'redirect'): string {
  const flags: string[] = [];
  let to = '';
  targetOptions(rule, {
    '--to-ports': (option) => (to = ` to :${portsText(rule.options.value(option), option)}`),
    ...flagOptions(flags),
  });
  return `${kind}${to}${flagsText(flags)}`;
}
