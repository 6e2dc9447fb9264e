/** Links of the peering topology fail in a run on the simulator: BGP moves the routes, and packets follow. */
import { expect, it } from 'vitest';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import { buildLab, planOf } from '../kernel/support.js';
import { EXPECTED, KINDS, playPeering } from '../support/peering.js';

it('nodes without routes cannot be told any', async () => {
  const plan = planOf(
    'name: x\ntopology: { nodes: { a: { kind: router }, sw: { kind: bridge, prefixes: [10.0.0.0/24] } }, links: [{ endpoints: ["a:e", "sw:1"] }] }\n',
    KINDS,
  );
  const { lab, finish } = await buildLab(sim, plan, { kinds: KINDS });
  for (const name of ['sw', 'nobody']) expect(() => lab.node(name)).toThrow(expect.objectContaining({ code: 'ROLE_COMMAND', expected: 'one of: a' }));
  (await finish()).close();
});

it('packets follow what BGP makes of failing links, when it makes it; the ledger tells the sessions', async () => {
  const { ways, sessions, detected } = await playPeering(sim);
  expect(ways).toEqual(EXPECTED.ways);
  expect(sessions).toEqual(EXPECTED.sessions);
  expect(detected).toBe(0.9);
});
