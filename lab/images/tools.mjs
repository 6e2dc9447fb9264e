// Sees to it that the image has the tools that wire a lab: `ip`, `bridge` and `nft`, the names of protocols and services that nft
// looks up in files, `setpriv` by which what watches rules ends with the lab, and the `cat` that a node's container is
// kept by. Runs while the image is built.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PACKAGES = { ip: 'iproute2', bridge: 'iproute2', nft: 'nftables', setpriv: 'util-linux', cat: 'coreutils', sleep: 'coreutils' };
// Where they are packages of their own; other systems never lack them.
const FILES = { '/etc/protocols': 'netbase', '/etc/services': 'netbase' };
const INSTALLERS = [
  ['apt-get', 'apt-get update && apt-get install -y --no-install-recommends PACKAGES && rm -rf /var/lib/apt/lists/*'],
  ['apk', 'apk add --no-cache PACKAGES'],
  ['dnf', 'dnf install -y PACKAGES && dnf clean all'],
];

const has = (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined;

const lacking = [...Object.entries(PACKAGES).filter(([tool]) => !has(tool)), ...Object.entries(FILES).filter(([file]) => !existsSync(file))];
const missing = [...new Set(lacking.map(([, name]) => name))];
if (missing.length > 0) {
  const installer = INSTALLERS.find(([tool]) => has(tool));
  if (installer === undefined) {
    console.error(
      `the base image lacks ${missing.join(', ')}, and no package manager that could install them; choose another: --build-arg BASE=node:22-bookworm-slim`,
    );
    process.exit(1);
  }
  const done = spawnSync('sh', ['-c', installer[1].replace('PACKAGES', missing.join(' '))], { stdio: 'inherit' });
  process.exit(done.status ?? 1);
}
