/**
 * Reads impairments in netem's words (tc-netem(8), OPTIONS), and the lab's own `egress`:
 *
 *     delay TIME [JITTER] [distribution uniform|normal|pareto|paretonormal]
 *     loss [random] PERCENT | loss gemodel P [R [1-H [1-K]]]
 *     corrupt PERCENT   duplicate PERCENT   reorder PERCENT [gap N]
 *     rate RATE   limit PACKETS   egress fifo|dscp-priority
 *
 * Correlations, `loss state`, `ecn`, `slot` and rate's cell sizes are refused by name.
 * @module
 */
import type { Nanos } from '../../base/time.js';
import { NO_IMPAIRMENT } from '../impairment.js';
import type { DelayDistribution, ImpairmentSpec, LossModel } from '../impairment.js';
import { didYouMean } from '../../base/suggest.js';
import { exact, readPercent, readRate, readTime } from './units.js';
import { WordReader } from './words.js';
import type { NetemFault } from './words.js';

export type NetemChange = Partial<ImpairmentSpec>;

export type NetemResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly NetemFault[] };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Clause = (words: WordReader, change: Mutable<NetemChange>) => void;

const DISTRIBUTIONS: readonly DelayDistribution[] = ['uniform', 'normal', 'pareto', 'paretonormal'];
const TIME = 'a time with its unit, such as 20ms';
const PERCENT = 'a percentage from 0% to 100%';
/** The kernel's queue limit is a 32-bit number; a million packets is far beyond any router's buffer. */
const LARGEST_LIMIT = 1_000_000;

const CLAUSES: Readonly<Record<string, Clause>> = {
  delay: readDelay,
  loss: readLoss,
  corrupt: (words, change) => readProbability('corrupt', words, change),
  duplicate: (words, change) => readProbability('duplicate', words, change),
  reorder: readReorder,
  rate: readRateClause,
  limit: (words, change) => {
    const limit = words.required(wholeFrom(1, LARGEST_LIMIT), `a number of packets from 1 to ${LARGEST_LIMIT}`);
    if (limit !== undefined) change.limit = limit;
  },
  egress: (words, change) => {
    const egress = words.required((t) => (t === 'fifo' || t === 'dscp-priority' ? t : undefined), 'fifo or dscp-priority');
    if (egress !== undefined) change.egress = egress;
  },
};
const KEYWORDS = new Set(Object.keys(CLAUSES));
const REFUSED: Readonly<Record<string, string>> = {
  slot: 'slotting is not emulated',
  ecn: 'marking instead of dropping is not emulated',
  distribution: 'it belongs behind a delay with jitter: delay 20ms 5ms distribution normal',
  gap: 'it belongs behind a reorder: reorder 25% gap 5',
};

/**
 * What a line changes: each clause sets all of its own fields, others stay absent. For changes while the lab runs.
 * An empty line changes nothing.
 */
export function parseNetemChange(line: string): NetemResult<NetemChange> {
  const words = new WordReader(line);
  const change: Mutable<NetemChange> = {};
  const seen = new Set<string>();
  for (let word = words.take(); word !== undefined; word = words.take()) {
    const clause = Object.hasOwn(CLAUSES, word.text) ? CLAUSES[word.text] : undefined;
    if (clause === undefined) {
      const why = Object.hasOwn(REFUSED, word.text) ? REFUSED[word.text] : undefined;
      const help = why === undefined ? didYouMean(word.text, KEYWORDS) : { hint: why };
      words.fault({ at: word.at, message: `"${word.text}" starts no impairment`, expected: `one of: ${[...KEYWORDS].join(', ')}`, ...help });
      words.skipTo(KEYWORDS);
      continue;
    }
    if (seen.has(word.text)) words.fault({ at: word.at, message: `"${word.text}" stands twice`, expected: 'each impairment once per direction' });
    seen.add(word.text);
    const before = words.faults.length;
    clause(words, change);
    if (words.faults.length > before) words.skipTo(KEYWORDS);
  }
  return words.faults.length > 0 ? { ok: false, faults: words.faults } : { ok: true, value: change };
}

/** A whole specification: what the line does not speak of is as in `base`. */
export function parseNetem(line: string, base: ImpairmentSpec = NO_IMPAIRMENT): NetemResult<ImpairmentSpec> {
  const change = parseNetemChange(line);
  if (!change.ok) return change;
  const value: ImpairmentSpec = { ...base, ...change.value };
  if (value.reorder > 0 && value.delay === 0) {
    // tc: "reordering not possible without specifying some delay"
    const at = Math.max(0, line.search(/\breorder\b/));
    return { ok: false, faults: [{ at, message: 'reorder without a delay overtakes nothing', expected: 'a delay beside it: delay 10ms reorder 25%' }] };
  }
  return { ok: true, value };
}

