/**
 * What a change of the topology did to a flow, as people read it.
 * @module
 */
import type { Choice, Parted } from '../experiment/parting.js';
import type { SourceRef } from '../base/error.js';
import { LEG_CHANGES, unchanged } from '../experiment/diff.js';
import type { Difference, DropChange, FindingChange, LegChange, Said, Seen, StepChange } from '../experiment/diff.js';
import { plural } from './words.js';
import type { Paint } from './table.js';

export interface DiffReport {
  readonly id: string;
  readonly title: string;
  /** The changes, as they were asked for. */
  readonly changes: readonly string[];
  /** Those of the side before. */
  readonly before?: readonly string[];
  readonly difference: Difference;
  /** Ledgers of the two runs. */
  readonly files: { readonly before: string; readonly after: string };
}

export function diffText(report: DiffReport, paint: Paint): string {
  const { difference, files } = report;
  const lines = [
    `${paint.bold(report.id)}  ${report.title}`,
    ...[
      ...(report.before ?? []).map((change) => `before: with ${change}`),
      ...report.changes.map((change) => `with ${change}`),
      ...stepLines(difference.steps, paint),
      ...findingLines(difference.findings, paint),
      ...legLines(difference.legs, files, paint),
      ...difference.drops.flatMap((drop) => dropLines(drop, files, paint)),
      totalText(difference, paint),
      paint.dim(`captures ${files.before} ${files.after}`),
    ].map((line) => `  ${line}`),
  ];
  return lines.join('\n');
}

function totalText(difference: Difference, paint: Paint): string {
  if (unchanged(difference)) return paint.good('nothing moved: every leg took the same links, every step ended as before');
  const count = (change: LegChange['change']): number => difference.legs.filter((leg) => leg.change === change).length;
  const legs = LEG_CHANGES.flatMap((change) => (count(change) === 0 ? [] : [`${count(change)} ${change}`]));
  const parts = [
    ...(difference.steps.length === 0 ? [] : [`${plural(difference.steps.length, 'step')} ended otherwise`]),
    ...(difference.findings.length === 0 ? [] : [`${plural(difference.findings.length, 'expectation')} judged otherwise`]),
    ...(legs.length === 0 ? [] : [`legs: ${legs.join(', ')}`]),
    ...(difference.drops.length === 0 ? [] : [`${plural(difference.drops.length, 'reason')} for drops came or went`]),
  ];
  return paint.bad(parts.join('; '));
}

/** What failed or works now, each by itself; what the script did not come to in one line. */
function stepLines(steps: readonly StepChange[], paint: Paint): readonly string[] {
  const missed = steps.filter(({ after }) => after === null);
  const lines = steps
    .filter(({ after }) => after !== null)
    .map(({ number, step, before, after }) => {
      return `${mark(after?.ok === true, paint)} step ${number}, ${step.do} (${placeText(step.src)}): ${saidText(after)}; before: ${saidText(before)}`;
    });
  return missed.length === 0
    ? lines
    : [...lines, `${mark(false, paint)} not reached: ${missed.map(({ number, step }) => `step ${number}, ${step.do}`).join('; ')}`];
}

function saidText(said: Said | null): string {
  if (said === null) return 'not reached';
  const word = said.ok ? 'done' : 'failed';
  return said.says === '' ? word : `${word}, ${said.says}`;
}

function findingLines(findings: readonly FindingChange[], paint: Paint): readonly string[] {
  const open = findings.filter(({ before, after }) => after.status === 'unproved' && before.status === 'pass');
  const lines = findings
    .filter((finding) => !open.includes(finding))
    .map(({ subject, expected, before, after, src }) => {
      const place = src === null ? '' : ` (${placeText(src)})`;
      return `${mark(after.status === 'pass', paint)} ${subject}, documented ${expected}${place}: ${after.observed}; before: ${before.observed}`;
    });
  return open.length === 0 ? lines : [...lines, `${mark(false, paint)} nothing to judge any more: ${open.map(({ subject }) => subject).join('; ')}`];
}

