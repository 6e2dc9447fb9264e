import { randomRoot } from '../../src/base/rng.js';
import { DecisionTable } from '../../src/capture/decision-table.js';
import { pointsOf } from '../../src/capture/points.js';
import { Recorder } from '../../src/capture/recorder.js';
import { MemorySink } from '../../src/capture/store/byte-store.js';
import { createLabPki } from '../../src/protocol/pki/lab-pki.js';
import { bridge } from '../../src/roles/bridge/kind.js';
import { dns } from '../../src/roles/dns/kind.js';
import type { RoleKind } from '../../src/roles/role.js';
import { router } from '../../src/roles/router/kind.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import { parseTopology } from '../../src/topology/topology-file.js';
import { CONTRACT_TOPOLOGY, hostContract } from './host-contract.js';
import { probe } from './probe/kind.js';

const KINDS: ReadonlyMap<string, RoleKind> = new Map([probe, dns, router, bridge].map((kind) => [kind.kind, kind]));

hostContract('sim', async () => {
  const parsed = parseTopology(CONTRACT_TOPOLOGY, 'contract.lab.yaml', KINDS);
  if (!parsed.ok) throw new Error(parsed.errors.map((e) => `${e.where?.line ?? 0}: ${e.message}`).join('\n'));
  const { plan } = parsed;
  const points = pointsOf(plan);
  const decisions = new DecisionTable((node) => points.nodeName(node));
  const run = { version: '0', topology: plan.name, hash: plan.hash, seed: 1, records: 'both' } as const;
  const sink = new MemorySink();
  const recorder = new Recorder({ points, decisions, sink, run, originSeconds: sim.originSeconds() });
  const served = plan.nodes.filter((node) => KINDS.get(node.kind)?.tls === true);
  const pki = await createLabPki(new Map(served.map((node) => [node.name, node.certificateNames])), randomRoot(1).stream('pki'));
  const lab = await sim.build(plan, { kinds: KINDS, recorder, decisions, seed: 1, pki, signal: new AbortController().signal });
  return {
    lab,
    async finish() {
      const end = lab.clock.now;
      await lab.close();
      recorder.close(end);
      return recorder.ledger();
    },
    source: () => sink.source(),
  };
});
