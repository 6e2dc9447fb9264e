/**
 * The journey of each packet that a filter selects.
 * @module
 */
import { bystanderCopies } from '../../analysis/why/bystanders.js';
import type { PacketId } from '../../base/brand.js';
import type { Filter } from '../../capture/filter/compile.js';
import type { Journey } from '../../capture/ledger.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import type { LedgerRead } from '../../capture/ledger-reader.js';
import { selectPackets } from './filter.js';
import { requireCapture } from '../load/files.js';

export interface Journeys extends LedgerRead {
  /** Copies for bystanders last. */
  readonly journeys: readonly Journey[];
  /** Copies that a bridge flooded to nodes which they were not for, of packets that went on: no losses. */
  readonly bystanders: ReadonlySet<PacketId>;
}

/** The caller closes the ledger. @param capture a ledger's file. Errors: FILE_*, CAPTURE_*. */
export function journeysOf(capture: string, filter: Filter): Journeys {
  requireCapture(capture);
  const read = readLedgerFile(capture);
  try {
    const bystanders = bystanderCopies(read.ledger);
    const journeys = selectPackets(capture, filter).flatMap((id) => read.ledger.journey(id) ?? []);
    const rank = ({ id }: Journey): number => Number(bystanders.has(id));
    return { ...read, bystanders, journeys: [...journeys].sort((a, b) => rank(a) - rank(b)) };
  } catch (error) {
    read.ledger.close();
    throw error;
  }
}
