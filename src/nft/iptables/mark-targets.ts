/**
 * Targets that mark packets and connections.
 * @see iptables-extensions(8): MARK, CONNMARK
 * @module
 */
import { hex } from '../format.js';
import { maskedOf, numberOf, unsupportedOption } from './options.js';
import type { Option } from './options.js';
import type { RuleInWork } from './rule.js';
import { iptablesFault } from './save-file.js';
import type { Word } from './save-file.js';
import { targetOptions } from './target-options.js';

const ALL = 0xffff_ffff;

type Field = 'meta mark' | 'ct mark';

/** The options that both targets have; each says what the mark becomes. */
function valueOptions(rule: RuleInWork, field: Field, set: (to: string) => void): Readonly<Record<string, (option: Option) => void>> {
  const masked =
    (make: (value: number, mask: number) => string) =>
    (option: Option): void => {
      const { value, mask } = maskedOf(rule.options.value(option), option);
      set(make(value, mask));
    };
  const plain =
    (make: (value: number) => string) =>
    (option: Option): void => {
      set(make(numberOf(rule.options.value(option), option, ALL)));
    };
  return {
    '--set-xmark': masked((value, mask) => exclusive(field, value, mask)),
    // The bits of the value are cleared too before they are set.
    '--set-mark': masked((value, mask) => exclusive(field, value, (mask | value) >>> 0)),
    '--and-mark': plain((value) => `${field} & ${hex(value)}`),
    '--or-mark': plain((value) => `${field} | ${hex(value)}`),
    '--xor-mark': plain((value) => `${field} ^ ${hex(value)}`),
  };
}

/** `--set-xmark VALUE/MASK`: the bits of the mask are cleared, then the value is added by exclusive or. */
function exclusive(field: Field, value: number, mask: number): string {
  if (mask === ALL) return hex(value);
  const kept = ~mask >>> 0 === ALL ? field : `${field} & ${hex(~mask >>> 0)}`;
  // Where the value lies within the mask, its bits are clear by then: to set them is the same, and easier to read.
  const sign = (value & ~mask) === 0 ? '|' : '^';
  return value === 0 ? kept : `${kept} ${sign} ${hex(value)}`;
}

export function setMark(rule: RuleInWork, at: Word): string {
  let to = '';
  targetOptions(
    rule,
    valueOptions(rule, 'meta mark', (text) => (to = text)),
  );
  if (to === '') throw iptablesFault('IPTABLES_SYNTAX', at, 'MARK is told no value', { expected: '--set-xmark VALUE/MASK' });
  return `meta mark set ${to}`;
}

/** Beside values: saving and restoring of the packet's mark. With a mask on the side that is written nft has no single expression. */
export function connectionMark(rule: RuleInWork, at: Word): string {
  let to = '';
  let move: Option | null = null;
  let [packet, connection] = [ALL, ALL];
  const mask =
    (set: (value: number) => void) =>
    (option: Option): void => {
      set(numberOf(rule.options.value(option), option, ALL));
    };
  targetOptions(rule, {
    ...valueOptions(rule, 'ct mark', (text) => (to = text)),
    '--save-mark': (option) => (move = option),
    '--restore-mark': (option) => (move = option),
    '--nfmask': mask((value) => (packet = value)),
    '--ctmask': mask((value) => (connection = value)),
    '--mask': mask((value) => (packet = connection = value)),
  });
  if (move !== null) return moved(move, packet, connection);
  if (to === '')
    throw iptablesFault('IPTABLES_SYNTAX', at, 'CONNMARK is not told what to do', { expected: '--save-mark, --restore-mark or --set-xmark VALUE/MASK' });
  return `ct mark set ${to}`;
}

function moved(option: Option, packet: number, connection: number): string {
  const saved = option.name === '--save-mark';
  const [from, read, to, written] = saved ? ['meta mark', packet, 'ct mark', connection] : ['ct mark', connection, 'meta mark', packet];
  if (written !== ALL) throw unsupportedOption(option, `${option.name} into a part of the mark`, 'nft cannot join two marks: use whole marks');
  return `${to} set ${from}${read === ALL ? '' : ` & ${hex(read)}`}`;
}
