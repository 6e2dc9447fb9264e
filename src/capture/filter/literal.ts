/**
 * Values as people write them in filters, read for the type of the field that they stand beside.
 * @module
 */
import type { LabError } from '../../base/error.js';
import { parseMac } from '../../wire/address.js';
import { parsePrefixOrHost, type Prefix } from '../../wire/prefix.js';
import type { Field, FieldType, FieldValue } from './field.js';
import { filterError } from './lexer.js';
import type { Literal } from './parser.js';

/** A value, or a prefix that addresses are compared with under its mask. */
export type Operand = { readonly kind: 'value'; readonly value: FieldValue } | { readonly kind: 'prefix'; readonly prefix: Prefix };

const EXPECTED: Readonly<Record<FieldType, string>> = {
  uint: 'a number: 5060, 0x13c4',
  bool: 'true, false, 1 or 0',
  string: 'a string in quotes',
  ipv4: 'an IPv4 address or prefix: 10.0.0.1, 10.0.0.0/8',
  ipv6: 'an IPv6 address or prefix: 2001:db8::1, 2001:db8::/32',
  ether: 'a MAC address: 02:00:00:00:00:01',
  bytes: 'octets: 0a:1b:2c',
  seconds: 'seconds: 1.5',
  protocol: 'a string in quotes, or octets: 0a:1b:2c',
};

const encoder = new TextEncoder();

/** Errors: FILTER_TYPE. */
export function operandOf(field: Field, type: FieldType, literal: Literal): Operand {
  if (type === 'ipv4' || type === 'ipv6') return addressOperand(field, type, literal);
  const value = valueOf(field, type, literal);
  if (value === null) throw wrong(field, type, literal);
  return { kind: 'value', value };
}

function wrong(field: Field, type: FieldType, literal: Literal, why = 'does not fit'): LabError {
  return filterError('FILTER_TYPE', `${literal.quoted ? JSON.stringify(literal.text) : literal.text} ${why} ${field.name} (${type})`, literal.column, {
    expected: EXPECTED[type],
  });
}

function addressOperand(field: Field, type: 'ipv4' | 'ipv6', literal: Literal): Operand {
  const prefix = literal.quoted ? undefined : parsePrefixOrHost(literal.text);
  if (prefix === undefined || prefix.family !== (type === 'ipv4' ? 4 : 6)) throw wrong(field, type, literal);
  return { kind: 'prefix', prefix };
}

function valueOf(field: Field, type: Exclude<FieldType, 'ipv4' | 'ipv6'>, literal: Literal): FieldValue | null {
  const { text, quoted } = literal;
  switch (type) {
    case 'uint': {
      const n = quoted ? null : unsigned(text);
      if (n !== null && n >= 2 ** (field.bits ?? 32)) throw wrong(field, type, literal, 'is too large for');
      return n;
    }
    case 'bool':
      return quoted ? null : boolean(text);
    case 'string':
      return quoted ? text : null;
    case 'ether':
      return quoted ? null : (parseMac(text.replaceAll('-', ':')) ?? null);
    case 'bytes':
    case 'protocol':
      return quoted ? encoder.encode(text) : octets(text);
    case 'seconds':
      return !quoted && /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1e9) : null;
  }
}

/** As in C: 0x hexadecimal, a leading 0 octal. */
function unsigned(text: string): number | null {
  if (/^0x[0-9a-f]+$/i.test(text)) return parseInt(text, 16);
  if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
  return /^(0|[1-9]\d*)$/.test(text) ? Number(text) : null;
}

function boolean(text: string): boolean | null {
  if (/^(true|TRUE|True)$/.test(text)) return true;
  if (/^(false|FALSE|False)$/.test(text)) return false;
  const n = unsigned(text);
  return n === null ? null : n !== 0;
}

function octets(text: string): Uint8Array | null {
  if (!/^[0-9a-f]{2}(?:([:.-])[0-9a-f]{2}(?:\1[0-9a-f]{2})*)?$/i.test(text)) return null;
  return Uint8Array.from(text.split(/[:.-]/), (octet) => parseInt(octet, 16));
}
