/**
 * The composition: a flow, its topology and a substrate become a verdict. Everything right of the capture reads only
 * the ledger and the plan.
 * @module
 */
import type { LabError } from '../base/error.js';
import { randomRoot } from '../base/rng.js';
import { observe } from '../analysis/legs.js';
import type { Observation } from '../analysis/legs.js';
import { createLabPki } from '../protocol/pki/lab-pki.js';
import type { LabPki } from '../protocol/pki/lab-pki.js';
import { KINDS } from '../roles/kinds.js';
import { fitFlow } from '../library/flow-file.js';
import type { FlowSpec } from '../scenario/flow.js';
import { runScenario } from '../scenario/run-scenario.js';
import type { ScenarioRun } from '../scenario/run-scenario.js';
import type { LabDeps, Substrate } from '../substrate/substrate.js';
import type { Plan } from '../topology/plan.js';
import { verifyFlow } from '../verify/expectations.js';
import { holds } from '../verify/finding.js';
import type { Finding } from '../verify/finding.js';
import { VERSION } from './version.js';

export interface FlowRunOptions {
  readonly substrate: Substrate;
  readonly seed: number;
  /** Where the ledger is written; null = in memory. */
  readonly captureFile: string | null;
  readonly signal?: AbortSignal;
  readonly progress?: NonNullable<LabDeps['progress']>;
}

export interface FlowVerdict {
  readonly flow: FlowSpec;
  readonly plan: Plan;
  readonly run: ScenarioRun;
  readonly observation: Observation;
  readonly findings: readonly Finding[];
  /** Trouble of the lab itself, or null. */
  readonly error: LabError | null;
  /** True when the run ended by itself and every expectation was seen to hold. */
  readonly documented: boolean;
}

/** Runs the flow on the plan and holds what the ledger shows against the documentation. Errors: those of {@link runScenario}, FLOW_EXPECTATION. */
export async function runFlow(flow: FlowSpec, plan: Plan, options: FlowRunOptions): Promise<FlowVerdict> {
  const [fault] = fitFlow(flow, plan);
  if (fault !== undefined) throw fault;
  const run = await runScenario(flow, plan, {
    substrate: options.substrate,
    kinds: KINDS,
    pki: await pkiOf(plan, options.seed),
    seed: options.seed,
    version: VERSION,
    captureFile: options.captureFile,
    signal: options.signal ?? new AbortController().signal,
    ...(options.progress !== undefined && { progress: options.progress }),
  });
  const observation = observe(run.ledger, plan);
  const findings = verifyFlow({ flow, plan, ledger: run.ledger, observation });
  return { flow, plan, run, observation, findings, error: run.error, documented: run.error === null && holds(findings) };
}

/** Keys cost a person's patience: one set per topology and seed in a process. */
const made = new Map<string, Promise<LabPki>>();

/** Certificates for the nodes whose kind serves TLS. */
export function pkiOf(plan: Plan, seed: number): Promise<LabPki> {
  const served = plan.nodes.filter((node) => KINDS.get(node.kind)?.tls === true);
  const key = `${seed} ${JSON.stringify(served.map((node) => [node.name, node.certificateNames]))}`;
  let pki = made.get(key);
  if (pki === undefined) {
    pki = createLabPki(new Map(served.map((node) => [node.name, node.certificateNames])), randomRoot(seed).stream('pki'));
    made.set(key, pki);
  }
  return pki;
}