function mark(good: boolean, paint: Paint): string {
  return good ? paint.good('✔') : paint.bad('✘');
}

/** Legs that did the same stand together. */
function legLines(legs: readonly LegChange[], files: DiffReport['files'], paint: Paint): readonly string[] {
  const groups = new Map<string, LegChange[]>();
  for (const leg of legs) {
    const key = [leg.change, ...wayLines(leg)].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), leg]);
  }
  return [...groups.values()].flatMap((group) => groupLines(group, files, paint));
}

function groupLines(legs: readonly LegChange[], files: DiffReport['files'], paint: Paint): readonly string[] {
  const [first] = legs;
  if (first === undefined) return [];
  const colour = first.change === 'mended' || first.change === 'new' ? paint.good : paint.bad;
  const side = first.change === 'gone' ? 'before' : 'after';
  const example =
    legs
      .flatMap((leg) => leg.directions)
      .map((one) => one[side].example)
      .find((one) => one !== null) ?? null;
  return [
    `${colour(first.change)} ${legs.map((leg) => leg.id).join(', ')}`,
    ...wayLines(first).map((line) => `    ${line}`),
    ...look(files[side], example, paint),
  ];
}

function look(file: string, packet: number | null, paint: Paint): readonly string[] {
  return packet === null ? [] : [paint.dim(`    callpath where ${file} 'frame.packet_id == ${packet}'`)];
}

/** What changed of a leg's two directions; of one that is gone or new the name says it all. */
function wayLines({ change, directions }: LegChange): readonly string[] {
  if (change === 'gone' || change === 'new') return [];
  return directions.flatMap(({ side, before, after, parted }) => {
    const left = before.links.filter((link) => !after.links.includes(link));
    const taken = after.links.filter((link) => !before.links.includes(link));
    const links = [
      ...(taken.length > 0 ? [`by ${taken.join(', ')}`] : []),
      ...(left.length > 0 ? [`${taken.length > 0 ? 'instead of' : 'no longer by'} ${left.join(', ')}`] : []),
    ].join(' ');
    return [`${side}: ${[...arrivals(before, after), links].filter((text) => text !== '').join('; ')}`, ...partedLines(parted)];
  });
}

function arrivals(before: Seen, after: Seen): readonly string[] {
  if (before.delivered > 0 && after.packets === 0) return ['nothing is sent any more'];
  if (before.delivered > 0 && after.delivered === 0) return [`nothing arrives any more: ${after.endings.join(', ')}`];
  return before.delivered === 0 && after.delivered > 0 ? ['arrives now'] : [];
}

function partedLines(parted: Parted | null): readonly string[] {
  if (parted === null) return [];
  const { node, before, after, down } = parted;
  return [`parts at ${node}:`, `    now ${choiceText(after)}`, `    before ${choiceText(before)}${down === null ? '' : ` (${down} is down)`}`];
}

function choiceText(choice: Choice | null): string {
  if (choice === null) return 'the way ends';
  const { link, dev, route } = choice;
  if (route === null) return `${link} (dev ${dev})`;
  const place = route.src === null ? '' : ` (${placeText(route.src)})`;
  return `${link} by the route ${route.prefix}${route.via === null ? '' : ` via ${route.via}`} dev ${dev} metric ${route.metric}${place}`;
}

function dropLines({ reason, where, decision, before, after, example }: DropChange, files: DiffReport['files'], paint: Paint): readonly string[] {
  const said = decision
    .split(' ')
    .filter((pair) => !/^(at|stage)=|^$/.test(pair))
    .join(' ');
  const text = `${reason} at ${where}${said === '' ? '' : ` (${said})`}`;
  const line = after > 0 ? `${paint.bad('drops')} ${after} × ${text}; before: none` : `${paint.good('drops')} no more ${text}; before: ${before}`;
  return [line, ...look(after > 0 ? files.after : files.before, example, paint)];
}

function placeText({ file, line }: SourceRef): string {
  return `${file}:${line}`;
}
