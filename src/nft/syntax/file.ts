/**
 * What may stand anywhere in a rule file: `include`, `define`, `redefine`, `undefine`.
 * @see nft(8), "Include files", "Symbolic variables"
 * @module
 */
import type { LabError } from '../../base/error.js';
import { fault } from '../fault.js';
import type { FaultList } from '../fault.js';
import type { FileAccess } from './include.js';
import { DEEPEST_INCLUDE, includedFiles } from './include.js';
import type { Reader } from './rule/expressions.js';
import { rightSide } from './rule/expressions.js';
import { tokenize } from './lexing/lexer.js';
import { placeOf } from './lexing/token.js';
import type { Token } from './lexing/token.js';
import type { Expr } from './tree.js';

/** What everything that reads a rule file gets. */
export interface File {
  /** As it was named: the folder of all includes. */
  readonly name: string;
  readonly access: FileAccess;
  readonly reader: Reader;
  readonly faults: FaultList;
  /** The file itself first, then those that it includes, each once. */
  readonly files: string[];
  /** Characters read so far, and files included. */
  size: number;
  includes: number;
}

/** Takes one of them with the end of its line. False when none stands here. Errors: NFT_*. */
export function takeCommon(f: File): boolean {
  const s = f.reader.tokens;
  if (s.atWord('include')) takeInclude(f, s.next());
  else if (s.takeWord('define')) takeDefinition(f, false);
  else if (s.takeWord('redefine')) takeDefinition(f, true);
  else if (s.takeWord('undefine')) takeUndefinition(f);
  else return false;
  return true;
}

function takeEnd(f: File): void {
  const s = f.reader.tokens;
  // nft's grammar ends these by a line's end; that of the file is none.
  if (s.atEnd()) throw fault('NFT_SYNTAX', s.peek(), 'the last line has no line end, and nft wants one here', { hint: 'end the file with a newline' });
  if (!s.atEndOfStatement()) throw s.wrong('the end of the line or ";"');
  s.next();
}

function takeDefinition(f: File, again: boolean): void {
  const { tokens: s, variables } = f.reader;
  const token = s.wantName('the name of a variable');
  s.wantSign('=');
  const value = definedValue(f);
  takeEnd(f);
  if (!again && variables.isDefinedInBlock(token.text)) {
    throw fault('NFT_CONFLICT', token, `the variable "${token.text}" is defined already`, { hint: 'redefine changes it' });
  }
  variables.define(token.text, value);
}

function definedValue(f: File): Expr {
  const s = f.reader.tokens;
  const src = placeOf(s.peek());
  if (s.takeSign('-')) return { kind: 'number', value: BigInt(-s.wantNumber('a number').value), src };
  const after = s.peek(1);
  if (s.atSign('{') && after.kind === 'sign' && after.text === '}') {
    s.next();
    s.next();
    return { kind: 'set', elements: [], src };
  }
  return rightSide(f.reader);
}

function takeUndefinition(f: File): void {
  const { tokens: s, variables } = f.reader;
  const token = s.wantName('the name of a variable');
  takeEnd(f);
  if (!variables.undefine(token.text)) throw fault('NFT_UNKNOWN', token, `there is no variable "${token.text}" in this block`);
}

// ---- include ---------------------------------------------------------------------------------------------------------

/** Of all files together: no rule set of a firewall is larger. */
const MOST_TEXT = 16 * 1024 * 1024;
const MOST_INCLUDES = 1000;

function takeInclude(f: File, at: Token): void {
  const s = f.reader.tokens;
  const token = s.peek();
  if (token.kind !== 'quoted') throw s.wrong('the name of a file in quotes');
  s.next();
  takeEnd(f);
  if (s.open.length >= DEEPEST_INCLUDE) throw fault('NFT_FILE', at, `files include each other more than ${DEEPEST_INCLUDE} deep`);
  const { open } = s;
  // The last one is put on top first: then they are read in their order.
  for (const { path, text } of [...includedFiles(f.name, token, f.access)].reverse()) {
    if (open.includes(path)) throw fault('NFT_FILE', token, `${path} includes itself`, { hint: open.slice(open.indexOf(path)).concat(path).join(' > ') });
    f.size += text.length;
    f.includes++;
    if (f.size > MOST_TEXT || f.includes > MOST_INCLUDES) throw tooMuch(at);
    if (!f.files.includes(path)) f.files.push(path);
    s.include(path, tokenize(text, path, f.faults));
  }
}

function tooMuch(at: Token): LabError {
  return fault('NFT_FILE', at, `the rule files hold more than ${MOST_TEXT / 1024 / 1024} MiB, or more than ${MOST_INCLUDES} includes`);
}
