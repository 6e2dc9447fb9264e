/**
 * What a format of reports is.
 * @module
 */
import type { ReportModel } from './model.js';
import { NO_COLOURS } from './table.js';
import type { Paint } from './table.js';

/** What a terminal is capable of, and what a person wants to see. Formats for files have no use for it. */
export interface Look {
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly room: number;
  /** Each direction of each link. */
  readonly verbose: boolean;
}
export const PLAIN: Look = { paint: NO_COLOURS, room: Infinity, verbose: false };

export interface ReportFormat {
  readonly name: string;
  /** For the option `--NAME FILE`: what is written, of flows and of experiments; null for what no file is made of. */
  readonly option: { readonly flows: string; readonly experiments: string } | null;
  /** A pure function of the model. */
  render(model: ReportModel, look: Look): string;
}
