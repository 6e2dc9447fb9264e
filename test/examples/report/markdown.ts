/**
 * Markdown, as pages of CI jobs and comments on changes show it: a table of findings per flow.
 * @module
 */
import type { Finding } from '../../../src/verify/finding.js';
import type { ReportFormat } from '../../../src/report/format.js';
import { judgedOf } from '../../../src/report/model.js';
import type { FlowReport } from '../../../src/report/model.js';

export const markdownFormat: ReportFormat = {
  name: 'markdown',
  option: { flows: 'write a Markdown report', experiments: 'write a Markdown report' },
  render: ({ flows, missing }) => [...flows.map(section), ...missing.map((id) => `## ${id}\n\nnot run: the runs ended before\n`)].join('\n'),
};

const MARKS: Readonly<Record<Finding['status'], string>> = { pass: '✔', fail: '✘', unproved: '?' };

function section(report: FlowReport): string {
  const { words, id, title, documented, trouble, packets } = report;
  const rows = judgedOf(report).map(({ status, subject, expected, observed }) => [MARKS[status], subject, expected, observed]);
  return [
    `## ${id}: ${documented ? words.holds : words.differs}`,
    '',
    `${cell(title)}. ${packets} packets.`,
    '',
    ...(trouble === null ? [] : ['```', trouble, '```', '']),
    row(['', 'what', words.wanted, 'observed']),
    row(['---', '---', '---', '---']),
    ...rows.map(row),
    '',
  ].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(' | ')} |`;
}

/** What would end a cell or a row is written otherwise. */
function cell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('\n', '<br>');
}
