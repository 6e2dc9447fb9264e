/**
 * How streams go on behind nodes that pass media on: which packet of which stream was made of which. Found by the causes
 * that relays and mixers send with. What keeps SSRC and sequence number was relayed (a translator of RFC 3550 section
 * 7.1, TURN's relay of RFC 8656), everything else mixed.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import type { Ledger } from '../capture/ledger.js';
import type { StreamTally } from './rtp-streams.js';

/** A packet of a stream, by its number there. */
export interface Spoken {
  readonly stream: StreamTally;
  readonly number: number;
}

export type By = 'relayed' | 'mixed';

export class Stitches {
  readonly #caused: Spoken[] = [];
  /** By what it was made of: stream, then number. */
  readonly #onward = new Map<StreamTally, Map<number, Spoken[]>>();
  readonly #next = new Map<StreamTally, Map<StreamTally, By>>();
  readonly #made = new Set<StreamTally>();

  /** A packet that has a cause: whether that is media is known only later. */
  caused(stream: StreamTally, number: number): void {
    this.#caused.push({ stream, number });
  }

  /** @param roots what the network made anew of a packet on its way, by id, with the id of the packet */
  resolve(ledger: Ledger, streams: readonly StreamTally[], roots: ReadonlyMap<number, number>): void {
    if (this.#caused.length === 0) return;
    const known = new Map<number, Spoken>();
    for (const stream of streams) for (const [number, id] of stream.ids.entries()) known.set(id, { stream, number });
    for (const effect of this.#caused) {
      const id = effect.stream.ids[effect.number] as PacketId;
      const spoken = (causes: readonly PacketId[]): readonly Spoken[] => causes.flatMap((cause) => known.get(roots.get(cause) ?? cause) ?? []);
      const direct = spoken(ledger.journey(id)?.causes ?? []);
      // Of a datagram that its sender cut up the fragments are all that is recorded: what caused it lies behind it.
      for (const of of direct.length > 0 ? direct : spoken(ledger.ancestors(id))) {
        // Who passes on is who received.
        if (of.stream !== effect.stream && of.stream.of.to === effect.stream.of.from) this.#join(of, effect);
      }
    }
    this.#passOnWhatWasTold();
  }

  #join(of: Spoken, effect: Spoken): void {
    const same = of.stream.of.ssrc === effect.stream.of.ssrc && of.stream.sequences[of.number] === effect.stream.sequences[effect.number];
    let next = this.#next.get(of.stream);
    if (next === undefined) this.#next.set(of.stream, (next = new Map()));
    next.set(effect.stream, same && next.get(effect.stream) !== 'mixed' ? 'relayed' : 'mixed');
    this.#made.add(effect.stream);
    of.stream.accept();
    effect.stream.accept();
    let onward = this.#onward.get(of.stream);
    if (onward === undefined) this.#onward.set(of.stream, (onward = new Map()));
    const effects = onward.get(of.number);
    if (effects === undefined) onward.set(of.number, [effect]);
    else effects.push(effect);
  }

  /** Who listens behind a relay tells of the SSRC that the sender tells of: the legs between two relays nobody tells of. */
  #passOnWhatWasTold(): void {
    for (let more = true; more; ) {
      more = false;
      for (const [stream, next] of this.#next) {
        for (const [other, by] of next) {
          if (by === 'relayed' && (other.passOn(stream.told) || stream.passOn(other.told))) more = true;
        }
      }
    }
  }

  /** Streams that were made of this one, and how. */
  next(stream: StreamTally): ReadonlyMap<StreamTally, By> {
    return this.#next.get(stream) ?? NOTHING;
  }

  /** Packets that were made of this one. */
  onward({ stream, number }: Spoken): readonly Spoken[] {
    return this.#onward.get(stream)?.get(number) ?? [];
  }

  /** Nothing of it was made of other media: somebody speaks. */
  isOrigin(stream: StreamTally): boolean {
    return !this.#made.has(stream);
  }
}

const NOTHING: ReadonlyMap<StreamTally, By> = new Map();
