// The differential suite with more cases than CI runs, or other ones.
//   npm run test:differential -- --cases 20000 --seed 7
//   npm run test:differential -- --cases 0 --record     writes anew what the kernel answers to the cases that were found
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '3000' }, seed: { type: 'string', default: '1' }, record: { type: 'boolean', default: false } },
});
for (const name of ['cases', 'seed']) {
  if (/^\d+$/.test(values[name])) continue;
  console.error(`--${name} ${values[name]}: a whole number is needed`);
  process.exit(2);
}
const { status } = spawnSync('npx', ['vitest', 'run', '--config', 'vitest.kernel.config.ts', 'test/kernel/differential.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, CALLPATH_CASES: values.cases, CALLPATH_SEED: values.seed, ...(values.record && { CALLPATH_RECORD: '1' }) },
});
process.exit(status ?? 1);
