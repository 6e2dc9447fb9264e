/**
 * What a shell does in a program's place before it becomes the program: the folder, its files, and, in a mount namespace
 * of its own, the node's resolvers. Shell text that comes by stdin, so it may be as long as the files are.
 * All files lie in a tmpfs of the node's own, which goes with the last process of the node.
 * @module
 */
import type { ProgramStart } from './program-start.js';

/** Holds in a private mount namespace only. */
const ISOLATION = [
  'mount -t tmpfs -o mode=1777 callpath /dev/shm',
  // Names must come from the lab's resolvers: no cache daemon, no resolver daemon of the machine is asked.
  'if [ -d /run/nscd ]; then mount -t tmpfs -o mode=755 callpath /run/nscd; fi',
];

/** Lines for `sh -s -- COMMAND...`. @param isolated the shell has a mount namespace of its own and may mount */
export function prelude(start: ProgramStart, isolated: boolean): string {
  const lines = ['set -e', 'umask 022'];
  if (isolated) lines.push(...ISOLATION);
  lines.push(`mkdir -p ${quoted(start.folder)}`, `cd ${quoted(start.folder)}`);
  for (const { path, bytes } of start.files) {
    const folder = path.split('/').slice(0, -1).join('/');
    if (folder !== '') lines.push(`mkdir -p ${quoted(folder)}`);
    // Base64 in a here-document: any bytes of any length, and dash's echo must not read backslashes.
    lines.push(`base64 -d > ${quoted(path)} <<'END'`, ...base64Lines(bytes), 'END');
  }
  if (isolated) {
    lines.push("cat > .lab/resolv.conf <<'END'", start.resolvConf.trimEnd(), 'END', 'mount --bind .lab/resolv.conf /etc/resolv.conf');
    lines.push(
      'if [ -f /etc/nsswitch.conf ]; then',
      "sed 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf > .lab/nsswitch.conf",
      'mount --bind .lab/nsswitch.conf /etc/nsswitch.conf',
      'fi',
    );
  }
  lines.push(`cd ${quoted(start.workdir)}`, 'exec "$@" < /dev/null', '');
  return lines.join('\n');
}

const LINE = 57;

function base64Lines(bytes: Uint8Array): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += LINE) lines.push(btoa(String.fromCharCode(...bytes.subarray(at, at + LINE))));
  return lines;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
