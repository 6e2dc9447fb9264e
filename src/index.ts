/**
 * The public surface of callpath as a library: what the command line does, from a program. Everything else in the
 * package may change without notice.
 *
 * Bad input comes back as a result (`ok: false`) or as a thrown {@link LabError} with a code; what the network does to a
 * packet is data, in the ledger.
 *
 * @example
 * import { FIELDS, KIND_INFOS, compileFilter, loadTopology, openLedger, parseFlow, runFlow, selectPackets, sim } from 'callpath';
 * import { readFileSync } from 'node:fs';
 *
 * const file = 'lab/flows/hybrid-p2p-mixed.flow.yaml';
 * const flow = parseFlow(readFileSync(file, 'utf8'), file);
 * if (!flow.ok) throw flow.errors[0];
 * const topology = await loadTopology(flow.flow.topology, KIND_INFOS);
 * if (!topology.ok) throw topology.errors[0];
 *
 * const verdict = await runFlow(flow.flow, topology.plan, { substrate: sim, seed: 1, captureFile: 'run.pcapng' });
 * for (const finding of verdict.findings) console.log(finding.status, finding.subject, finding.observed);
 * verdict.run.ledger.close();
 *
 * const { ledger } = openLedger('run.pcapng');
 * for (const id of selectPackets('run.pcapng', compileFilter('rtp', FIELDS))) console.log(ledger.journey(id).end.kind);
 * ledger.close();
 * @module
 */
import { sim } from './substrate/sim/sim-lab.js';

// ---- Topologies: a *.lab.yaml becomes a plan, or all of its faults at once.
export { loadTopology, parseTopology } from './topology/topology-file.js';
export type { TopologyResult } from './topology/topology-file.js';
export { topologyJsonSchema } from './topology/json-schema.js';
export type { KindInfo, Plan, PlanAddress, PlanInterface, PlanLink, PlanNextHop, PlanNode, PlanRoute, PlanRule, PlanUser, Segment } from './topology/plan.js';
export type { BgpCandidate, BgpEntry, PlanBgp } from './topology/bgp/bgp.js';

// ---- Node kinds, by name: what `kind:` of a node may be. A topology needs to know of them (`KIND_INFOS`), a run needs their code.
export { KIND_INFOS, KINDS } from './roles/kinds.js';
export type { RoleKind } from './roles/role.js';

// ---- Kinds, steps and expectations of one's own, for programs that hand in more of them than there are.
export { TABLES } from './library/tables.js';
export type { Tables } from './library/tables.js';
export { command, serve } from './roles/commands.js';
export type { RoleContext, RoleServer } from './roles/role.js';
export type { Host } from './host/host.js';
export { zodConfigSchema } from './topology/config-schema.js';
export { stepKind } from './scenario/steps/step-kind.js';
export type { Outcome, Stage } from './scenario/steps/step-kind.js';
export { check } from './verify/checks/check.js';
export type { Context } from './verify/context.js';

// ---- Flows: who does what, and what must be seen. `fitFlow` holds a flow against a plan before it is run.
export { fitFlow, parseFlow } from './library/load/flow-file.js';
export type { FlowResult, FlowSpec } from './library/load/flow-file.js';
export type { Step, StepList } from './scenario/flow.js';
export type { Expectation } from './verify/checks/table.js';

// ---- By name or file, as the command line has them: errors are thrown, several of one input as `Faults`.
export { Faults, faultsOf } from './library/faults.js';
export { experimentIds, flowIds, loadExperiment, loadFlow, overridesOf, planOf } from './library/load/load.js';
export { experimentJobs } from './library/load/experiments.js';
export { makeJobs } from './library/load/jobs.js';
export type { Job } from './library/load/jobs.js';
export { checkFile } from './library/load/check.js';
export { importRules, loadRules } from './library/load/rules.js';

