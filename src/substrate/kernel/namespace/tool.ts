/**
 * Tools of the system, run in a node's namespace: their input is text from us, what they complain about is an error.
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import { LabError } from '../../../base/error.js';
import type { Namespace } from './namespace.js';

export interface ToolRun {
  readonly tool: string;
  readonly arguments: readonly string[];
  readonly input: string;
}

/** Runs to its end; gives what it wrote to stdout. Errors: KERNEL_TOOL when it is not installed, KERNEL_REFUSED when it fails. */
export function runTool(namespace: Namespace, run: ToolRun): Promise<string> {
  // Started inside, so it inherits the namespace; everything after that is this thread's own again.
  const child = namespace.inside(() => spawn(run.tool, [...run.arguments], { stdio: ['pipe', 'pipe', 'pipe'] }));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  // A tool that failed early has closed its input: what it says on stderr is the error to show.
  child.stdin.on('error', () => undefined);
  child.stdin.end(run.input);
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => {
      reject(missing(run.tool, cause));
    });
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(failed(namespace.name, run, complaint, code ?? signal ?? 'nothing'));
    });
  });
}

function failed(node: string, run: ToolRun, complaint: string, code: number | string): LabError {
  const said = complaint.trim();
  const line = /^Command failed -:(\d+)/m.exec(said)?.[1];
  const which = line === undefined ? undefined : run.input.split('\n')[Number(line) - 1];
  return new LabError(
    'KERNEL_REFUSED',
    `${node}: ${run.tool} ended with ${code}: ${said === '' ? 'it says nothing' : said}`,
    which === undefined ? {} : { hint: `the line that failed: ${which}` },
  );
}

const PACKAGES: Readonly<Record<string, string>> = { ip: 'iproute2', bridge: 'iproute2', nft: 'nftables', setpriv: 'util-linux' };

export function missing(tool: string, cause?: unknown): LabError {
  const name = PACKAGES[tool] ?? tool;
  return new LabError('KERNEL_TOOL', `the tool "${tool}" cannot be run`, {
    expected: `${tool} in the PATH`,
    hint: `apt-get install ${name}`,
    ...(cause !== undefined && { cause }),
  });
}

/** True when the tool can be started. */
export function hasTool(tool: string): boolean {
  return spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined;
}
