import { expect, it } from 'vitest';

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

it('octets are equal where all of them are', () => {
  expect(octets(1, 2, 3)).toEqual(octets(1, 2, 3));
  expect({ list: [octets(7)] }).toEqual({ list: [octets(7)] });
  expect(new Uint8Array([0, 1, 2, 3]).subarray(1, 3)).toStrictEqual(octets(1, 2));
});

it.each([
  ['another octet', octets(1, 2, 4)],
  ['fewer', octets(1, 2)],
  ['more', octets(1, 2, 3, 0)],
  ['another kind of array', Uint16Array.of(1, 2, 3)],
  ['a list', [1, 2, 3]],
  ['a Buffer', Buffer.from([1, 2, 3])],
])('%s is not equal', (_, other) => {
  expect(octets(1, 2, 3)).not.toEqual(other);
  expect({ list: [other] }).not.toEqual({ list: [octets(1, 2, 3)] });
});
