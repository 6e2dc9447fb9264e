/**
 * Files of the command line: reading with clear errors, and where the product's own flows are.
 * @module
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from '../base/error.js';
import type { ExperimentSpec } from '../experiment/experiment.js';
import { parseExperiment } from '../experiment/experiment-file.js';
import { parseFlow } from '../library/flow-file.js';
import type { FlowSpec } from '../scenario/flow.js';
import { KIND_INFOS } from '../roles/kinds.js';
import type { Plan } from '../topology/plan.js';
import { parseOverride } from '../topology/source/overrides/override.js';
import type { Override } from '../topology/source/overrides/override.js';
import { parseTopology } from '../topology/topology-file.js';
import { didYouMean, listed } from '../topology/source/suggest.js';
import { Faults } from './exit.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const FLOWS = join(ROOT, 'lab', 'flows');
const EXPERIMENTS = join(ROOT, 'lab', 'experiments');

/** UTF-8 text, without a byte order mark. Errors: FILE_NOT_FOUND, FILE_UNREADABLE. */
export function readText(file: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT')
      throw new LabError('FILE_NOT_FOUND', `there is no file ${file}`, { hint: 'check the path; it is taken from the folder in which you are', cause });
    const why = code === 'EISDIR' ? 'it is a folder' : code === 'EACCES' ? 'you may not read it' : (code ?? String(cause));
    throw new LabError('FILE_UNREADABLE', `${file} can't be read: ${why}`, { expected: 'a text file that you may read', cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new LabError('FILE_UNREADABLE', `${file} is no UTF-8 text`, { expected: 'a text file in UTF-8', cause });
  }
}

/** Errors: CLI_USAGE. */
export function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** Says before anything has run that a file could not be written in the end. Errors: CLI_USAGE. */
export function requireWritable(file: string): void {
  const folder = dirname(file);
  if (isFolder(file)) throw new LabError('CLI_USAGE', `can't write ${file}: it is a folder`, { expected: 'the name of a file' });
  if (!isFolder(folder)) throw new LabError('CLI_USAGE', `can't write ${file}: there is no folder ${folder}`, { expected: 'a file in a folder that exists' });
}

function unwritable(file: string, cause: unknown): LabError {
  return new LabError('CLI_USAGE', `can't write ${file}: ${(cause as Error).message}`, { expected: 'a file that you may write', cause });
}

/**
 * Folder by folder: Node's own recursion never ends below `/proc`, where a parent that is there takes no entry.
 * Errors: CLI_USAGE.
 */
export function makeFolder(folder: string): void {
  try {
    makeEach(resolve(folder));
  } catch (cause) {
    throw new LabError('CLI_USAGE', `can't make the folder ${folder}: ${(cause as Error).message}`, { expected: 'a folder that you may write to', cause });
  }
}

function makeEach(folder: string): void {
  if (isFolder(folder)) return;
  makeEach(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another run may have made it meanwhile.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    // Nothing there, or a file where a folder of the path should be.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw new LabError('CLI_USAGE', `can't look at ${path}: ${(error as Error).message}`, { expected: 'a path that you may use', cause: error });
  }
}

/** The path as people read it: from where they are, if that is shorter. */
export function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short !== '' && short.length < file.length ? short : file;
}

/** Ids of the flows that come with the product, sorted. */
export function flowIds(): readonly string[] {
  return idsOf(FLOWS, '.flow.yaml');
}

/** Ids of the experiments that come with the product, sorted. */
export function experimentIds(): readonly string[] {
  return idsOf(EXPERIMENTS, '.experiment.yaml');
}

function idsOf(folder: string, ending: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
}

/** Errors: Faults, FLOW_UNKNOWN, FILE_*. */
export function loadFlow(name: string): FlowSpec {
  const own = join(FLOWS, `${name}.flow.yaml`);
  const isId = /^[a-z0-9-]+$/.test(name);
  if (isId && !existsSync(own)) {
    throw new LabError('FLOW_UNKNOWN', `there is no flow "${name}"`, {
      expected: `one of: ${listed(flowIds(), 40)}; or a *.flow.yaml file`,
      ...didYouMean(name, flowIds()),
    });
  }
  const file = isId ? own : name;
  const result = parseFlow(readText(file), shown(file));
  if (!result.ok) throw new Faults(result.errors);
  return result.flow;
}

/** Errors: Faults, EXPERIMENT_UNKNOWN, FILE_*. */
export function loadExperiment(name: string): ExperimentSpec {
  const own = join(EXPERIMENTS, `${name}.experiment.yaml`);
  const isId = /^[a-z0-9-]+$/.test(name);
  if (isId && !existsSync(own)) {
    throw new LabError('EXPERIMENT_UNKNOWN', `there is no experiment "${name}"`, {
      expected: `one of: ${listed(experimentIds(), 40)}; or an *.experiment.yaml file`,
      ...didYouMean(name, experimentIds()),
    });
  }
  const file = isId ? own : name;
  const result = parseExperiment(readText(file), shown(file));
  if (!result.ok) throw new Faults(result.errors);
  return result.experiment;
}

/**
 * @param flow that names the file, if one does: an error then says where
 * @param overrides changes of the file that are made first
 * Errors: Faults, FILE_*.
 */
export function planOf(file: string, flow: Pick<FlowSpec, 'topologySrc'> | null = null, overrides: readonly Override[] = []): Plan {
  const result = parseTopology(topologyText(file, flow), shown(file), KIND_INFOS, overrides);
  if (!result.ok) throw new Faults(result.errors);
  return result.plan;
}

function topologyText(file: string, flow: Pick<FlowSpec, 'topologySrc'> | null): string {
  try {
    return readText(file);
  } catch (error) {
    if (flow === null || !LabError.is(error)) throw error;
    throw new LabError(error.code, error.message, {
      where: flow.topologySrc,
      ...(error.expected !== undefined && { expected: error.expected }),
      hint: 'the path is taken from the folder of the flow file; or name another by --topology',
      cause: error,
    });
  }
}

/** What `--with` was given, in its order. Errors: Faults. */
export function overridesOf(changes: readonly string[]): readonly Override[] {
  const faults: LabError[] = [];
  const overrides = changes.flatMap((change) => {
    try {
      return [parseOverride(change)];
    } catch (error) {
      if (!LabError.is(error)) throw error;
      faults.push(error);
      return [];
    }
  });
  if (faults.length > 0) throw new Faults(faults);
  return overrides;
}

/** Errors: CLI_USAGE. */
export function seedOf(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))
    throw new LabError('CLI_USAGE', `"${text}" is no seed`, { expected: 'a whole number, such as --seed 7' });
  return seed;
}
