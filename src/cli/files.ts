/**
 * Files of the command line: reading with clear errors, and where the product's own flows are.
 * @module
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from '../base/error.js';
import { parseFlow } from '../scenario/flow-file.js';
import type { FlowSpec } from '../scenario/flow.js';
import { KIND_INFOS } from '../roles/kinds.js';
import type { Plan } from '../topology/plan.js';
import { parseTopology } from '../topology/topology-file.js';
import { didYouMean, listed } from '../topology/source/suggest.js';
import { Faults } from './exit.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const FLOWS = join(ROOT, 'lab', 'flows');

/** Errors: FILE_NOT_FOUND, FILE_UNREADABLE. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw new LabError('FILE_NOT_FOUND', `there is no file ${file}`, { hint: 'check the path; it is taken from the folder in which you are', cause });
    throw new LabError('FILE_UNREADABLE', `${file} can't be read: ${code ?? String(cause)}`, { expected: 'a text file that you may read', cause });
  }
}

/** The path as people read it: from where they are, if that is shorter. */
export function shown(file: string): string {
  const short = relative(process.cwd(), file);
  return short !== '' && short.length < file.length ? short : file;
}

/** Ids of the flows that come with the product, sorted. */
export function flowIds(): readonly string[] {
  return readdirSync(FLOWS)
    .filter((name) => name.endsWith('.flow.yaml'))
    .map((name) => name.slice(0, -'.flow.yaml'.length))
    .sort();
}

/** Errors: Faults, FLOW_UNKNOWN, FILE_*. */
export function loadFlow(name: string): FlowSpec {
  const own = join(FLOWS, `${name}.flow.yaml`);
  const isId = /^[a-z0-9-]+$/.test(name);
  if (isId && !existsSync(own)) {
    throw new LabError('FLOW_UNKNOWN', `there is no flow "${name}"`, { expected: `one of: ${listed(flowIds(), 40)}; or a *.flow.yaml file`, ...didYouMean(name, flowIds()) });
  }
  const file = isId ? own : name;
  const result = parseFlow(readText(file), shown(file));
  if (!result.ok) throw new Faults(result.errors);
  return result.flow;
}

/** The plan of a topology file. Errors: Faults, FILE_*. */
export function planOf(file: string): Plan {
  const result = parseTopology(readText(file), shown(file), KIND_INFOS);
  if (!result.ok) throw new Faults(result.errors);
  return result.plan;
}
