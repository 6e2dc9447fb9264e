/**
 * The fields that this floor knows. Floors above add theirs (`sip.*`, `rtp.*`) by {@link fieldTable}.
 * @module
 */
import { type FieldTable, fieldTable } from './field.js';
import { FRAME_FIELDS, LAB_FIELDS } from './frame-fields.js';
import { PROTOCOL_FIELDS } from './protocol-fields.js';

export const CAPTURE_FIELDS = [...FRAME_FIELDS, ...PROTOCOL_FIELDS, ...LAB_FIELDS];

export const CAPTURE_FIELD_TABLE: FieldTable = fieldTable(CAPTURE_FIELDS);