function readDelay(words: WordReader, change: Mutable<NetemChange>): void {
  const delay = words.required(readTime, TIME, bareTime);
  if (delay === undefined) return;
  const jitter = words.optional(readTime) ?? bareJitter(words);
  refuseCorrelation(words, 'delay');
  const distribution = readDistribution(words, jitter);
  change.delay = delay;
  change.jitter = jitter ?? (0 as Nanos);
  // Without a table the kernel draws uniformly from delay +- jitter (sch_netem.c, tabledist), whatever the manual says.
  change.distribution = distribution ?? 'uniform';
}

function readDistribution(words: WordReader, jitter: Nanos | undefined): DelayDistribution | undefined {
  const keyword = words.takeIf('distribution');
  if (keyword === undefined) return undefined;
  if (jitter === undefined) {
    words.fault({ at: keyword.at, message: 'a distribution without jitter spreads nothing', expected: 'delay TIME JITTER distribution NAME' });
  }
  return words.required(
    (t) => DISTRIBUTIONS.find((d) => d === t),
    `one of: ${DISTRIBUTIONS.join(', ')}`,
    (t) => didYouMean(t, DISTRIBUTIONS).hint,
  );
}

function bareTime(text: string): string | undefined {
  return /^\d/.test(text) && Number.isFinite(Number(text)) ? `write the unit: ${text}ms (tc alone would read microseconds)` : undefined;
}

function bareJitter(words: WordReader): undefined {
  const word = words.peek();
  if (word !== undefined && /^\d+(\.\d+)?$/.test(word.text)) {
    words.take();
    words.fault({ at: word.at, message: `"${word.text}" has no unit`, expected: TIME, hint: `write ${word.text}ms` });
  }
  return undefined;
}

function refuseCorrelation(words: WordReader, clause: string): void {
  const word = words.peek();
  if (word === undefined || readPercent(word.text) === undefined) return;
  words.take();
  words.fault({
    at: word.at,
    message: `${clause} takes no correlation`,
    expected: `${clause} without "${word.text}"`,
    hint: clause === 'loss' ? 'for losses that come in bursts use: loss gemodel P R' : 'leave it out; netem itself calls it unreliable',
  });
}

function readLoss(words: WordReader, change: Mutable<NetemChange>): void {
  const state = words.takeIf('state');
  if (state !== undefined) {
    words.fault({ at: state.at, message: 'loss state is not emulated', expected: 'loss [random] P% or loss gemodel p [r [1-h [1-k]]]' });
    return;
  }
  if (words.takeIf('gemodel') !== undefined) {
    change.loss = readGemodel(words);
    return;
  }
  words.takeIf('random');
  const probability = words.required(readPercent, PERCENT);
  if (probability === undefined) return;
  refuseCorrelation(words, 'loss');
  change.loss = probability === 0 ? null : { model: 'random', probability };
}

/** `gemodel p [r [1-h [1-k]]]`; left out: r = 1-p, 1-h = 100 %, 1-k = 0 % (tc-netem(8)). */
function readGemodel(words: WordReader): LossModel | null {
  const p = words.required(readPercent, `${PERCENT} (good to bad)`);
  if (p === undefined) return null;
  const r = words.optional(readPercent);
  const lossBad = words.optional(readPercent);
  const lossGood = words.optional(readPercent);
  return { model: 'gemodel', p, r: r ?? exact(1 - p), h: exact(1 - (lossBad ?? 1)), k: exact(1 - (lossGood ?? 0)) };
}

function readProbability(field: 'corrupt' | 'duplicate', words: WordReader, change: Mutable<NetemChange>): void {
  const probability = words.required(readPercent, PERCENT);
  if (probability === undefined) return;
  refuseCorrelation(words, field);
  change[field] = probability;
}

function readReorder(words: WordReader, change: Mutable<NetemChange>): void {
  const probability = words.required(readPercent, PERCENT);
  if (probability === undefined) return;
  refuseCorrelation(words, 'reorder');
  const gap = words.takeIf('gap') === undefined ? 0 : words.required(wholeFrom(1, LARGEST_LIMIT), 'a number of packets from 1');
  change.reorder = probability;
  change.gap = gap ?? 0;
}

function readRateClause(words: WordReader, change: Mutable<NetemChange>): void {
  const rate = words.required(readRate, 'a rate such as 10mbit (bits) or 10mbps (bytes)');
  if (rate === undefined) return;
  const extra = words.peek();
  if (extra !== undefined && /^-?\d+$/.test(extra.text)) {
    words.fault({ at: extra.at, message: "rate's packet overhead and cell sizes are not emulated", expected: 'rate RATE' });
  }
  change.rate = rate;
}

function wholeFrom(least: number, most: number): (text: string) => number | undefined {
  return (text) => (/^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined);
}
