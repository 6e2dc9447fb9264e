/**
 * The words of a rule, taken one after the other. What nobody has a translation for is a fault at its own place.
 * @module
 */
import type { LabError } from '../../base/error.js';
import { iptablesFault } from './save-file.js';
import type { SavedRule, Word } from './save-file.js';

export interface Option {
  /** `--dport`, `-s`. */
  readonly name: string;
  readonly negated: boolean;
  readonly at: Word;
}

export class Options {
  readonly #words: readonly Word[];
  readonly #rule: SavedRule;
  #next = 0;
  #before = 0;

  constructor(rule: SavedRule) {
    this.#words = rule.words;
    this.#rule = rule;
  }

  /** The next option, with the `!` before it. Undefined at the end. */
  take(): Option | undefined {
    const first = this.#words[this.#next];
    if (first === undefined) return undefined;
    this.#before = this.#next;
    const negated = first.text === '!';
    const at = negated ? this.#words[this.#next + 1] : first;
    if (at === undefined || !at.text.startsWith('-')) {
      const hint = negated && at !== undefined ? { hint: `"!" stands before the option: ! --dport 80` } : {};
      throw iptablesFault('IPTABLES_SYNTAX', at ?? first, `"${(at ?? first).text}" can't stand here`, {
        expected: 'an option, such as -p or --dport',
        ...hint,
      });
    }
    this.#next += negated ? 2 : 1;
    return { name: at.text, negated, at };
  }

  /** Gives back the option that was taken last. */
  back(): void {
    this.#next = this.#before;
  }

  /** The next value of the option that was taken last. */
  value(option: Option): Word {
    const word = this.#words[this.#next];
    if (word === undefined) throw iptablesFault('IPTABLES_SYNTAX', option.at, `${option.name} has no value`);
    this.#next++;
    return word;
  }

  get place(): SavedRule {
    return this.#rule;
  }
}

/** An entry of a table by a name that somebody wrote: never one that every object has (`constructor`). */
export function entry<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

export function unsupportedOption(option: Option, what = option.name, hint = 'write the rule by hand, or leave it out'): LabError {
  return iptablesFault('IPTABLES_UNSUPPORTED', option.at, `${what} has no translation`, { hint });
}

/** A rule that iptables takes and that no packet can match, such as `! -i +`. */
export function never(option: Option): LabError {
  return unsupportedOption(option, 'a rule that can never match', 'leave it out');
}

/** What belongs to the other family, or to a file that was taken for one of it. */
export function otherFamily(word: Word, family: 'ip' | 'ip6', what: string): LabError {
  const hint =
    family === 'ip' ? 'rules of ip6tables-save whose first line is missing are imported by --ip6' : 'the file is taken for IPv6, by its first line or by --ip6';
  return iptablesFault('IPTABLES_SYNTAX', word, `${what} is of the other family`, { hint });
}

/** An option that has no `!`. */
export function positive(option: Option): void {
  if (option.negated) throw unsupportedOption(option, `! ${option.name}`);
}

export function wrongValue(word: Word, option: Option, expected: string): LabError {
  return iptablesFault('IPTABLES_SYNTAX', word, `"${word.text}" is no value of ${option.name}`, { expected });
}

/** A whole number, decimal or hexadecimal. */
export function numberOf(word: Word, option: Option, most: number): number {
  const value = /^(0x[0-9a-fA-F]+|\d+)$/.test(word.text) ? Number(word.text) : NaN;
  if (!(value <= most)) throw wrongValue(word, option, `a number from 0 to ${most}`);
  return value;
}

/** `100`, `100:200`, `100:`, `:200`. */
export function rangeOf(word: Word, option: Option, most: number): { readonly from: number; readonly to: number } {
  const match = /^(\d*)(?:(:)(\d*))?$/.exec(word.text);
  const expected = `a number or a range within 0:${most}`;
  if (match === null || word.text === '' || word.text === ':') throw wrongValue(word, option, expected);
  const [, first = '', colon, second = ''] = match;
  const from = Number(first);
  const to = colon === undefined ? from : second === '' ? most : Number(second);
  if (from > to || to > most) throw wrongValue(word, option, expected);
  return { from, to };
}

/** `VALUE` or `VALUE/MASK`, 32 bits each. */
export function maskedOf(word: Word, option: Option): { readonly value: number; readonly mask: number } {
  const [value = '', mask = '0xffffffff', more] = word.text.split('/');
  const parts = [value, mask].map((text) => (/^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(text) ? Number(text) : NaN));
  if (more !== undefined || parts.some((part) => !(part <= 0xffff_ffff))) throw wrongValue(word, option, 'a number, or a number and a mask: 0x1/0xff');
  return { value: parts[0] ?? 0, mask: parts[1] ?? 0 };
}
