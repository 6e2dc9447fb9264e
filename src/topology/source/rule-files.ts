/**
 * Rule files on the disk, as the reader of nftables' language asks for them.
 * @module
 */
import { accessSync, constants, readFileSync, readdirSync, statSync } from 'node:fs';
import type { FileAccess } from '../../nft/syntax/include.js';

export interface RuleFiles extends FileAccess {
  /** Why a file cannot be had. */
  why?(path: string): string;
}

/** Relative paths are taken from the working directory, as nft takes them. */
export const RULE_FILES: RuleFiles = {
  read(path) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    } catch {
      // Not there, not ours to read, no text: to the reader it is a file that cannot be had, and it says where it was named.
      return null;
    }
  },
  why(path) {
    try {
      if (statSync(path).isDirectory()) return 'is a folder';
      accessSync(path, constants.R_OK);
      return 'is no UTF-8 text';
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'EACCES' ? 'may not be read by you' : 'is not there';
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
