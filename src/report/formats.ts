/**
 * The formats of reports, by name. Another one is a file beside these and a line here: `callpath run` and `callpath experiment`
 * then have its option.
 * @module
 */
import { consoleFormat } from './console.js';
import type { ReportFormat } from './format.js';
import { jsonFormat } from './json.js';
import { junitFormat } from './junit.js';

export const FORMATS: readonly ReportFormat[] = [consoleFormat, junitFormat, jsonFormat];
