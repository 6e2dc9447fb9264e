/**
 * Filters made ready to run: names looked up, types checked, values read. Semantics are Wireshark 4.0's: a comparison
 * holds when any value of a field fulfils it; `!=` when the field is there and every value differs; a test of a field
 * that the packet has not is false.
 * @module
 */
import { unreachable } from '../../base/assert.js';
import { compare } from '../../wire/bytes.js';
import { contains as prefixContains, type Prefix } from '../../wire/prefix.js';
import type { Field, FieldTable, FieldType, FieldValue, FilterFrame } from './field.js';
import { filterError } from './lexer.js';
import { type Operand, operandOf } from './literal.js';
import { type Expression, type FieldRef, type Literal, type Operator, parseFilter, type Slice } from './parser.js';

/** True when the filter selects the packet. */
export type Filter = (frame: FilterFrame) => boolean;

/** Errors: FILTER_SYNTAX, FILTER_UNKNOWN_FIELD, FILTER_TYPE, each with the column. */
export function compileFilter(text: string, fields: FieldTable): Filter {
  return compileExpression(parseFilter(text), fields);
}

function compileExpression(e: Expression, fields: FieldTable): Filter {
  switch (e.kind) {
    case 'or': {
      const [left, right] = [compileExpression(e.left, fields), compileExpression(e.right, fields)];
      return (frame) => left(frame) || right(frame);
    }
    case 'and': {
      const [left, right] = [compileExpression(e.left, fields), compileExpression(e.right, fields)];
      return (frame) => left(frame) && right(frame);
    }
    case 'not': {
      const inner = compileExpression(e.of, fields);
      return (frame) => !inner(frame);
    }
    case 'exists': {
      const source = sourceOf(e.field, fields);
      return (frame) => source.values(frame).length > 0;
    }
    case 'compare':
      return compileComparison(e.field, e.operator, e.operand, e.column, fields);
    case 'in':
      return compileSet(e.field, e.items, fields);
    default:
      return unreachable(e);
  }
}

/** A field, or a slice of it. */
interface Source {
  readonly field: Field;
  readonly type: FieldType;
  values(frame: FilterFrame): readonly FieldValue[];
}

function sourceOf(ref: FieldRef, fields: FieldTable): Source {
  const field = fields.get(ref.name);
  if (field === undefined) {
    const near = nearest(ref.name, fields);
    throw filterError(
      'FILTER_UNKNOWN_FIELD',
      `there is no field ${ref.name}`,
      ref.column,
      near.length === 0 ? {} : { hint: `did you mean ${near.join(', ')}?` },
    );
  }
  if (ref.slice === null) return { field, type: field.type, values: (frame) => field.values(frame) };
  const cut = slicer(field, ref.slice, ref.column);
  return {
    field,
    type: 'bytes',
    values: (frame) =>
      field
        .values(frame)
        .map(cut)
        .filter((v) => v !== null),
  };
}

function slicer(field: Field, { first, length }: Slice, column: number): (v: FieldValue) => Uint8Array | null {
  if (field.type !== 'bytes' && field.type !== 'ether' && field.type !== 'ipv6' && field.type !== 'protocol') {
    throw filterError('FILTER_TYPE', `${field.name} (${field.type}) cannot be sliced`, column);
  }
  return (v) => {
    const bytes = typeof v === 'number' ? macBytes(v) : v;
    if (!(bytes instanceof Uint8Array) || first >= bytes.length) return null;
    return length !== Infinity && first + length > bytes.length ? null : bytes.subarray(first, first + length);
  };
}

function macBytes(mac: number): Uint8Array {
  return Uint8Array.from([40, 32, 24, 16, 8, 0], (shift) => Math.floor(mac / 2 ** shift) % 256);
}

type Order = (a: FieldValue, b: FieldValue) => number;

const byNumber: Order = (a, b) => Number(a) - Number(b);
const encoder = new TextEncoder();
const byText: Order = (a, b) => compare(encoder.encode(String(a)), encoder.encode(String(b)));
const byBytes: Order = (a, b) => (a instanceof Uint8Array && b instanceof Uint8Array ? compare(a, b) : 0);

function orderOf(type: FieldType): Order {
  switch (type) {
    case 'uint':
    case 'bool':
    case 'ipv4':
    case 'ether':
    case 'seconds':
      return byNumber;
    case 'string':
      return byText;
    case 'ipv6':
    case 'bytes':
    case 'protocol':
      return byBytes;
  }
}

function compileComparison(ref: FieldRef, operator: Operator, operand: Literal, column: number, fields: FieldTable): Filter {
  const source = sourceOf(ref, fields);
  if (operator === 'matches') return compileMatches(source, operand, column);
  if (operator === 'contains') return compileContains(source, operand, column);
  if (source.type === 'protocol') throw cannot(source, operator, column, 'contains, matches, a slice, or the name alone');
  if (source.type === 'bool' && !/=/.test(operator)) throw cannot(source, operator, column, '== or !=');
  const other = operand.quoted ? undefined : fields.get(operand.text);
  if (other !== undefined) return compileFieldComparison(source, operator, other, operand);
  const test = comparer(operator, source.type, operandOf(source.field, source.type, operand));
  return quantified(operator, (frame) => source.values(frame).map(test));
}

