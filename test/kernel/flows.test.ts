/**
 * The documented flows on kernels: the same topology, the same role code, the same verdicts as on the simulator.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { runFlow } from '../../src/library/run/flow-run.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { flowWith, play } from '../smoke/support.js';
import { flowsOn, planOfFlow } from '../support/documented-flows.js';

const compiled = compileProduct([]);
afterAll(() => {
  compiled.remove();
});
const substrate = createNetns({ main: compiled.main });

// The clients' QoS policy is an nftables ruleset.
const nft = spawnSync('nft', ['--version']).error === undefined;
if (!nft && process.env['CI'] !== undefined) throw new Error('nft is missing; .ci/run installs it');

describe.skipIf(!nft)('the documented flows on kernels', () => {
  it.each(flowsOn('netns'))(
    '%s has the verdict of the simulator, check by check',
    async (id) => {
      const kernel = await runFlow(flowWith(id), planOfFlow(id), { substrate, seed: 1, captureFile: null });
      expect(kernel.error).toBeNull();
      expect(kernel.findings.filter((finding) => finding.status !== 'pass')).toEqual([]);
      expect(kernel.documented).toBe(true);
      const simulated = await play(flowWith(id), planOfFlow(id));
      const statuses = (verdict: typeof kernel): string[] => verdict.findings.map((finding) => `${finding.check} ${finding.status}`);
      expect(statuses(kernel)).toEqual(statuses(simulated));
      kernel.run.ledger.close();
      simulated.run.ledger.close();
    },
    200_000,
  );
});
