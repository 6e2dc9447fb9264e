/**
 * Rule files on the disk, as the reader of nftables' language asks for them.
 * @module
 */
import { readdirSync } from 'node:fs';
import { readBounded } from '../../base/bounded-file.js';
import type { FileAccess } from '../../nft/syntax/include.js';

/** nft has no such bound; no rule set of a firewall is larger. */
const LARGEST = 16 * 1024 * 1024;

export type RuleFiles = FileAccess;

/** Relative paths are taken from the working directory, as nft takes them. */
export const RULE_FILES: RuleFiles = {
  read(path) {
    try {
      const read = readBounded(path, LARGEST, 'ordinary');
      return 'refused' in read ? read : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(read.bytes);
    } catch (error) {
      if (error instanceof TypeError) return { refused: 'it is no UTF-8 text' };
      // The reader knows where it was named, and says that it is not there.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EISDIR') return { refused: 'it is a folder' };
      return code === 'EACCES' ? { refused: 'you may not read it' } : null;
    }
  },
  list(folder) {
    try {
      return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
    } catch {
      // As to glob(3): where there is no folder nothing matches.
      return [];
    }
  },
};
