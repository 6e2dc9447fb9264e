/**
 * The journey of each packet that a filter selects.
 * @module
 */
import type { Filter } from '../../capture/filter/compile.js';
import type { Journey } from '../../capture/ledger.js';
import { readLedgerFile } from '../../capture/ledger-reader.js';
import type { LedgerRead } from '../../capture/ledger-reader.js';
import { selectPackets } from './filter.js';
import { requireCapture } from '../load/files.js';

export interface Journeys extends LedgerRead {
  readonly journeys: readonly Journey[];
}

/** The caller closes the ledger. @param capture a ledger's file. Errors: FILE_*, CAPTURE_*. */
export function journeysOf(capture: string, filter: Filter): Journeys {
  requireCapture(capture);
  const read = readLedgerFile(capture);
  try {
    return { ...read, journeys: selectPackets(capture, filter).flatMap((id) => read.ledger.journey(id) ?? []) };
  } catch (error) {
    read.ledger.close();
    throw error;
  }
}
