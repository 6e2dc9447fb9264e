/**
 * One measurement of the firewall benchmark: calls of ../chain-lab.ts over two links and one router with a rule file.
 * One per process; prints one line of JSON. What is timed: all events. Not timed: reading of topology and rules.
 */
import { parseArgs } from 'node:util';
import { assertInvariant, must } from '../../../src/base/assert.js';
import { seconds } from '../../../src/base/time.js';
import { createVirtualDriver } from '../../../src/fabric/driver/virtual-driver.js';
import { Netfilter } from '../../../src/netstack/netfilter/netfilter.js';
import { parseRuleset } from '../../../src/nft/parse-ruleset.js';
import { chainLab } from '../chain-lab.js';
import { ruleFile, type Order } from './rule-files.js';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '10' },
    rules: { type: 'string', default: '0' },
    order: { type: 'string', default: 'first' },
    limited: { type: 'string', default: '' },
    cache: { type: 'string', default: 'on' },
  },
});
const LINKS = 2;
const calls = Number(values.calls);
const length = Number(values.seconds);
const rules = Number(values.rules);

const chain = chainLab({ links: LINKS, calls, packets: length * 50, record: null });
const router = must(
  chain.nodes.find((node) => node.name === 'r1'),
  'router',
);
const netfilter = rules === 0 ? null : new Netfilter(router, {}, { cache: values.cache === 'on' });
if (netfilter !== null) {
  const text = ruleFile(rules, values.order as Order, values.limited === '' ? null : Number(values.limited));
  const parsed = parseRuleset('bench.nft', () => text);
  if (!parsed.ok) throw parsed.errors[0] as Error;
  netfilter.load(parsed.ruleset);
}
let finish: () => void = () => undefined;
const done = new Promise<void>((resolve) => {
  finish = resolve;
});
chain.scheduler.at(seconds(length + 1), { fire: () => (chain.scheduler.touch(), finish()) }, 0, null);
const cpuBegan = process.cpuUsage();
const began = performance.now();
await createVirtualDriver(chain.scheduler).run(done, seconds(length + 2));
const wall = (performance.now() - began) / 1000;
const spent = process.cpuUsage(cpuBegan);

const packets = calls * 2 * length * 50;
const counters = (netfilter?.rules.counters() ?? [])
  .filter((counter) => counter.packets > 0)
  .map((counter) => [counter.rule?.text ?? counter.name, counter.packets, counter.bytes]);
if (values.limited === '') assertInvariant(chain.received() === packets, `${chain.received()} of ${packets} datagrams arrived`);
console.log(
  JSON.stringify({ packets, received: chain.received(), wall, cpu: (spent.user + spent.system) / 1e6, kept: netfilter?.rules.cached ?? 0, counters }),
);
