/**
 * One measurement of the simulator under the benchmark's workload (see chain-lab.ts): five links, four routers. One per
 * process, so that none runs on code that another one's compiler made; prints one line of JSON.
 * What is timed: from the first event to the closed capture file. Not timed: start of Node, reading of the topology.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { assertInvariant } from '../../src/base/assert.js';
import { seconds } from '../../src/base/time.js';
import { FileSink } from '../../src/capture/store/byte-store.js';
import { createVirtualDriver } from '../../src/fabric/driver/virtual-driver.js';
import { chainLab, type ChainOptions } from './chain-lab.js';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '100' }, seconds: { type: 'string', default: '20' }, mode: { type: 'string', default: 'off' } },
});
const LINKS = 5;
const calls = Number(values.calls);
const length = Number(values.seconds);
const folder = mkdtempSync(join(tmpdir(), 'callpath-bench-'));
const file = (): FileSink => new FileSink(join(folder, 'chain.pcapng'));
const MODES: Readonly<Record<string, () => ChainOptions['record']>> = {
  off: () => null,
  ledger: () => ({ sink: null, records: 'both' }),
  sent: () => ({ sink: file(), records: 'sent' }),
  both: () => ({ sink: file(), records: 'both' }),
};

try {
  const record = MODES[values.mode];
  assertInvariant(record !== undefined, `--mode is one of ${Object.keys(MODES).join(', ')}`);
  const packets = length * 50;
  const { scheduler, recorder, received } = chainLab({ links: LINKS, calls, packets, record: record() });
  let finish: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    finish = resolve;
  });
  scheduler.at(seconds(length + 1), { fire: () => (scheduler.touch(), finish()) }, 0, null);
  const cpuBegan = process.cpuUsage();
  const began = performance.now();
  await createVirtualDriver(scheduler).run(done, seconds(length + 2));
  recorder?.close(scheduler.now);
  const wall = (performance.now() - began) / 1000;
  const spent = process.cpuUsage(cpuBegan);
  const expected = calls * 2 * packets;
  assertInvariant(received() === expected, `${received()} of ${expected} datagrams arrived`);
  const cpu = (spent.user + spent.system) / 1e6;
  console.log(JSON.stringify({ hops: expected * LINKS, wall, cpu, rssMiB: process.memoryUsage().rss / 2 ** 20 }));
} finally {
  rmSync(folder, { recursive: true });
}
