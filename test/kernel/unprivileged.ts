/**
 * Commands as somebody has them who is not root, on a machine whose /dev/net/tun is as it is told here. Mounts of a
 * namespace of the command's own: the machine's device, and the folders that only root may enter, stay as they are.
 */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT } from './support.js';

/** `nobody`: owns nothing here. */
const USER = 65534;

/** $1: the place, $2: the project, $3: Node, $4: mode of the device; then the command. */
const SCRIPT = `set -e
place=$1 project=$2 node=$3 mode=$4
shift 4
mount --bind "$project" "$place/project"
mount --bind "$node" "$place/node"
mount -t tmpfs -o mode=755 callpath "$place/dev"
mknod "$place/dev/tun" c 10 200
chmod "$mode" "$place/dev/tun"
mount --bind "$place/dev/tun" /dev/net/tun
exec setpriv --reuid ${USER} --regid ${USER} --clear-groups -- "$@"`;

export class Unprivileged {
  /** Of the user's own. */
  readonly folder: string;
  readonly #place: string;

  constructor() {
    this.#place = mkdtempSync(join(tmpdir(), 'callpath-nobody-'));
    chmodSync(this.#place, 0o755);
    for (const name of ['project', 'dev', 'home']) mkdirSync(join(this.#place, name));
    writeFileSync(join(this.#place, 'node'), '');
    this.folder = join(this.#place, 'home');
    chownSync(this.folder, USER, USER);
  }

  /** Another folder of the user's. */
  makeFolder(name: string): string {
    const folder = join(this.folder, name);
    mkdirSync(folder);
    chownSync(folder, USER, USER);
    return folder;
  }

  /**
   * Words that start Node on a script; the process that they make is Node's, by its number too.
   * @param script absolute, below the project's root
   * @param tun mode of /dev/net/tun
   */
  node(script: string, tun: '666' | '600'): readonly string[] {
    const place = this.#place;
    return [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      SCRIPT,
      'sh',
      place,
      ROOT,
      process.execPath,
      tun,
      join(place, 'node'),
      join(place, 'project', relative(ROOT, script)),
    ];
  }

  remove(): void {
    rmSync(this.#place, { recursive: true, force: true });
  }
}
