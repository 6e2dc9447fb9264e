/**
 * Every documented flow with a node on the callers' LAN that speaks noise to every port: the verdicts of the others stay
 * what they were, nothing ends before its end, and the ledger says who it was.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PacketId } from '../../src/base/brand.js';
import { runFlow } from '../../src/library/run/flow-run.js';
import { TABLES } from '../../src/library/tables.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import { flowWith, ROOT, swap } from '../smoke/support.js';
import { DOCUMENTED_FLOWS } from '../support/documented-flows.js';
import { hostile } from './kind.js';
import { refusedBy } from './noise.js';

const tables = { ...TABLES, kinds: new Map([...TABLES.kinds, ['hostile', hostile] as const]) };
const OFFENDER = 'mallory';
const ADDRESS = '10.1.0.66';

/** An expectation of all traffic of a kind sees the offender's too: nothing else has made it fail. */
function isOfOffender(observed: string): boolean {
  return observed
    .split(', ')
    .slice(1)
    .every((part) => part.includes(OFFENDER));
}

describe.each(DOCUMENTED_FLOWS)('$id beside a hostile node', ({ id, topology }) => {
  it('is as documented, and the ledger names the offender', async () => {
    const file = join(ROOT, 'topologies', `${topology}.lab.yaml`);
    const withOffender = swap(
      '\n  links:\n',
      `\n    ${OFFENDER}: { <<: *hq, kind: hostile, addresses: { eth0: [${ADDRESS}/24] }, routes: [{ to: default, via: hq-rt }] }\n  links:\n    - { endpoints: ["${OFFENDER}:eth0", "hq-lan:p66"] }\n`,
    )(readFileSync(file, 'utf8'));
    const parsed = parseTopology(withOffender, file, tables.kinds);
    if (!parsed.ok) throw parsed.errors[0]!;
    const verdict = await runFlow(flowWith(id), parsed.plan, { substrate: sim, seed: 1, captureFile: null, tables });
    const { ledger } = verdict.run;
    try {
      expect(verdict.error).toBeNull();
      expect(verdict.findings.filter(({ status, observed }) => status !== 'pass' && !isOfOffender(observed))).toEqual([]);
      // What a role discards names its packet, and that where it comes from.
      const discards = ledger.events().filter(({ name }) => name === 'discard');
      const first = discards.flatMap(({ fields }) => (fields['cause'] ?? '0').split(',').map(Number)).filter((packet) => packet > 0);
      const all = ledger.flows();
      const flows = first.flatMap((packet) => ledger.journey(packet as PacketId)?.flow ?? []).map((id_) => all.find((flow) => flow.id === id_));
      expect(flows.filter((flow) => flow?.a.startsWith(`${ADDRESS}:`)).length).toBeGreaterThan(0);
      expect(refusedBy(ledger, ADDRESS)).toBeGreaterThan(0);
    } finally {
      ledger.close();
    }
  });
});
