/**
 * Display filters as they are typed: a fault is shown under the filter itself.
 * @module
 */
import type { PacketId } from '../../base/brand.js';
import { LabError, formatLabError } from '../../base/error.js';
import { FIELDS } from '../../analysis/filter-fields.js';
import { compileFilter } from '../../capture/filter/compile.js';
import type { Filter } from '../../capture/filter/compile.js';
import { selectFrames } from '../../capture/filter/select.js';
import { FileSource } from '../../capture/store/byte-store.js';
import { requireCapture } from '../load/files.js';

/** Errors: FILTER_*, with the filter and a caret in the message. */
export function readFilter(text: string): Filter {
  try {
    return compileFilter(text, FIELDS);
  } catch (error) {
    if (!LabError.is(error) || error.where === undefined) throw error;
    const { code, message, where, expected, hint } = error;
    // The first line holds the place, as in every other message.
    const shown = `${message}\n    ${text.replace(/\s/g, ' ')}\n    ${' '.repeat(where.column - 1)}^`;
    throw new LabError(code, shown, { where, ...(expected !== undefined && { expected }), ...(hint !== undefined && { hint }), cause: error });
  }
}

/**
 * Ids of the packets of which a filter selects at least one record, in the order of the file.
 * Errors: FILE_*, CAPTURE_FORMAT.
 */
export function selectPackets(capture: string, filter: Filter): readonly PacketId[] {
  requireCapture(capture);
  const source = new FileSource(capture);
  try {
    return selectFrames(source, filter).packets as readonly PacketId[];
  } finally {
    source.close();
  }
}

/** What was wrong with a capture, told beside what could be read of it. */
export function warningText(warnings: readonly LabError[]): string {
  return warnings.map(formatLabError).join('\n');
}
