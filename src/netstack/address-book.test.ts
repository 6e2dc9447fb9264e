import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressBook, addrOf4, addrOf6, keyOf } from './address-book.js';

test('an IPv4 address is its own number', () => {
  const book = new AddressBook();
  expect(book.parse('192.0.2.1')).toBe(0xc0000201);
  expect(book.text(addrOf4(0xc0000201 | 0))).toBe('192.0.2.1');
  expect(book.parse('192.0.2.256')).toBeUndefined();
});

test('an IPv6 address has one number however it is written, and RFC 5952 text', () => {
  const book = new AddressBook();
  const a = book.parse('2001:DB8:0:0:0:0:0:1');
  expect(a).toBe(2 ** 32);
  expect(book.parse('2001:db8::1')).toBe(a);
  expect(book.parse('2001:db8::2')).toBe(2 ** 32 + 1);
  expect(book.text(addrOf6(0))).toBe('2001:db8::1');
  expect(book.family(addrOf6(0))).toBe(6);
  expect(book.parse('2001:db8::1%eth0')).toBeUndefined();
});

test('any addresses: numbers are equal exactly when the bytes are, and give the bytes back, past every growth of the book', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 16, maxLength: 16 }), { minLength: 1, maxLength: 600 }), (many) => {
      const book = new AddressBook();
      const numbers = many.map((bytes) => book.read6(bytes, 0));
      const texts = new Map(many.map((bytes, i) => [bytes.join(), numbers[i]]));
      expect(new Set(numbers).size).toBe(texts.size);
      expect(book.interned).toBe(texts.size);
      for (const [i, bytes] of many.entries()) {
        expect(book.bytes(numbers[i]!)).toEqual(bytes);
        expect(book.read6(bytes, 0)).toBe(numbers[i]);
        expect(addrOf6(keyOf(numbers[i]!))).toBe(numbers[i]);
      }
    }),
    { seed: 1, numRuns: 30 },
  );
});

test('IPv4 keys are signed and reversible', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
      const book = new AddressBook();
      const a = book.read4(bytes, 0);
      expect(keyOf(a)).toBe(book.key4(bytes, 0));
      expect(keyOf(a)).toBe(a | 0);
      expect(addrOf4(keyOf(a))).toBe(a);
      expect(book.bytes(a)).toEqual(bytes);
    }),
    { seed: 2, numRuns: 100 },
  );
});

test('a number of another book is refused', () => {
  expect(() => new AddressBook().bytes(addrOf6(5))).toThrow('an address of this book');
});
