/**
 * A digest of compiled code, by which a lab knows whether an image holds the same code as itself: both ends of the pipe
 * to a role must speak alike, and an image is easily forgotten when the product is updated.
 * @module
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGE_ROOT } from '../../base/package-root.js';

/** Where the image keeps the digest of its own code. */
export const DIGEST_FILE = '/callpath/dist/.digest';

/** Of all `*.js` below the folder: their names and contents. Hexadecimal. */
export function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  for (const file of files.sort())
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(folder, file)))
      .update('\0');
  return hash.digest('hex');
}

/**
 * Of the code that runs here; null when that is not the product as it is shipped, in `dist` of a package with a name: then
 * nothing can be compared.
 */
export function ownDigest(): string | null {
  const dist = join(PACKAGE_ROOT, 'dist');
  if (!fileURLToPath(import.meta.url).startsWith(`${dist}${sep}`)) return null;
  const { name } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { name?: string };
  return name === undefined ? null : digestOf(dist);
}
