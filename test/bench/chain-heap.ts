/**
 * What the hot path leaves on the heap. Prints, as JSON, octets of heap per datagram after warm-up, the least of some
 * rounds, over a chain of that many links. Run bundled, by
 * `node --expose-gc --min-semi-space-size=64 --max-semi-space-size=64 FILE`, so that nothing is collected within a round.
 * The ledger's columns and the file's chunk are typed arrays, whose octets lie outside the heap that is measured.
 */
import { parseArgs } from 'node:util';
import { assertInvariant, must } from '../../src/base/assert.js';
import type { ByteSink, ByteSource } from '../../src/capture/store/byte-store.js';
import { chainLab, type ChainOptions } from './chain-lab.js';

const { values } = parseArgs({
  options: { links: { type: 'string', default: '5' }, mode: { type: 'string', default: 'off' }, careless: { type: 'boolean', default: false } },
});

/** Takes everything, keeps nothing. */
class NoSink implements ByteSink {
  write(): void {}
  close(): void {}
  source(): ByteSource {
    assertInvariant(false, 'nothing was kept');
  }
}

const MODES: Readonly<Record<string, ChainOptions['record']>> = {
  off: null,
  ledger: { sink: null, records: 'both' },
  both: { sink: new NoSink(), records: 'both' },
};

const CALLS = 100;
const WARM = 25_000;
const ROUND = 5_000;
const ROUNDS = 6;

const record = MODES[values.mode];
assertInvariant(record !== undefined, `--mode is one of ${Object.keys(MODES).join(', ')}`);
const { scheduler, nodes, received } = chainLab({ links: Number(values.links), calls: CALLS, packets: 10_000, record });
const kept: { last: object | null } = { last: null };
if (values.careless) {
  for (const node of nodes) node.install({ point: 'forward', priority: 0, family: 0, run: (p) => ((kept.last = { id: p.id }), 0) });
}
const gc = must((globalThis as { gc?: () => void }).gc, 'node --expose-gc');

/** Octets of heap per datagram over the next `count` of them. */
function round(count: number): number {
  gc();
  const before = process.memoryUsage().heapUsed;
  const until = received() + count;
  while (received() < until) scheduler.step();
  return (process.memoryUsage().heapUsed - before) / count;
}

round(WARM);
// A collection makes a round negative, the compiler's own work beside it makes it dearer: the cheapest whole one tells.
const rounds = Array.from({ length: ROUNDS }, () => round(ROUND)).filter((octets) => octets >= 0);
console.log(JSON.stringify({ octets: Math.min(...rounds), rounds: rounds.length }));
