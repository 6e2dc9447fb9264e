/**
 * JUnit XML, as CI servers read it: a suite per flow, a case per expectation.
 * @module
 */
import type { Finding } from '../verify/finding.js';
import type { ReportFormat } from './format.js';
import { judgedOf } from './model.js';
import type { FlowReport } from './model.js';

export const junitFormat: ReportFormat = {
  name: 'junit',
  option: { flows: 'write a JUnit report', experiments: 'write a JUnit report' },
  render: ({ flows, missing }) => junit(flows, missing),
};

/** Characters that XML 1.0 does not allow become a space. */
function escape(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- the very characters that XML forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, ' ')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
  );
}

/** In an attribute a line break would be read as a blank (XML 1.0, 3.3.3). */
function attribute(text: string): string {
  return escape(text).replace(/\n/g, '&#10;').replace(/\t/g, '&#9;');
}

/** @param missing ids of flows that were asked for, but not run to their end: an error each, so that none passes by absence */
export function junit(reports: readonly FlowReport[], missing: readonly string[] = []): string {
  const suites = [...reports.map(suite), ...missing.map(missingSuite)];
  const total = (name: 'tests' | 'failures' | 'errors'): number => suites.reduce((sum, one) => sum + one[name], 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="callpath" tests="${total('tests')}" failures="${total('failures')}" errors="${total('errors')}" time="${reports.reduce((sum, { wall }) => sum + wall, 0).toFixed(3)}">`,
    ...suites.map((one) => one.xml),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(report: FlowReport): { tests: number; failures: number; errors: number; xml: string } {
  const judged = [...judgedOf(report), ...(report.kept ?? [])];
  const failures = judged.filter((finding) => finding.status !== 'pass').length;
  const errors = report.trouble === null ? 0 : 1;
  const tests = judged.length + errors;
  // A flow is run and judged as a whole: of its time each case has an equal share.
  const share = report.wall / Math.max(1, tests);
  const cases = judged.map((finding) => testCase(report, finding, share));
  if (report.trouble !== null) {
    cases.push(
      `    <testcase classname="${escape(report.id)}" name="the lab runs" time="${share.toFixed(3)}"><error message="${attribute(report.trouble)}"/></testcase>`,
    );
  }
  const xml = [
    `  <testsuite name="${escape(report.id)}" tests="${tests}" failures="${failures}" errors="${errors}" time="${report.wall.toFixed(3)}">`,
    ...cases,
    '  </testsuite>',
  ].join('\n');
  return { tests, failures, errors, xml };
}

function missingSuite(id: string): ReturnType<typeof suite> {
  const xml = [
    `  <testsuite name="${escape(id)}" tests="1" failures="0" errors="1" time="0.000">`,
    `    <testcase classname="${escape(id)}" name="the lab runs"><error message="not run: the runs ended before"/></testcase>`,
    '  </testsuite>',
  ].join('\n');
  return { tests: 1, failures: 0, errors: 1, xml };
}

/** @param time seconds */
function testCase(report: FlowReport, finding: Finding, time: number): string {
  const place = finding.src === null ? '' : ` file="${attribute(finding.src.file)}" line="${finding.src.line}"`;
  const open = `    <testcase classname="${escape(report.id)}" name="${escape(finding.check)}"${place} time="${time.toFixed(3)}"`;
  if (finding.status === 'pass') return `${open}/>`;
  const { evidence } = finding;
  const text = [
    `${finding.subject}: ${report.words.wanted} ${finding.expected}, observed ${finding.observed}`,
    ...(finding.src === null ? [] : [`expected by ${finding.src.file}:${finding.src.line}`]),
    ...(evidence.links.length === 0 ? [] : [`crossed ${evidence.links.join(', ')}`]),
    ...(evidence.why === undefined ? [] : [evidence.why]),
    ...(evidence.drops ?? []),
    ...(evidence.packets.length === 0 ? [] : [`packets: frame.packet_id in {${evidence.packets.join(', ')}} of ${report.files[0] ?? 'the ledger'}`]),
  ];
  return `${open}><failure message="${attribute(text[0] ?? '')}">${escape(text.join('\n'))}</failure></testcase>`;
}
