/**
 * The run as people read it: per flow a table, documented versus observed, each leg with the links that it crossed;
 * what differs comes with its evidence and the filter that shows it.
 * @module
 */
import type { Nanos } from '../base/time.js';
import type { Lateness } from '../fabric/driver/lateness.js';
import type { Finding } from '../verify/finding.js';
import { achievedText } from './achieved.js';
import { linkText } from './links.js';
import type { LinkReport } from './links.js';
import { table, tableRows, wrap } from './table.js';
import type { Paint } from './table.js';
import { plural } from './words.js';

/** What a report calls things: flows are documented, experiments expect. */
export interface ReportWords {
  /** Head of the column, and the participle: `documented ExpressRoute, observed Internet`. */
  readonly wanted: string;
  readonly holds: string;
  readonly differs: string;
  readonly noun: string;
}
export const FLOW_WORDS: ReportWords = { wanted: 'documented', holds: 'as documented', differs: 'differs from its documentation', noun: 'flow' };
export const EXPERIMENT_WORDS: ReportWords = { wanted: 'expected', holds: 'as expected', differs: 'is not as expected', noun: 'variant' };

export interface FlowReport {
  readonly words: ReportWords;
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
  /** How late the links' events fired, on a clock on the wall. */
  readonly lateness: Lateness | null;
}

const MARKS = { pass: '✔', fail: '✘', unproved: '?' } as const;
/** Under the column "what". */
const UNDER = ' '.repeat(7);

/** @param room columns of the terminal */
export function flowText(report: FlowReport, paint: Paint, verbose: boolean, room = Infinity): string {
  const lines = [
    `${paint.bold(report.id)}  ${report.title}`,
    ...(report.findings.length === 0 ? [] : [checks(report, paint, room)]),
    // When the lab failed, most of these would only say so again.
    ...(report.trouble === null ? report.findings.filter((finding) => finding.status !== 'pass').flatMap((finding) => details(finding, report, paint)) : []),
    ...(verbose && report.links.length > 0 ? [linkText(report.links, report.labTime, paint, room)] : []),
    ...achievedText(verbose ? [] : report.links, report.lateness, paint, room),
    ...(report.trouble === null ? [] : [paint.bad(`  ✘ ${report.trouble.replaceAll('\n', '\n    ')}`)]),
    ...summary(report, paint, room),
  ];
  return lines.join('\n');
}

/** What stands above the runs of an experiment. */
export function experimentText(
  { id, title, symptom }: { readonly id: string; readonly title: string; readonly symptom: string },
  paint: Paint,
  room = Infinity,
): string {
  const lines = symptom.split('\n').flatMap((line) => wrap(line, room - 2));
  return [`${paint.bold(id)}  ${title}`, ...lines.map((line) => `  ${paint.dim(line)}`)].join('\n');
}

/** The table. The links of a leg stand on a dim line of their own, below the first row that speaks of them. */
function checks(report: FlowReport, paint: Paint, room: number): string {
  const rows = [['', 'what', report.words.wanted, 'observed'].map(paint.dim), ...report.findings.map((finding) => row(finding, paint))];
  let shown = '';
  return tableRows(rows, '  ', room)
    .flatMap((lines, i) => {
      // The first row is the head.
      const crossed = report.findings[i - 1]?.evidence.links.join(' ') ?? '';
      if (crossed === '' || crossed === shown) return lines;
      shown = crossed;
      return [...lines, ...wrap(crossed, room - UNDER.length).map((line) => UNDER + paint.dim(line))];
    })
    .join('\n');
}

function row(finding: Finding, paint: Paint): string[] {
  const colour = finding.status === 'pass' ? paint.good : paint.bad;
  return [colour(MARKS[finding.status]), finding.subject, finding.expected, finding.status === 'pass' ? finding.observed : colour(finding.observed)];
}

function details(finding: Finding, report: FlowReport, paint: Paint): string[] {
  const { evidence } = finding;
  const lines = [paint.bad(`  ${MARKS[finding.status]} ${finding.subject}: ${report.words.wanted} ${finding.expected}, observed ${finding.observed}`)];
  if (finding.src !== null) lines.push(`    expected by ${finding.src.file}:${finding.src.line}`);
  if (evidence.links.length > 0) lines.push(`    crossed ${evidence.links.join(', ')}`);
  if (evidence.why !== undefined) lines.push(`    ${evidence.why}`);
  lines.push(...(evidence.drops ?? []).map((line) => `    ${line}`));
  const ledger = report.files[0];
  const packet = evidence.packets[0];
  if (packet !== undefined && ledger !== undefined)
    lines.push(`    ${evidence.total} packets; the first: callpath ${evidence.drops === undefined ? 'where' : 'why'} ${ledger} 'frame.packet_id == ${packet}'`);
  return lines;
}

function summary(report: FlowReport, paint: Paint, room: number): readonly string[] {
  const [colour, verdict] =
    report.trouble !== null ? [paint.bad, 'the run failed'] : report.documented ? [paint.good, report.words.holds] : [paint.bad, report.words.differs];
  const passed = report.findings.filter((finding) => finding.status === 'pass').length;
  const numbers = `${passed} of ${report.findings.length} checks, ${report.packets} packets, ${(report.labTime / 1e9).toFixed(1)} s of lab time in ${report.wall.toFixed(1)} s`;
  const [first = '', ...more] = wrap(`${verdict}: ${numbers}`, room - 2);
  // The verdict stands at the beginning of the first line: it is painted after the lines were broken.
  const lines = [`  ${first.replace(verdict, colour)}`, ...more.map((line) => `  ${line}`)];
  return report.files[0] === undefined ? lines : [...lines, paint.dim(`  capture ${report.files[0]}`)];
}

export function totalText(reports: readonly FlowReport[], paint: Paint): string {
  const good = reports.filter((report) => report.documented).length;
  const { noun, holds } = reports[0]?.words ?? FLOW_WORDS;
  const text = `${plural(reports.length, noun)}, ${good} ${holds}`;
  return good === reports.length ? paint.good(text) : paint.bad(`${text}, ${reports.length - good} not`);
}

/** How to look at what was recorded: by the first capture that there is; empty when there is none. */
export function lookText(reports: readonly FlowReport[], paint: Paint): string {
  const [ledger, ...single] = reports.find((report) => report.files.length > 0)?.files ?? [];
  if (ledger === undefined) return '';
  const rows = [
    [`callpath where ${ledger} rtp`, 'the journey of each packet, link by link'],
    ...(single[0] === undefined ? [] : [[`wireshark ${single[0]}`, 'what one endpoint saw, SIP decrypted']]),
  ];
  return paint.dim(`look at it:\n${table(rows, '  ')}`);
}