function cannot(source: Source, operator: string, column: number, expected: string): Error {
  return filterError('FILTER_TYPE', `${source.field.name} (${source.type}) cannot be compared by ${operator}`, column, { expected });
}

function compileFieldComparison(source: Source, operator: Operator, other: Field, operand: Literal): Filter {
  if (other.type !== source.type) {
    throw filterError('FILTER_TYPE', `${source.field.name} (${source.type}) cannot be compared with ${other.name} (${other.type})`, operand.column);
  }
  const order = orderOf(source.type);
  return quantified(operator, (frame) => {
    const right = other.values(frame);
    return source.values(frame).flatMap((a) => right.map((b) => holds(operator, order(a, b))));
  });
}

/** Any value; for `!=` and `===` all values, of which there must be one. */
function quantified(operator: Operator, results: (frame: FilterFrame) => readonly boolean[]): Filter {
  if (operator === '!=' || operator === '===') {
    return (frame) => {
      const all = results(frame);
      return all.length > 0 && all.every(Boolean);
    };
  }
  return (frame) => results(frame).some(Boolean);
}

function holds(operator: Operator, order: number): boolean {
  switch (operator) {
    case '==':
    case '===':
      return order === 0;
    case '!=':
    case '!==':
      return order !== 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case 'contains':
    case 'matches':
      return false;
  }
}

function comparer(operator: Operator, type: FieldType, operand: Operand): (v: FieldValue) => boolean {
  if (operand.kind === 'prefix') return (v) => holds(operator, orderUnder(operand.prefix, v));
  const order = orderOf(type);
  return (v) => holds(operator, order(v, operand.value));
}

/** 0 when the address is in the prefix; else it is before or after it. */
function orderUnder(prefix: Prefix, v: FieldValue): number {
  if (prefix.family === 4) {
    if (typeof v !== 'number' || prefixContains(prefix, { family: 4, value: v })) return 0;
    return v < prefix.network ? -1 : 1;
  }
  if (!(v instanceof Uint8Array) || prefixContains(prefix, { family: 6, bytes: v })) return 0;
  return compare(v, prefix.network);
}

function compileSet(ref: FieldRef, items: readonly { readonly from: Literal; readonly to: Literal | null }[], fields: FieldTable): Filter {
  const source = sourceOf(ref, fields);
  if (source.type === 'protocol') throw cannot(source, 'in', ref.column, 'contains, matches, a slice, or the name alone');
  const tests = items.map(({ from, to }) => {
    const low = operandOf(source.field, source.type, from);
    if (to === null) return comparer('==', source.type, low);
    const atLeast = comparer('>=', source.type, low);
    const atMost = comparer('<=', source.type, operandOf(source.field, source.type, to));
    return (v: FieldValue) => atLeast(v) && atMost(v);
  });
  return (frame) => source.values(frame).some((v) => tests.some((test) => test(v)));
}

function compileContains(source: Source, operand: Literal, column: number): Filter {
  if (source.type !== 'string' && source.type !== 'bytes' && source.type !== 'protocol') throw cannot(source, 'contains', column, 'a field of text or octets');
  const { value } = operandOf(source.field, source.type, operand) as Operand & { kind: 'value' };
  if (typeof value === 'string') return (frame) => source.values(frame).some((v) => typeof v === 'string' && v.includes(value));
  const wanted = latin1(value as Uint8Array);
  return (frame) => source.values(frame).some((v) => v instanceof Uint8Array && latin1(v).includes(wanted));
}

/** Octets as characters 0 to 255, for searching. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** As Wireshark: without regard to case. */
function compileMatches(source: Source, operand: Literal, column: number): Filter {
  if (source.type !== 'string' && source.type !== 'bytes' && source.type !== 'protocol') throw cannot(source, 'matches', column, 'a field of text or octets');
  if (!operand.quoted) throw filterError('FILTER_TYPE', `${operand.text} is no regular expression`, operand.column, { expected: 'a string in quotes' });
  const pattern = regularExpression(operand);
  return (frame) => source.values(frame).some((v) => pattern.test(typeof v === 'string' ? v : latin1(v as Uint8Array)));
}

function regularExpression(operand: Literal): RegExp {
  try {
    // eslint-disable-next-line no-restricted-syntax -- the pattern is the user's own
    return new RegExp(operand.text, 'i');
  } catch (e) {
    throw filterError(
      'FILTER_SYNTAX',
      `${JSON.stringify(operand.text)} is no regular expression: ${e instanceof Error ? e.message : String(e)}`,
      operand.column,
    );
  }
}

/** Names that differ from `name` by few letters, nearest first. */
export function nearest(name: string, fields: FieldTable): readonly string[] {
  return [...fields.keys()]
    .map((known) => ({ known, distance: known.endsWith(`.${name}`) ? 1 : distance(name, known) }))
    .filter((n) => n.distance <= Math.max(2, name.length / 3))
    .sort((a, b) => a.distance - b.distance || (a.known < b.known ? -1 : 1))
    .slice(0, 3)
    .map((n) => n.known);
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
