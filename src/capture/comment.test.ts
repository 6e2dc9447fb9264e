import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commentKind, decisionText, formatComment, formatPair, parseComment } from './comment.js';

const key = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string(),
  fc.constantFrom('', ' ', '"', '\\', '=', 'a=b', '\\"', 'a\nb', '10.0.0.0/8', 'fw 1.nft:12'),
);

test('property: what is formatted is parsed back, in order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(key, value), { selector: ([k]) => k, minLength: 1, maxLength: 8 }), (entries) => {
      const pairs = Object.fromEntries(entries);
      const parsed = parseComment(formatComment(pairs));
      expect(Object.entries(parsed ?? {})).toEqual(Object.entries(pairs));
    }),
    { seed: 1, numRuns: 1000 },
  );
});

test('property: any text is parsed or refused; what is parsed means the same when formatted anew', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.constantFrom('a', '=', '"', '\\', ' ', 'b', '1', '-'), { maxLength: 20 }).map((a) => a.join('')),
      ),
      (text) => {
        const pairs = parseComment(text);
        if (pairs !== null) expect(parseComment(formatComment(pairs))).toEqual(pairs);
      },
    ),
    { seed: 2, numRuns: 3000 },
  );
});

test.each([
  ['at=fw1 stage=forward rule=7', { at: 'fw1', stage: 'forward', rule: '7' }],
  ['src="rules/fw 1.nft:12"', { src: 'rules/fw 1.nft:12' }],
  ['a="say \\"hi\\" \\\\ bye"', { a: 'say "hi" \\ bye' }],
  ['a=""', { a: '' }],
  ['constructor=x', { constructor: 'x' }],
])('%s is read', (text, pairs) => {
  expect(parseComment(text)).toEqual(pairs);
});

test.each(['', ' ', 'a', 'a=', '=b', 'a=b ', ' a=b', 'a=b  c=d', 'A=b', '1=b', 'a=b=c', 'a="b', 'a="b"c', 'a=b"c', 'a="\\n"', 'a=b a=c', 'a b=c', 'a=b\tc=d'])(
  '%j is not in the grammar',
  (text) => {
    expect(parseComment(text)).toBeNull();
  },
);

test('a key that is none is our own mistake', () => {
  expect(() => formatPair('No', 'x')).toThrow(/comment key/);
});

test('kinds: events may have free keys, records only the closed ones', () => {
  expect(commentKind({ at: 'alice', event: 'x', anything: 'y' })).toBe('event');
  expect(commentKind({ drop: 'ttl', at: 'r1', stage: 'forward' })).toBe('record');
  expect(commentKind({ note: 'mine' })).toBe('other');
  expect(commentKind({})).toBe('other');
  expect(decisionText({ drop: 'ttl', at: 'r1', cause: '4', stage: 'forward', since: '5' })).toBe('at=r1 stage=forward');
});
