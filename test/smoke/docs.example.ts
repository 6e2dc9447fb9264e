/**
 * The library example of the README, compiled with the rest and run by its test.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { KIND_INFOS, loadTopology, parseFlow, runFlow, sim } from '../../src/index.js';
import type { PacketId } from '../../src/index.js';

export const EXAMPLE_FILE = fileURLToPath(import.meta.url);

/** What the example found, for its test. Runs in the root of the product. */
export async function runExample(print: (...words: unknown[]) => void): Promise<boolean> {
  const console = { log: print };
  // #example
  const topology = await loadTopology('topologies/contoso.lab.yaml', KIND_INFOS);
  if (!topology.ok) throw topology.errors[0]; // all faults at once, each with its place

  const file = 'lab/flows/hybrid-p2p-mixed.flow.yaml';
  const flow = parseFlow(readFileSync(file, 'utf8'), file);
  if (!flow.ok) throw flow.errors[0];

  const verdict = await runFlow(flow.flow, topology.plan, { substrate: sim, seed: 1, captureFile: null });
  for (const { check, status, observed } of verdict.findings) console.log(status, check, observed);

  // What was observed, whether a flow expected it or not; and the packets themselves.
  for (const leg of verdict.observation.legs) console.log(leg.id, leg.label, leg.there.packets, leg.back.packets);
  const { ledger } = verdict.run;
  for (const id of ledger.drops()) console.log(id, ledger.journey(id as PacketId)?.end);
  ledger.close();
  // #end
  return verdict.documented;
}
