/**
 * The composition: a flow, its topology and a substrate become a verdict. Everything right of the capture reads only
 * the ledger and the plan.
 * @module
 */
import type { LabError } from '../../base/error.js';
import { randomRoot } from '../../base/rng.js';
import { createLabPki } from '../../protocol/pki/lab-pki.js';
import type { LabPki } from '../../protocol/pki/lab-pki.js';
import type { RoleKind } from '../../roles/role.js';
import { fitFlow } from '../load/flow-file.js';
import type { FlowSpec } from '../../scenario/flow.js';
import { runScenario } from '../../scenario/run-scenario.js';
import type { ScenarioRun } from '../../scenario/run-scenario.js';
import type { LabDeps, Substrate } from '../../substrate/substrate.js';
import type { Plan } from '../../topology/plan.js';
import { TABLES, type Tables } from '../tables.js';
import { VERSION } from '../version.js';
import { judge } from './judge.js';
import type { Judgement } from './judge.js';

export interface FlowRunOptions {
  readonly substrate: Substrate;
  readonly seed: number;
  /** Where the ledger is written; null = in memory. */
  readonly captureFile: string | null;
  /** Those that topology and flow were read by; default: the product's. */
  readonly tables?: Tables;
  readonly signal?: AbortSignal;
  readonly progress?: NonNullable<LabDeps['progress']>;
}

export interface FlowVerdict extends Judgement {
  readonly flow: FlowSpec;
  readonly plan: Plan;
  readonly run: ScenarioRun;
  /** Trouble of the lab itself, or null. */
  readonly error: LabError | null;
  /** True when the run ended by itself and every expectation was seen to hold. */
  readonly documented: boolean;
}

/** Runs the flow on the plan and holds what the ledger shows against the documentation. Errors: those of {@link runScenario}, FLOW_EXPECTATION. */
export async function runFlow(flow: FlowSpec, plan: Plan, options: FlowRunOptions): Promise<FlowVerdict> {
  const { tables = TABLES } = options;
  const [fault] = fitFlow(flow, plan, tables);
  if (fault !== undefined) throw fault;
  const run = await runScenario(flow, plan, {
    substrate: options.substrate,
    kinds: tables.kinds,
    steps: tables.steps,
    pki: await pkiOf(plan, options.seed, tables.kinds),
    seed: options.seed,
    version: VERSION,
    captureFile: options.captureFile,
    signal: options.signal ?? new AbortController().signal,
    ...(options.progress !== undefined && { progress: options.progress }),
  });
  const judgement = judge(flow, plan, run.ledger, tables.checks);
  return { flow, plan, run, ...judgement, error: run.error, documented: run.error === null && judgement.documented };
}

/** Keys cost a person's patience: one set per topology and seed in a process. */
const made = new Map<string, Promise<LabPki>>();

/** Certificates for the nodes whose kind serves TLS. */
export function pkiOf(plan: Plan, seed: number, kinds: ReadonlyMap<string, RoleKind> = TABLES.kinds): Promise<LabPki> {
  const served = plan.nodes.filter((node) => kinds.get(node.kind)?.tls === true);
  const key = `${seed} ${JSON.stringify(served.map((node) => [node.name, node.certificateNames]))}`;
  let pki = made.get(key);
  if (pki === undefined) {
    pki = createLabPki(new Map(served.map((node) => [node.name, node.certificateNames])), randomRoot(seed).stream('pki'));
    made.set(key, pki);
  }
  return pki;
}
