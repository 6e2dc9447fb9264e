/**
 * A documented flow on the kernel with a program on the callers' LAN that speaks noise to every port: no role dies of it, and
 * the ledger says who it was. That the verdicts of the others stay what they were is shown in virtual time (test/hostile): here
 * a machine with other work may be too slow for all that noise.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runFlow } from '../../src/library/run/flow-run.js';
import { KINDS } from '../../src/roles/kinds.js';
import { compileProduct } from '../../src/substrate/kernel/role/compiled.testkit.js';
import { createNetns } from '../../src/substrate/netns/netns.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import { noiseScript, refusedBy, targetsOf } from '../hostile/noise.js';
import { flowWith, planFrom, ROOT, swap } from '../smoke/support.js';

const OFFENDER = 'mallory';
const ADDRESS = '10.1.0.66';

const compiled = compileProduct([]);
afterAll(() => {
  compiled.remove();
});

it('hybrid-p2p-onprem beside a hostile program ends as it would, and the ledger names the offender', async () => {
  const file = join(ROOT, 'topologies', 'contoso.lab.yaml');
  const script = noiseScript(targetsOf(planFrom('contoso'), OFFENDER), 1);
  const withOffender = swap(
    '\n  links:\n',
    `\n    ${OFFENDER}:\n      kind: process\n      organisation: contoso\n      addresses: { eth0: [${ADDRESS}/24] }\n      routes: [{ to: default, via: hq-rt }]\n      config: { command: ${JSON.stringify([process.execPath, '-e', script])}, ready: { output: ready } }\n  links:\n    - { endpoints: ["${OFFENDER}:eth0", "hq-lan:p66"] }\n`,
  )(readFileSync(file, 'utf8'));
  const parsed = parseTopology(withOffender, file, KINDS);
  if (!parsed.ok) throw parsed.errors[0]!;
  const flow = flowWith('hybrid-p2p-onprem');
  const verdict = await runFlow(flow, parsed.plan, { substrate: createNetns({ main: compiled.main }), seed: 1, captureFile: null });
  const { ledger } = verdict.run;
  try {
    expect(verdict.error).toBeNull();
    const events = ledger.events();
    expect(events.filter(({ name }) => name === 'role-failed')).toEqual([]);
    expect(refusedBy(ledger, ADDRESS)).toBeGreaterThan(0);
    expect(events.filter(({ name }) => name === 'discard').length).toBeGreaterThan(0);
  } finally {
    ledger.close();
  }
}, 300_000);
