/** How files begin and end: what nft 1.0.6 says of the same files (`nft -I . -f FILE`). */
import { describe, expect, it } from 'vitest';
import { parseRuleset } from '../parse-ruleset.js';

function faults(text: string, files: Readonly<Record<string, string>> = {}): string[] {
  const result = parseRuleset('fw.nft', (path) => (path === 'fw.nft' ? text : (files[path] ?? null)));
  return result.ok
    ? []
    : result.errors.map(({ code, where, hint }) => `${where?.file}:${where?.line}:${where?.column} ${code}${hint === undefined ? '' : ` ${hint}`}`);
}

const LINE_END = 'NFT_SYNTAX end the file with a newline';

describe('a last line without a line end', () => {
  it.each(['table inet t { }', 'add table inet t', 'flush ruleset', 'table inet t', ''])('%j is taken', (text) => expect(faults(text)).toEqual([]));
  it.each([
    ['a comment', 'table inet t { }\n# the end', `fw.nft:2:1 ${LINE_END}`],
    ['a comment behind a command', 'table inet t { } # the end', `fw.nft:1:18 ${LINE_END}`],
    ['a definition', 'define x = { 22, 80 }', `fw.nft:1:22 ${LINE_END}`],
    ['an undefinition', 'define x = 1\nundefine x', `fw.nft:2:11 ${LINE_END}`],
  ])('%s is not', (_, text, fault) => expect(faults(text)).toEqual([fault]));
  it('nor an include, here or in an included file', () => {
    expect(faults('include "a.nft"', { 'a.nft': 'table ip a { }\n' })).toEqual([`fw.nft:1:16 ${LINE_END}`]);
    expect(faults('include "a.nft"\n', { 'a.nft': 'include "b.nft"', 'b.nft': '' })).toEqual([`fw.nft:2:1 ${LINE_END}`]);
    expect(faults('include "a.nft"\n\n', { 'a.nft': 'table ip a { }\n# end' })).toEqual([`a.nft:2:1 ${LINE_END}`]);
  });
  it('of an included file goes on in the line behind the include', () => {
    expect(faults('include "a.nft"\n\nadd table ip b\n', { 'a.nft': 'table ip a { }' })).toEqual([]);
    expect(faults('include "a.nft"\nadd table ip b\n', { 'a.nft': 'table ip a { }' })).toEqual(['fw.nft:2:1 NFT_SYNTAX']);
  });
});

it('line ends of DOS are told once, at the first; in comments and in quotes they do no harm', () => {
  expect(faults('# a\r\ntable inet t {\r\n}\r\n')).toEqual(['fw.nft:2:15 NFT_SYNTAX save the file with line ends of Unix (LF alone)']);
  expect(faults('# a\r\ntable inet t {\n}\n')).toEqual([]);
});

it('a byte order mark', () => expect(faults('\ufefftable inet t { }\n')).toEqual(['fw.nft:1:1 NFT_SYNTAX save it as UTF-8 without one']));

describe('a file that is none of rules', () => {
  const other = 'root:x:0:0:secret:/root:/bin/sh\nadmin:x:1:1\n';
  it('is one fault, and nothing of it is quoted', () => {
    for (const text of [other, '{ "secret": 1 }', '-----BEGIN secret KEY-----\n', '"secret"\n', '# comment\n\n  secret = 1\n']) {
      const result = parseRuleset('fw.nft', (path) => (path === 'fw.nft' ? 'include "/etc/other"\n' : text));
      expect(result.ok ? [] : result.errors.map(({ code, where }) => `${where?.file}:${where?.line} ${code}`)).toEqual(['fw.nft:1 NFT_FILE']);
      expect(JSON.stringify(result)).not.toContain('secret');
      const named = parseRuleset('other', () => text);
      expect(named.ok ? [] : named.errors.map(({ code }) => code)).toEqual(['NFT_FILE']);
      expect(JSON.stringify(named)).not.toContain('secret');
    }
  });
  it('a slip in the first word is told as such', () => expect(faults('tabel inet t { }\n')).toEqual(['fw.nft:1:1 NFT_SYNTAX did you mean "table"?']));
  it('what is in the middle of a table may be included', () =>
    expect(faults('table inet t {\n  chain c {\n    include "r.nft"\n  }\n}\n', { 'r.nft': '# rules\n\ntcp dport 22 accept\n' })).toEqual([]));
  it('what cannot be read says why', () => {
    const result = parseRuleset('fw.nft', (path) => (path === 'fw.nft' ? 'include "/dev/zero"\n' : { refused: 'it is no ordinary file' }));
    expect(result.ok ? '' : result.errors[0]?.message).toBe('/dev/zero is not read: it is no ordinary file');
    const first = parseRuleset('/dev/zero', () => ({ refused: 'it is no ordinary file' }));
    expect(first.ok ? '' : first.errors[0]?.code).toBe('NFT_FILE');
  });
});
