/**
 * Images of other people's software, built by testcontainers from what is installed on this machine: no registry is asked.
 * They are on the base of our own image, which has the machine's Node and its libraries, and go with those of the run.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { GenericContainer } from 'testcontainers';
import { NODE_STUN } from '../software-support.js';
import { imageNamed, TEST_BASE } from './support.js';

/** node-stun's client; its arguments are the command. */
export function nodeStunImage(): Promise<string> {
  return build('node-stun', new Map([['/node-stun', NODE_STUN]]), ['node', '/node-stun/bin/client.js']);
}

/** coturn's server with its libraries; its arguments are the command. */
export function coturnImage(): Promise<string> {
  const server = spawnSync('sh', ['-c', 'command -v turnserver'], { encoding: 'utf8' }).stdout.trim();
  const { stdout } = spawnSync('ldd', [server], { encoding: 'utf8' });
  const libraries = [...stdout.matchAll(/=> (\/\S+) \(0x/g)].map(([, file = '']) => file);
  // By the paths that the loader looks at: Debian's /lib is /usr/lib.
  const files = [server, ...libraries].map((file) => [file.startsWith('/usr/') ? file : `/usr${file}`, file] as const);
  return build('coturn', new Map(files), [server]);
}

/** @param files path in the image, and where it comes from */
async function build(name: string, files: ReadonlyMap<string, string>, entrypoint: readonly string[]): Promise<string> {
  const context = mkdtempSync(join(tmpdir(), 'callpath-foreign-'));
  try {
    for (const [path, source] of files) {
      const copy = join(context, 'root', path);
      mkdirSync(dirname(copy), { recursive: true });
      cpSync(source, copy, { recursive: true, dereference: true });
    }
    writeFileSync(join(context, 'Dockerfile'), `ARG BASE\nFROM \${BASE}\nCOPY root /\nENTRYPOINT ${JSON.stringify(entrypoint)}\n`);
    const image = imageNamed(name);
    // Ours to remove: its own way to do so is the reaper.
    await GenericContainer.fromDockerfile(context).withBuildArgs({ BASE: TEST_BASE }).build(image, { deleteOnExit: false });
    return image;
  } finally {
    rmSync(context, { recursive: true });
  }
}
