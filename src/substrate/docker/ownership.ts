/**
 * Whose a lab's containers are, so that the next lab finds what a killed one left behind.
 * @module
 */
import { readFileSync } from 'node:fs';
import type { Engine } from './engine.js';
import { listContainers, removeContainer } from './container.js';
import { LABEL } from './vocabulary.js';

/** Field 22 of /proc/PID/stat (proc(5)), null when there is no such process. A number may be given again, with its start it is unique. */
function startOf(pid: string): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name in parentheses, which may hold spaces and parentheses itself.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

export function ownerLabel(): string {
  return `${process.pid}:${startOf(String(process.pid)) ?? '0'}`;
}

/** Does the process that an owner label names live? */
export function ownerLives(label: string): boolean {
  const [pid = '', start = ''] = label.split(':');
  return /^\d+$/.test(pid) && startOf(pid) === start;
}

/** Removes the containers of labs whose process is gone. Errors: DOCKER_REFUSED, DOCKER_UNREACHABLE. */
export async function sweep(engine: Engine): Promise<number> {
  const all = await listContainers(engine, [LABEL.owner]);
  const left = all.filter((container) => !ownerLives(container.labels[LABEL.owner] ?? ''));
  await Promise.all(left.map((container) => removeContainer(engine, container.id)));
  return left.length;
}
