// The benchmark of the kernel substrates: the same namespaces joined by callpath's fabric, recorded, and by plain veth
// pairs with a tcpdump each. Every measurement is a process of its own; the two take turns, several rounds; medians are
// printed, since other work on the machine comes and goes.
//   npm run bench:kernel -- [--rounds 5] [--nodes 20] [--seconds 3]
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const number = (value) => ({ type: 'string', default: value });
const { values } = parseArgs({ options: { rounds: number('5'), nodes: number('20'), seconds: number('3') } });
const [rounds, nodes, seconds] = ['rounds', 'nodes', 'seconds'].map((name) => {
  const n = Number(values[name]);
  if (Number.isInteger(n) && n > 0 && (name !== 'nodes' || (n >= 4 && n % 2 === 0))) return n;
  console.error(`--${name} ${values[name]}: ${name === 'nodes' ? 'an even number from 4 on' : 'a whole number above 0'} is needed`);
  process.exit(2);
});
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
const cache = join(root, 'node_modules', '.cache', 'bench');
mkdirSync(cache, { recursive: true });
const measure = join(cache, 'measure.mjs');
await build({
  entryPoints: [join(here, 'measure.ts')],
  outfile: measure,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'error',
});

const roleMain = join(root, 'dist', 'substrate', 'kernel', 'role', 'main.js');
const take = (what, ground, count) => {
  // In a session of its own, for the sake of its priority.
  const run = spawnSync('setsid', ['--wait', process.execPath, measure, what, ground, String(count), String(seconds), roleMain], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status === 0) return JSON.parse(run.stdout);
  console.error(`${what} on ${ground} failed`);
  process.exit(1);
};

const LONG = 5;
const MANY = nodes * 5;
const BOTH = ['fabric', 'veth'];
const plan = [
  { what: 'build', count: nodes, grounds: BOTH },
  { what: 'trip', count: 1, grounds: BOTH },
  { what: 'trip', count: LONG, grounds: BOTH },
  { what: 'flood', count: 1, grounds: BOTH },
  { what: 'flood', count: LONG, grounds: BOTH },
  { what: 'memory', count: MANY, grounds: BOTH },
  { what: 'roles', count: 8, grounds: ['fabric'] },
];
const results = new Map();
for (let round = 0; round < rounds; round++) {
  for (const { what, count, grounds } of plan) {
    // Who is first changes from round to round.
    for (const ground of round % 2 === 0 ? grounds : [...grounds].reverse()) {
      const key = `${what} ${count} ${ground}`;
      results.set(key, [...(results.get(key) ?? []), take(what, ground, count)]);
    }
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const of = (what, count, ground, field) => median(results.get(`${what} ${count} ${ground}`).map((one) => one[field]));
const round3 = (n) => (Number.isFinite(n) ? Number(n.toPrecision(3)).toLocaleString('en', { useGrouping: false, maximumFractionDigits: 3 }) : '-');
const rows = [];
const row = (name, unit, what, count, field, compare) => {
  const [ours, theirs] = BOTH.map((ground) => of(what, count, ground, field));
  rows.push([name, unit, round3(ours), round3(theirs), compare === 'added' ? `+${round3(ours - theirs)}` : `${(ours / theirs).toFixed(2)}x`]);
};
row(`build of ${nodes} nodes, ${nodes * 1.5} links`, 'ms', 'build', nodes, 'millis', 'ratio');
for (const links of [1, LONG]) {
  row(`round trip over ${links} ${links === 1 ? 'link' : 'links'}, median`, 'us', 'trip', links, 'median', 'added');
  row(`  99 %`, 'us', 'trip', links, 'high', 'added');
}
for (const links of [1, LONG]) {
  row(`flood over ${links} ${links === 1 ? 'link' : 'links'}, arrived`, 'packets/s', 'flood', links, 'rate', 'ratio');
  row('  hops that were captured', 'share', 'flood', links, 'captured', 'ratio');
}
row(`memory a node, ${MANY} nodes, ${MANY * 1.5} links: processes`, 'KiB', 'memory', MANY, 'processes', 'ratio');
row('  kernel', 'KiB', 'memory', MANY, 'kernel', 'ratio');

const version = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
console.log(
  `${cpus().length} x ${cpus()[0]?.model.trim()}, Linux ${version}, Node ${process.version}, load ${loadavg()
    .map((n) => n.toFixed(1))
    .join(' ')}; medians of ${rounds} rounds in turn\n`,
);
const table = [['', '', 'callpath', 'veth + tcpdump', ''], ...rows];
const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...table.map((cells) => cells[i].length)));
for (const cells of table)
  console.log(
    cells
      .map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
console.log(
  `\n8 dns servers, a process each: up in ${round3(of('roles', 8, 'fabric', 'millis'))} ms, ${round3(of('roles', 8, 'fabric', 'processes') / 1024)} MiB a process.`,
);
