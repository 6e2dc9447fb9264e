/**
 * Values of a data type: numbers, addresses, interface names; ranges and prefixes of them.
 * @see nft(8), "Data types"
 * @module
 */
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../../../wire/address.js';
import { mask4, network6 } from '../../../wire/prefix.js';
import { didYouMean, listed } from '../../../base/suggest.js';
import type { LabError } from '../../../base/error.js';
import { fault, unsupported } from '../../fault.js';
import type { Pattern, Value } from '../../ruleset.js';
import type { Expr } from '../../syntax/tree.js';
import { BITMASKS, CONSTANTS } from './constants.js';
import { maximum, wordsOf } from './types.js';
import type { TypeInfo } from './types.js';

/** What a variable stands for, without the places where it was used. */
export function plain(e: Expr): Expr {
  let inner = e;
  while (inner.kind === 'variable') inner = inner.value;
  return inner;
}

/** The value that an expression is, with the place of the use of a variable. Errors: NFT_TYPE, NFT_UNSUPPORTED. */
export function pattern(e: Expr, info: TypeInfo): Pattern {
  const inner = plain(e);
  switch (inner.kind) {
    case 'range':
      return range(inner.from, inner.to, e, info);
    case 'prefix':
      return prefix(inner.base, inner.length, e, info);
    case 'any':
      return { is: 'any' };
    default:
      return value(e, info);
  }
}

/** A single value. */
export function value(e: Expr, info: TypeInfo): Value {
  switch (info.type) {
    case 'ipv4_addr':
    case 'ipv6_addr':
      return address(e, info);
    case 'ifname':
    case 'iface_index':
      return interfaceName(e, info);
    default:
      return { is: 'number', number: number(e, info) };
  }
}

function misfit(e: Expr, info: TypeInfo, what: string, hint?: string): LabError {
  return fault('NFT_TYPE', e.src, what, { expected: wordsOf(info), ...(hint !== undefined && { hint }) });
}

/** How the expression reads in a message. */
function shown(e: Expr): string {
  const inner = plain(e);
  switch (inner.kind) {
    case 'word':
    case 'wildcard':
      return `"${inner.text}"`;
    case 'number':
      return String(inner.value);
    case 'selector':
      return 'a field of the packet';
    case 'set-name':
      return `@${inner.name}`;
    case 'any':
      return '"*"';
    case 'binary':
      return 'a calculation';
    default:
      return `a ${inner.kind}`;
  }
}

// ---- numbers ---------------------------------------------------------------------------------------------------------

/** A constant of a numeric type, calculated where it is written with operators. Errors: NFT_TYPE. */
export function number(e: Expr, info: TypeInfo): number {
  const found = integer(e, info);
  if (found < 0n || found > BigInt(maximum(info.bits)))
    throw misfit(e, info, `${found} is out of range`, `the field is ${info.bits} bits wide: 0 to ${maximum(info.bits)}`);
  return Number(found);
}

function integer(e: Expr, info: TypeInfo): bigint {
  const inner = plain(e);
  switch (inner.kind) {
    case 'number':
      // A bare number of a time is seconds.
      return info.time ? inner.value * 1000n : inner.value;
    case 'word':
      return BigInt(named(inner.text, e, info));
    case 'binary':
      return calculate(inner, info);
    case 'list':
      if (!BITMASKS.has(info.type)) throw misfit(e, info, 'a list without braces is for flags only', 'alternatives stand in braces: { a, b }');
      return inner.items.reduce((bits, item) => bits | integer(item, info), 0n);
    default:
      throw misfit(e, info, `${shown(e)} can't stand here`);
  }
}

function calculate(e: Extract<Expr, { kind: 'binary' }>, info: TypeInfo): bigint {
  const [a, b] = [integer(e.left, info), integer(e.right, info)];
  switch (e.op) {
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    default:
      throw unsupported(e.src, `a shift (${e.op})`, { hint: 'nft itself fails at it: write the number' });
  }
}

function named(text: string, e: Expr, info: TypeInfo): number {
  if (info.time) return milliseconds(text, e, info);
  const names = CONSTANTS[info.type];
  const found = names.get(text);
  if (found !== undefined) return found;
  // In quotes a number is a symbol, and symbols of numbers are understood.
  if (/^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(text) && !/^0\d/.test(text)) return Number(text);
  if (/^\d+:\d+$/.test(text)) throw misfit(e, info, `"${text}" is read as one word`, 'put spaces around the colon');
  const parts = text.split('-');
  if (parts.length === 2 && parts.every((part) => names.has(part) || /^\d+$/.test(part)))
    throw misfit(e, info, `"${text}" is read as one word`, 'write the range in numbers');
  if (info.type === 'inet_service')
    throw fault('NFT_UNKNOWN', e.src, `the service "${text}" is not known`, {
      expected: wordsOf(info),
      hint: didYouMean(text, names.keys()).hint ?? 'write its number',
    });
  throw fault('NFT_TYPE', e.src, `"${text}" is not ${wordsOf(info)}`, {
    expected: names.size === 0 ? wordsOf(info) : `one of: ${listed(names.keys(), 40)}`,
    ...didYouMean(text, names.keys()),
  });
}

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

