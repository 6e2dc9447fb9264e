/**
 * The documented flows on the kernel with a program on the callers' LAN that speaks noise to every port: the verdicts of the
 * others stay what they were, no role dies of it, and the ledger says who it was. All of it, and the experiments, in virtual
 * time: test/hostile.
 */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runFlow } from '../../src/library/run/flow-run.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { noiseScript, targetsOf } from '../hostile/noise.js';
import { addressIn, findingsOfOthers, namedIn, OFFENDER, planWithOffender } from '../hostile/offender.js';
import { flowWith, ROOT } from '../smoke/support.js';
import { DOCUMENTED_FLOWS } from '../support/documented-flows.js';

const compiled = compileProduct([]);
afterAll(() => {
  compiled.remove();
});

describe.each(DOCUMENTED_FLOWS)('$id beside a hostile program', ({ id, topology }) => {
  it('is as documented, and the ledger names the offender', async () => {
    const file = join(ROOT, 'topologies', `${topology}.lab.yaml`);
    const script = noiseScript(targetsOf(planWithOffender(file), OFFENDER), 1);
    const plan = planWithOffender(file, `kind: process, config: { command: ${JSON.stringify([process.execPath, '-e', script])}, ready: { output: ready } }`);
    const verdict = await runFlow(flowWith(id), plan, { substrate: createNetns({ main: compiled.main }), seed: 1, captureFile: null });
    const { ledger } = verdict.run;
    try {
      expect(verdict.error).toBeNull();
      expect(findingsOfOthers(verdict).filter((one) => !one.endsWith(': pass'))).toEqual([]);
      const events = ledger.events();
      expect(events.filter(({ name }) => name === 'role-failed')).toEqual([]);
      expect(events.filter(({ name }) => name === 'discard').length).toBeGreaterThan(0);
      expect(namedIn(ledger, addressIn(file)).refused).toBeGreaterThan(0);
    } finally {
      ledger.close();
    }
  }, 300_000);
});
