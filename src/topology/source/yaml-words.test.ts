import { describe, expect, it } from 'vitest';
import { YamlSource } from './yaml-source.js';

function faults(text: string): readonly string[] {
  return new YamlSource(text, 'x.yaml').errors.map(({ where, message, expected }) => `${where?.line ?? 0} ${message}; ${expected ?? ''}`);
}

describe('faults of syntax', () => {
  it.each([
    ['a: "x\n', 'a quote is not closed; the same quote behind the text'],
    ['a: [1, 2\n', 'a list in brackets is not closed, or a comma is missing; ] behind the last item, and commas between items'],
    ['a: { b: 1\n', 'a mapping in braces is not closed, or a comma is missing; } behind the last value, and commas between them'],
    ['a:\n\t- x\n', 'a tab stands in the indentation; blanks: YAML does not indent by tabs'],
    ['a: b: c\n', 'something stands behind a value on its line, or a colon stands within it; one "key: value" on a line; a text with a colon in quotes'],
    ['a: 1\n---\nb: 2\n', 'a second document begins here; one document in a file, without a line "---" between'],
    ['a: @x\n', 'a text cannot begin with this character; a text with such characters in quotes'],
    ['a: "\\q"\n', "a backslash in double quotes begins nothing that YAML knows; two backslashes, or single quotes ('...')"],
    ['__proto__: 1\n', '"__proto__" can\'t be a name; another name'],
    ['a: { b: { __proto__: { c: 1 } } }\n', '"__proto__" can\'t be a name; another name'],
  ])('%j is told in our own words, once', (text, told) => {
    expect(faults(text).map((fault) => fault.replace(/^\d+ /, ''))).toEqual([told]);
  });

  it('none of the library reaches anybody', () => {
    const texts = [
      'a: *b c\n',
      '%x\n',
      'a: &x &y 1\n',
      '? [1]\n: 2\n',
      'a: !!int x\n',
      'a: !t b\n',
      '- a\nb: 1\n',
      'a:\n  - b\n c: 1\n',
      '[a, b]: 1\n',
      '{\n',
      'a: |x\n',
    ];
    for (const text of texts)
      for (const fault of faults(text)) expect(fault).not.toMatch(/YAML\.|parse|stringKeys|implicit|scalar|token|node|flow (map|sequence)|compact/i);
  });
});
