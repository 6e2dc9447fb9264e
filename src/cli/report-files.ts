/**
 * Options that name files for reports: one for each format that has files.
 * @module
 */
import type { Command } from 'commander';
import { requireWritable, writeText } from '../library/load/files.js';
import { PLAIN } from '../report/format.js';
import type { ReportFormat } from '../report/format.js';
import { FORMATS } from '../report/formats.js';
import { jsonFormat } from '../report/json.js';
import type { ReportModel } from '../report/model.js';
import type { Io } from './io.js';

export interface ReportFile {
  readonly format: ReportFormat;
  readonly file: string;
}

/** @param of what the command runs */
export function reportOptions(command: Command, of: 'flows' | 'experiments'): Command {
  for (const { name, option } of FORMATS) if (option !== null) command.option(`--${name} <file>`, option[of]);
  return command;
}

/** The files that were asked for, before anything has run. Errors: CLI_USAGE for one that could not be written. */
export function reportFiles(options: object): readonly ReportFile[] {
  const given = new Map(Object.entries(options));
  const files = FORMATS.flatMap((format) => {
    const file: unknown = format.option === null ? undefined : given.get(optionKey(format.name));
    return typeof file === 'string' ? [{ format, file }] : [];
  });
  for (const { file } of files) requireWritable(file);
  return files;
}

/** As the reader of the command line names it: `json-report` is `jsonReport`. */
function optionKey(name: string): string {
  return name.replace(/-[a-z]/g, (part) => part.slice(1).toUpperCase());
}

/** Files that were asked for, and with `--json` the report for programs on standard output. Errors: CLI_USAGE. */
export function tellReports(files: readonly ReportFile[], model: ReportModel, { json }: { readonly json?: boolean }, io: Io): void {
  if (json === true) io.stdout.write(jsonFormat.render(model, PLAIN));
  writeReports(files, model);
}

/** Errors: CLI_USAGE. */
function writeReports(files: readonly ReportFile[], model: ReportModel): void {
  for (const { format, file } of files) writeText(file, format.render(model, PLAIN));
}
