// The firewall benchmark: what a rule file costs a packet of a known connection, by the number of rules, by where the rule
// for known connections stands, with verdicts kept with the connection and without. Each measurement is a process of its
// own, all in turn, several rounds; medians are printed. That counters and limits are the same with and without is checked.
//   npm run bench:firewall -- [--calls 100] [--seconds 10] [--rounds 3]
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '100' }, seconds: { type: 'string', default: '10' }, rounds: { type: 'string', default: '3' } },
});
for (const name of ['calls', 'seconds', 'rounds']) {
  if (/^[1-9]\d*$/.test(values[name])) continue;
  console.error(`--${name} ${values[name]}: a whole number above 0 is needed`);
  process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '..', '..', '..', 'node_modules', '.cache', 'bench');
mkdirSync(cache, { recursive: true });
const program = join(cache, 'firewall.mjs');
await build({
  entryPoints: [join(here, 'firewall.ts')],
  outfile: program,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  logLevel: 'error',
});

const variants = [
  { name: 'no rules, no tracking', options: {} },
  ...['first', 'last'].flatMap((order) =>
    [10, 1000].flatMap((rules) =>
      ['on', 'off'].map((kept) => ({ name: `${rules} rules, established ${order}`, kept, options: { rules, order, cache: kept } })),
    ),
  ),
  ...['on', 'off'].map((kept) => ({
    name: '1000 rules, a limit, established last',
    kept,
    options: { rules: 1000, order: 'last', limited: 4000, cache: kept },
  })),
];
const results = variants.map(() => []);
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [i, { options }] of variants.entries()) {
    const args = Object.entries({ calls: values.calls, seconds: values.seconds, ...options }).flatMap(([name, value]) => [`--${name}`, String(value)]);
    results[i].push(JSON.parse(execFileSync(process.execPath, [program, ...args], { encoding: 'utf8' })));
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const nanos = (i) => median(results[i].map(({ wall, packets }) => (wall / packets) * 1e9));
const bare = nanos(0);
console.log(`${values.calls} calls x 2 streams x 50 packets/s over one router, ${values.seconds} s of lab time; ns a packet: two links, two hosts, the router`);
console.log(`${cpus().length} x ${cpus()[0]?.model.trim()}, Node ${process.version}; medians of ${values.rounds} rounds in turn\n`);
console.log(`${'rules'.padEnd(40)}${'verdicts kept'.padEnd(16)}${'ns/packet'.padStart(10)}${'firewall'.padStart(10)}${'by a kept verdict'.padStart(20)}`);
for (const [i, { name, kept = '-' }] of variants.entries()) {
  const [one] = results[i];
  const share = kept === 'on' ? `${((one.kept / one.packets) * 100).toFixed(1)} %` : '-';
  console.log(
    `${name.padEnd(40)}${kept.padEnd(16)}${nanos(i).toFixed(0).padStart(10)}${(i === 0 ? '-' : (nanos(i) - bare).toFixed(0)).padStart(10)}${share.padStart(20)}`,
  );
}

// What is measured must not differ in what it does.
let wrong = 0;
for (const [i, { name, kept }] of variants.entries()) {
  if (kept !== 'on') continue;
  const [one] = results[i];
  const [other] = results[i + 1];
  if (one.counters.length > 0 && one.received === other.received && isDeepStrictEqual(one.counters, other.counters)) continue;
  wrong++;
  console.error(
    `${name}: counters differ with kept verdicts\n${JSON.stringify([one.received, one.counters])}\n${JSON.stringify([other.received, other.counters])}`,
  );
}
if (wrong > 0) process.exit(1);
console.log('\nCounters (packets and octets of each rule) and what the limit let through: the same with kept verdicts and without.');
