/**
 * The journey of each packet that a filter selects.
 * @module
 */
import { bystanderCopies } from '../../analysis/why/bystanders.js';
import type { PacketId } from '../../base/brand.js';
import type { Filter } from '../../capture/filter/compile.js';
import type { Journey, LabEvent } from '../../capture/ledger.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import type { LedgerRead } from '../../capture/ledger-reader.js';
import { readFilter, select } from './filter.js';
import { requireCapture } from '../load/files.js';

export interface Journeys extends LedgerRead {
  /** Copies for bystanders last. */
  readonly journeys: readonly Journey[];
  /** Events that the filter selects: they are records of the ledger too, but no packets. */
  readonly events: readonly LabEvent[];
  /** Copies that a bridge flooded to nodes which they were not for, of packets that went on: no losses. */
  readonly bystanders: ReadonlySet<PacketId>;
}

/** The caller closes the ledger. @param capture a ledger's file. Errors: FILE_*, CAPTURE_*. */
export function journeysOf(capture: string, filter: Filter): Journeys {
  requireCapture(capture);
  const read = readLedgerFile(capture);
  try {
    const bystanders = bystanderCopies(read.ledger);
    const { packets, frames } = select(capture, filter);
    const journeys = packets.flatMap((id) => read.ledger.journey(id) ?? []);
    const rank = ({ id }: Journey): number => Number(bystanders.has(id));
    return { ...read, bystanders, journeys: [...journeys].sort((a, b) => rank(a) - rank(b)), events: eventsAt(frames, capture, read.ledger.events()) };
  } catch (error) {
    read.ledger.close();
    throw error;
  }
}

/** @param frames by number, those that are meant among others @param events all of the file, in its order */
function eventsAt(frames: readonly number[], capture: string, events: readonly LabEvent[]): readonly LabEvent[] {
  const wanted = new Set(frames);
  const all = select(capture, readFilter('lab.event')).frames;
  // A file that was cut or changed by others may have records that the ledger has not.
  return all.length === events.length ? events.filter((_, i) => wanted.has(all[i] ?? 0)) : [];
}
