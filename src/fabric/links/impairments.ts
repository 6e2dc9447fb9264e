/**
 * The dice of one direction of a link, with the behaviour of tc-netem(8). Each purpose draws from a stream of its own,
 * so that switching one impairment on moves no draw of another.
 *
 * Order: loss, corrupt, duplicate are decided when the frame is offered ({@link Impairments.fate}); delay, jitter and
 * reorder when its place on the line is known ({@link Impairments.transit}).
 *
 * - *loss random*: each frame by itself. *loss gemodel p r 1-h 1-k* (Gilbert-Elliott): two states; a frame is lost with
 *   probability 1-k in the good and 1-h in the bad state; after that the state may change (p: to bad, r: to good).
 *   As in netem the draw about the state comes first, but holds for the next frame.
 * - *corrupt*: one bit of the frame after its Ethernet header.
 * - *jitter*: `delay +- jitter`: uniform in [delay - jitter, delay + jitter), or by a table (see jitter-table.ts).
 *   A sum below zero counts as zero, which lifts the mean where the jitter exceeds the delay.
 * - *reorder P gap G*: after G - 1 frames in order, each frame goes ahead without delay with probability P, until one
 *   does. A gap alone means P = 1; `reorder` alone means G = 1.
 * @module
 */
import { DROP } from '../../base/drop.js';
import type { RandomRoot, Rng } from '../../base/rng.js';
import { ZERO, type Nanos } from '../../base/time.js';
import type { DelayDistribution, ImpairmentSpec } from '../../topology/impairment.js';
import type { Fate, Transit } from './fate.js';
import { jitterTable, TABLE_SCALE, TABLE_SIZE } from './jitter-table.js';

const TWO_TO_32 = 4_294_967_296;
const ETHERNET_HEADER = 14;

/** Probabilities as thresholds for 32-bit draws: `draw < threshold`. 1 gives 2^32, above every draw. */
const threshold = (probability: number): number => Math.round(probability * TWO_TO_32);

export class Impairments {
  readonly #lossRng: Rng;
  readonly #jitterRng: Rng;
  readonly #corruptRng: Rng;
  readonly #duplicateRng: Rng;
  readonly #reorderRng: Rng;

  /** 0 = no loss, 1 = random, 2 = Gilbert-Elliott. */
  #lossModel = 0;
  #loss = 0;
  #toBad = 0;
  #toGood = 0;
  #lossInBad = 0;
  #lossInGood = 0;
  #bad = false;

  #corrupt = 0;
  #duplicate = 0;
  #reorder = 0;
  #gap = 0;
  #sinceAhead = 0;

  #delay: Nanos = ZERO;
  #jitter = 0;
  #table: Int32Array | null = null;

  /** `name` is the stream's stem: `link:er-1:ab`. */
  constructor(random: RandomRoot, name: string, spec: ImpairmentSpec) {
    this.#lossRng = random.stream(`${name}:loss`);
    this.#jitterRng = random.stream(`${name}:jitter`);
    this.#corruptRng = random.stream(`${name}:corrupt`);
    this.#duplicateRng = random.stream(`${name}:duplicate`);
    this.#reorderRng = random.stream(`${name}:reorder`);
    this.configure(spec);
  }

  /** Frames decided before keep their fate; streams and states go on. */
  configure(spec: ImpairmentSpec): void {
    const loss = spec.loss;
    if (loss === null) {
      this.#lossModel = 0;
      this.#bad = false;
    } else if (loss.model === 'random') {
      this.#lossModel = 1;
      this.#loss = threshold(loss.probability);
      this.#bad = false;
    } else {
      this.#lossModel = 2;
      this.#toBad = threshold(loss.p);
      this.#toGood = threshold(loss.r);
      this.#lossInBad = threshold(1 - loss.h);
      this.#lossInGood = threshold(1 - loss.k);
    }
    this.#corrupt = threshold(spec.corrupt);
    this.#duplicate = threshold(spec.duplicate);
    this.#gap = spec.gap > 0 ? spec.gap : spec.reorder > 0 ? 1 : 0;
    this.#reorder = spec.gap > 0 && spec.reorder === 0 ? TWO_TO_32 : threshold(spec.reorder);
    this.#delay = spec.delay;
    this.#jitter = spec.jitter;
    this.#table = spec.jitter > 0 ? tableOf(spec.distribution) : null;
  }

  /** hot. Decides about a frame of `len` bytes that is offered. */
  fate(len: number, fate: Fate): void {
    fate.drop = DROP.NONE;
    fate.flipBit = -1;
    fate.copies = 0;
    if (this.#lossModel !== 0 && this.#lost()) {
      fate.drop = DROP.LINK_LOSS;
      return;
    }
    if (this.#corrupt !== 0 && this.#corruptRng.u32() < this.#corrupt && len > ETHERNET_HEADER) {
      fate.flipBit = this.#corruptRng.below((len - ETHERNET_HEADER) * 8);
    }
    if (this.#duplicate !== 0 && this.#duplicateRng.u32() < this.#duplicate) fate.copies = 1;
  }

  /** hot. Delay, jitter and reorder of a frame that the line takes. */
  transit(transit: Transit): void {
    transit.ahead = this.#gap !== 0 && this.#goesAhead();
    if (transit.ahead) transit.extra = ZERO;
    else if (this.#jitter === 0) transit.extra = this.#delay;
    else this.#draw(transit);
  }

  #lost(): boolean {
    if (this.#lossModel === 1) return this.#lossRng.u32() < this.#loss;
    const bad = this.#bad;
    if (this.#lossRng.u32() < (bad ? this.#toGood : this.#toBad)) this.#bad = !bad;
    return this.#lossRng.u32() < (bad ? this.#lossInBad : this.#lossInGood);
  }

  #goesAhead(): boolean {
    if (this.#sinceAhead < this.#gap - 1 || this.#reorderRng.u32() >= this.#reorder) {
      this.#sinceAhead++;
      return false;
    }
    this.#sinceAhead = 0;
    return true;
  }

  #draw(transit: Transit): void {
    const jitter = this.#jitter;
    const draw = this.#jitterRng.u32();
    const table = this.#table;
    const shift =
      table === null ? Math.floor((draw / TWO_TO_32) * 2 * jitter) - jitter : Math.round((jitter * (table[draw % TABLE_SIZE] as number)) / TABLE_SCALE);
    const extra = this.#delay + shift;
    transit.extra = (extra > 0 ? extra : 0) as Nanos;
  }
}

function tableOf(distribution: DelayDistribution): Int32Array | null {
  return distribution === 'uniform' ? null : jitterTable(distribution);
}
