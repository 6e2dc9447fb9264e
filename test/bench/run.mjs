// The benchmark: the peer workload on the simulator, capture off, one record a hop, and both ends; interleaved with
// ns-3 where it is installed (apt-get install g++ pkg-config libns3-dev libgsl-dev). Quotes medians and ratios.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '100' }, seconds: { type: 'string', default: '20' }, rounds: { type: 'string', default: '3' } },
});
const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '..', '..', 'node_modules', '.cache', 'bench');
mkdirSync(cache, { recursive: true });
const chain = join(cache, 'chain.mjs');
await build({ entryPoints: [join(here, 'chain.ts')], outfile: chain, bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external', logLevel: 'error' });

/** The peer's program, built when its libraries are there; null with the reason when not. */
function peer() {
  const binary = join(cache, 'ns3-chain');
  if (existsSync(binary)) return binary;
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'ns3-core', 'ns3-network', 'ns3-internet', 'ns3-point-to-point', 'ns3-applications', 'ns3-traffic-control'], { encoding: 'utf8' });
  if (flags.status !== 0) return null;
  const made = spawnSync('g++', ['-O2', join(here, 'peer', 'ns3-chain.cc'), '-o', binary, ...flags.stdout.trim().split(/\s+/)], { stdio: ['ignore', 2, 2] });
  return made.status === 0 ? binary : null;
}

const ours = (mode) => () => JSON.parse(execFileSync(process.execPath, [chain, '--calls', values.calls, '--seconds', values.seconds, '--mode', mode], { encoding: 'utf8' }));
const theirs = (binary, pcap) => () => {
  const text = execFileSync(binary, [`--n=${values.calls}`, `--t=${values.seconds}`, `--pcap=${pcap}`, `--out=${join(cache, 'ns3')}`], { encoding: 'utf8' });
  const number = (name) => Number(new RegExp(`${name}=([0-9.]+)`).exec(text)[1]);
  return { engine: `ns-3 ${pcap === 0 ? 'off' : 'all devices'}`, hopsPerSecond: number('hops/s'), wall: number('run\\+destroy_s'), rssMiB: number('rss_MiB') };
};

const binary = peer();
const runs = [ours('off'), ours('ledger'), ours('sent'), ours('both'), ...(binary === null ? [] : [theirs(binary, 0), theirs(binary, 2)])];
const results = new Map();
for (let round = 0; round < Number(values.rounds); round++) {
  for (const run of runs) {
    const result = run();
    results.set(result.engine, [...(results.get(result.engine) ?? []), result]);
  }
}
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
console.log(`${values.calls} calls x 2 streams x 50 packets/s x 172 bytes over 5 links and 4 routers, ${values.seconds} s of lab time; medians of ${values.rounds} interleaved rounds`);
for (const [engine, list] of results) {
  console.log(`${engine.padEnd(18)} ${String(median(list.map((r) => r.hopsPerSecond))).padStart(9)} hops/s  ${median(list.map((r) => r.wall)).toFixed(2).padStart(6)} s  ${median(list.map((r) => r.rssMiB)).toFixed(0).padStart(5)} MiB`);
}
const rate = (engine) => median((results.get(engine) ?? []).map((r) => r.hopsPerSecond));
if (binary === null) console.log('ns-3 is not installed: no ratio (apt-get install g++ pkg-config libns3-dev libgsl-dev)');
else console.log(`ratio to ns-3: off ${(rate('callpath off') / rate('ns-3 off')).toFixed(1)}x, captured at both ends ${(rate('callpath both') / rate('ns-3 all devices')).toFixed(1)}x`);
