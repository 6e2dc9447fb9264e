/**
 * Helpers of the whole-lab tests: the reference topology with one thing changed, flows run in memory, outside judges.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runFlow } from '../../src/library/run/flow-run.js';
import type { FlowVerdict } from '../../src/library/run/flow-run.js';
import { loadFlow } from '../../src/library/load/load.js';
import { KIND_INFOS } from '../../src/roles/kinds.js';
import { parseFlow } from '../../src/library/load/flow-file.js';
import type { FlowSpec } from '../../src/scenario/flow.js';
import { sim } from '../../src/substrate/sim/sim-lab.js';
import type { Plan } from '../../src/topology/plan.js';
import { parseOverride } from '../../src/topology/source/overrides/override.js';
import { parseTopology } from '../../src/topology/topology-file.js';

export const ROOT = join(import.meta.dirname, '..', '..');
const topologyFile = (name: string): string => join(ROOT, 'topologies', `${name}.lab.yaml`);
const TOPOLOGY = topologyFile('contoso');

export type Change = (text: string) => string;

/** Replaces text that must be there: a change that changes nothing would prove nothing. */
export function swap(from: string | RegExp, to: string): Change {
  return (text) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`nothing to change: ${String(from)}`);
    return changed;
  };
}

/** The reference topology. */
export function planWith(...changes: readonly Change[]): Plan {
  return planFrom('contoso', ...changes);
}

/** @param topology `topologies/NAME.lab.yaml` */
export function planFrom(topology: string, ...changes: readonly Change[]): Plan {
  const file = topologyFile(topology);
  const text = changes.reduce((sofar, change) => change(sofar), readFileSync(file, 'utf8'));
  const result = parseTopology(text, file, KIND_INFOS);
  if (!result.ok) throw new Error(result.errors.map((e) => `${e.where?.line ?? 0}: ${e.message}`).join('\n'));
  return result.plan;
}

/** The reference topology with overrides, as `--with` has them. */
export function planOverridden(...changes: readonly string[]): Plan {
  const result = parseTopology(readFileSync(TOPOLOGY, 'utf8'), TOPOLOGY, KIND_INFOS, changes.map(parseOverride));
  if (!result.ok) throw new Error(result.errors.map((e) => `${e.where?.line ?? 0}: ${e.message}`).join('\n'));
  return result.plan;
}

export function flowWith(id: string, ...changes: readonly Change[]): FlowSpec {
  if (changes.length === 0) return loadFlow(id);
  const file = join(ROOT, 'lab', 'flows', `${id}.flow.yaml`);
  const result = parseFlow(
    changes.reduce((sofar, change) => change(sofar), readFileSync(file, 'utf8')),
    file,
  );
  if (!result.ok) throw new Error(result.errors.map((e) => e.message).join('\n'));
  return result.flow;
}

export function play(flow: FlowSpec, plan: Plan, options: { seed?: number; captureFile?: string } = {}): Promise<FlowVerdict> {
  return runFlow(flow, plan, { substrate: sim, seed: options.seed ?? 1, captureFile: options.captureFile ?? null });
}

/** The finding of a check, as text: `fail: observed`. */
export function said(verdict: FlowVerdict, check: string): string {
  const finding = verdict.findings.find((candidate) => candidate.check === check);
  return finding === undefined ? `no such check; there are ${verdict.findings.map((f) => f.check).join(', ')}` : `${finding.status}: ${finding.observed}`;
}

/** False with a printed reason where the tool is missing; in CI a missing judge is a failure. */
export function judge(tool: string): boolean {
  const there = spawnSync(tool, ['--version']).error === undefined;
  if (!there && process.env['CI'] !== undefined) throw new Error(`${tool} is missing; .ci/run installs it`);
  if (!there) process.stderr.write(`skipped: ${tool} is not installed (apt-get install tshark tcpdump)\n`);
  return there;
}

/** Output of an outside tool; throws when it fails. */
export function tool(name: string, ...args: readonly string[]): string {
  const result = spawnSync(name, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`${name} ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}
