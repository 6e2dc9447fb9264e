/**
 * Blocks in braces, whatever they hold.
 * @module
 */
import type { SourceRef } from '../../../base/error.js';
import { fault } from '../../fault.js';
import type { File } from '../file.js';
import { takeCommon } from '../file.js';
import { placeOf } from '../lexing/token.js';

/**
 * `{ ... }`: statements up to the brace, each ended by a line end or a semicolon. A faulty one is told and left out.
 * @param statement takes one; false when it needs no end of its own (`elements = { }`)
 */
export function takeBlock(f: File, statement: () => boolean): void {
  const s = f.reader.tokens;
  s.wantSign('{');
  const { depth } = s;
  while (!s.atSign('}')) {
    if (s.atEnd()) throw s.wrong('"}"');
    if (f.faults.full) throw fault('NFT_SYNTAX', s.peek(), 'too much is wrong: the rest was not read');
    if (takeSeparator(f)) continue;
    const before = s.peek();
    const ended = f.faults.attempt(() => takeCommon(f) || !statement() || wantEnd(f));
    if (ended !== undefined) continue;
    s.skipStatement(depth);
    // A fault at a token that nothing can take must not be met for ever; a brace of the statement has closed the block.
    if (s.depth < depth) return;
    if (s.peek() === before && !s.atSign('}')) s.next();
  }
  s.next();
}

function takeSeparator(f: File): boolean {
  const s = f.reader.tokens;
  if (s.peek().kind !== 'newline' && !s.atSign(';')) return false;
  s.next();
  return true;
}

function wantEnd(f: File): true {
  const s = f.reader.tokens;
  if (s.atEnd() || !s.atEndOfStatement())
    throw s.wrong('the end of the line or ";"', s.atSign('}') ? 'nft wants a ";" or a new line before the brace' : undefined);
  s.next();
  return true;
}

// ---- names -----------------------------------------------------------------------------------------------------------

export interface Named {
  readonly name: string;
  readonly src: SourceRef;
}

export function named(f: File, what: string): Named {
  const token = f.reader.tokens.wantName(`the name of ${what}`);
  return { name: token.text, src: placeOf(token) };
}
