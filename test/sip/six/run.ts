/**
 * The lab without IPv4: two sites, IPv6 alone; the second front end has no name, so SIP speaks of it by its address.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFlow } from '../../../src/library/load/flow-file.js';
import { loadTopology } from '../../../src/topology/topology-file.js';
import { runFlow, type FlowVerdict } from '../../../src/library/run/flow-run.js';
import { KIND_INFOS } from '../../../src/roles/kinds.js';
import type { Substrate } from '../../../src/substrate/substrate.js';

export async function runSix(substrate: Substrate): Promise<FlowVerdict> {
  const topology = await loadTopology(join(import.meta.dirname, 'six.lab.yaml'), KIND_INFOS);
  if (!topology.ok) throw new Error(topology.errors.map((e) => e.message).join('\n'));
  const file = join(import.meta.dirname, 'six.flow.yaml');
  const flow = parseFlow(readFileSync(file, 'utf8'), file);
  if (!flow.ok) throw new Error(flow.errors.map((e) => e.message).join('\n'));
  return runFlow(flow.flow, topology.plan, { substrate, seed: 1, captureFile: null });
}

/** What was checked, and how it came out. */
export const findings = (verdict: FlowVerdict): (readonly [string, string, string])[] =>
  verdict.findings.map(({ check, status, observed }) => [check, status, observed] as const);
