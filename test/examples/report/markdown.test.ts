/**
 * The example of a report format, on runs that were judged: one as documented, one that is not.
 */
import { expect, it } from 'vitest';
import { FORMATS, PLAIN, type FlowReport } from '../../../src/index.js';
import { FLOW_WORDS, flowReport } from '../../../src/report/model.js';
import type { Plan } from '../../../src/topology/plan.js';
import { flowWith, planOverridden, planWith, play } from '../../smoke/support.js';
import { markdownFormat } from './markdown.js';

async function reported(plan: Plan): Promise<FlowReport> {
  const verdict = await play(flowWith('hybrid-p2p-onprem'), plan);
  const report = flowReport(verdict, { words: FLOW_WORDS, paths: [], error: verdict.error, files: [], wall: 1 });
  verdict.run.ledger.close();
  return report;
}

const markdown = (flows: readonly FlowReport[], missing: readonly string[] = []): string => markdownFormat.render({ flows, missing, experiments: null }, PLAIN);

it('a run: its verdict, and a row for each finding', async () => {
  const report = await reported(planWith());
  const lines = markdown([report]).split('\n');
  expect(lines[0]).toBe('## hybrid-p2p-onprem: as documented');
  expect(lines).toContain('|  | what | documented | observed |');
  expect(lines.filter((line) => line.startsWith('| ✔ '))).toHaveLength(report.findings.length);
  expect(report.findings.length).toBeGreaterThan(5);
  expect(lines.join('\n')).not.toContain('✘');
});

it('a run that differs: the rows say in what', async () => {
  const report = await reported(planOverridden('link.dc-fe--dc-lan=down'));
  expect(report.documented).toBe(false);
  const text = markdown([report]);
  expect(text).toMatch(/^## hybrid-p2p-onprem: differs from its documentation$/m);
  expect(text).toMatch(/^\| [✘?] \| alice signs in \| /m);
});

it('text cannot break the table, trouble of the lab stands before it, and what did not run is told', async () => {
  const report = await reported(planWith());
  const [first] = report.findings;
  const text = markdown([{ ...report, trouble: 'LAB_STALLED nobody', findings: [{ ...first!, observed: 'a | b\nc \\' }] }], ['never-run']);
  expect(text).toContain('```\nLAB_STALLED nobody\n```\n');
  expect(text).toContain('| a \\| b<br>c \\\\ |');
  expect(text).toContain('## never-run\n\nnot run: the runs ended before\n');
});

it('is a brother of the formats that there are', () => {
  const names = [...FORMATS, markdownFormat].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(markdownFormat.name).toMatch(/^[a-z]+$/);
});
