// `npm run test:property -- --seed N|fresh [FILE...]`: the property tests by another seed; what fails is filed in found.json.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const args = process.argv.slice(2);
const at = args.indexOf('--seed');
const given = at < 0 ? 'fresh' : args.splice(at, 2)[1];
const seed = given === 'fresh' ? Date.now() % 2 ** 31 : Number(given);
if (!Number.isSafeInteger(seed)) {
  console.error(`"${given}" is no seed: --seed NUMBER, or --seed fresh`);
  process.exit(2);
}
const tests = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith('.test.ts') && readFileSync(name, 'utf8').includes("from 'fast-check'"));
const files = args.length > 0 ? args : [...tests('src'), ...tests('test').filter((name) => !name.startsWith(join('test', 'kernel')))];
console.log(`property tests by seed ${seed}: npm run test:property -- --seed ${seed}`);
const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...files], {
  stdio: 'inherit',
  env: { ...process.env, FC_SEED: String(seed) },
});
if (status !== 0) console.log('what was found stands in test/support/property/found.json');
process.exit(status ?? 1);