// ---- Runs: a flow on a plan becomes a verdict, with the ledger that it rests on.
export { runFlow } from './library/run/flow-run.js';
export type { FlowRunOptions, FlowVerdict } from './library/run/flow-run.js';
export { judge } from './library/run/judge.js';
export type { Judgement } from './library/run/judge.js';
export { playJob } from './library/run/play.js';
export { diffJobs } from './library/run/diff.js';
export { parityOf } from './library/run/parity.js';
export { substrateNamed } from './library/substrates.js';
export type { Substrate } from './substrate/substrate.js';
export { sim };
/** What runs can be made on, by name. */
export const SUBSTRATES = { sim } as const;

// ---- Labs for one's own tests: said, started, used, stopped.
export { CallpathLab } from './library/lab/callpath-lab.js';
export type { StartedLab, StoppedLab } from './library/lab/started-lab.js';
export type { Judgement as LabVerdict } from './library/run/judge.js';
export type { ExecResult } from './library/lab/node-command.js';
export type { ExpectationText } from './verify/checks/table.js';

// ---- Ledgers: what became of every packet, from the capture file of a run.
export { readLedgerFile as openLedger } from './capture/ledger-reader.js';
export type { LedgerRead } from './capture/ledger-reader.js';
export type { Flow, Hop, Journey, JourneyEnd, LabEvent, Ledger } from './capture/ledger.js';
export type { FlowId, LinkId, NodeId, PacketId } from './base/brand.js';
export type { Nanos } from './base/time.js';

// ---- Display filters, as in Wireshark, and ordinary single-point captures.
export { compileFilter } from './capture/filter/compile.js';
export type { Filter } from './capture/filter/compile.js';
export { selectPackets } from './library/ask/filter.js';
export { FIELDS } from './analysis/filter-fields.js';
export { extract } from './capture/extract.js';
export type { ExtractOptions, Extracted } from './capture/extract.js';
export { clearText } from './analysis/clear-text.js';

// ---- Judgement: functions of a ledger and a plan alone, so they serve a run of yesterday as well.
export { observe } from './analysis/legs.js';
export type { Leg, Observation } from './analysis/legs.js';
export { verifyFlow } from './verify/expectations.js';
export { holds } from './verify/finding.js';
export type { Evidence, Finding } from './verify/finding.js';
export { compareBaseline, formatBaseline, parseBaseline, pathsOf } from './verify/baseline.js';
export type { Baseline } from './verify/baseline.js';

// ---- Why: flows explained from a ledger, and what a network does with a packet without a call.
export { explain } from './analysis/why/explain.js';
export { whyLine } from './analysis/why/words.js';
export { whyText } from './report/why.js';
export type { DirectionStory, End, FlowStory, HopStory, Parting, StateStory, Way } from './analysis/why/story.js';
export { reachable } from './library/ask/reachable.js';
export { reachEnd } from './analysis/reach/ends.js';
export { reachLines } from './analysis/reach/reach.js';
export type { Passage, Reach, ReachQuery } from './analysis/reach/reach.js';

// ---- Asked of a file or a plan: journeys, stories, routes, single-point captures.
export { extractPoint } from './library/ask/extract.js';
export { readFilter } from './library/ask/filter.js';
export { journeysOf } from './library/ask/journeys.js';
export { routesOf } from './library/ask/routes.js';
export { storiesOf } from './library/ask/why.js';

// ---- Reports: what was run and judged, as plain data, and its formats.
export { FORMATS } from './report/formats.js';
export { PLAIN } from './report/format.js';
export type { Look, ReportFormat } from './report/format.js';
export type { FlowReport, ReportModel } from './report/model.js';

// ---- Errors: one class, compared by code; `ERROR_HELP` says what each code means.
export { ERROR_CODES, LabError, formatLabError } from './base/error.js';
export type { ErrorCode, SourceRef } from './base/error.js';
export { ERROR_HELP } from './base/error-help.js';
