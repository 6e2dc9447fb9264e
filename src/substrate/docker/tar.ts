/**
 * Files as a tar archive, the form in which the daemon takes them.
 * @see POSIX.1-2001 pax, section "ustar Interchange Format"
 * @module
 */
import { LabError } from '../../base/error.js';

export interface TarFile {
  /** Relative, without leading slash. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
/** Octets of the fields `name` and `prefix`. */
const NAME = 100;
const PREFIX = 155;

/** Every file readable by all, owned by root, from the epoch. Errors: LAB_ROLE_FAILED for a path that is too long. */
export function tarOf(files: readonly TarFile[]): Uint8Array {
  const parts = files.flatMap(({ path, bytes }) => [header(path, bytes.length), bytes, new Uint8Array(-bytes.length & (BLOCK - 1))]);
  // Two blocks of zeros are the end.
  parts.push(new Uint8Array(2 * BLOCK));
  const archive = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}

function header(path: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const encoder = new TextEncoder();
  const put = (at: number, text: string): void => {
    block.set(encoder.encode(text), at);
  };
  const [prefix, name] = split(path);
  put(0, name);
  put(100, '0000644\0');
  put(108, '0000000\0');
  put(116, '0000000\0');
  put(124, `${size.toString(8).padStart(11, '0')}\0`);
  put(136, `${'0'.repeat(11)}\0`);
  // The sum is taken with its own field full of spaces.
  put(148, ' '.repeat(8));
  put(156, '0');
  put(257, 'ustar\x0000');
  put(345, prefix);
  const sum = block.reduce((total, octet) => total + octet, 0);
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** A long path is cut at a slash into prefix and name. */
function split(path: string): readonly [prefix: string, name: string] {
  const octets = (text: string): number => new TextEncoder().encode(text).length;
  if (octets(path) <= NAME) return ['', path];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (octets(prefix) <= PREFIX && octets(name) <= NAME) return [prefix, name];
  }
  throw new LabError('LAB_ROLE_FAILED', `the path ${path} is too long for an archive`, {
    expected: `at most ${NAME} octets for its last part and ${PREFIX} for its folder`,
  });
}
