import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('a hop allocates nothing: a million of them through links with rate, delay, jitter, loss and priority', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-hot-path-'));
  try {
    const outfile = join(folder, 'chain.mjs');
    const entry = new URL('./driver/chain.bench.ts', import.meta.url).pathname;
    await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', target: 'node20', outfile, logLevel: 'error' });
    // A process of its own, with a young generation so large that nothing is collected between the two looks at it.
    const out = execFileSync(process.execPath, ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64', outfile, '1'], { encoding: 'utf8' });
    const result = JSON.parse(out) as { hops: number; bytesPerHop: number; slabsMade: number };
    expect(result.hops).toBe(1e6);
    expect(result.slabsMade).toBe(0);
    // One boxed number per hop would be 16, an object 24 or more; what is left is each fifth hop's timer, whose time and
    // id are handed over as arguments. Below zero something was collected, and the figure says nothing.
    expect(result.bytesPerHop).toBeLessThan(12);
    expect(result.bytesPerHop).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
