// Sees to it that the image has the tools that wire a lab: `ip` and `nft`, and the `cat` that a node's container is
// kept by. Runs while the image is built.
import { spawnSync } from 'node:child_process';

const PACKAGES = { ip: 'iproute2', nft: 'nftables', cat: 'coreutils', sleep: 'coreutils' };
const INSTALLERS = [
  ['apt-get', 'apt-get update && apt-get install -y --no-install-recommends PACKAGES && rm -rf /var/lib/apt/lists/*'],
  ['apk', 'apk add --no-cache PACKAGES'],
  ['dnf', 'dnf install -y PACKAGES && dnf clean all'],
];

const has = (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined;

const missing = [...new Set(Object.entries(PACKAGES).filter(([tool]) => !has(tool)).map(([, name]) => name))];
if (missing.length > 0) {
  const installer = INSTALLERS.find(([tool]) => has(tool));
  if (installer === undefined) {
    console.error(`the base image lacks ${missing.join(', ')}, and no package manager that could install them; choose another: --build-arg BASE=node:22-bookworm-slim`);
    process.exit(1);
  }
  const done = spawnSync('sh', ['-c', installer[1].replace('PACKAGES', missing.join(' '))], { stdio: 'inherit' });
  process.exit(done.status ?? 1);
}
