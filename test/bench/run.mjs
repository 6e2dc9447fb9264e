// The benchmark: the workload of chain-lab.ts on the simulator, without recorder, with the ledger, with one and with two
// capture records a hop, each in a process of its own; and on ns-3 where that is installed. All of them in turn, several
// rounds; medians are printed, since other work on the machine comes and goes.
//   npm run bench -- [--calls 100] [--seconds 20] [--rounds 3]
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '100' }, seconds: { type: 'string', default: '20' }, rounds: { type: 'string', default: '3' } },
});
const [calls, seconds, rounds] = ['calls', 'seconds', 'rounds'].map((name) => {
  const n = Number(values[name]);
  if (Number.isInteger(n) && n > 0) return n;
  console.error(`--${name} ${values[name]}: a whole number above 0 is needed`);
  process.exit(2);
});
const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '..', '..', 'node_modules', '.cache', 'bench');
mkdirSync(cache, { recursive: true });
const chain = join(cache, 'chain.mjs');
await build({
  entryPoints: [join(here, 'chain.ts')],
  outfile: chain,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'error',
});

const INSTALL = 'apt-get install g++ pkg-config libns3-dev libgsl-dev';

/** The peer's program, built when its libraries are there; else why not. */
function peer() {
  const source = join(here, 'peer', 'ns3-chain.cc');
  const binary = join(cache, 'ns3-chain');
  if (existsSync(binary) && statSync(binary).mtimeMs > statSync(source).mtimeMs) return { binary, why: '' };
  const modules = ['core', 'network', 'internet', 'point-to-point', 'applications', 'traffic-control'].map((name) => `ns3-${name}`);
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', ...modules], { encoding: 'utf8' });
  if (flags.status !== 0) return { binary: null, why: `ns-3 is not installed: no ratio (${INSTALL})` };
  const made = spawnSync('g++', ['-O2', source, '-o', binary, ...flags.stdout.trim().split(/\s+/)], { stdio: ['ignore', 2, 2] });
  return made.status === 0 ? { binary, why: '' } : { binary: null, why: `ns-3's program was not built, see above: no ratio (${INSTALL})` };
}

function peerVersion() {
  const said = spawnSync('pkg-config', ['--modversion', 'ns3-core'], { encoding: 'utf8' });
  return said.status === 0 ? said.stdout.trim() : '?';
}

const ours = (mode) => () =>
  JSON.parse(execFileSync(process.execPath, [chain, '--calls', String(calls), '--seconds', String(seconds), '--mode', mode], { encoding: 'utf8' }));
const theirs = (binary, pcap) => () => {
  const out = join(cache, 'ns3');
  const text = execFileSync(binary, [`--n=${calls}`, `--t=${seconds}`, `--pcap=${pcap}`, `--out=${out}`], { encoding: 'utf8' });
  for (let node = 0; node < 6; node++) for (let device = 0; device < 3; device++) rmSync(`${out}-${node}-${device}.pcap`, { force: true });
  const number = (name) => Number(new RegExp(`${name}=([0-9.]+)`).exec(text)[1]);
  return { hops: number(' hops'), wall: number('run\\+destroy_s'), cpu: number('cpu_s'), rssMiB: number('rss_MiB') };
};

const { binary, why } = peer();
const engines = [
  { name: 'callpath, no recorder', run: ours('off'), peer: 'ns-3, no capture' },
  { name: 'callpath, ledger of both ends', run: ours('ledger'), peer: 'ns-3, no capture' },
  { name: 'callpath, ledger + 1 record a hop', run: ours('sent'), peer: 'ns-3, 1 device a link captured' },
  { name: 'callpath, ledger + 2 records a hop', run: ours('both'), peer: 'ns-3, all devices captured' },
];
if (binary !== null) {
  engines.push(
    { name: 'ns-3, no capture', run: theirs(binary, 0) },
    { name: 'ns-3, 1 device a link captured', run: theirs(binary, 1) },
    { name: 'ns-3, all devices captured', run: theirs(binary, 2) },
  );
}
const results = new Map(engines.map(({ name }) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const { name, run } of engines) results.get(name).push(run());
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const of = (name, what) => median(results.get(name).map(what));
const perHop = (name) => of(name, (r) => (r.wall / r.hops) * 1e9);
const cpuPerHop = (name) => of(name, (r) => (r.cpu / r.hops) * 1e9);

console.log(`${calls} calls x 2 streams x 50 packets/s x 172 octets of payload, 5 links (100 Mbit/s, 5 ms), 4 routers, ${seconds} s of lab time`);
console.log(
  `${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}${binary === null ? '' : `, ns-3 ${peerVersion()}`}; medians of ${rounds} rounds in turn\n`,
);
console.log(`${'engine'.padEnd(36)}${'hops/s'.padStart(11)}${'ns/hop'.padStart(9)}${'CPU ns/hop'.padStart(12)}${'MiB'.padStart(6)}   ratio`);
for (const { name, peer: other } of engines) {
  const ratio =
    other !== undefined && results.has(other)
      ? `   ${(perHop(other) / perHop(name)).toFixed(1)}x of ${other} (${(cpuPerHop(other) / cpuPerHop(name)).toFixed(1)}x by CPU time)`
      : '';
  const rate = Math.round(1e9 / perHop(name));
  const cpu = cpuPerHop(name);
  const memory = of(name, (r) => r.rssMiB);
  console.log(
    `${name.padEnd(36)}${String(rate).padStart(11)}${perHop(name).toFixed(0).padStart(9)}${cpu.toFixed(0).padStart(12)}${memory.toFixed(0).padStart(6)}${ratio}`,
  );
}
console.log("\nTimed: all events to the closed capture. Not timed: start of the process, building of the network. CPU: all threads, the compiler's too.");
if (why !== '') console.log(why);
