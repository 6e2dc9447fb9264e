/**
 * Outside judges for tests: tshark, tcpdump, capinfos, editcap. A test that needs one is skipped, with the reason
 * printed, where it is missing; where `CI=true` it fails instead.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../../base/error.js';

export type Tool = 'tshark' | 'tcpdump' | 'capinfos' | 'editcap';

export interface ToolResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function runTool(tool: Tool, args: readonly string[]): ToolResult {
  const result = spawnSync(tool, [...args], { encoding: 'utf8', maxBuffer: 256 << 20, env: { ...process.env, HOME: tmpdir(), TZ: 'UTC', LC_ALL: 'C' } });
  if (result.error !== undefined) throw result.error;
  return { status: result.status, stdout: result.stdout, stderr: result.stderr.replace(/^Running as user .*\n/m, '') };
}

/** Standard output; a failure or a complaint on standard error fails the test. */
export function judged(tool: Tool, args: readonly string[], accept: RegExp = /^$/): string {
  const { status, stdout, stderr } = runTool(tool, args);
  const complaints = stderr.split('\n').filter((line) => line !== '' && !accept.test(line));
  if (status !== 0 || complaints.length > 0) {
    throw new LabError('CAPTURE_FORMAT', `${tool} ${args.join(' ')} ended with ${status}: ${complaints.join('; ')}`);
  }
  return stdout;
}

function present(tool: Tool): boolean {
  return spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/** A test runner's `describe`. */
interface Describe {
  (name: string, body: () => void): unknown;
  readonly skip: (name: string, body: () => void) => unknown;
}

/** `describe` for tests judged by these tools. */
export function describeWith(describe: Describe, tools: readonly Tool[], name: string, body: () => void): void {
  const missing = tools.filter((tool) => !present(tool));
  if (missing.length === 0 || process.env['CI'] === 'true') describe(name, body);
  else describe.skip(`${name} (skipped: ${missing.join(', ')} not installed)`, body);
}

/** A folder that is gone after the callback. */
export function inFolder<T>(body: (path: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'callpath-capture-'));
  try {
    return body((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
