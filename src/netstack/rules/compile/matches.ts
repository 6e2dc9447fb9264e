/**
 * Matches of a rule as instructions.
 * @module
 */
import { must, unreachable } from '../../../base/assert.js';
import type { Match, Operand, Pattern, Selector, SetRef } from '../../../nft/ruleset.js';
import { fieldNumber } from '../fields.js';
import { NO_FIELD, OP } from '../program.js';
import { BIAS, type KeyPart } from '../sets/element-set.js';
import { ExactSet } from '../sets/exact-set.js';
import { NO_SUCH_INTERFACE } from './keys.js';
import type { Scope } from './scope.js';

const LARGEST = -1;

export function compileMatch(match: Match, scope: Scope): void {
  const { out } = scope;
  switch (match.do) {
    case 'match':
      compileComparison(match, scope);
      return;
    case 'match-any-bit':
      out.emit(OP.MASK, fieldNumber(match.left), match.bits | 0, 0, match.op === 'eq' ? 1 : 0);
      return;
    case 'match-masked':
      out.emit(OP.MASK, fieldNumber(match.left), match.mask | 0, match.value | 0, match.op === 'eq' ? 0 : 1);
      return;
    case 'lookup': {
      const { number } = scope.set(match.set);
      out.emit(OP.IN, key(match.left, scope, familyOfSet(match.set)), number, 0, match.op === 'eq' ? 0 : 1);
      return;
    }
    default:
      unreachable(match);
  }
}

/** Finds the element of a map that holds the key; the rule breaks where there is none. Its elements are returned. */
export function compileElement(operand: Operand, map: SetRef, scope: Scope): ReturnType<Scope['set']> {
  const handle = scope.set(map);
  scope.out.emit(OP.ELEMENT, key(operand, scope, familyOfSet(map)), handle.number);
  return handle;
}

/** Puts a number made from a packet into word 0. */
export function compileBits(bits: { readonly of: Selector; readonly mask: number; readonly xor: number }, scope: Scope): void {
  scope.out.emit(OP.LOAD, fieldNumber(bits.of), 0);
  scope.out.emit(OP.BITS, NO_FIELD, bits.mask | 0, bits.xor | 0);
}

/** The field that the next instruction is to read, after what has to be made ready for it. */
function key(operand: Operand, scope: Scope, family: 4 | 6 | null): number {
  switch (operand.is) {
    case 'selector':
      return fieldNumber(operand.selector, family ?? scope.family);
    case 'bits':
      compileBits(operand.bits, scope);
      return NO_FIELD;
    case 'concat':
      operand.parts.forEach((part, i) => {
        scope.out.emit(OP.LOAD, fieldNumber(part, family ?? scope.family), i);
      });
      return NO_FIELD;
    default:
      return unreachable(operand);
  }
}

function compileComparison(match: Extract<Match, { readonly do: 'match' }>, scope: Scope): void {
  const { left, op, right } = match;
  const field = key(left, scope, familyOfPattern(right));
  if (right.is === 'interface') {
    compileInterface(field, right, op === 'ne', scope);
    return;
  }
  const part = must(scope.keys.parts(right)[0], 'a value to compare with');
  switch (op) {
    case 'eq':
    case 'ne':
      if (part.exact !== null) scope.out.emit(OP.EQ, field, part.exact, 0, op === 'eq' ? 0 : 1);
      else range(field, part.from, part.to, op === 'ne', scope);
      return;
    case 'ge':
      range(
        field,
        part.from,
        part.from.map(() => LARGEST),
        false,
        scope,
      );
      return;
    case 'lt':
      range(
        field,
        part.from,
        part.from.map(() => LARGEST),
        true,
        scope,
      );
      return;
    case 'le':
      range(
        field,
        part.to.map(() => 0),
        part.to,
        false,
        scope,
      );
      return;
    case 'gt':
      range(
        field,
        part.to.map(() => 0),
        part.to,
        true,
        scope,
      );
      return;
    default:
      unreachable(op);
  }
}

function range(field: number, from: readonly number[], to: readonly number[], outside: boolean, { out }: Scope): void {
  const biased = (words: KeyPart['from']): number[] => words.map((word) => word ^ BIAS);
  const [low] = biased(from);
  const [high] = biased(to);
  if (from.length > 1) out.emit(OP.RANGE6, field, out.bounds([...biased(from), ...biased(to)]), 0, outside ? 1 : 0);
  else out.emit(OP.RANGE, field, must(low, 'lower end'), must(high, 'upper end'), outside ? 1 : 0);
}

function compileInterface(field: number, named: { readonly name: string; readonly wildcard: boolean }, not: boolean, { keys, out }: Scope): void {
  const indexes = keys.interfaces(named);
  if (indexes.length > 1)
    out.emit(
      OP.IN,
      field,
      out.set(
        new ExactSet(
          1,
          indexes.map((index) => [index]),
        ),
        -1,
      ),
      0,
      not ? 1 : 0,
    );
  else out.emit(OP.EQ, field, indexes[0] ?? NO_SUCH_INTERFACE, 0, not ? 1 : 0);
}

/** `ct original saddr` leaves the family to what it is compared with. */
function familyOfPattern(pattern: Pattern): 4 | 6 | null {
  switch (pattern.is) {
    case 'address':
    case 'prefix':
      return pattern.family;
    case 'range':
      return familyOfPattern(pattern.from);
    default:
      return null;
  }
}

function familyOfSet(ref: SetRef): 4 | 6 | null {
  if (ref.is === 'named') return null;
  const { types } = ref.set;
  if (types.includes('ipv6_addr')) return 6;
  return types.includes('ipv4_addr') ? 4 : null;
}
