/**
 * Which files an `include` names. Relative paths are taken from the folder of the first rule file, also in files that
 * are included themselves: the kernel's side calls `nft -I FOLDER` in that folder.
 * @see nft(8), "Include files"
 * @module
 */
import type { LabError, SourceRef } from '../../base/error.js';
import { didYouMean } from '../../base/suggest.js';
import { fault, unsupported } from '../fault.js';
import { KEYWORDS } from './lexing/keywords.js';
import type { Token } from './lexing/token.js';

export interface FileAccess {
  /** The text of a file; null when it is not there or cannot be read; why it is not taken. */
  read(path: string): string | null | { readonly refused: string };
  /** Names of the files in a folder, in any order; folders are left out. Needed for wildcards only. */
  list?(folder: string): readonly string[];
}

/** nft's MAX_INCLUDE_DEPTH */
export const DEEPEST_INCLUDE = 16;

/** Errors: NFT_FILE, NFT_UNSUPPORTED. */
export function includedFiles(base: string, token: Token, access: FileAccess): readonly { readonly path: string; readonly text: string }[] {
  const path = resolvePath(folderOf(base), token.text);
  const paths = /[*?[]/.test(token.text) ? matching(path, token, access) : [path];
  return paths.map((one) => {
    const text = access.read(one);
    if (typeof text === 'object' && text !== null)
      throw fault('NFT_FILE', token, `${one} is not read: ${text.refused}`, { expected: 'a file of nftables rules' });
    if (text === null) throw fault('NFT_FILE', token, `there is no file ${one}`, { hint: 'the path is taken from the folder of the first rule file' });
    if (!looksLikeRules(text)) throw noRules(one, token);
    return { path: one, text };
  });
}

export function noRules(file: string, at: SourceRef): LabError {
  return fault('NFT_FILE', at, `${file} is no file of nftables rules: it does not begin with a word of nft's`, {
    expected: `one of: ${[...BEGINNINGS].join(', ')}`,
  });
}

/**
 * Whether a file begins as rules do: with a word of nft's, or what is nearly one. Of one that does not nothing is quoted:
 * faults would show what stands in it, and it may be any file that can be read.
 */
export function looksLikeRules(text: string): boolean {
  const at = beginning(text);
  if (at === text.length) return true;
  WORD.lastIndex = at;
  const first = WORD.exec(text)?.[0] ?? '';
  return KEYWORDS.has(first) || didYouMean(first, BEGINNINGS).hint !== undefined;
}

/** Behind blanks and comments. */
function beginning(text: string): number {
  let at = 0;
  for (;;) {
    BLANKS.lastIndex = at;
    at += BLANKS.exec(text)?.[0].length ?? 0;
    if (text[at] !== '#') return at;
    const end = text.indexOf('\n', at);
    if (end < 0) return text.length;
    at = end + 1;
  }
}

const BLANKS = /[\s;\\\ufeff]*/y;
const WORD = /[A-Za-z][A-Za-z0-9_-]*/y;
const BEGINNINGS: ReadonlySet<string> = new Set(['table', 'add', 'create', 'insert', 'delete', 'flush', 'define', 'redefine', 'undefine', 'include']);

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : slash === 0 ? '/' : path.slice(0, slash);
}

function resolvePath(folder: string, path: string): string {
  if (path.startsWith('/') || folder === '') return path.replace(/^(\.\/)+/, '');
  const plain = path.replace(/^(\.\/)+/, '');
  return folder === '/' ? `/${plain}` : `${folder}/${plain}`;
}

/** In alphabetical order, without hidden files; none is no error. */
function matching(path: string, token: Token, access: FileAccess): readonly string[] {
  const folder = folderOf(path);
  const pattern = path.slice(folder === '' ? 0 : folder.length + (folder === '/' ? 0 : 1));
  if (/[*?[]/.test(folder)) throw unsupported(token, 'a wildcard in the name of a folder');
  if (access.list === undefined) throw unsupported(token, 'an include with wildcards', { hint: 'there is no folder to look into here' });
  const wanted = globPattern(pattern, token);
  const names = access.list(folder === '' ? '.' : folder).filter((name) => !name.startsWith('.') && wanted.test(name));
  return [...names].sort().map((name) => resolvePath(folder, name));
}

/** glob(7) without escapes. */
function globPattern(glob: string, token: Token): RegExp {
  let out = '';
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i] as string;
    if (char === '*') out += out.endsWith('[^/]*') ? '' : '[^/]*';
    else if (char === '?') out += '[^/]';
    else if (char !== '[') out += char.replace(/[\\^$.|+()\]{}]/g, '\\$&');
    else {
      const end = glob.indexOf(']', i + 2);
      if (end < 0) throw fault('NFT_FILE', token, 'the "[" of the wildcard is not closed', { expected: 'such as [0-9]' });
      const inner = glob
        .slice(i + 1, end)
        .replace(/^!/, '^')
        .replace(/[\\\]]/g, '\\$&');
      out += `[${inner}]`;
      i = end;
    }
  }
  try {
    // eslint-disable-next-line no-restricted-syntax -- the wildcard that the user wrote, on names of files
    return new RegExp(`^${out}$`);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw fault('NFT_FILE', token, 'the wildcard cannot be read', { expected: 'such as *.nft' });
    throw cause;
  }
}
