/**
 * Silences: stretches in which media was sent and nothing of it was heard.
 * @module
 */
import type { PacketId } from '../base/brand.js';
import type { Nanos } from '../base/time.js';
import type { MediaPath, Utterance } from './media-paths.js';

export interface Silence {
  /** When the first and the last packet of it were sent. */
  readonly from: Nanos;
  readonly to: Nanos;
  readonly packets: readonly PacketId[];
}

/**
 * The longest one; null when everything that was sent was heard. What was under way when the run ended is neither.
 * @param paths of one sender to one listener: what takes another path is heard all the same
 */
export function longestSilence(paths: readonly Pick<MediaPath, 'utterances'>[]): Silence | null {
  const said = paths.flatMap(({ utterances }) => utterances).filter(({ fate }) => fate !== 'under-way');
  said.sort((a, b) => a.at - b.at);
  let [best, start] = [{ from: 0, to: -1 }, 0];
  for (const [i, { fate }] of said.entries()) {
    if (fate === 'delivered') start = i + 1;
    else if (best.to < 0 || lasting(said, start, i) > lasting(said, best.from, best.to)) best = { from: start, to: i };
  }
  const [first, last] = [said[best.from], said[best.to]];
  return first === undefined || last === undefined ? null : { from: first.at, to: last.at, packets: said.slice(best.from, best.to + 1).map(({ id }) => id) };
}

function lasting(said: readonly Utterance[], from: number, to: number): number {
  return (said[to]?.at ?? 0) - (said[from]?.at ?? 0);
}
