/**
 * Files that people name, read with an end: a device or a pipe may have none.
 * @module
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** More than any file that a person writes for a lab. */
export const LARGEST_FILE = 64 * 1024 * 1024;

export type BoundedFile = { readonly bytes: Uint8Array } | { readonly refused: string };

const BLOCK = 64 * 1024;

/**
 * Its octets; refused where there are more than `largest`. Throws what the file system says (ENOENT, EACCES, EISDIR).
 * @param kind `any`: also what is no ordinary file, such as `/dev/stdin`; a pipe is waited for until somebody writes to it
 */
export function readBounded(path: string, largest: number, kind: 'any' | 'ordinary'): BoundedFile {
  // A pipe that nobody writes to would keep even open(2) waiting.
  const fd = openSync(path, kind === 'any' ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (kind === 'ordinary' && !stat.isFile() && !stat.isDirectory()) return { refused: 'it is no ordinary file' };
    const blocks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const block = new Uint8Array(BLOCK);
      const read = readSync(fd, block);
      if (read === 0) return { bytes: joined(blocks, size) };
      size += read;
      if (size > largest) return { refused: `it holds more than ${largest / 1024 / 1024} MiB` };
      blocks.push(read === BLOCK ? block : block.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
}

function joined(blocks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const block of blocks) {
    bytes.set(block, at);
    at += block.length;
  }
  return bytes;
}
