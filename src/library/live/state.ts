/**
 * Where labs that are up keep their sockets: one folder of each user, which nobody else may enter.
 * @module
 */
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../base/error.js';

const END = '.sock';

/** Not TMPDIR's: a second terminal may have another one, and must find the lab all the same. */
function folder(): string {
  return join(process.env['XDG_RUNTIME_DIR'] ?? '/tmp', `callpath-${outerUser(process.getuid?.() ?? 0, uidMap())}`);
}

/**
 * Who a user is outside of this process's user namespace: there a lab without root calls itself root.
 * @param map lines of "first here, first outside, how many"; empty where there are no user namespaces
 * @see user_namespaces(7)
 */
export function outerUser(uid: number, map: string): number {
  for (const line of map.split('\n')) {
    const [inside = NaN, outside = NaN, count = NaN] = line.trim().split(/\s+/).map(Number);
    if (uid >= inside && uid < inside + count) return outside + uid - inside;
  }
  return uid;
}

function uidMap(): string {
  try {
    return readFileSync('/proc/self/uid_map', 'utf8');
  } catch {
    return '';
  }
}

export function socketOf(lab: string): string {
  return join(folder(), `${lab}${END}`);
}

/** Errors: CLI_USAGE when the folder can't be made, or is not this user's alone. */
export function makeStateFolder(): void {
  const path = folder();
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new LabError('CLI_USAGE', `can't make ${path}, where the lab's socket goes: ${(cause as Error).message}`, {
      hint: 'set XDG_RUNTIME_DIR to a folder of yours',
      cause,
    });
  }
  const stat = lstatSync(path);
  // Whoever may write there could put a socket of their own in the place of ours.
  if (!stat.isDirectory() || stat.uid !== process.getuid?.() || (stat.mode & 0o077) !== 0) {
    throw new LabError('CLI_USAGE', `${path}, where the lab's socket goes, is not yours alone`, {
      expected: 'a folder of yours with mode 700',
      hint: `remove it, or set XDG_RUNTIME_DIR to a folder of yours`,
    });
  }
}

/** Names of labs that have a socket, whether or not somebody still listens. */
export function labsWithSocket(): readonly string[] {
  if (!existsSync(folder())) return [];
  return readdirSync(folder())
    .filter((name) => name.endsWith(END))
    .map((name) => name.slice(0, -END.length))
    .sort();
}

/** Takes away the socket of a lab that was killed. */
export function forget(lab: string): void {
  rmSync(socketOf(lab), { force: true });
}
