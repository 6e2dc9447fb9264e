/**
 * Values, sets and fields as nft text: by name where everybody knows the name, in quotes where nft wants them.
 * @module
 */
import { unreachable } from '../base/assert.js';
import type { Bits, DataType, Element, MapData, Operand, Pattern, Selector, SetBody, SetRef, Value, Verdict } from './ruleset.js';
import { BITMASKS, CONSTANTS } from './meaning/values/constants.js';
import { maximum, typeOf } from './meaning/values/types.js';
import type { TypeInfo } from './meaning/values/types.js';
import { selectorText } from './syntax/rule/selectors.js';

/** Protocols that are written by name; `ip` and some others are words that nft reads in another way. */
const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [2, 'igmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [47, 'gre'],
  [50, 'esp'],
  [51, 'ah'],
  [58, 'icmpv6'],
  [132, 'sctp'],
]);

/** Types whose numbers are written by name. */
const NAMED: ReadonlySet<DataType> = new Set(['dscp', 'ecn', 'icmp_type', 'icmp_code', 'icmpv6_type', 'icmpv6_code', 'ct_dir', 'nf_proto', 'pkt_type']);
/** Names that are keywords elsewhere. */
const AVOIDED: ReadonlySet<string> = new Set(['redirect', 'host']);

export function numberText(value: number, { type, time }: TypeInfo): string {
  if (time) return value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`;
  if (BITMASKS.has(type)) return bitsText(value, type, '|');
  if (type === 'mark') return hex(value);
  if (type === 'inet_proto') return PROTOCOL_NAMES.get(value) ?? String(value);
  if (type === 'ether_type') return value === 0x800 ? 'ip' : value === 0x86dd ? 'ip6' : hex(value);
  if (!NAMED.has(type)) return String(value);
  const name = [...CONSTANTS[type]].find(([text, number]) => number === value && !AVOIDED.has(text))?.[0];
  return name ?? String(value);
}

export const hex = (value: number): string => `0x${value.toString(16)}`;

/** `established,related`; a number when not all bits have names. */
export function bitsText(bits: number, type: DataType, separator: ',' | '|'): string {
  const names = [...CONSTANTS[type]].filter(([, bit]) => (bits & bit) !== 0);
  const named = names.reduce((sum, [, bit]) => sum | bit, 0) >>> 0;
  return bits === 0 || named !== bits ? hex(bits) : names.map(([name]) => name).join(separator);
}

export function valueText(value: Value, info: TypeInfo): string {
  switch (value.is) {
    case 'number':
      return numberText(value.number, info);
    case 'address':
      return value.address;
    case 'interface':
      return interfaceText(value.name, value.wildcard);
    default:
      return unreachable(value);
  }
}

/** A star of the name itself is escaped. */
export function interfaceText(name: string, wildcard: boolean): string {
  return wildcard ? `"${name}*"` : `"${name.replace(/\*$/, '\\*')}"`;
}

export function patternText(pattern: Pattern, info: TypeInfo): string {
  switch (pattern.is) {
    case 'range':
      return `${rangeEnd(pattern.from, info)}-${rangeEnd(pattern.to, info)}`;
    case 'prefix':
      return `${pattern.address}/${pattern.length}`;
    case 'any':
      return '*';
    default:
      return valueText(pattern, info);
  }
}

/** In numbers: with names nft would read `cs1-cs3` as one word. */
function rangeEnd(value: Value, info: TypeInfo): string {
  if (value.is !== 'number') return valueText(value, info);
  return info.time ? numberText(value.number, info) : String(value.number);
}

// ---- fields ----------------------------------------------------------------------------------------------------------

export function operandText(operand: Operand): string {
  switch (operand.is) {
    case 'selector':
      return selectorText(operand.selector);
    case 'bits':
      return bitsOfText(operand.bits);
    case 'concat':
      return operand.parts.map(selectorText).join(' . ');
    default:
      return unreachable(operand);
  }
}

export function bitsOfText({ of, mask, xor }: Bits): string {
  const info = typeOf(of);
  const masked = mask === maximum(info.bits) ? '' : ` & ${maskText(mask, info)}`;
  return `${selectorText(of)}${masked}${xor === 0 ? '' : ` ^ ${maskText(xor, info)}`}`;
}

export function maskText(bits: number, { type }: TypeInfo): string {
  if (!BITMASKS.has(type)) return hex(bits);
  const text = bitsText(bits, type, '|');
  return text.includes('|') ? `(${text})` : text;
}

/** The types of a key's parts. */
export function typesOfOperand(operand: Operand): readonly TypeInfo[] {
  const selectors: readonly Selector[] = operand.is === 'concat' ? operand.parts : [operand.is === 'bits' ? operand.bits.of : operand.selector];
  return selectors.map(typeOf);
}

// ---- sets ------------------------------------------------------------------------------------------------------------

export interface ElementTypes {
  readonly key: readonly TypeInfo[];
  readonly data: readonly TypeInfo[];
}

export function setText(set: SetRef, key: readonly TypeInfo[], data: readonly TypeInfo[] = []): string {
  return set.is === 'named' ? `@${set.name}` : `{ ${elementTexts(set.set, { key, data }).join(', ')} }`;
}

export function elementTexts({ elements }: SetBody, types: ElementTypes): readonly string[] {
  return elements.map((element) => elementText(element, types));
}

function elementText({ key, data }: Element, types: ElementTypes): string {
  const text = partsText(key, types.key);
  return data === null ? text : `${text} : ${dataText(data, types.data)}`;
}

function dataText(data: MapData, types: readonly TypeInfo[]): string {
  return data.is === 'verdict' ? verdictText(data.verdict) : partsText(data.parts, types);
}

function partsText(parts: readonly Pattern[], types: readonly TypeInfo[]): string {
  return parts.map((part, i) => patternText(part, types[i] ?? ANY)).join(' . ');
}

const ANY: TypeInfo = { type: 'integer', bits: 32, time: false };

export function verdictText(verdict: Verdict): string {
  return 'chain' in verdict ? `${verdict.verdict} ${verdict.chain}` : verdict.verdict;
}
