/**
 * Where a lab that is up keeps its socket: one folder per lab, readable by its user alone.
 * @module
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../../base/error.js';
import { didYouMean, listed } from '../../topology/source/suggest.js';

function base(): string {
  return join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), `callpath-${process.getuid?.() ?? 0}`);
}

export function socketOf(lab: string): string {
  return join(base(), `${lab}.sock`);
}

export function makeStateFolder(): void {
  mkdirSync(base(), { recursive: true, mode: 0o700 });
}

/** Names of labs that have a socket. */
export function labs(): readonly string[] {
  if (!existsSync(base())) return [];
  return readdirSync(base())
    .filter((name) => name.endsWith('.sock'))
    .map((name) => name.slice(0, -'.sock'.length))
    .sort();
}

export function forget(lab: string): void {
  rmSync(socketOf(lab), { force: true });
}

/** The lab that is meant: the one named, or the only one that is up. Errors: CLI_USAGE. */
export function theLab(named: string | undefined): string {
  const up = labs();
  if (named !== undefined) {
    if (up.includes(named)) return named;
    throw new LabError('CLI_USAGE', `no lab "${named}" is up`, { expected: `one of: ${listed(up)}`, ...didYouMean(named, up) });
  }
  const [only, ...more] = up;
  if (only === undefined) throw new LabError('CLI_USAGE', 'no lab is up', { hint: 'start one: callpath up TOPOLOGY --on netns' });
  if (more.length > 0) throw new LabError('CLI_USAGE', 'several labs are up', { expected: `--lab with one of: ${listed(up)}` });
  return only;
}
