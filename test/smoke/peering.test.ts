/** Links of the peering topology fail in a run on the simulator: BGP moves the routes, and packets follow. */
import { expect, it } from 'vitest';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import { EXPECTED, playPeering } from '../support/peering.js';

it('packets follow what BGP makes of failing links, when it makes it; the ledger tells the sessions', async () => {
  const { ways, sessions, detected } = await playPeering(sim);
  expect(ways).toEqual(EXPECTED.ways);
  expect(sessions).toEqual(EXPECTED.sessions);
  expect(detected).toBe(0.9);
});
