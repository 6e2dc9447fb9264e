/**
 * The report for other programs: of each flow what was documented and what was observed; of an experiment each variant.
 * @module
 */
import { holds } from '../verify/finding.js';
import type { ReportFormat } from './format.js';
import { linkJson } from './links.js';
import type { ExperimentReport, FlowReport } from './model.js';

export const jsonFormat: ReportFormat = {
  name: 'json-report',
  option: {
    flows: 'write what was observed: legs, labels, links, delays, drops, and what links achieved',
    experiments: 'write the findings of both variants',
  },
  render: ({ flows, experiments }) => `${JSON.stringify(experiments === null ? byFlow(flows) : byExperiment(flows, experiments), null, 2)}\n`,
};

/** A flow that did not start has nothing to say here; the other formats tell why. */
function byFlow(flows: readonly FlowReport[]): object {
  return Object.fromEntries(flows.filter(({ observed, trouble }) => observed !== null || trouble === null).map((flow) => [flow.id, flowJson(flow)]));
}

function flowJson({ trouble, findings, moved, observed, losses, links }: FlowReport): object {
  return {
    documented: trouble === null && holds(findings),
    /** The run ended before its script did: the record is of a part. */
    partial: trouble !== null,
    trouble,
    findings,
    moved,
    losses,
    observed,
    links: links.filter(({ stats }) => stats.offered > 0).map(linkJson),
  };
}

function byExperiment(flows: readonly FlowReport[], experiments: readonly ExperimentReport[]): object {
  const told = ({ documented, trouble, findings, files }: FlowReport): object => ({ expected: documented, trouble, findings, files });
  return Object.fromEntries(
    experiments.map(({ id, variants }) => [
      id,
      Object.fromEntries(variants.flatMap(({ name, flow }) => flows.filter((report) => report.id === flow).map((report) => [name, told(report)]))),
    ]),
  );
}
