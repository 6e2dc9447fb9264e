/**
 * The run as people read it: per flow a table, documented versus observed, with the links that were crossed; what
 * differs comes with its evidence and the filter that shows it.
 * @module
 */
import { formatDuration } from '../base/time.js';
import type { Nanos } from '../base/time.js';
import type { LinkStats } from '../fabric/link-stats.js';
import type { Finding } from '../verify/finding.js';
import { table } from './table.js';
import type { Paint } from './table.js';

export interface FlowReport {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly findings: readonly Finding[];
  /** Trouble of the lab itself, as text, or null. */
  readonly trouble: string | null;
  readonly documented: boolean;
  readonly packets: number;
  readonly labTime: Nanos;
  /** Seconds that a person waited. */
  readonly wall: number;
  /** The ledger and the single-point files. */
  readonly files: readonly string[];
  /** What the links did, beside what they were asked to do. */
  readonly links: readonly LinkReport[];
}

export interface LinkReport {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** netem's words, empty for a perfect link. */
  readonly asked: string;
  readonly stats: LinkStats;
}

const MARKS = { pass: '✔', fail: '✘', unproved: '?' } as const;

export function flowText(report: FlowReport, paint: Paint, verbose: boolean): string {
  const rows = report.findings.map((finding) => row(finding, paint));
  const lines = [
    `${paint.bold(report.id)}  ${report.title}`,
    table([['', 'what', 'documented', 'observed', 'links'].map(paint.dim), ...rows], '  '),
    ...report.findings.filter((finding) => finding.status !== 'pass').flatMap((finding) => details(finding, report, paint)),
    ...(verbose ? [linkText(report.links, paint)] : []),
    ...(report.trouble === null ? [] : [paint.bad(`  ✘ ${report.trouble}`)]),
    summary(report, paint),
  ];
  return lines.join('\n');
}

function row(finding: Finding, paint: Paint): string[] {
  const colour = finding.status === 'pass' ? paint.good : paint.bad;
  return [colour(MARKS[finding.status]), finding.subject, finding.expected, finding.status === 'pass' ? finding.observed : colour(finding.observed), paint.dim(finding.evidence.links.join(' '))];
}

function details(finding: Finding, report: FlowReport, paint: Paint): string[] {
  const { evidence } = finding;
  const lines = [paint.bad(`  ${MARKS[finding.status]} ${finding.subject}: documented ${finding.expected}, observed ${finding.observed}`)];
  if (finding.src !== null) lines.push(`    expected by ${finding.src.file}:${finding.src.line}`);
  if (evidence.links.length > 0) lines.push(`    crossed ${evidence.links.join(', ')}`);
  if (evidence.why !== undefined) lines.push(`    ${evidence.why}`);
  const ledger = report.files[0];
  const packet = evidence.packets[0];
  if (packet !== undefined && ledger !== undefined) lines.push(`    ${evidence.total} packets; the first: callpath where ${ledger} 'frame.packet_id == ${packet}'`);
  return lines;
}

function summary(report: FlowReport, paint: Paint): string {
  const verdict = report.documented ? paint.good('as documented') : paint.bad('differs from its documentation');
  const passed = report.findings.filter((finding) => finding.status === 'pass').length;
  const numbers = `${passed} of ${report.findings.length} checks, ${report.packets} packets, ${seconds(report.labTime)} of lab time in ${report.wall.toFixed(1)} s`;
  const capture = report.files[0] === undefined ? '' : paint.dim(`\n  capture ${report.files[0]}`);
  return `  ${verdict}: ${numbers}${capture}`;
}

function seconds(time: Nanos): string {
  return `${(time / 1e9).toFixed(1)} s`;
}

/** Asked and achieved, per direction that carried anything. */
export function linkText(links: readonly LinkReport[], paint: Paint): string {
  const rows = links
    .filter(({ stats }) => stats.offered > 0)
    .map(({ name, from, to, asked, stats }) => [
      name,
      `${from} > ${to}`,
      asked === '' ? '-' : asked,
      stats.carried === 0 ? '-' : formatDuration((Math.round(stats.delaySum / stats.carried / 1000) * 1000) as Nanos),
      `${((stats.lost / stats.offered) * 100).toFixed(2)}%`,
      `${stats.offered}`,
    ]);
  return table([['link', 'direction', 'asked', 'mean delay', 'loss', 'packets'].map(paint.dim), ...rows], '  ');
}

export function totalText(reports: readonly FlowReport[], paint: Paint): string {
  const good = reports.filter((report) => report.documented).length;
  const text = `${reports.length} ${reports.length === 1 ? 'flow' : 'flows'}, ${good} as documented`;
  return good === reports.length ? paint.good(text) : paint.bad(`${text}, ${reports.length - good} not`);
}
