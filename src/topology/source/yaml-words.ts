/**
 * Faults of YAML's syntax in words for people who write the files. The library's own are for those who program with it.
 * @module
 */
import type { YAMLError } from 'yaml';
import type { LabErrorDetails, SourceRef } from '../../base/error.js';

type YamlCode = YAMLError['code'];

interface Words {
  readonly message: string;
  readonly expected: string;
  readonly hint?: string;
}

const QUOTES = 'a text with such characters in quotes';

const WORDS: Readonly<Record<YamlCode, Words>> = {
  ALIAS_PROPS: { message: 'an alias (*name) has an anchor or a tag', expected: 'the alias alone' },
  BAD_ALIAS: { message: 'the name of an anchor or alias is missing or has characters that it cannot have', expected: '&name and *name' },
  BAD_COLLECTION_TYPE: { message: 'a tag says another kind of value than stands here', expected: 'the value without the tag' },
  BAD_DIRECTIVE: { message: 'a line begins with % and is no directive of YAML', expected: QUOTES },
  BAD_DQ_ESCAPE: { message: 'a backslash in double quotes begins nothing that YAML knows', expected: "two backslashes, or single quotes ('...')" },
  BAD_INDENT: { message: 'the indentation does not fit what stands above', expected: 'the same number of blanks for everything that belongs together' },
  BAD_PROP_ORDER: { message: 'an anchor or a tag stands where none can', expected: 'it directly before its value' },
  BAD_SCALAR_START: { message: 'a text cannot begin with this character', expected: QUOTES },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'something stands behind a value on its line, or a colon stands within it',
    expected: 'one "key: value" on a line; a text with a colon in quotes',
  },
  BLOCK_IN_FLOW: { message: 'lines with dashes or indentation stand within [ ] or { }', expected: 'the items with commas between them' },
  DUPLICATE_KEY: { message: 'the same key stands twice in one mapping', expected: 'each key once' },
  IMPOSSIBLE: { message: 'this is no YAML', expected: 'YAML 1.2' },
  KEY_OVER_1024_CHARS: { message: 'a key is longer than 1024 characters', expected: 'a shorter key' },
  MISSING_CHAR: {
    message: 'something is not closed, or a comma or blank is missing',
    expected: 'a closing quote, ] or }; a comma between items; a blank behind ":" and "-"',
  },
  MULTILINE_IMPLICIT_KEY: { message: 'a key goes over several lines, or a line lacks its colon', expected: '"key: value" on one line' },
  MULTIPLE_ANCHORS: { message: 'a value has two anchors', expected: 'one anchor' },
  MULTIPLE_DOCS: { message: 'a second document begins here', expected: 'one document in a file, without a line "---" between' },
  MULTIPLE_TAGS: { message: 'a value has two tags', expected: 'one tag, or none' },
  NON_STRING_KEY: { message: 'a key is no plain text', expected: 'a name' },
  RESOURCE_EXHAUSTION: { message: 'mappings and lists stand in each other too deeply', expected: 'a shallower file' },
  TAB_AS_INDENT: { message: 'a tab stands in the indentation', expected: 'blanks: YAML does not indent by tabs' },
  TAG_RESOLVE_FAILED: { message: 'a tag (!...) is not known, or does not fit its value', expected: 'the value without the tag' },
  UNEXPECTED_TOKEN: { message: "this can't stand here", expected: 'YAML 1.2; ' + QUOTES },
};

/** What is missing, by a part of what the library says. */
const MISSING: readonly (readonly [RegExp, Words])[] = [
  [/closing ["']quote/, { message: 'a quote is not closed', expected: 'the same quote behind the text' }],
  [/\]|flow sequence/i, { message: 'a list in brackets is not closed, or a comma is missing', expected: '] behind the last item, and commas between items' }],
  [/\}|flow map/i, { message: 'a mapping in braces is not closed, or a comma is missing', expected: '} behind the last value, and commas between them' }],
];

/** Message and details of such a fault. @param told what the library says */
export function yamlWords(code: YamlCode, told: string, where: SourceRef): readonly [string, LabErrorDetails] {
  const missing = code === 'MISSING_CHAR' || code === 'BAD_INDENT' ? MISSING.find(([part]) => part.test(told))?.[1] : undefined;
  const { message, ...details } = missing ?? WORDS[code];
  return [message, { where, ...details }];
}
