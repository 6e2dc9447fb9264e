/**
 * Whether answers come from where was spoken to: a translation that is not taken back on the way of the answers leaves
 * them with the address of whoever answers, and no connection comes of it (RFC 9293 section 3.10.7.3).
 * @module
 */
import type { Flow, Ledger } from '../../capture/ledger.js';
import { hostPort } from '../../wire/address.js';
import { endsOf } from './packet-ends.js';
import type { Remark } from './story.js';
import type { Strand } from './strands.js';
import type { BothWays } from './state.js';

interface Seen {
  readonly from: string;
  readonly to: string;
  readonly reset: boolean;
}

/** Null where no answer arrived, or every one from where it should. @param asker node that began the flow */
export function answersFrom(
  ledger: Ledger,
  { a, b, aliases }: Flow,
  asker: string,
  { there, back }: BothWays,
): Extract<Remark, { kind: 'answers-from' }> | null {
  // Only translations give the ends other names.
  if (aliases.length === 0) return null;
  // What is answered came by the name that was spoken to: another direction may have names of its own.
  const spokenTo = there.some(({ end, strands }) => end.kind === 'delivered' && end.wanted && strands.some((strand) => seenAt(ledger, strand, 0)?.to === b));
  if (!spokenTo) return null;
  for (const { end, strands } of back) {
    if (end.kind !== 'delivered' || !end.wanted) continue;
    const seen = strands.map((strand) => seenAt(ledger, strand, -1)).find((one) => one !== null && one.to === a && one.from !== b);
    if (seen === undefined || seen === null) continue;
    const reset = there.some((way) => way.strands.some((strand) => seenAt(ledger, strand, 0)?.reset === true));
    return { kind: 'answers-from', asker, from: seen.from, spokenTo: b, reset };
  }
  return null;
}

/** The ends of the first packet of a strand at one of its steps: 0 = the first one, -1 = the last. */
function seenAt(ledger: Ledger, { steps, owners }: Strand, at: number): Seen | null {
  const [step, owner] = [steps.at(at), owners.at(at)];
  const ends = step === undefined || owner === undefined ? null : endsOf(ledger.bytes(owner, step.point));
  if (ends === null) return null;
  return { from: hostPort(ends.source, ends.sourcePort), to: hostPort(ends.destination, ends.destinationPort), reset: ends.reset };
}
