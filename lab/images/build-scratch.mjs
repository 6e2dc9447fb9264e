// Builds the image where no registry can be reached: the base is FROM scratch in all but name, holding this machine's
// Node, the tools that wire a lab, and the libraries and lists of names that these need; on it the same Dockerfile builds
// as on a public base.
//
//   node lab/images/build-scratch.mjs [--tag callpath:local] [--base callpath-base:local]
//
// Needs Linux, a checkout that `npm start` has set up, `ip`, `bridge` and `nft`, and the docker command.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { tag: { type: 'string', default: 'callpath:local' }, base: { type: 'string', default: 'callpath-base:local' } } });
const TOOLS = ['ip', 'bridge', 'nft', 'setpriv', 'cat', 'sleep'];
// By which nft knows protocols and services.
const NAMES = ['/etc/protocols', '/etc/services'];

const work = mkdtempSync(join(tmpdir(), 'callpath-image-'));
try {
  const base = join(work, 'base');
  makeBase(base);
  run('sh', ['-c', `tar -C "${base}" --numeric-owner --owner=0 --group=0 -c . | docker import --change 'ENV PATH=/usr/local/bin:/usr/bin' - "${values.base}"`]);
  const source = join(work, 'source');
  run(process.execPath, [join(here, 'assemble.mjs'), source]);
  // No network: everything is there, and a daemon without a bridge has none to give.
  run('docker', [
    'build',
    '--network',
    'none',
    '--build-arg',
    `BASE=${values.base}`,
    '-t',
    values.tag,
    '-f',
    join(source, 'lab', 'images', 'Dockerfile'),
    source,
  ]);
  // The stage that assembled it is of no more use.
  run('docker', ['image', 'prune', '--force', '--filter', 'label=callpath.stage=build']);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function makeBase(root) {
  for (const folder of ['usr/bin', 'etc', 'tmp', 'proc', 'sys', 'dev', 'run', 'var']) mkdirSync(join(root, folder), { recursive: true });
  // As on any system: the nodes run as nobody.
  chmodSync(join(root, 'tmp'), 0o1777);
  // Debian's merged /usr: what is asked for in /bin or /lib64 is found in /usr.
  for (const [link, to] of [
    ['bin', 'usr/bin'],
    ['sbin', 'usr/bin'],
    ['lib', 'usr/lib'],
    ['lib64', 'usr/lib64'],
  ])
    symlinkSync(to, join(root, link));
  writeFileSync(join(root, 'etc', 'passwd'), 'root:x:0:0:root:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n');
  writeFileSync(join(root, 'etc', 'group'), 'root:x:0:\nnogroup:x:65534:\n');
  for (const file of NAMES) {
    if (!existsSync(file)) fail(`there is no ${file} on this machine (apt-get install netbase)`);
    cpSync(file, join(root, file), { dereference: true });
  }
  const programs = new Map([['node', realpathSync(process.execPath)], ...TOOLS.map((tool) => [tool, which(tool)])]);
  const libraries = new Set();
  for (const [name, file] of programs) {
    cpSync(file, join(root, 'usr', 'bin', name), { dereference: true });
    for (const library of librariesOf(file)) libraries.add(library);
  }
  for (const library of libraries) {
    const place = join(root, library.startsWith('/usr/') ? library : `/usr${library}`);
    mkdirSync(dirname(place), { recursive: true });
    cpSync(library, place, { dereference: true });
  }
}

/** What the program is linked with, as it is asked for: by the paths that the loader looks at. */
function librariesOf(file) {
  const { stdout } = spawnSync('ldd', [file], { encoding: 'utf8' });
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map((match) => match[1]);
}

function which(tool) {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  const found = folders.map((folder) => join(folder, tool)).find((file) => existsSync(file) && isProgram(file));
  if (found === undefined) fail(`"${tool}" is not installed on this machine (apt-get install iproute2 nftables util-linux coreutils)`);
  return realpathSync(found);
}

function fail(lack) {
  console.error(`build-scratch: ${lack}`);
  rmSync(work, { recursive: true, force: true });
  process.exit(2);
}

/** Machine code, not a script: nothing in the image could run that. */
function isProgram(file) {
  const fd = openSync(file, 'r');
  try {
    const magic = new Uint8Array(4);
    return readSync(fd, magic) === 4 && String.fromCharCode(...magic) === '\x7fELF';
  } finally {
    closeSync(fd);
  }
}

function run(command, args) {
  const done = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) {
    console.error(`build-scratch: ${command} ${args[0]} failed; its output is above`);
    rmSync(work, { recursive: true, force: true });
    process.exit(3);
  }
}
