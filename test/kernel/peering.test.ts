/** Links of the peering topology fail in a run on kernels: their routes are changed when BGP's timers say so. */
import { afterAll, expect, it } from 'vitest';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { EXPECTED, playPeering } from '../support/peering.js';

const compiled = compileProduct();
afterAll(() => {
  compiled.remove();
});

it('packets follow what BGP makes of failing links, as on the simulator', async () => {
  const netns = createNetns({
    main: compiled.main,
    kindModules: new Map([['probe', { module: compiled.url('test/contract/probe/kind.ts'), export: 'probe' }]]),
  });
  const { ways, sessions, detected } = await playPeering(netns);
  expect(ways).toEqual(EXPECTED.ways);
  // Of one moment, in any order.
  expect([...sessions].sort()).toEqual([...EXPECTED.sessions].sort());
  // Never before its time; how much later is the machine's business.
  expect(detected).toBeGreaterThanOrEqual(0.9);
});
