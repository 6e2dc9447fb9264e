/**
 * The run as people read it: per flow a table, documented versus observed, each leg with the links that it crossed;
 * what differs comes with its evidence and the filter that shows it.
 * @module
 */
import type { Finding } from '../verify/finding.js';
import { achievedText } from './achieved.js';
import type { ReportFormat } from './format.js';
import { linkText } from './links.js';
import { lossText } from './losses.js';
import { FLOW_WORDS, judgedOf } from './model.js';
import type { ExperimentReport, FlowReport } from './model.js';
import { table, tableRows, width, wrap } from './table.js';
import type { Paint } from './table.js';
import { plural } from './words.js';

export const consoleFormat: ReportFormat = {
  name: 'console',
  option: null,
  render({ flows, experiments }, { paint, room, verbose }) {
    const text = (flow: FlowReport): string => flowText(flow, paint, verbose, room);
    const parts =
      experiments === null
        ? flows.map(text)
        : experiments.flatMap((one) => [experimentText(one, paint, room), ...flows.filter(({ id }) => one.variants.some(({ flow }) => flow === id)).map(text)]);
    return [...parts.map((part) => `${part}\n`), ...(parts.length > 1 ? [totalText(flows, paint)] : [])].join('\n');
  },
};

const MARKS = { pass: '✔', fail: '✘', unproved: '?' } as const;
const LEGEND = '  ?  unproved: nothing was seen that could show it; it counts as not documented';
/** Under the column "what". */
const UNDER = ' '.repeat(7);

/** @param room columns of the terminal */
export function flowText(report: FlowReport, paint: Paint, verbose: boolean, room = Infinity): string {
  const judged = judgedOf(report);
  const lines = [
    `${paint.bold(report.id)}  ${report.title}`,
    ...(judged.length === 0 ? [] : [checks(report, paint, room)]),
    ...(judged.some(({ status }) => status === 'unproved') ? wrapDetail(paint.dim(LEGEND), room) : []),
    // When the lab failed, most of these would only say so again.
    ...(report.trouble === null ? failures(report, paint, room) : []),
    ...(verbose && report.links.length > 0 ? [linkText(report.links, report.labTime, paint, room)] : []),
    ...achievedText(verbose ? [] : report.links, report.lateness, paint, room),
    ...(report.losses === null ? [] : lossText(report.losses, report.files[0], paint, room)),
    ...(report.trouble === null ? [] : [paint.bad(`  ✘ ${report.trouble.replaceAll('\n', '\n    ')}`)]),
    ...summary(report, paint, room),
  ];
  return lines.join('\n');
}

/** What stands above the runs of an experiment. */
export function experimentText({ id, title, symptom }: Omit<ExperimentReport, 'variants'>, paint: Paint, room = Infinity): string {
  const lines = symptom.split('\n').flatMap((line) => wrap(line, room - 2));
  return [`${paint.bold(id)}  ${title}`, ...lines.map((line) => `  ${paint.dim(line)}`)].join('\n');
}

/** The table. The links of a leg stand on a dim line of their own, below the first row that speaks of them. */
function checks(report: FlowReport, paint: Paint, room: number): string {
  const judged = judgedOf(report);
  const rows = [['', 'what', report.words.wanted, 'observed'].map(paint.dim), ...judged.map((finding) => row(finding, paint))];
  let shown = '';
  return tableRows(rows, '  ', room)
    .flatMap((lines, i) => {
      // The first row is the head.
      const crossed = judged[i - 1]?.evidence.links.join(' ') ?? '';
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

/** Each cause once, with what follows from it; a finding that has none of its own stands for itself. */
function failures(report: FlowReport, paint: Paint, room: number): readonly string[] {
  const failed = judgedOf(report).filter((finding) => finding.status !== 'pass');
  const causes = new Map<string, Finding[]>();
  for (const finding of failed) {
    const { cause } = finding.evidence;
    if (cause !== undefined) causes.set(cause, [...(causes.get(cause) ?? []), finding]);
  }
  const told = new Set<string>();
  return failed
    .flatMap((finding) => {
      const { cause } = finding.evidence;
      const all = cause === undefined ? [] : (causes.get(cause) ?? []);
      if (cause === undefined || all.length === 1) return details(finding, report, paint);
      if (told.has(cause)) return [];
      told.add(cause);
      const drops = [...new Set(all.flatMap(({ evidence }) => evidence.drops ?? []))];
      return [
        paint.bad(`  ✘ ${cause}`),
        ...drops.map((line) => `    ${line}`),
        `    so these did not come about:`,
        ...all.flatMap((one) => consequence(one, report, paint)),
      ];
    })
    .flatMap((line) => wrapDetail(line, room));
}

/** What follows from a cause that was told. */
function consequence({ status, subject, observed, src, evidence }: Finding, report: FlowReport, paint: Paint): readonly string[] {
  const where = src === null ? '' : ` (${src.file}:${src.line})`;
  const own = evidence.why?.slice((evidence.cause ?? '').length).replace(/^; /, '') ?? '';
  return [
    `      ${paint.bad(MARKS[status])} ${subject}: ${observed}${where}`,
    ...(own === '' ? [] : [`        ${own}`]),
    ...lookAt(evidence, report).map((line) => `        ${line}`),
  ];
}

/** Under its own indentation, so that it can be told from the next. */
function wrapDetail(line: string, room: number): readonly string[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  if (width(line) <= room) return [line];
  const [first = '', ...more] = wrap(line.slice(indent.length), room - indent.length - 2);
  return [indent + first, ...more.map((one) => `${indent}  ${one}`)];
}

function details(finding: Finding, report: FlowReport, paint: Paint): string[] {
  const { evidence } = finding;
  const lines = [paint.bad(`  ${MARKS[finding.status]} ${finding.subject}: ${report.words.wanted} ${finding.expected}, observed ${finding.observed}`)];
  if (finding.src !== null) lines.push(`    expected by ${finding.src.file}:${finding.src.line}`);
  if (evidence.links.length > 0) lines.push(`    crossed ${evidence.links.join(', ')}`);
  if (evidence.why !== undefined) lines.push(`    ${evidence.why}`);
  lines.push(...(evidence.drops ?? []).map((line) => `    ${line}`));
  lines.push(...lookAt(evidence, report).map((line) => `    ${line}`));
  return lines;
}

function lookAt({ packets, total, drops }: Finding['evidence'], { files }: FlowReport): readonly string[] {
  const [ledger] = files;
  const [packet] = packets;
  if (packet === undefined || ledger === undefined) return [];
  return [`${total} packets; the first: callpath ${drops === undefined ? 'where' : 'why'} ${ledger} 'frame.packet_id == ${packet}'`];
}

function summary(report: FlowReport, paint: Paint, room: number): readonly string[] {
  const [colour, verdict] =
    report.trouble !== null ? [paint.bad, 'the run failed'] : report.documented ? [paint.good, report.words.holds] : [paint.bad, report.words.differs];
  const judged = judgedOf(report);
  const passed = judged.filter((finding) => finding.status === 'pass').length;
  const numbers = `${passed} of ${judged.length} checks, ${report.packets} packets, ${(report.labTime / 1e9).toFixed(1)} s of lab time in ${report.wall.toFixed(1)} s`;
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