function milliseconds(text: string, e: Expr, info: TypeInfo): number {
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/^(?=\d)(\d+d)?(\d+h)?(\d+m(?!s))?(\d+s)?(\d+ms)?$/.test(text)) throw misfit(e, info, `"${text}" is no time`);
  return text.split(/(?<=[a-z])(?=\d)/).reduce((sum, part) => sum + Number.parseInt(part, 10) * UNITS[part.replace(/^\d+/, '') as keyof typeof UNITS], 0);
}

// ---- addresses -------------------------------------------------------------------------------------------------------

type Address = Extract<Value, { is: 'address' }>;

function address(e: Expr, info: TypeInfo): Address {
  const inner = plain(e);
  if (inner.kind !== 'word') throw misfit(e, info, `${shown(e)} is no address`);
  const { text } = inner;
  const four = parseIpv4(text);
  const six = four === undefined ? parseIpv6(text) : undefined;
  if (four === undefined && six === undefined) {
    if (!/^[A-Za-z_][\w.-]*$/.test(text)) throw misfit(e, info, `"${text}" is no address`);
    throw unsupported(e.src, `a host by its name ("${text}")`, {
      expected: wordsOf(info),
      hint: 'nft asks the name service once, when it loads the rules: write the address',
    });
  }
  const family = four === undefined ? 6 : 4;
  if ((info.type === 'ipv4_addr') !== (family === 4)) throw misfit(e, info, `"${text}" is an IPv${family} address`);
  return { is: 'address', family, address: four === undefined ? formatIpv6(six as Uint8Array) : formatIpv4(four) };
}

/** An address as a number, for comparisons. */
export function addressNumber(text: string): bigint {
  const four = parseIpv4(text);
  if (four !== undefined) return BigInt(four);
  return (parseIpv6(text) ?? new Uint8Array(16)).reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
}

/** The reverse of {@link addressNumber}: canonical text. */
export function formatAddressNumber(value: bigint, family: 4 | 6): string {
  if (family === 4) return formatIpv4(Number(value));
  return formatIpv6(Uint8Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * (15 - i))) & 0xffn)));
}

// ---- interfaces ------------------------------------------------------------------------------------------------------

/** IFNAMSIZ with the terminating zero. */
export const LONGEST_INTERFACE = 15;

function interfaceName(e: Expr, info: TypeInfo): Value {
  const inner = plain(e);
  if (inner.kind === 'number' && info.type === 'iface_index') throw unsupported(e.src, 'an interface by its index', { expected: wordsOf(info) });
  // nft takes a bare number as text here.
  const text = inner.kind === 'number' ? String(inner.value) : inner.kind === 'word' || inner.kind === 'wildcard' ? inner.text : null;
  if (text === null) throw misfit(e, info, `${shown(e)} is no name of an interface`);
  const escaped = text.endsWith('\\*');
  const wildcard = !escaped && text.endsWith('*');
  if (wildcard && info.type === 'iface_index') throw misfit(e, info, `"${text}" is no name of an interface`, 'iifname and oifname take wildcards');
  const name = escaped ? `${text.slice(0, -2)}*` : wildcard ? text.slice(0, -1) : text;
  if (name === '') throw misfit(e, info, wildcard ? '"*" matches every interface, which nft refuses' : 'the name is empty');
  if (new TextEncoder().encode(name).length > LONGEST_INTERFACE)
    throw misfit(e, info, `the name "${name}" is too long`, `the kernel has names of at most ${LONGEST_INTERFACE} characters`);
  // To `iifname` any text is a name, if only one that no interface ever has; `iif` is looked up.
  if (info.type === 'iface_index' && (/[\s/]/.test(name) || /\*/.test(name.slice(0, -1)))) throw misfit(e, info, `"${text}" can be no name of an interface`);
  return { is: 'interface', name, wildcard };
}

// ---- ranges and prefixes ---------------------------------------------------------------------------------------------

function range(from: Expr, to: Expr, e: Expr, info: TypeInfo): Pattern {
  if (info.type === 'ifname' || info.type === 'iface_index') throw misfit(e, info, 'interfaces have no ranges');
  if (BITMASKS.has(info.type)) throw misfit(e, info, 'flags have no ranges');
  const ends = { from: value(from, info), to: value(to, info) };
  if (rank(ends.from) > rank(ends.to)) throw fault('NFT_TYPE', e.src, 'the range ends before it begins', { expected: 'the smaller value first' });
  return { is: 'range', ...ends };
}

/** Where a value stands among those of its type. */
export function rank(v: Value): bigint {
  switch (v.is) {
    case 'number':
      return BigInt(v.number);
    case 'address':
      return addressNumber(v.address);
    case 'interface':
      return 0n;
  }
}

function prefix(base: Expr, length: bigint, e: Expr, info: TypeInfo): Pattern {
  if (info.type !== 'ipv4_addr' && info.type !== 'ipv6_addr') throw unsupported(e.src, 'a prefix of what is no address');
  const found = address(base, info);
  if (length > BigInt(info.bits))
    throw fault('NFT_TYPE', e.src, `an IPv${found.family} prefix has no ${length} bits`, { expected: `a length from 0 to ${info.bits}` });
  return network(found, Number(length));
}

/** Bits after the length do not count, so they are cleared. */
export function network({ family, address: text }: Address, length: number): Pattern {
  const base =
    family === 4 ? formatIpv4(((parseIpv4(text) ?? 0) & mask4(length)) >>> 0) : formatIpv6(network6(parseIpv6(text) ?? new Uint8Array(16), 0, length));
  return { is: 'prefix', family, address: base, length };
}
