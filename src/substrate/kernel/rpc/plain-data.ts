/**
 * Values as one line of JSON and back, strictly: what JSON would silently change (NaN, typed arrays, Map, functions) is
 * refused, so that a command cannot mean one thing in process and another across a pipe.
 * @module
 */
import { LabError } from '../../../base/error.js';

/** One line without its end. Errors: ROLE_COMMAND naming the key that is no plain data. */
export function encodePlain(value: unknown): string {
  return JSON.stringify(value, function (this: unknown, key: string, shown: unknown): unknown {
    // `shown` has been through toJSON already, which would let a Date pass for a text.
    const held = typeof this === 'object' && this !== null ? (this as Record<string, unknown>)[key] : shown;
    const trouble = faultOf(held, Array.isArray(this));
    if (trouble !== null) {
      throw new LabError('ROLE_COMMAND', `${key === '' ? 'the value' : `"${key}"`} is ${trouble}: it cannot leave its process`, {
        expected: 'plain data: null, booleans, finite numbers, texts, arrays and objects of them',
      });
    }
    return shown;
  });
}

function faultOf(value: unknown, inArray: boolean): string | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null;
    case 'number':
      return Number.isFinite(value) ? null : `the number ${value}`;
    case 'undefined':
      return inArray ? 'undefined' : null;
    case 'object': {
      if (value === null || Array.isArray(value)) return null;
      const prototype: unknown = Object.getPrototypeOf(value);
      // A plain object of another realm (a test's, a worker's) has a prototype without a prototype of its own.
      return prototype === null || Object.getPrototypeOf(prototype) === null ? null : `a live ${value.constructor.name}`;
    }
    default:
      return `a ${typeof value}`;
  }
}

/** Undefined when the line is no JSON. */
export function decodePlain(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
