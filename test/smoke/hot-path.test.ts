import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';

const LINKS = 14;
/** Octets of the smallest thing that V8 makes: a number that is boxed. */
const BOX = 16;

const folder = mkdtempSync(join(tmpdir(), 'callpath-hot-path-'));
const program = join(folder, 'chain-heap.cjs');

beforeAll(async () => {
  const entry = new URL('../bench/chain-heap.ts', import.meta.url).pathname;
  await build({ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'error' });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Octets of heap per hop, with all that a datagram costs at its two ends (its timer, its address) counted among them. */
function octetsPerHop(mode: string, ...more: string[]): number {
  // A young generation so large that nothing is collected while it is measured, in a process of its own.
  const flags = ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'];
  const out = execFileSync(process.execPath, [...flags, program, '--mode', mode, '--links', String(LINKS), ...more], { encoding: 'utf8' });
  const { octets, rounds } = JSON.parse(out) as { octets: number; rounds: number };
  expect(rounds).toBeGreaterThan(0);
  return octets / LINKS;
}

// Hosts, 13 routers and 14 links with rate and delay: net stack, fabric, ledger and file as a run has them.
test.each([
  ['off', 'no recorder'],
  ['ledger', 'the ledger, two records a hop'],
  ['both', 'ledger and capture file, two records a hop'],
])('a hop makes nothing on the heap: %s (%s)', (mode) => {
  expect(octetsPerHop(mode)).toBeLessThan(0.75 * BOX);
});

test('one object in each router would be seen', () => {
  expect(octetsPerHop('both', '--careless')).toBeGreaterThan(1.25 * BOX);
});
